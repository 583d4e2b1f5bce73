-- What the simulated subscription looks like now, in few words: for the page at /__sim/ and for programs.
local cidr = require "aks.sim.cidr"
local http = require "aks.sim.http"
local network = require "aks.sim.providers.network"
local operation = require "aks.sim.operation"

local overview = {}

local GROUP, VNET = "Microsoft.Resources/resourceGroups", "Microsoft.Network/virtualNetworks"
local SUBNET, CLUSTER = VNET .. "/subnets", "Microsoft.ContainerService/managedClusters"

-- Requests that are shown, and addresses that Azure keeps in a subnet.
local REQUESTS, KEPT = 30, 5

local function group_of(id)
  return id:match("/[Rr]esource[Gg]roups/([^/]+)")
end

local function state_of(record)
  return (record.document.properties or {}).provisioningState or "Succeeded"
end

local function subnets_of(simulator, vnet)
  local list = http.array()
  for index, record in ipairs(simulator.store:of_type(vnet.id, SUBNET)) do
    local delegation = (record.document.properties.delegations or {})[1]
    local prefix = network.prefix(record)
    local range = cidr.parse(prefix)
    list[index] = { name = record.document.name, prefix = prefix, used = #record.ip_configurations,
      usable = range and math.max(0, range.size - KEPT) or nil,
      delegation = delegation and delegation.properties.serviceName, linked = #record.service_links > 0 }
  end
  return list
end

local function vnets_of(simulator, scope)
  local list = http.array()
  for index, record in ipairs(simulator.store:of_type(scope, VNET)) do
    list[index] = { name = record.document.name, group = group_of(record.id), state = state_of(record),
      prefixes = record.document.properties.addressSpace.addressPrefixes, subnets = subnets_of(simulator, record) }
  end
  return list
end

local function nodes_of(properties)
  local count = 0
  for _, pool in ipairs(properties.agentPoolProfiles or {}) do
    count = count + (pool.count or 0)
  end
  return count
end

local function show_cluster(simulator, record)
  local properties = record.document.properties
  local access = properties.apiServerAccessProfile or {}
  local shown = { name = record.document.name, group = group_of(record.id), state = state_of(record),
    power = (properties.powerState or {}).code, nodes = nodes_of(properties),
    version = properties.currentKubernetesVersion, private = access.enablePrivateCluster or false,
    integrated = access.enableVnetIntegration or false, host = properties.privateFQDN or properties.fqdn }
  if record.operation then
    shown.step, shown.progress = operation.progress(simulator, record.operation)
  end
  return shown
end

local function clusters_of(simulator, scope)
  local list = http.array()
  for index, record in ipairs(simulator.store:of_type(scope, CLUSTER)) do
    list[index] = show_cluster(simulator, record)
  end
  return list
end

local function groups_of(simulator, scope)
  local list = http.array()
  for index, record in ipairs(simulator.store:of_type(scope, GROUP)) do
    list[index] = { name = record.document.name, location = record.document.location, state = state_of(record),
      managed = record.document.managedBy ~= nil }
  end
  return list
end

-- The latest first.
local function requests_of(simulator)
  local list, entries = http.array(), simulator.log.entries
  for index = #entries, math.max(1, #entries - REQUESTS + 1), -1 do
    local entry = entries[index]
    list[#list + 1] = { n = entry.n, method = entry.method, path = entry.url:match("^[^?]*"), status = entry.status }
  end
  return list
end

--- The overview as a document.
function overview.read(simulator)
  operation.settle(simulator)
  local scope = "/subscriptions/" .. simulator.options.subscription
  return { subscription = simulator.options.subscription, time = simulator.clock:date(simulator.clock:now()),
    speed = simulator.clock.speed, groups = groups_of(simulator, scope), vnets = vnets_of(simulator, scope),
    clusters = clusters_of(simulator, scope), requests = requests_of(simulator) }
end

return overview
