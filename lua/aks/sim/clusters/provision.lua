-- What a cluster takes hold of beside itself: the node resource group, the managed VNet, addresses, the service link.
local apiserver = require "aks.sim.clusters.apiserver"
local document = require "aks.sim.clusters.document"
local network = require "aks.sim.providers.network"
local subnet_rules = require "aks.sim.clusters.subnet_rules"

local provision = {}

local LINK = "AzureKubernetesService"

-- The network that AKS makes when none is brought, as users have seen it.
local MANAGED = { prefix = "10.224.0.0/12", nodes = "10.224.0.0/16", apiserver = "10.226.0.0/28" }

local function make_group(simulator, record)
  local properties = record.document.properties
  local id = ("/subscriptions/%s/resourceGroups/%s"):format(simulator.options.subscription,
    properties.nodeResourceGroup)
  record.node_group = id
  if not simulator.store:get(id) then
    simulator.store:put(id, { id = id, type = "Microsoft.Resources/resourceGroups", document = {
      id = id, name = properties.nodeResourceGroup, type = "Microsoft.Resources/resourceGroups",
      location = record.document.location, managedBy = record.document.id,
      properties = { provisioningState = "Succeeded" },
    } })
  end
end

local function brought_subnet(record)
  for _, pool in ipairs(record.document.properties.agentPoolProfiles) do
    if pool.vnetSubnetID then
      return pool.vnetSubnetID
    end
  end
end

local function make_network(simulator, record, integrated)
  local subnets = { { "aks-subnet", MANAGED.nodes } }
  if integrated then
    subnets[2] = { "aks-apiserver-subnet", MANAGED.apiserver, document.TYPE }
  end
  record.managed_vnet = network.create_managed(simulator, {
    group = record.node_group, vnet = ("aks-vnet-%08d"):format(math.random(1, 99999999)), prefix = MANAGED.prefix,
    location = record.document.location, subnets = subnets,
  })
end

local function apiserver_subnet(record)
  local access = record.document.properties.apiServerAccessProfile or {}
  if not access.enableVnetIntegration then
    return nil
  elseif access.subnetId ~= "" then
    return access.subnetId
  end
  return record.managed_vnet and record.managed_vnet .. "/subnets/aks-apiserver-subnet"
end

local function balancer_id(record)
  return record.node_group .. "/providers/Microsoft.Network/loadBalancers/kube-apiserver"
end

-- Moves the API server in, once.
local function join_apiserver_subnet(simulator, record)
  local id = apiserver_subnet(record)
  if not id or record.joined or not network.subnet(simulator, id) then
    return
  end
  record.joined = id
  apiserver.balance(simulator, record, id, #network.subnet(simulator, id).ip_configurations)
  network.occupy(simulator, id, balancer_id(record), subnet_rules.APISERVER_ADDRESSES)
  network.link(simulator, id, LINK, document.TYPE)
end

local function place_nodes(simulator, record)
  local properties = record.document.properties
  local prefix = record.node_group .. "/providers/Microsoft.Compute/virtualMachineScaleSets/aks-"
  for _, pool in ipairs(record.placed or {}) do
    network.vacate(simulator, pool.subnet, prefix .. pool.name)
  end
  record.placed = {}
  for _, pool in ipairs(properties.agentPoolProfiles) do
    local subnet = pool.vnetSubnetID or (record.managed_vnet and record.managed_vnet .. "/subnets/aks-subnet")
    if subnet and network.subnet(simulator, subnet) then
      network.occupy(simulator, subnet, prefix .. pool.name, subnet_rules.addresses_of(pool, properties.networkProfile))
      table.insert(record.placed, { name = pool.name, subnet = subnet })
    end
  end
end

-- A private cluster without integration is reached through a private endpoint beside its nodes.
local function link_apiserver(simulator, record, access)
  local subnet = record.placed[1] and record.placed[1].subnet
  if access.enablePrivateCluster and not access.enableVnetIntegration and subnet then
    apiserver.link(simulator, record, subnet)
  end
end

--- Takes hold of what the cluster's document asks for; what it holds already stays.
function provision.hold(simulator, record)
  if record.released then
    return
  end
  local access = record.document.properties.apiServerAccessProfile or {}
  make_group(simulator, record)
  if not brought_subnet(record) and not record.managed_vnet then
    make_network(simulator, record, access.enableVnetIntegration)
  end
  join_apiserver_subnet(simulator, record)
  place_nodes(simulator, record)
  link_apiserver(simulator, record, access)
end

local function leave_apiserver_subnet(simulator, record)
  local subnet = network.subnet(simulator, record.joined)
  local links = subnet and subnet.service_links
  network.vacate(simulator, record.joined, balancer_id(record))
  if subnet and simulator.options.orphan_links then
    subnet.service_links = links
  end
end

--- Lets go of everything: when the cluster is deleted. With the option `orphan_links` the service link stays, as users
--- have met it.
function provision.release(simulator, record)
  if record.joined then
    leave_apiserver_subnet(simulator, record)
  end
  local prefix = record.node_group .. "/providers/Microsoft.Compute/virtualMachineScaleSets/aks-"
  for _, pool in ipairs(record.placed or {}) do
    network.vacate(simulator, pool.subnet, prefix .. pool.name)
  end
  simulator.store:delete_tree(record.node_group)
  record.joined, record.placed, record.released = nil, {}, true
end

return provision
