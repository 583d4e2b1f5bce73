-- Microsoft.Network/networkSecurityGroups/securityRules: the rules of a group as resources of their own.
local http = require "aks.sim.http"
local operation = require "aks.sim.operation"
local rules = require "aks.sim.network_rules"
local tracked = require "aks.sim.tracked"

local GROUP, RULE = "Microsoft.Network/networkSecurityGroups", "Microsoft.Network/networkSecurityGroups/securityRules"
-- Simulated seconds that a write takes.
local SECONDS = 2

local function find_group(context)
  return context.sim.store:get(tracked.id(context, GROUP, "nsg"))
    or tracked.not_found(context, GROUP, context.parameters.nsg)
end

-- A rule of a group by name, and where in the list it is.
local function find_in(group, list, name)
  for index, rule in ipairs(group.document.properties[list]) do
    if rule.name:lower() == name:lower() then
      return rule, index
    end
  end
end

-- A write to a group through one of its rules.
local function begin(context, group, done)
  group.document.properties.provisioningState = "Updating"
  group.document.etag = tracked.new_etag(context.sim)
  return operation.start(context, {
    provider = "Microsoft.Network", location = group.document.location, seconds = SECONDS, record = group,
    done = function()
      done()
      group.document.properties.provisioningState = "Succeeded"
      group.document.etag = tracked.new_etag(context.sim)
    end,
  })
end

local function put(context)
  local group = context.sim.store:get(tracked.id(context, GROUP, "nsg"))
  if not group then
    tracked.parent_not_found(RULE, tracked.id(context, GROUP, "nsg"))
  end
  tracked.check_free(context, group)
  local list = group.document.properties.securityRules
  local existing, index = find_in(group, "securityRules", context.parameters.rule)
  local name = existing and existing.name or context.parameters.rule
  local all = http.array(http.copy(list))
  all[index or #all + 1] = { name = name, properties = context.body.properties }
  rules.check_rules(all)
  local shown = rules.show_rules(group.id, { all[index or #all] })[1]
  shown.etag, shown.properties.provisioningState = tracked.new_etag(context.sim), "Updating"
  list[index or #list + 1] = shown
  local op = begin(context, group, function()
    shown.properties.provisioningState = "Succeeded"
  end)
  return existing and 200 or 201, shown, operation.headers(context, op)
end

local function get(list)
  return function(context)
    local group = find_group(context)
    operation.look(group)
    local rule = find_in(group, list, context.parameters.rule)
    return 200, rule or http.raise(404, "NotFound",
      ("Resource %s/%s/%s not found."):format(group.id, list, context.parameters.rule))
  end
end

local function delete(context)
  local group = context.sim.store:get(tracked.id(context, GROUP, "nsg"))
  local rule = group and find_in(group, "securityRules", context.parameters.rule)
  if not rule then
    return 204
  end
  tracked.check_free(context, group)
  rule.properties.provisioningState = "Deleting"
  local op = begin(context, group, function()
    local _, index = find_in(group, "securityRules", rule.name)
    table.remove(group.document.properties.securityRules, index)
  end)
  return 202, nil, operation.headers(context, op, { location = true })
end

local function lister(list)
  return function(context)
    return 200, { value = http.array(http.copy(find_group(context).document.properties[list])) }
  end
end

local base = "/subscriptions/{subscription}/resourceGroups/{group}/providers/" .. GROUP .. "/{nsg}"
local one = base .. "/securityRules/{rule}"

return {
  { method = "PUT", path = one, handler = put },
  { method = "GET", path = one, handler = get("securityRules") },
  { method = "DELETE", path = one, handler = delete },
  { method = "GET", path = base .. "/securityRules", handler = lister("securityRules") },
  { method = "GET", path = base .. "/defaultSecurityRules", handler = lister("defaultSecurityRules") },
  { method = "GET", path = base .. "/defaultSecurityRules/{rule}", handler = get("defaultSecurityRules") },
}
