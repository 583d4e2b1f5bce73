-- What AKS refuses in the body of a cluster. Codes that no public source tells carry the subcode SimulatorPlaceholder.
local cidr = require "aks.sim.cidr"
local document = require "aks.sim.clusters.document"
local http = require "aks.sim.http"
local refusal = require "aks.sim.clusters.refusal"
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
  check_zone, check_service_range, check_identity, subnet_rules.check_node_subnets, subnet_rules.check_integration,
  subnet_rules.check_permissions }

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
    subnet_rules.check_node_subnet(subject, pool.vnetSubnetID)
  end
  local old = document.pool_named(existing.document.properties.agentPoolProfiles, pool.name)
  for _, name in ipairs(old and frozen_in_pools or {}) do
    if pool[name] ~= nil and differs(old[name], pool[name]) then
      refuse_change("properties." .. name)
    end
  end
end

return rules
