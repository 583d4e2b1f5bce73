-- What AKS refuses in the body of a cluster. Codes that no public source tells carry the subcode SimulatorPlaceholder.
local authorization = require "aks.sim.providers.authorization"
local cidr = require "aks.sim.cidr"
local document = require "aks.sim.clusters.document"
local http = require "aks.sim.http"
local network = require "aks.sim.providers.network"

local rules = {}

local DELEGATION = "microsoft.containerservice/managedclusters"
-- Addresses that a cluster takes in the API server's subnet, and that Azure keeps in every subnet.
rules.APISERVER_ADDRESSES, rules.KEPT_ADDRESSES = 9, 5

local ACCESS = "properties.apiServerAccessProfile."

local function refuse(code, message, target)
  http.raise_bare(400, code, message, { target = target })
end

local function refuse_placeholder(code, message, target)
  http.raise_bare(400, code, message, { target = target, subcode = "SimulatorPlaceholder" })
end

local function given(text)
  return text ~= nil and text ~= ""
end

local function check_name(subject)
  local name = subject.name
  if #name > 63 or not (name:match("^%w$") or name:match("^%w[%w_%-]*%w$")) then
    refuse("InvalidParameter", ("The cluster name '%s' is invalid."):format(name), "name")
  end
  local prefix = subject.properties.dnsPrefix
  if not given(prefix) and not given(subject.properties.fqdnSubdomain) then
    refuse("DnsPrefixEmpty", "The dnsPrefix must be set.", "properties.dnsPrefix")
  elseif given(prefix) and (#prefix > 54 or not (prefix:match("^%w$") or prefix:match("^%w[%w%-]*%w$"))) then
    refuse("InvalidParameter", ("The dnsPrefix '%s' is invalid."):format(prefix), "properties.dnsPrefix")
  end
end

local function check_location(subject)
  local location, old = subject.wanted_location, subject.old and subject.old.location
  if type(location) ~= "string" then
    http.raise(400, "LocationRequired", "The location property is required for this definition.")
  elseif old and location:lower():gsub("%s", "") ~= old then
    http.raise(409, "InvalidResourceLocation",
      ("The resource '%s' already exists in location '%s'."):format(subject.name, old))
  end
end

local function check_pool(pool, seen)
  local name, count = tostring(pool.name), pool.count or 1
  if not name:match("^[a-z][a-z0-9]*$") or #name > 12 then
    refuse("InvalidParameter", ("The agent pool name '%s' is invalid."):format(name), "agentPoolProfile.name")
  elseif seen[name] then
    refuse("InvalidParameter", ("The agent pool name '%s' is used twice."):format(name), "agentPoolProfile.name")
  elseif count < 0 or count > 1000 or (pool.mode == "System" and count < 1 and pool.osType ~= "Windows") then
    refuse("InvalidParameter", ("The count %d of agent pool '%s' is out of range."):format(count, name),
      "agentPoolProfile.count")
  end
  seen[name] = true
end

local function check_pools(subject)
  local seen, system = {}, false
  for _, pool in ipairs(subject.pools) do
    check_pool(pool, seen)
    system = system or pool.mode == "System"
  end
  if not system then
    refuse("BadRequest", "Must define at least one system pool.", "properties.agentPoolProfiles")
  end
end

local function check_version(subject)
  local version = subject.properties.kubernetesVersion
  if not given(version) then
    return
  end
  local minor = tonumber(version:match("^1%.(%d+)$") or version:match("^1%.(%d+)%.%d+$"))
  if not minor or minor < 30 or minor > 35 then
    refuse("K8sVersionNotSupported",
      ("Managed cluster %s is on version %s which is not supported in this region."):format(
      subject.name, version), "properties.kubernetesVersion")
  end
end

-- The first stable version that has the field; previews had it long before.
local function check_feature(subject)
  local version, simulator = subject.api_version, subject.sim
  local stable_and_old = not version:find("preview", 1, true) and version < "2025-03-01"
  local flag = simulator.features["microsoft.containerservice/enableapiservervnetintegrationpreview"]
  local unregistered = simulator.options.require_feature and not (flag and flag.known)
  if subject.integrated and (stable_and_old or unregistered) then
    refuse("BadRequest", "Feature Microsoft.ContainerService/EnableAPIServerVnetIntegrationPreview is not enabled. "
      .. "Please see https://aka.ms/aks/previews for how to enable features.")
  end
end

local function check_access(subject)
  local access, old = subject.access, subject.old_access
  if access.enablePrivateCluster and access.authorizedIPRanges and #access.authorizedIPRanges > 0 then
    refuse_placeholder("InvalidParameter", "authorizedIPRanges cannot be used with a private cluster.",
      ACCESS .. "authorizedIPRanges")
  elseif access.privateDNSZone == "none" and access.enablePrivateClusterPublicFQDN == false then
    refuse_placeholder("InvalidParameter", "A private cluster without private DNS zone needs its public FQDN.",
      ACCESS .. "privateDNSZone")
  elseif subject.old and not subject.integrated
    and (access.enablePrivateCluster or false) ~= (old.enablePrivateCluster or false) then
    refuse_placeholder("BadRequest", "Private mode can be changed on a cluster with API Server VNet Integration only.",
      ACCESS .. "enablePrivateCluster")
  end
end

local function check_zone(subject)
  local zone = subject.access.enablePrivateCluster and subject.access.privateDNSZone
  if not given(zone or nil) or zone == "system" or zone == "none" then
    return
  end
  local kind = subject.integrated and "private" or "privatelink"
  local name = (zone:match("/[Pp]rivate[Dd]ns[Zz]ones/([^/]+)$") or ""):lower()
  local expected = ("%s.%s.azmk8s.io"):format(kind, subject.location)
  if name ~= expected and name:sub(-#expected - 1) ~= "." .. expected then
    refuse_placeholder("InvalidParameter", ("The private DNS zone must be named %s or end in .%s."):format(expected,
      expected), ACCESS .. "privateDNSZone")
  end
end

-- Ranges that clusters may not use, and that services and pods may not share with the network.
local reserved = { "169.254.0.0/16", "192.0.2.0/24", "172.30.0.0/16", "172.31.0.0/16" }

local function parse_range(text, target)
  local range = cidr.parse(text)
  if not range then
    refuse("InvalidParameter", ("'%s' is not a CIDR."):format(tostring(text)), target)
  end
  for _, other in ipairs(reserved) do
    if cidr.overlap(range, cidr.parse(other)) then
      refuse_placeholder("InvalidParameter", ("%s overlaps the reserved range %s."):format(text, other), target)
    end
  end
  return range
end

local function check_service_range(subject)
  local profile = subject.properties.networkProfile or {}
  local services = parse_range(given(profile.serviceCidr) and profile.serviceCidr or "10.0.0.0/16",
    "networkProfile.serviceCIDR")
  local dns = given(profile.dnsServiceIP) and cidr.address(profile.dnsServiceIP)
  if given(profile.dnsServiceIP) and (not dns or dns <= services.first + 1 or dns >= services.last) then
    refuse("InvalidParameter", "dnsServiceIP must lie in serviceCidr and not be its first address.",
      "networkProfile.dnsServiceIP")
  end
  if given(profile.podCidr) and cidr.overlap(parse_range(profile.podCidr, "networkProfile.podCIDR"), services) then
    refuse_placeholder("InvalidParameter", "podCidr and serviceCidr overlap.", "networkProfile.podCIDR")
  end
  subject.services = services
end

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

local function check_node_subnet(subject, id)
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
    if cidr.overlap(cidr.parse(network.prefix(sibling)), subject.services) then
      refuse("ServiceCidrOverlapExistingSubnetsCidr",
        ("The specified service CIDR is conflicted with the CIDR of subnet %s.")
        :format(sibling.id), "networkProfile.serviceCIDR")
    end
  end
end

--- How many addresses of its subnet a pool takes: its nodes, and their pods unless those have a network of their own.
function rules.addresses_of(pool, profile)
  local overlay = profile.networkPluginMode == "overlay" or profile.networkPlugin == "kubenet"
    or profile.networkPlugin == nil
  return (pool.count or 1) * (overlay and 1 or 1 + (given(pool.maxPods) and pool.maxPods or 30))
end

local function check_capacity(subject, id)
  local record, wanted, taken = network.subnet(subject.sim, id), 0, 0
  for _, pool in ipairs(subject.pools) do
    if (pool.vnetSubnetID or ""):lower() == id:lower() then
      wanted = wanted + rules.addresses_of(pool, subject.properties.networkProfile or {})
    end
  end
  local own = subject.existing and (subject.existing.node_group .. "/"):lower()
  for _, address in ipairs(record.ip_configurations) do
    taken = taken + (own and address:lower():sub(1, #own) == own and 0 or 1)
  end
  local free = cidr.parse(network.prefix(record)).size - rules.KEPT_ADDRESSES - taken
  if wanted > free then
    refuse("InsufficientSubnetSize",
      ("Pre-allocated IPs %d exceeds IPs available %d in Subnet Cidr %s, Subnet Name %s.")
      :format(wanted, free, network.prefix(record), record.document.name), "networkProfile")
  end
end

local function check_node_subnets(subject)
  for _, pool in ipairs(subject.pools) do
    if pool.vnetSubnetID ~= nil then
      subject.node_subnet = subject.node_subnet or pool.vnetSubnetID
      check_node_subnet(subject, pool.vnetSubnetID)
      check_capacity(subject, pool.vnetSubnetID)
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

local function check_apiserver_subnet(subject, id)
  local target = ACCESS .. "subnetId"
  local record = find_subnet(subject, id, target)
  local prefix = cidr.parse(network.prefix(record))
  if subject.node_subnet and subject.node_subnet:lower() == id:lower() then
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
  if moves_in and prefix.size - rules.KEPT_ADDRESSES - used < rules.APISERVER_ADDRESSES then
    refuse("InsufficientSubnetSize", ("The subnet %s has %d free addresses; the API server needs %d."):format(id,
      prefix.size - rules.KEPT_ADDRESSES - used, rules.APISERVER_ADDRESSES), target)
  end
end

local function check_integration(subject)
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

-- The cluster's identity must be allowed to use both subnets; in its node resource group it may do everything.
local function check_permissions(subject)
  local principal = document.principal(subject.sim, subject.identity or (subject.old or {}).identity)
  local own = subject.existing and subject.existing.managed_vnet
  for _, id in ipairs { subject.integrated and subject.node_subnet or "", subject.access.subnetId or "" } do
    local managed = own and id:lower():sub(1, #own) == own:lower()
    for _, action in ipairs(id ~= "" and not managed and needed or {}) do
      if not principal or not authorization.allows(subject.sim, principal, action, id) then
        refuse_placeholder("ResourceMissingPermissionError",
          ("The identity %s of the cluster is not allowed to perform '%s' on %s."):format(tostring(principal), action,
            id),
          "identity")
      end
    end
  end
end

local function check_identity(subject)
  local identity, count = subject.identity or {}, 0
  for id in pairs(identity.userAssignedIdentities or {}) do
    local record = subject.sim.store:get(id)
    count = count + 1
    if not record or not record.type:lower():find("userassignedidentities", 1, true) then
      http.raise(400, "FailedIdentityOperation", ("The identity '%s' was not found."):format(id))
    end
  end
  if identity.type == "UserAssigned" and count ~= 1 then
    refuse("InvalidParameter", "Exactly one user-assigned identity is needed.", "identity.userAssignedIdentities")
  end
end

-- Properties that never change once they have a value.
local frozen = { "dnsPrefix", "fqdnSubdomain", "nodeResourceGroup" }
local frozen_in_pools = { "vmSize", "vnetSubnetID", "osType", "type" }

local function refuse_change(path, is_placeholder)
  local message = ("Changing property '%s' is not allowed."):format(path)
  return (is_placeholder and refuse_placeholder or refuse)("PropertyChangeNotAllowed", message, path)
end

local function differs(old, new)
  return given(old) and tostring(old):lower() ~= tostring(new):lower()
end

local function check_changes(subject)
  if not subject.old then
    return
  end
  local old, access, before = subject.old.properties, subject.access, subject.old_access
  for _, name in ipairs(frozen) do
    if differs(old[name], subject.properties[name]) then
      refuse_change("properties." .. name)
    end
  end
  if before.enableVnetIntegration and not access.enableVnetIntegration then
    refuse_change(ACCESS .. "enableVnetIntegration", true)
  elseif differs(before.subnetId, access.subnetId) then
    refuse_change(ACCESS .. "subnetId", true)
  end
  for _, pool in ipairs(old.agentPoolProfiles) do
    local new = document.pool_named(subject.pools, pool.name)
    for _, name in ipairs(frozen_in_pools) do
      if differs(pool[name], new[name]) then
        refuse_change("agentPoolProfile." .. name)
      end
    end
  end
end

local checks = { check_location, check_name, check_feature, check_pools, check_version, check_changes, check_access,
  check_zone, check_service_range, check_identity, check_node_subnets, check_integration, check_permissions }

--- Refuses what is wrong with a cluster. `merged`: the body over what was there; `existing`: its record (nil: none).
--- Returns facts that its provisioning needs: { encrypted = the VNet is }.
function rules.check(context, merged, body, existing)
  local old = existing and existing.document
  local access = merged.properties.apiServerAccessProfile or {}
  local automatic = (merged.sku or {}).name == "Automatic"
  local subject = {
    sim = context.sim, api_version = context.api_version, name = context.parameters.cluster, existing = existing,
    old = old,
    wanted_location = body.location, location = (merged.location or ""):lower():gsub("%s", ""),
    properties = merged.properties, pools = merged.properties.agentPoolProfiles, identity = merged.identity,
    access = access, old_access = old and old.properties.apiServerAccessProfile or {}, automatic = automatic,
    integrated = access.enableVnetIntegration or (automatic and access.enableVnetIntegration == nil),
  }
  for _, check in ipairs(checks) do
    check(subject)
  end
  return { encrypted = subject.encrypted and subject.integrated }
end

--- The same for one pool that is put by itself.
function rules.check_pool(context, pool, existing)
  local subject = { sim = context.sim, services = cidr.parse(existing.document.properties.networkProfile.serviceCidr) }
  check_pool(pool, {})
  if pool.vnetSubnetID ~= nil then
    check_node_subnet(subject, pool.vnetSubnetID)
  end
  local old = document.pool_named(existing.document.properties.agentPoolProfiles, pool.name)
  for _, name in ipairs(old and frozen_in_pools or {}) do
    if pool[name] ~= nil and differs(old[name], pool[name]) then
      refuse_change("properties." .. name)
    end
  end
end

return rules
