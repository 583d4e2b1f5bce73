-- What a playbook returns, as text for people or as JSON.
local json = require "dkjson"

local result = {}

local DEPTH_LIMIT = 100

local function by_name(a, b)
  if type(a) == type(b) then
    return a < b
  end
  return type(a) == "number"
end

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do
    if type(key) == "string" or type(key) == "number" then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys, by_name)
  return keys
end

-- Tables are shown by their members; what has its own tostring is shown by that.
local function has_members(value)
  local metatable = getmetatable(value)
  return type(value) == "table" and not (type(metatable) == "table" and metatable.__tostring)
end

local function add_lines(lines, name, value, depth)
  if not has_members(value) or depth > DEPTH_LIMIT then
    lines[#lines + 1] = ("%s = %s"):format(name, tostring(value))
    return
  end
  for _, key in ipairs(sorted_keys(value)) do
    local member = math.type(key) and ("%s[%s]"):format(name, key) or (name == "" and key or name .. "." .. key)
    add_lines(lines, member, value[key], depth + 1)
  end
end

--- "name = value" lines for a table, others as they are; nil for nothing.
function result.text(value)
  if value == nil then
    return nil
  elseif not has_members(value) then
    return tostring(value)
  end
  local lines = {}
  add_lines(lines, "", value, 0)
  return table.concat(lines, "\n")
end

-- Every name in the value, sorted: a document does not change from one run to the next.
local function all_names(value, names, depth)
  if has_members(value) and depth <= DEPTH_LIMIT then
    for key, member in pairs(value) do
      names[#names + 1] = type(key) == "string" and key or nil
      all_names(member, names, depth + 1)
    end
  end
  return names
end

--- The value as a JSON document; what JSON cannot say (objects, functions) is its tostring.
function result.json(value)
  local names = all_names(value, {}, 0)
  table.sort(names)
  return json.encode(value, {
    indent = true,
    keyorder = names,
    exception = function(_, other)
      return json.quotestring(tostring(other))
    end,
  })
end

return result
