-- Answers of a simulated Azure: JSON in its two error shapes, empty arrays and objects kept apart.
local json = require "dkjson"

local http = {}

--- An array that stays one when it is empty.
function http.array(items)
  return setmetatable(items or {}, { __jsontype = "array" })
end

--- An object that stays one when it is empty.
function http.object(members)
  return setmetatable(members or {}, { __jsontype = "object" })
end

http.null = json.null

--- JSON text; `pretty`: over many lines, as the AKS resource provider writes it.
function http.encode(value, pretty)
  return json.encode(value, pretty and { indent = true } or nil)
end

--- Parses JSON; nil and a reason when it is none.
function http.decode(text)
  local value, after, problem = json.decode(text, 1, json.null)
  if problem or text:find("%S", after) then
    return nil, problem or "there is text after the value"
  end
  return value
end

--- Whether a parsed value is a JSON object, which null and arrays are not.
function http.is_object(value)
  local meta = type(value) == "table" and getmetatable(value)
  return meta and meta.__jsontype == "object" or false
end

--- A copy that shares nothing.
function http.copy(value)
  if type(value) ~= "table" then
    return value
  end
  local result = setmetatable({}, getmetatable(value))
  for name, member in pairs(value) do
    result[name] = http.copy(member)
  end
  return result
end

--- A copy without the members that are null: whoever sends null means that there is none. Arrays keep theirs.
function http.without_nulls(value)
  if type(value) ~= "table" or value == http.null then
    return value
  end
  local meta = getmetatable(value) or {}
  local result, is_array = setmetatable({}, meta), meta.__jsontype == "array"
  for name, member in pairs(value) do
    if is_array or member ~= http.null then
      result[name] = http.without_nulls(member)
    end
  end
  return result
end

local refusal = {}
refusal.__index = refusal
refusal.__tostring = function(self)
  return ("%d %s"):format(self.status, self.code or "")
end

--- Ends the handling of a request with this answer.
function http.answer(status, body, headers)
  error(setmetatable({ status = status, body = body, headers = headers or {} }, refusal), 0)
end

--- Refuses as the ARM gateway and most resource providers do: {"error": {...}}. `extra` adds members.
function http.raise(status, code, message, extra)
  local fault = { code = code, message = message }
  for name, value in pairs(extra or {}) do
    fault[name] = value
  end
  error(setmetatable({ status = status, code = code, body = { error = fault }, headers = {} }, refusal), 0)
end

--- Refuses as the AKS resource provider does: without a wrapper.
function http.raise_bare(status, code, message, extra)
  local fault = { code = code, details = json.null, message = message, subcode = "" }
  for name, value in pairs(extra or {}) do
    fault[name] = value
  end
  error(setmetatable({ status = status, code = code, body = fault, headers = {} }, refusal), 0)
end

--- Whether an error value is an answer made by one of the above.
function http.is_answer(value)
  return getmetatable(value) == refusal
end

--- "a%20b" -> "a b"; in queries "+" too.
function http.decode_percent(text, in_query)
  if in_query then
    text = text:gsub("%+", " ")
  end
  return (text:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

--- The first value of each name of a query or a form.
function http.parse_form(text)
  local values = {}
  for pair in text:gmatch("[^&]+") do
    local at = pair:find("=", 2, true)
    if at then
      local name = http.decode_percent(pair:sub(1, at - 1), true)
      values[name] = values[name] or http.decode_percent(pair:sub(at + 1), true)
    end
  end
  return values
end

return http
