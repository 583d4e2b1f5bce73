-- Whether a body's members are of the kinds that a provider can read.
local http = require "aks.sim.http"

local kinds = {}

local function is_array(value)
  return type(value) == "table" and (getmetatable(value) or {}).__jsontype == "array"
end

-- Letters of shapes: s text, b boolean, i whole number, n number, o object, a array.
local letters = {
  s = { "string", function(value) return type(value) == "string" end },
  b = { "boolean", function(value) return type(value) == "boolean" end },
  i = { "integer", function(value) return type(value) == "number" and value == math.floor(value) end },
  n = { "number", function(value) return type(value) == "number" end },
  o = { "object", http.is_object },
  a = { "array", is_array },
}

local check

local function check_items(value, shape, path)
  for index, item in ipairs(value) do
    local problem = check(item == http.null and "null" or item, item == http.null and "o" or shape,
      ("%s[%d]"):format(path, index - 1))
    if problem then
      return problem
    end
  end
end

local function check_members(value, shape, path)
  for name, member in pairs(value) do
    local problem = check(member, shape.values or shape[name], path == "" and name or path .. "." .. name)
    if problem then
      return problem
    end
  end
end

function check(value, shape, path)
  if value == nil or value == http.null or shape == nil then
    return nil
  end
  local letter = type(shape) == "string" and shape or shape.each and "a" or "o"
  local name, holds = letters[letter][1], letters[letter][2]
  if not holds(value) then
    return ("%s is not of type %s"):format(path, name)
  elseif type(shape) == "table" then
    return (shape.each and check_items or check_members)(value, shape.each or shape, path)
  end
end

--- The first thing wrong with a value, as a text; nil when nothing is. A shape is a letter, { each = shape } for an
--- array, { values = shape } for an object with any names, or name -> shape for one whose other members may be
--- anything.
function kinds.problem(value, shape)
  return check(value, shape, "")
end

return kinds
