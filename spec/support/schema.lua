-- Checks a request body against a type schema of Azure's (the format of bicep-types: a list of types that refer to each
-- other), strictly: unknown property, missing required one, wrong type, read-only property sent, pattern, range.
local json = require "dkjson"
local rex = require "rex_posix"

local REQUIRED, READ_ONLY = 1, 2
-- What an ARM URL says already and a body may leave out.
local IN_THE_URL = { id = true, name = true, type = true, apiVersion = true }

local schema = {}
schema.__index = schema

--- Reads the schema of one file, such as "managedClusters@2026-05-01.json".
function schema.read(path)
  local file = assert(io.open(path))
  local types = assert(json.decode(file:read("a"), 1, json.null))
  file:close()
  return setmetatable({ types = types }, schema)
end

local function is_array(value)
  local mark = getmetatable(value)
  if mark and mark.__jsontype then
    return mark.__jsontype == "array"
  end
  return #value > 0 or next(value) == nil
end

local function length_problem(rule, length)
  if rule.minLength and length < rule.minLength then
    return ("shorter than %d"):format(rule.minLength)
  elseif rule.maxLength and length > rule.maxLength then
    return ("longer than %d"):format(rule.maxLength)
  end
end

local check = {}

function schema:find(reference)
  return self.types[tonumber(reference["$ref"]:match("%d+")) + 1]
end

function schema:check(rule, value, path, problems)
  local checker = assert(check[rule["$type"]], rule["$type"])
  checker(self, rule, value, path, problems)
end

local function note(problems, path, text)
  problems[#problems + 1] = ("%s: %s"):format(path, text)
end

function check.AnyType() end

function check.StringType(_, rule, value, path, problems)
  if type(value) ~= "string" then
    return note(problems, path, "not a string")
  end
  local problem = length_problem(rule, #value)
  if problem then
    note(problems, path, problem)
  end
  -- (?: is Perl's; the pattern means the same without it where nothing is captured.
  if rule.pattern and not rex.find(value, (rule.pattern:gsub("%(%?:", "("))) then
    note(problems, path, ("'%s' does not match %s"):format(value, rule.pattern))
  end
end

function check.StringLiteralType(self, rule, value, path, problems)
  local same = value == rule.value
  if self.reading and type(value) == "string" then
    same = value:lower() == rule.value:lower() -- Azure is not exact about the case of its own words
  end
  if not same then
    note(problems, path, ("not '%s'"):format(rule.value))
  end
end

function check.BooleanType(_, _, value, path, problems)
  if type(value) ~= "boolean" then
    note(problems, path, "not a boolean")
  end
end

function check.IntegerType(_, rule, value, path, problems)
  if math.type(value) ~= "integer" then
    note(problems, path, "not an integer")
  elseif rule.minValue and value < rule.minValue then
    note(problems, path, ("below %d"):format(rule.minValue))
  elseif rule.maxValue and value > rule.maxValue then
    note(problems, path, ("above %d"):format(rule.maxValue))
  end
end

function check.ArrayType(self, rule, value, path, problems)
  if type(value) ~= "table" or not is_array(value) then
    return note(problems, path, "not an array")
  end
  local problem = length_problem(rule, #value)
  if problem then
    note(problems, path, problem)
  end
  for index, item in ipairs(value) do
    self:check(self:find(rule.itemType), item, ("%s[%d]"):format(path, index - 1), problems)
  end
end

--- Whether one of the union's types accepts the value. A union with an open string beside its literals accepts any
--- string: Azure may learn new values, our bodies may not invent them, so a string must then be one of the literals.
function check.UnionType(self, rule, value, path, problems)
  local literals = {}
  for _, reference in ipairs(rule.elements) do
    local element, found = self:find(reference), {}
    if element["$type"] == "StringLiteralType" then
      literals[#literals + 1] = element.value
    end
    self:check(element, value, path, found)
    if #found == 0 and (element["$type"] ~= "StringType" or #literals == 0) then
      return
    end
  end
  note(problems, path, ("'%s' is none of %s"):format(tostring(value), table.concat(literals, ", ")))
end

local function check_members(self, rule, value, path, problems)
  for name, member in pairs(value) do
    local property, below = rule.properties[name], path .. "." .. name
    if self.reading and member == json.null then
      goto continue -- Azure answers null for what is not there
    end
    if property and property.flags & READ_ONLY ~= 0 and not self.reading then
      note(problems, below, "read-only, but sent")
    elseif property then
      self:check(self:find(property.type), member, below, problems)
    elseif rule.additionalProperties then
      self:check(self:find(rule.additionalProperties), member, below, problems)
    else
      note(problems, below, "unknown property")
    end
    ::continue::
  end
end

function check.ObjectType(self, rule, value, path, problems)
  if type(value) ~= "table" or (is_array(value) and next(value) ~= nil) then
    return note(problems, path, "not an object")
  end
  check_members(self, rule, value, path, problems)
  for name, property in pairs(rule.properties) do
    local in_the_url = path == "body" and IN_THE_URL[name]
    if property.flags & REQUIRED ~= 0 and property.flags & READ_ONLY == 0 and value[name] == nil and not in_the_url then
      note(problems, path .. "." .. name, "required, but missing")
    end
  end
end

local function problems_of(self, resource_type, body)
  for _, rule in ipairs(self.types) do
    if rule["$type"] == "ResourceType" and rule.name:lower():match("^[^@]+") == resource_type:lower() then
      local problems = {}
      self:check(self:find(rule.body), body, "body", problems)
      return problems
    end
  end
  error("the schema has no type " .. resource_type)
end

--- All problems of a request's body for the resource type ("Microsoft.Network/virtualNetworks"), as a list of texts.
function schema:problems(resource_type, body)
  return problems_of(self, resource_type, body)
end

--- The same of an answer's body, in which read-only properties belong.
function schema:answer_problems(resource_type, body)
  return problems_of(setmetatable({ types = self.types, reading = true }, schema), resource_type, body)
end

return schema
