-- What AKS refuses in the body of a cluster. Codes that no public source tells carry the subcode SimulatorPlaceholder.
local access_rules = require "aks.sim.access"
local cidr = require "aks.sim.cidr"
local compute = require "aks.sim.providers.compute"
local document = require "aks.sim.clusters.document"
local http = require "aks.sim.http"
local refusal = require "aks.sim.clusters.refusal"
local regions = require "aks.sim.regions"
local shape = require "aks.sim.clusters.shape"
local subnet_rules = require "aks.sim.clusters.subnet_rules"

local rules = {}

local ACCESS, given = refusal.ACCESS, refusal.given
local refuse, refuse_placeholder = refusal.known, refusal.placeholder

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
  local name, names = regions.check(document.TYPE, subject.wanted_location, subject.old), {}
  for index, shown in ipairs(regions.with_clusters(subject.sim)) do
    names[index] = regions.normal(shown)
    names[names[index]] = true
  end
  if not names[name] then
    regions.refuse(document.TYPE, subject.wanted_location, names)
  end
end

local function check_pool(pool, seen)
  local name, count = pool.name or "", pool.count or 1
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
  local simulator = subject.sim
  local flag = simulator.features["microsoft.containerservice/enableapiservervnetintegrationpreview"]
  local unregistered = simulator.options.require_feature and not (flag and flag.known)
  local wants = subject.integrated and not subject.old_access.enableVnetIntegration
  if wants and (not shape.knows_integration(subject.api_version) or unregistered) then
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
  elseif not subject.sim.store:get(zone) then
    refuse_placeholder("InvalidParameter", ("The private DNS zone %s was not found."):format(zone),
      ACCESS .. "privateDNSZone")
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
  subject.pods = given(profile.podCidr) and cidr.parse(profile.podCidr) or nil
end

-- https://learn.microsoft.com/azure/aks/api-server-vnet-integration
local function check_region(subject)
  if subject.integrated and subject.location == "qatarcentral" then
    refuse_placeholder("InvalidParameter", "API Server VNet Integration is not available in region qatarcentral.",
      ACCESS .. "enableVnetIntegration")
  end
end

-- With the option `without_capacity`: regions that have none for API servers of integrated clusters, for now.
local function check_capacity(subject)
  local wants = subject.integrated and not subject.old_access.enableVnetIntegration
  for _, name in ipairs(wants and subject.sim.options.without_capacity or {}) do
    if regions.normal(name) == subject.location then
      refuse("AksCapacityHeavyUsage", ("API Server VNet Integration is currently unavailable in region %s due to high "
        .. "demand and limited capacity. See https://aka.ms/AksVnetIntegration."):format(subject.location))
    end
  end
end

-- With the options `cores` and `family_cores`: what a region may use.
local function check_quota(subject)
  local limit, limits = compute.limit(subject.sim), subject.sim.options.family_cores or {}
  local used, used_families = compute.cores(compute.pools(subject.sim, subject.location, subject.existing))
  local wanted, wanted_families = compute.cores(subject.pools)
  if limit and used + wanted > limit then
    refuse("QuotaExceeded", ("Insufficient regional vcpu quota left for location %s. left regional vcpu quota %d, "
      .. "requested quota %d."):format(subject.location, limit - used, wanted), "properties.agentPoolProfiles")
  end
  for family, cores in pairs(wanted_families) do
    local left = limits[family] and limits[family] - (used_families[family] or 0)
    if left and cores > left then
      refuse("QuotaExceeded", ("Insufficient vcpu quota requested %d, remaining %d for family %s for region %s.")
        :format(cores, left, family, subject.location), "properties.agentPoolProfiles")
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

-- What the cluster refers to, its writer must be allowed to use.
local function check_linked(subject)
  local context = subject.context
  for _, pool in ipairs(subject.pools) do
    if given(pool.vnetSubnetID) then
      access_rules.check_linked(context, "Microsoft.Network/virtualNetworks/subnets/join/action", pool.vnetSubnetID)
    end
  end
  if given(subject.access.subnetId) then
    access_rules.check_linked(context, "Microsoft.Network/virtualNetworks/subnets/join/action", subject.access.subnetId)
  end
  for id in pairs((subject.identity or {}).userAssignedIdentities or {}) do
    access_rules.check_linked(context, "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", id)
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
  check_zone, check_service_range, check_identity, check_linked, check_quota, check_region,
  check_capacity,
  subnet_rules.check_node_subnets, subnet_rules.check_integration, subnet_rules.check_permissions }

--- Refuses what is wrong with a cluster. `merged`: the body over what was there; `existing`: its record (nil: none).
--- Returns facts that its provisioning needs: { encrypted = the VNet is }.
function rules.check(context, merged, body, existing)
  local old = existing and existing.document
  local access = merged.properties.apiServerAccessProfile or {}
  local automatic = (merged.sku or {}).name == "Automatic"
  local subject = {
    context = context, sim = context.sim, api_version = context.api_version, name = context.parameters.cluster,
    existing = existing, old = old,
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

--- The same for one pool that is put by itself: what it is, and whether the cluster's subnets still hold all of them.
function rules.check_pool(context, pool, existing)
  local properties, pools = existing.document.properties, {}
  check_pool(pool, {})
  local old = document.pool_named(properties.agentPoolProfiles, pool.name)
  for _, name in ipairs(old and frozen_in_pools or {}) do
    if pool[name] ~= nil and differs(old[name], pool[name]) then
      refuse_change("properties." .. name)
    end
  end
  for _, other in ipairs(properties.agentPoolProfiles) do
    pools[#pools + 1] = other ~= old and other or nil
  end
  pools[#pools + 1] = document.overlay(old, pool)
  local subject = {
    context = context, sim = context.sim, existing = existing, properties = properties, pools = pools, access = {},
    location = existing.document.location, services = cidr.parse(properties.networkProfile.serviceCidr),
    pods = given(properties.networkProfile.podCidr) and cidr.parse(properties.networkProfile.podCidr) or nil,
  }
  check_linked(subject)
  check_quota(subject)
  subnet_rules.check_node_subnets(subject)
end

return rules
