-- aks explain TOPIC: a resource type, one of its fields, or the code of a finding.
local failure = require "aks.cli.failure"

local explain = {}

local DESCRIPTION = "Explain a resource type (cluster), a field of one (cluster.private), or the code of a finding "
  .. "(apiserver_subnet_too_small). Without a topic: list them."

function explain.add_to_parser(parser)
  local command = parser:command("explain", DESCRIPTION):summary("Explain a type, a field, or the code of a finding.")
  command:argument("topic", "What to explain."):args("?")
end

local function find(list, name)
  for _, item in ipairs(list) do
    if item.name == name or item.code == name then
      return item
    end
  end
end

-- "required, string, one of azure|kubenet|none"
local function nature(field)
  local parts = {}
  for _, flag in ipairs { "required", "create_only", "read_only" } do
    if field[flag] then
      parts[#parts + 1] = (flag:gsub("_", "-"))
    end
  end
  parts[#parts + 1] = field.type
  if field.choices then
    parts[#parts + 1] = "one of " .. field.choices
  end
  if field.target then
    parts[#parts + 1] = "of type " .. field.target
  end
  return table.concat(parts, ", ")
end

local function add_field(lines, field, indent)
  lines[#lines + 1] = ("%s%s (%s)"):format(indent, field.name, nature(field))
  lines[#lines + 1] = ("%s    %s"):format(indent, field.documentation or "")
end

local function explain_field(field, name)
  local lines = { name }
  lines[#lines + 1] = "  " .. (field.documentation or "")
  lines[#lines + 1] = "  type: " .. nature(field)
  if field.minimum then
    lines[#lines + 1] = ("  from %d to %d"):format(field.minimum, field.maximum)
  end
  if field.path then
    lines[#lines + 1] = "  in Azure's document: " .. field.path
  end
  for _, item in ipairs(field.items or {}) do
    add_field(lines, item, "  ")
  end
  return lines
end

local function explain_type(one)
  local lines = { ("%s: %s (%s, api-version %s)"):format(one.name, one.title, one.arm_type, one.api_version) }
  for _, field in ipairs(one.fields) do
    add_field(lines, field, "  ")
  end
  return lines
end

local function explain_rule(rule)
  local lines = { ("%s (%s)"):format(rule.code, rule.severity) }
  for _, part in ipairs { "rule", "why", "remedy", "source" } do
    if rule[part] then
      lines[#lines + 1] = ("  %-8s%s"):format(part, rule[part])
    end
  end
  return lines
end

local function overview(types, rules)
  local lines = { "types:" }
  for _, one in ipairs(types) do
    lines[#lines + 1] = ("  %-18s%s"):format(one.name, one.title)
  end
  lines[#lines + 1] = "codes of findings:"
  for _, rule in ipairs(rules) do
    lines[#lines + 1] = "  " .. rule.code
  end
  return lines
end

-- "pools.count" in the fields of a type.
local function field_at(fields, path)
  local field
  for name in path:gmatch("[^.]+") do
    field = fields and find(fields, name)
    if not field then
      return nil
    end
    fields = field.items
  end
  return field
end

--- The lines that explain a topic; nil when there is no such topic.
function explain.lines(topic, types, rules)
  if not topic then
    return overview(types, rules)
  end
  local name, path = topic:match("^([^.]+)%.?(.*)$")
  local one = name and find(types, name)
  if one and path == "" then
    return explain_type(one)
  elseif one then
    local field = field_at(one.fields, path)
    return field and explain_field(field, topic)
  end
  local rule = find(rules, topic)
  return rule and explain_rule(rule)
end

function explain.run(arguments)
  local core = require "aks.core"
  local lines = explain.lines(arguments.topic, core.describe(), core.rules())
  if not lines then
    failure.usage(("there is nothing called '%s': 'aks explain' lists the topics"):format(arguments.topic))
  end
  print(table.concat(lines, "\n"))
end

return explain
