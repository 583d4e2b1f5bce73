-- Microsoft.ManagedIdentity: user-assigned identities, and the principals that they bring into the directory.
local http = require "aks.sim.http"
local regions = require "aks.sim.regions"

local managed_identity = {}

local TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"

-- This provider writes the segment in lower case, whatever was sent.
local function id_of(context)
  return ("/subscriptions/%s/resourcegroups/%s/providers/%s/%s"):format(context.sim.options.subscription,
    context.group.document.name, TYPE, context.parameters.identity)
end

--- The record of an identity by its id; nil when there is none.
function managed_identity.find(simulator, id)
  local record = simulator.store:get(id)
  return record and record.type == TYPE and record or nil
end

local function find(context)
  local record = context.sim.store:get(id_of(context))
  if not record then
    http.raise(404, "ResourceNotFound",
      ("The Resource '%s/%s' under resource group '%s' was not found. For more details "
      .. "please go to https://aka.ms/ARMResourceNotFoundFix"):format(TYPE, context.parameters.identity,
      context.parameters.group))
  end
  return record
end

local function new_properties(simulator)
  local properties = { tenantId = simulator.options.tenant, principalId = simulator.uuid(),
    clientId = simulator.uuid() }
  simulator.principals[properties.principalId] = { since = simulator.clock:now() }
  return properties
end

local function check(context, name, existing)
  if #name < 3 or #name > 128 or not name:match("^%w[%w_%-]*$") then
    http.raise(400, "InvalidResourceName", ("The resource name '%s' is invalid."):format(name))
  end
  regions.check(TYPE, context.body.location, existing and existing.document)
end

local function put(context)
  local simulator, existing = context.sim, context.sim.store:get(id_of(context))
  local name = existing and existing.document.name or context.parameters.identity
  check(context, name, existing)
  local document = {
    id = existing and existing.id or id_of(context), name = name, type = TYPE,
      location = regions.normal(context.body.location),
    tags = context.body.tags or http.object(),
    properties = existing and existing.document.properties or new_properties(simulator),
  }
  simulator.store:put(document.id, { id = document.id, type = TYPE, document = document, removed = function()
    simulator.principals[document.properties.principalId] = nil -- it leaves the directory with its group, too
  end })
  -- A relative Location on an answer that is final: no operation.
  local path = ("/subscriptions/%s/resourceGroups/%s/providers/%s/%s"):format(simulator.options.subscription,
    context.parameters.group, TYPE, name)
  return existing and 200 or 201, document, existing and {} or { Location = path }
end

local function get(context)
  return 200, find(context).document
end

local function patch(context)
  local record = find(context)
  record.document.tags = context.body.tags or record.document.tags
  return 200, record.document
end

local function delete(context)
  local record = context.sim.store:get(id_of(context))
  if not record then
    return 204
  end
  context.sim.principals[record.document.properties.principalId] = nil
  context.sim.store:delete_tree(record.id)
  return 200
end

local function list(context)
  local value = http.array()
  local scope = context.group and context.group.id or "/subscriptions/" .. context.sim.options.subscription
  for _, record in ipairs(context.sim.store:of_type(scope, TYPE)) do
    value[#value + 1] = record.document
  end
  return 200, { value = value }
end

local group = "/subscriptions/{subscription}/resourceGroups/{group}/providers/" .. TYPE
local one = group .. "/{identity}"

managed_identity.routes = {
  { method = "PUT", path = one, handler = put },
  { method = "GET", path = one, handler = get },
  { method = "PATCH", path = one, handler = patch },
  { method = "DELETE", path = one, handler = delete },
  { method = "GET", path = group, handler = list },
  { method = "GET", path = "/subscriptions/{subscription}/providers/" .. TYPE, handler = list },
}

return managed_identity
