-- What AKS refuses of the subnets that a cluster brings: what they are, whether it fits, whether it may.
local cidr = require "aks.sim.cidr"
local document = require "aks.sim.clusters.document"
local http = require "aks.sim.http"
local network = require "aks.sim.providers.network"
local refusal = require "aks.sim.clusters.refusal"
local roles = require "aks.sim.roles"

local subnet_rules = {}

local DELEGATION = "microsoft.containerservice/managedclusters"
-- Addresses that a cluster takes in the API server's subnet, and that Azure keeps in every subnet.
subnet_rules.APISERVER_ADDRESSES, subnet_rules.KEPT_ADDRESSES = 9, 5

local ACCESS, given = refusal.ACCESS, refusal.given
local refuse, refuse_placeholder = refusal.known, refusal.placeholder

--- The record of a subnet that a body names, refused when it is none.
local function find_subnet(subject, id, path)
  if not id:lower():match("^/subscriptions/[^/]+/resourcegroups/[^/]+/providers/[^/]+/[^/]+/[^/]+/subnets/[^/]+$") then
    http.raise(400, "LinkedInvalidPropertyId",
      ("Property id '%s' at path '%s' is invalid. Expect fully qualified resource Id that start with "
        .. "'/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'."):format(id, path))
  end
  local record = network.subnet(subject.sim, id)
  if not record then
    refuse("SubnetNotFound", ("The subnet %s was not found."):format(id), path)
  end
  return record
end

local function vnet_key(subnet_id)
  return (subnet_id:lower():gsub("/subnets/[^/]+$", ""))
end

local function is_delegated(record, service)
  for _, delegation in ipairs(record.document.properties.delegations or {}) do
    if not service or delegation.properties.serviceName:lower() == service then
      return true
    end
  end
  return false
end

--- The subnet of a pool.
function subnet_rules.check_node_subnet(subject, id)
  local record = find_subnet(subject, id, "properties.agentPoolProfiles[0].vnetSubnetID")
  if is_delegated(record) then
    refuse("SubnetIsDelegated", ("AgentPoolProfile.VnetSubnetID %s cannot be used as it's a delegated subnet. "
      .. "Please check https://aka.ms/adv-network-prerequest for more details."):format(id),
      "agentPoolProfile.vnetSubnetID")
  end
  local vnet = network.vnet_of(subject.sim, record.id)
  if vnet.document.properties.provisioningState ~= "Succeeded" then
    refuse("VirtualNetworkNotInSucceededState", ("The virtual network %s is in state %s."):format(vnet.id,
      vnet.document.properties.provisioningState))
  end
  subject.encrypted = subject.encrypted or (vnet.document.properties.encryption or {}).enabled
  for _, sibling in ipairs(subject.sim.store:of_type(vnet.id, "Microsoft.Network/virtualNetworks/subnets")) do
    local range = cidr.parse(network.prefix(sibling))
    if cidr.overlap(range, subject.services) then
      refuse("ServiceCidrOverlapExistingSubnetsCidr",
        ("The specified service CIDR is conflicted with the CIDR of subnet %s.")
        :format(sibling.id), "networkProfile.serviceCIDR")
    elseif subject.pods and cidr.overlap(range, subject.pods) then
      refuse_placeholder("InvalidParameter",
        ("The specified pod CIDR is conflicted with the CIDR of subnet %s."):format(sibling.id),
        "networkProfile.podCIDR")
    end
  end
end

--- How many addresses of its subnet a pool takes: its nodes, and their pods unless those have a network of their own.
function subnet_rules.addresses_of(pool, profile)
  local overlay = profile.networkPluginMode == "overlay" or profile.networkPlugin == "kubenet"
    or profile.networkPlugin == nil
  return (pool.count or 1) * (overlay and 1 or 1 + (given(pool.maxPods) and pool.maxPods or 30))
end

