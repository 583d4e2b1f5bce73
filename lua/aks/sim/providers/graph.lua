-- Microsoft Graph, as far as Azure's own clients read it to find the principal of an identity.
local http = require "aks.sim.http"

local IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"

local function principal(object_id, client_id, name)
  return {
    id = object_id, appId = client_id, displayName = name, servicePrincipalType = "ManagedIdentity",
    servicePrincipalNames = http.array { client_id }, ["@odata.type"] = "#microsoft.graph.servicePrincipal",
  }
end

local function all(simulator)
  local options = simulator.options
  local list = { principal(options.object_id, options.client_id, "simulated-client") }
  for _, record in ipairs(simulator.store:of_type("", IDENTITY)) do
    local properties = record.document.properties
    local known = simulator.principals[properties.principalId]
    if known and simulator.clock:now() - known.since >= simulator.options.replication then
      list[#list + 1] = principal(properties.principalId, properties.clientId, record.document.name)
    end
  end
  return list
end

local function service_principals(context)
  local wanted, value = (context.query["$filter"] or ""):match("eq%s+'([^']+)'"), http.array()
  for _, item in ipairs(all(context.sim)) do
    if not wanted or item.appId == wanted or item.id == wanted then
      value[#value + 1] = item
    end
  end
  return 200, { value = value }
end

local function by_ids(context)
  local value, wanted = http.array(), {}
  for _, id in ipairs(context.body and context.body.ids or {}) do
    wanted[id] = true
  end
  for _, item in ipairs(all(context.sim)) do
    if wanted[item.id] then
      value[#value + 1] = item
    end
  end
  return 200, { value = value }
end

return {
  { method = "GET", path = "/v1.0/servicePrincipals", handler = service_principals, any_version = true },
  { method = "POST", path = "/v1.0/directoryObjects/getByIds", handler = by_ids, any_version = true },
}
