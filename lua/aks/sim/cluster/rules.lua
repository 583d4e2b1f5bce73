-- What AKS refuses when a managed cluster is written, before anything is begun.
local authorization = require "aks.sim.providers.authorization"
local cidr = require "aks.sim.cidr"
local http = require "aks.sim.http"
local managed_identity = require "aks.sim.providers.managed_identity"
local members = require "aks.sim.cluster.members"
local network = require "aks.sim.providers.network"

local rules = {}

local DELEGATION = "microsoft.containerservice/managedclusters"
-- https://learn.microsoft.com/azure/aks/api-server-vnet-integration: at least a /28, at least nine addresses a cluster.
local APISERVER_PREFIX, APISERVER_ADDRESSES = 28, 9
-- The first stable version that knows enableVnetIntegration.
local INTEGRATION_SINCE = "2025-03-01"

--- Codes of which no public source tells the real one: stand-ins, listed in the documentation.
rules.placeholders = {
  ApiServerSubnetNotDelegated = "the API server subnet has no delegation",
  ApiServerSubnetTooSmall = "the API server subnet is smaller than a /28",
  ApiServerSubnetFull = "fewer than nine addresses are free in the API server subnet",
  ApiServerSubnetSharedWithNodes = "one subnet for nodes and API server",
  ApiServerSubnetInOtherVnet = "API server subnet and nodes in different virtual networks",
  SubnetMissingPermission = "the cluster's identity may not join a subnet",
  VnetIntegrationCannotBeDisabled = "turning API Server VNet Integration off",
}

local function refuse(code, target, message, ...)
  http.raise_bare(400, code, message:format(...), { target = target })
end

local function check_members(value, allowed, where)
  for name, member in pairs(value or {}) do
    if not allowed[name] then
      refuse("InvalidParameter", where .. name, "The value of parameter %s%s is invalid: unknown property.", where, name)
    end
    local wanted = members.types[name]
    if wanted and member ~= http.null and type(member) ~= wanted then
      refuse("InvalidParameter", where .. name, "The value of parameter %s%s is invalid: it must be a %s.", where, name, wanted)
    end
  end
end

local function table_or_nil(value)
  return type(value) == "table" and value ~= http.null and value or nil
end

--- Shape: known members of the right types.
function rules.check_shape(body)
  local properties = table_or_nil(body.properties) or {}
  check_members(body, members.top, "")
  check_members(properties, members.properties, "properties.")
  check_members(table_or_nil(properties.apiServerAccessProfile), members.access, "apiServerAccessProfile.")
  check_members(table_or_nil(properties.networkProfile), members.network, "networkProfile.")
  for _, pool in ipairs(properties.agentPoolProfiles or {}) do
    check_members(pool, members.pool, "agentPoolProfile.")
  end
end

local function check_pools(context, pools)
  local names, system = {}, 0
  if #pools == 0 then
    refuse("InvalidParameter", "agentPoolProfiles", "At least one agent pool profile is required.")
  end
  for _, pool in ipairs(pools) do
    local name = tostring(pool.name)
    if not name:match("^%l[%l%d]*$") or #name > 12 then
      refuse("InvalidParameter", "agentPoolProfile.name", "The agent pool name '%s' is invalid.", name)
    elseif names[name] then
      refuse("InvalidParameter", "agentPoolProfile.name", "The agent pool name '%s' is used twice.", name)
    elseif pool.count and (pool.count < 0 or pool.count > 1000) then
      refuse("InvalidParameter", "agentPoolProfile.count", "The value of parameter agentPoolProfile.count is invalid.")
    elseif pool.vnetSubnetID and not pool.vnetSubnetID:match("^/subscriptions/[^/]+/resource[gG]roups/[^/]+/providers/") then
      http.raise(400, "LinkedInvalidPropertyId",
        ("Property id '%s' at path 'properties.agentPoolProfiles[0].vnetSubnetID' is invalid. Expect fully qualified resource Id.")
          :format(pool.vnetSubnetID))
    end
    names[name] = true
    system = system + ((pool.mode or "User") == "System" and 1 or 0)
  end
  if system == 0 and not context.is_pool then
    refuse("InvalidParameter", "agentPoolProfile.mode", "Must define at least one system pool.")
  end
