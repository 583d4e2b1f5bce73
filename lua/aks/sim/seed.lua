-- Puts a resource there as it stands, as if it had been made long ago: without checks, without an operation.
local document_of = require "aks.sim.clusters.document"
local http = require "aks.sim.http"
local kubeconfig = require "aks.sim.clusters.kubeconfig"
local tracked = require "aks.sim.tracked"

local seed = {}

local SUBNET = "Microsoft.Network/virtualNetworks/subnets"

local function ids(list)
  local result = {}
  for _, item in ipairs(list or {}) do
    result[#result + 1] = item.id
  end
  return result
end

local function links(list)
  local result = {}
  for _, link in ipairs(list or {}) do
    local properties = link.properties or {}
    result[#result + 1] = { name = link.name, type = properties.linkedResourceType,
      allow_delete = properties.allowDelete }
  end
  return result
end

local function subnet(simulator, record)
  local properties = record.document.properties
  record.document.etag = record.document.etag or tracked.new_etag(simulator)
  record.ip_configurations, record.service_links = ids(properties.ipConfigurations),
    links(properties.serviceAssociationLinks)
  properties.delegations = properties.delegations or http.array()
end

local function vnet(simulator, record)
  local properties = record.document.properties
  record.document.etag = record.document.etag or tracked.new_etag(simulator)
  for _, inner in ipairs(properties.subnets or {}) do
    local id = record.id .. "/subnets/" .. inner.name
    local whole = http.copy(inner)
    whole.id, whole.type, whole.properties = id, SUBNET, whole.properties or {}
    whole.properties.provisioningState = whole.properties.provisioningState or "Succeeded"
    local child = simulator.store:put(id, { id = id, type = SUBNET, document = whole })
    subnet(simulator, child)
  end
  properties.subnets = nil
end

local function identity(simulator, record)
  local properties = record.document.properties
  properties.principalId = properties.principalId or simulator.uuid()
  properties.clientId = properties.clientId or simulator.uuid()
  properties.tenantId = properties.tenantId or simulator.options.tenant
  simulator.principals[properties.principalId] = { since = 0 }
end

-- What the document leaves out is filled in as for a new cluster; what it has stays.
local function cluster(simulator, record)
  local given = http.copy(record.document)
  local group = record.id:match("/[Rr]esource[Gg]roups/([^/]+)/")
  local place = { id = record.id, group = group, name = record.document.name, location = record.document.location }
  record.pool_work, record.names = {}, document_of.new_names(simulator)
  record.authority = kubeconfig.authority(simulator)
  given.properties.dnsPrefix = given.properties.dnsPrefix or place.name
  given.properties.agentPoolProfiles = given.properties.agentPoolProfiles or http.array()
  record.document = document_of.complete(simulator, given, place)
  record.node_group = ("/subscriptions/%s/resourceGroups/%s"):format(simulator.options.subscription,
    record.document.properties.nodeResourceGroup)
  document_of.set_names(record)
  for name, value in pairs(given.properties) do
    record.document.properties[name] = value
  end
  record.document.eTag = given.eTag or record.document.eTag
end

local function role_assignment(_, record)
  local properties = record.document.properties
  properties.scope = properties.scope or record.id:match("^(.*)/providers/[^/]+/[^/]+/[^/]+$")
end

local adopt = {
  ["microsoft.network/virtualnetworks"] = vnet,
  ["microsoft.network/virtualnetworks/subnets"] = subnet,
  ["microsoft.managedidentity/userassignedidentities"] = identity,
  ["microsoft.containerservice/managedclusters"] = cluster,
  ["microsoft.authorization/roleassignments"] = role_assignment,
}

-- "/subscriptions/S/.../providers/N/a/x/b/y" -> "N/a/b"
local function type_of(id)
  local namespace, rest = id:match(".*/[Pp]roviders/([^/]+)/(.+)$")
  if not namespace then
    return "Microsoft.Resources/resourceGroups"
  end
  local parts = { namespace }
  for kind in rest:gmatch("([^/]+)/[^/]+") do
    parts[#parts + 1] = kind
  end
  return table.concat(parts, "/")
end

local function make_group(simulator, id, location)
  local group, name = id:match("^(/[Ss]ubscriptions/[^/]+/[Rr]esource[Gg]roups/([^/]+))")
  if group and not simulator.store:get(group) then
    seed.put(simulator, group, { location = location, properties = { provisioningState = "Succeeded" }, name = name })
  end
end

--- Keeps a document under an id; the group that it lies in is made when it is missing.
function seed.put(simulator, id, document)
  local whole = http.copy(document)
  whole.id, whole.name, whole.type = id, whole.name or id:match("[^/]+$"), whole.type or type_of(id)
  whole.location, whole.properties = whole.location or "westus2", whole.properties or http.object()
  if whole.properties.provisioningState == nil then
    whole.properties.provisioningState = "Succeeded"
  end
  local record = simulator.store:put(id, { id = id, type = type_of(id), document = whole })
  make_group(simulator, id, whole.location)
  local adapt = adopt[record.type:lower()]
  if adapt then
    adapt(simulator, record)
  end
end

return seed
