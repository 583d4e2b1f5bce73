-- Microsoft.Resources for resources of any type: lists of them, and their tags.
local http = require "aks.sim.http"

-- Resources that live in a group by themselves: not what lies below another, nor what is about another.
local function is_listed(record)
  local namespace, rest = record.type:match("^([^/]+)/(.+)$")
  return namespace ~= "Microsoft.Authorization" and not rest:find("/", 1, true)
    and record.type ~= "Microsoft.Resources/resourceGroups"
end

local function show(record)
  local document = record.document
  return { id = document.id, name = document.name, type = document.type, location = document.location,
    tags = document.tags, sku = document.sku, kind = document.kind, identity = document.identity,
    managedBy = document.managedBy }
end

local function text_of(value)
  return tostring(value or ""):lower()
end

-- Conditions that a filter may have, each a pattern and whether a resource meets what it captured.
local conditions = {
  { "resourcetype%s+eq%s+'([^']*)'", function(document, text)
    return text_of(document.type) == text
  end },
  { "resourcegroup%s+eq%s+'([^']*)'", function(document, text)
    return document.id:lower():find("/resourcegroups/" .. text .. "/", 1, true) ~= nil
  end },
  { "location%s+eq%s+'([^']*)'", function(document, text)
    return text_of(document.location) == text
  end },
  { "substringof%('([^']*)',%s*name%)", function(document, text)
    return text_of(document.name):find(text, 1, true) ~= nil
  end },
  { "%f[%w]name%s+eq%s+'([^']*)'", function(document, text)
    return text_of(document.name) == text
  end },
  { "tagname%s+eq%s+'([^']*)'", function(document, text, filter)
    local value = filter:match("tagvalue%s+eq%s+'([^']*)'")
    for name, tag in pairs(document.tags or {}) do
      if name:lower() == text and (not value or text_of(tag) == value) then
        return true
      end
    end
    return false
  end },
}

-- The conditions of a filter; all of them must hold ("and" is all that is understood).
local function parse_filter(filter)
  local wanted = {}
  for _, condition in ipairs(conditions) do
    local text = filter:lower():match(condition[1])
    if text then
      wanted[#wanted + 1] = { text = text, holds = condition[2] }
    end
  end
  if filter ~= "" and #wanted == 0 or filter:lower():find("%sor%s") then
    http.raise(400, "InvalidFilterInQueryString",
      ("Invalid $filter '%s' specified in the query string."):format(filter))
  end
  return wanted
end

local function matches(document, wanted, filter)
  for _, condition in ipairs(wanted) do
    if not condition.holds(document, condition.text, filter:lower()) then
      return false
    end
  end
  return true
end

local function list(context)
  local filter = context.query["$filter"] or ""
  local wanted, most, value = parse_filter(filter), tonumber(context.query["$top"]), http.array()
  local scope = context.group and context.group.id or "/subscriptions/" .. context.sim.options.subscription
  for _, record in ipairs(context.sim.store:below(scope)) do
    if is_listed(record) and matches(record.document, wanted, filter) and #value < (most or math.huge) then
      value[#value + 1] = show(record)
    end
  end
  return 200, { value = value }
end

-- Tags as a resource of their own.
local function find(context)
  local scope = context.parameters.scope
  return context.sim.store:get(scope)
    or http.raise(404, "ResourceNotFound", ("The Resource '%s' was not found."):format(scope))
end

local function show_tags(record)
  return { id = record.id .. "/providers/Microsoft.Resources/tags/default", name = "default",
    type = "Microsoft.Resources/tags", properties = { tags = http.object(http.copy(record.document.tags)) } }
end

local function get_tags(context)
  return 200, show_tags(find(context))
end

local function tags_of(context)
  local properties = context.body.properties
  local tags = type(properties) == "table" and properties.tags
  return type(tags) == "table" and tags
    or http.raise(400, "InvalidRequestContent", "The request content was invalid: it has no properties.tags.")
end

local function put_tags(context)
  local record = find(context)
  record.document.tags = tags_of(context)
  return 200, show_tags(record)
end

-- What PATCH does with the tags that are there.
local patches = {
  merge = function(old, wanted)
    for name, value in pairs(wanted) do
      old[name] = value
    end
    return old
  end,
  replace = function(_, wanted)
    return wanted
  end,
  delete = function(old, wanted)
    for name, value in pairs(wanted) do
      old[name] = old[name] ~= value and old[name] or nil
    end
    return old
  end,
}

local function patch_tags(context)
  local record, wanted = find(context), tags_of(context)
  local act = patches[text_of(context.body.operation)]
    or http.raise(400, "InvalidRequestContent", "The operation must be one of Replace, Merge, Delete.")
  record.document.tags = act(http.object(http.copy(record.document.tags)), wanted)
  return 200, show_tags(record)
end

local function delete_tags(context)
  find(context).document.tags = nil
  return 200
end

local tags = "{scope*}/providers/Microsoft.Resources/tags/default"

return {
  { method = "GET", path = "/subscriptions/{subscription}/resources", handler = list },
  { method = "GET", path = "/subscriptions/{subscription}/resourceGroups/{group}/resources", handler = list },
  { method = "GET", path = tags, handler = get_tags },
  { method = "PUT", path = tags, handler = put_tags },
  { method = "PATCH", path = tags, handler = patch_tags },
  { method = "DELETE", path = tags, handler = delete_tags },
}