end

local function check_names(context, body, properties)
  local name, prefix = context.parameters.cluster, properties.dnsPrefix
  if #name > 63 or not name:match("^%w[%w_%-]*$") or not name:match("%w$") then
    refuse("InvalidParameter", "name", "The cluster name '%s' is invalid.", name)
  elseif type(body.location) ~= "string" then
    http.raise(400, "LocationRequired", "The location property is required for this definition.")
  elseif prefix and (#prefix > 54 or not prefix:match("^%w[%w%-]*$") or not prefix:match("%w$")) then
    refuse("InvalidParameter", "dnsPrefix", "The DNS prefix '%s' is invalid.", prefix)
  end
end

-- Ranges that AKS keeps for itself, wherever they would be used.
local reserved = { "169.254.0.0/16", "192.0.2.0/24", "172.30.0.0/16", "172.31.0.0/16" }

local function check_range(text, target)
  local prefix = cidr.parse(text)
  if not prefix then
    refuse("InvalidParameter", target, "The value of parameter %s is invalid: '%s' is no CIDR.", target, tostring(text))
  end
  for _, other in ipairs(reserved) do
    if cidr.overlap(prefix, cidr.parse(other)) then
      refuse("InvalidParameter", target, "The range '%s' of %s overlaps with the reserved range %s.", text, target, other)
    end
  end
  return prefix
end

local function check_ranges(simulator, profile, node_subnet)
  local service = check_range(profile.serviceCidr or "10.0.0.0/16", "networkProfile.serviceCIDR")
  local pods = check_range(profile.podCidr or "10.244.0.0/16", "networkProfile.podCIDR")
  local dns = cidr.address(profile.dnsServiceIP or cidr.nth(service, 10))
  if cidr.overlap(service, pods) then
    refuse("InvalidParameter", "networkProfile.podCIDR", "The pod CIDR overlaps with the service CIDR.")
  elseif not dns or dns <= service.first or dns > service.last then
    refuse("InvalidParameter", "networkProfile.dnsServiceIP", "The DNS service IP is not in the service CIDR or its first address.")
  elseif not node_subnet then
    return
  end
  local vnet = network.vnet_of(simulator, node_subnet.id)
  for _, record in ipairs(simulator.store:of_type(vnet.id, "Microsoft.Network/virtualNetworks/subnets")) do
    if cidr.overlap(service, cidr.parse(record.document.properties.addressPrefix)) then
      refuse("ServiceCidrOverlapExistingSubnetsCidr", "networkProfile.serviceCIDR",
        "The specified service CIDR is conflicted with an existing subnet CIDR %s.", record.document.properties.addressPrefix)
    end
  end
end

local function subnet_or_refuse(simulator, id, target)
  local record = network.subnet(simulator, id)
  if not record then
    refuse("SubnetNotFound", target, "Subnet %s was not found.", id)
  end
  return record
end

local function delegated_to_aks(record)
  for _, delegation in ipairs(record.document.properties.delegations) do
    if delegation.properties.serviceName:lower() == DELEGATION then
      return true
    end
  end
  return false
end

local function check_node_subnet(record)
  local delegation = record.document.properties.delegations[1]
  if delegation then
    refuse("SubnetIsDelegated", "agentPoolProfile.vnetSubnetID", "Subnet %s is delegated to %s and cannot be used for nodes.",
      record.id, delegation.properties.serviceName)
  end
end

local function check_apiserver_subnet(simulator, record, node_subnet, cluster_id)
  local prefix, target = cidr.parse(record.document.properties.addressPrefix), "apiServerAccessProfile.subnetId"
  local own = 0
  for _, id in ipairs(record.ip_configurations) do
    own = own + (id:lower():sub(1, #cluster_id) == cluster_id:lower() and 1 or 0)
  end
  local free = prefix.size - 5 - (#record.ip_configurations - own)
  if node_subnet and record == node_subnet then
    refuse("ApiServerSubnetSharedWithNodes", target, "Subnet %s is used for nodes: the API server needs its own.", record.id)
  elseif node_subnet and network.vnet_of(simulator, record.id) ~= network.vnet_of(simulator, node_subnet.id) then
    refuse("ApiServerSubnetInOtherVnet", target, "Subnet %s is not in the virtual network of the nodes.", record.id)
  elseif not delegated_to_aks(record) then
    refuse("ApiServerSubnetNotDelegated", target, "Subnet %s must be delegated to Microsoft.ContainerService/managedClusters.", record.id)
  elseif prefix.length > APISERVER_PREFIX then
    refuse("ApiServerSubnetTooSmall", target, "Subnet %s is a /%d; the API server needs at least a /%d.", record.id, prefix.length,
      APISERVER_PREFIX)
  elseif free < APISERVER_ADDRESSES then
    refuse("ApiServerSubnetFull", target, "Subnet %s has %d free addresses; the API server needs %d.", record.id, free,
      APISERVER_ADDRESSES)
  end
  local encryption = network.vnet_of(simulator, record.id).document.properties.encryption
  if encryption and encryption.enabled then
    refuse("NodesNotReady", target, "API Server VNet Integration does not work in an encrypted virtual network.")
  end
end

local function user_assigned(body)
  local identity = table_or_nil(body.identity) or {}
  return (identity.type or ""):lower() == "userassigned" and next(identity.userAssignedIdentities or {}) or nil
end

local function check_permission(simulator, body, record, target)
  local id = user_assigned(body)
  local identity = managed_identity.find(simulator, id)
  if not identity then
    http.raise_bare(400, "FailedIdentityOperation", ("Identity %s was not found."):format(tostring(id)), { target = "identity" })
  end
  local principal = identity.document.properties.principalId
  if not authorization.allows(simulator, principal, "Microsoft.Network/virtualNetworks/subnets/join/action", record.id) then
    refuse("SubnetMissingPermission", target,
      "The identity with object id '%s' does not have permission to perform action 'Microsoft.Network/virtualNetworks/subnets/join/action' over scope '%s'.",
      principal, record.id)
  end
end

local function check_own_network(context, body, access, node_id)
  local simulator = context.sim
  local apiserver_id = access.subnetId ~= "" and access.subnetId or nil
  local node_subnet = node_id and subnet_or_refuse(simulator, node_id, "agentPoolProfile.vnetSubnetID")
  if node_subnet then
    check_node_subnet(node_subnet)
  end
  if not access.enableVnetIntegration then
    return node_subnet
  elseif node_id and not apiserver_id then
    refuse("BadRequest", "apiServerAccessProfile.subnetId",
      "apiServerAccessProfile.subnetId should not be empty when using custom vnet with apiserverVnetIntegration")
  elseif apiserver_id and not node_id and not context.existing then
    refuse("BadRequest", "apiServerAccessProfile.subnetId", "apiServerAccessProfile.subnetId needs agentPoolProfile.vnetSubnetID.")
  end
  if apiserver_id then
    local record = subnet_or_refuse(simulator, apiserver_id, "apiServerAccessProfile.subnetId")
    if not user_assigned(body) and not context.existing then
      refuse("BadRequest", "identity", "A user-assigned identity is needed with a subnet of one's own for the API server.")
    end
    check_apiserver_subnet(simulator, record, node_subnet, context.cluster_id)
    if user_assigned(body) then
      check_permission(simulator, body, record, "apiServerAccessProfile.subnetId")
      check_permission(simulator, body, node_subnet or record, "agentPoolProfile.vnetSubnetID")
    end
  end
  return node_subnet
end

local function check_access(context, access, old)
  local ranges = table_or_nil(access.authorizedIPRanges)
  if access.enableVnetIntegration and context.api_version < INTEGRATION_SINCE and not context.api_version:find("preview", 1, true) then
    http.raise(400, "BadRequest", "Feature Microsoft.ContainerService/EnableAPIServerVnetIntegrationPreview is not enabled. "
      .. "Please see https://aka.ms/aks/previews for how to enable features.")
  elseif access.enablePrivateCluster and ranges and #ranges > 0 then
    refuse("InvalidParameter", "apiServerAccessProfile.authorizedIPRanges",
      "Authorized IP ranges cannot be set on a private cluster.")
  elseif old and old.enableVnetIntegration and access.enableVnetIntegration == false then
    refuse("VnetIntegrationCannotBeDisabled", "apiServerAccessProfile.enableVnetIntegration",
      "API Server VNet Integration cannot be disabled.")
  elseif old and not old.enableVnetIntegration and not access.enableVnetIntegration
    and (old.enablePrivateCluster or false) ~= (access.enablePrivateCluster or false) then
    refuse("BadRequest", "apiServerAccessProfile.enablePrivateCluster",
      "Private mode cannot be changed on a cluster without API Server VNet Integration.")
  elseif old and access.enableVnetIntegration and not old.enableVnetIntegration and (access.subnetId or "") == "" then
    refuse("BadRequest", "apiServerAccessProfile.subnetId", "apiServerAccessProfile.subnetId is needed to enable the integration.")
  elseif old and (old.subnetId or "") ~= "" and access.subnetId and access.subnetId:lower() ~= old.subnetId:lower() then
    refuse("PropertyChangeNotAllowed", "apiServerAccessProfile.subnetId", "Changing property 'subnetId' is not allowed.")
  end
end

local function check_immutable(body, existing)
  local old, properties = existing.document.properties, body.properties
  for _, name in ipairs { "dnsPrefix", "nodeResourceGroup" } do
    if properties[name] and properties[name] ~= "" and properties[name] ~= old[name] then
      refuse("PropertyChangeNotAllowed", name, "Changing property '%s' is not allowed.", name)
    end
  end
  if body.location:lower():gsub("%s", "") ~= existing.document.location then
    http.raise(409, "InvalidResourceLocation", ("The resource '%s' already exists in location '%s'."):format(existing.id,
      existing.document.location))
  end
  for _, pool in ipairs(properties.agentPoolProfiles) do
    for _, before in ipairs(old.agentPoolProfiles) do
      for _, name in ipairs { "vmSize", "vnetSubnetID" } do
        if before.name == pool.name and pool[name] and tostring(pool[name]):lower() ~= tostring(before[name]):lower() then
          refuse("PropertyChangeNotAllowed", "agentPoolProfile." .. name, "Changing property '%s' is not allowed.", name)
        end
      end
    end
  end
end

--- Everything that is refused at once when a cluster is put. `context.existing`: its record, or nil.
function rules.check(context)
  local body, existing = context.body, context.existing
  rules.check_shape(body)
  local properties = table_or_nil(body.properties) or {}
  body.properties = properties
  check_names(context, body, properties)
  check_pools(context, properties.agentPoolProfiles or {})
  local access = table_or_nil(properties.apiServerAccessProfile) or {}
  check_access(context, access, existing and (existing.document.properties.apiServerAccessProfile or {}))
  if existing then
    check_immutable(body, existing)
  end
  local node_id = properties.agentPoolProfiles[1].vnetSubnetID
  local node_subnet = check_own_network(context, body, access, not (existing and existing.managed_vnet) and node_id or nil)
  check_ranges(context.sim, table_or_nil(properties.networkProfile) or {}, node_subnet)
end

return rules