local function check_capacity(subject, id)
  local record, wanted, taken = network.subnet(subject.sim, id), 0, 0
  for _, pool in ipairs(subject.pools) do
    if (pool.vnetSubnetID or ""):lower() == id:lower() then
      wanted = wanted + subnet_rules.addresses_of(pool, subject.properties.networkProfile or {})
    end
  end
  local own = subject.existing and (subject.existing.node_group .. "/"):lower()
  for _, address in ipairs(record.ip_configurations) do
    taken = taken + (own and address:lower():sub(1, #own) == own and 0 or 1)
  end
  local free = cidr.parse(network.prefix(record)).size - subnet_rules.KEPT_ADDRESSES - taken
  if wanted > free then
    refuse("InsufficientSubnetSize",
      ("Pre-allocated IPs %d exceeds IPs available %d in Subnet Cidr %s, Subnet Name %s.")
      :format(wanted, free, network.prefix(record), record.document.name), "networkProfile")
  end
end

-- All pools are in subnets of one network, or none of them is.
local function check_same_network(subject)
  local first = subject.pools[1] and subject.pools[1].vnetSubnetID
  for _, pool in ipairs(subject.pools) do
    local other = pool.vnetSubnetID
    if given(first) ~= given(other) or given(first) and vnet_key(first) ~= vnet_key(other) then
      refuse_placeholder("InvalidParameter", "All agent pools must be in subnets of the same virtual network.",
        "agentPoolProfile.vnetSubnetID")
    end
  end
end

-- Nodes whose way out is left to routes of one's own need a table of them.
local function check_routes(subject, id)
  local outbound = (subject.properties.networkProfile or {}).outboundType or ""
  local routes = network.subnet(subject.sim, id).document.properties.routeTable
  if outbound:lower() == "userdefinedrouting" and (type(routes) ~= "table" or not routes.id) then
    refuse_placeholder("InvalidParameter", ("No route table is associated with the subnet %s."):format(id),
      "networkProfile.outboundType")
  end
end

--- The subnets of all pools: what they are, and whether the nodes fit.
function subnet_rules.check_node_subnets(subject)
  check_same_network(subject)
  for _, pool in ipairs(subject.pools) do
    if pool.vnetSubnetID ~= nil then
      subject.node_subnet = subject.node_subnet or pool.vnetSubnetID
      subnet_rules.check_node_subnet(subject, pool.vnetSubnetID)
      check_capacity(subject, pool.vnetSubnetID)
      check_routes(subject, pool.vnetSubnetID)
    end
  end
end

-- The VNet of the nodes: the one that was brought, or the one that AKS made.
local function vnet_of_nodes(subject)
  if subject.node_subnet then
    return vnet_key(subject.node_subnet)
  end
  return subject.existing and subject.existing.managed_vnet and subject.existing.managed_vnet:lower()
end

local function has_nodes(subject, id)
  for _, pool in ipairs(subject.pools) do
    if (pool.vnetSubnetID or ""):lower() == id:lower() then
      return true
    end
  end
  return false
end

local function check_apiserver_subnet(subject, id)
  local target = ACCESS .. "subnetId"
  local record = find_subnet(subject, id, target)
  local prefix = cidr.parse(network.prefix(record))
  if has_nodes(subject, id) then
    refuse_placeholder("InvalidParameter", "The API server and the nodes need different subnets.", target)
  elseif not is_delegated(record, DELEGATION) then
    refuse_placeholder("InvalidParameter",
      ("The subnet %s is not delegated to Microsoft.ContainerService/managedClusters.")
      :format(id), target)
  elseif vnet_key(id) ~= vnet_of_nodes(subject) then
    refuse_placeholder("InvalidParameter", ("The subnet %s is not in the virtual network of the nodes."):format(id),
      target)
  elseif prefix.length > 28 then
    refuse_placeholder("InvalidParameter", ("The subnet %s is a /%d; at least a /28 is needed."):format(id,
      prefix.length),
      target)
  end
  local used, moves_in = #record.ip_configurations, not (subject.old and subject.old_access.subnetId == id)
  if moves_in and prefix.size - subnet_rules.KEPT_ADDRESSES - used < subnet_rules.APISERVER_ADDRESSES then
    refuse("InsufficientSubnetSize", ("The subnet %s has %d free addresses; the API server needs %d."):format(id,
      prefix.size - subnet_rules.KEPT_ADDRESSES - used, subnet_rules.APISERVER_ADDRESSES), target)
  end
end

--- The subnet of the API server, when the cluster is integrated.
function subnet_rules.check_integration(subject)
  local id, converts = subject.access.subnetId, subject.old and not subject.old_access.enableVnetIntegration
  if not subject.integrated then
    return
  elseif subject.automatic and subject.node_subnet and not subject.properties.hostedSystemProfile then
    refuse("EmptySubnetError", "The input subnet is an empty string.", ACCESS .. "subnetId")
  elseif not given(id) and (converts or subject.node_subnet) then
    refuse("InvalidParameter",
      "apiServerAccessProfile.subnetId should not be empty when using custom vnet with apiserverVnetIntegration",
      ACCESS .. "subnetId")
  elseif given(id) then
    if not subject.old and not subject.node_subnet then
      refuse_placeholder("InvalidParameter", "A subnet for the API server needs agent pools with a vnetSubnetID.",
        ACCESS .. "subnetId")
    elseif not subject.old and (subject.identity or {}).type ~= "UserAssigned" then
      refuse_placeholder("InvalidParameter", "A subnet for the API server needs a user-assigned identity.",
        "identity.type")
    end
    check_apiserver_subnet(subject, id)
  end
end

local needed = { "Microsoft.Network/virtualNetworks/subnets/join/action",
  "Microsoft.Network/virtualNetworks/subnets/read" }

local function brought_subnets(subject)
  local ids = { given(subject.access.subnetId) and subject.access.subnetId or nil }
  for _, pool in ipairs(subject.integrated and subject.pools or {}) do
    ids[#ids + 1] = pool.vnetSubnetID
  end
  return ids
end

--- The cluster's identity must be allowed to use all subnets; in its node resource group it may do everything.
function subnet_rules.check_permissions(subject)
  local principal = document.principal(subject.sim, subject.identity or (subject.old or {}).identity)
  local own = subject.existing and subject.existing.managed_vnet
  for _, id in ipairs(brought_subnets(subject)) do
    local managed = own and id:lower():sub(1, #own) == own:lower()
    for _, action in ipairs(managed and {} or needed) do
      if not principal or not roles.allows(subject.sim, principal, action, id) then
        refuse_placeholder("ResourceMissingPermissionError",
          ("The identity %s of the cluster is not allowed to perform '%s' on %s."):format(tostring(principal), action,
            id),
          "identity")
      end
    end
  end
end

return subnet_rules
