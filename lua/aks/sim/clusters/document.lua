-- The ARM document of a cluster: what a body leaves out, and what AKS adds of its own.
local http = require "aks.sim.http"

local document = {}

document.TYPE = "Microsoft.ContainerService/managedClusters"

-- What AKS gave in 2025; Azure's defaults drift.
document.VERSIONS, document.DEFAULT_VERSION = { "1.31", "1.32", "1.33", "1.34" }, "1.33"
local PATCH = { ["1.31"] = "1.31.11", ["1.32"] = "1.32.7", ["1.33"] = "1.33.3", ["1.34"] = "1.34.0" }
local FIRST_IMAGE, NEXT_IMAGE = "AKSUbuntu-2204gen2containerd-202509.11.0", "AKSUbuntu-2204gen2containerd-202510.03.0"

local function overlay(base, over)
  local result = http.object(http.copy(base or {}))
  for name, value in pairs(over or {}) do
    result[name] = http.copy(value)
  end
  return result
end

document.overlay = overlay

local function pool_named(pools, name)
  for _, pool in ipairs(pools or {}) do
    if tostring(pool.name):lower() == tostring(name):lower() then
      return pool
    end
  end
end

document.pool_named = pool_named

-- A pool that the body does not name stays; of one that it names, what it leaves out stays.
local function merge_pools(old, wanted)
  local pools = http.array()
  for _, pool in ipairs(old or {}) do
    pools[#pools + 1] = overlay(pool, pool_named(wanted, pool.name))
  end
  for _, pool in ipairs(wanted or {}) do
    if not pool_named(old, pool.name) then
      pools[#pools + 1] = http.copy(pool)
    end
  end
  return pools
end

--- The body of a PUT over the document that is there (nil: none): blocks that it leaves out stay as they are.
function document.merge(old, body)
  old = old or {}
  local properties = overlay(old.properties, body.properties)
  properties.agentPoolProfiles = merge_pools((old.properties or {}).agentPoolProfiles,
    body.properties.agentPoolProfiles)
  return {
    location = old.location or body.location, tags = body.tags, kind = body.kind or old.kind,
    sku = overlay(old.sku, body.sku), identity = body.identity or old.identity, properties = properties,
    extendedLocation = body.extendedLocation or old.extendedLocation,
  }
end

local function default(target, values)
  for name, value in pairs(values) do
    -- az sends empty texts, zeros and empty objects where it means the default.
    if target[name] == nil or target[name] == "" or target[name] == 0 then
      target[name] = value
    end
  end
end

--- "1.33" and "1.33.3" -> "1.33.3"
function document.patch_version(version)
  if version == nil or version == "" then
    version = document.DEFAULT_VERSION
  end
  return PATCH[version] or version:match("^%d+%.%d+%.%d+$") and version or version .. ".1"
end

local function complete_network(network)
  if network.networkPlugin == nil then
    default(network, { networkPlugin = "azure", networkPluginMode = "overlay" })
  end
  default(network, {
    networkPolicy = "none", networkDataplane = network.networkPlugin == "azure" and "azure" or nil,
    serviceCidr = "10.0.0.0/16", outboundType = "loadBalancer", loadBalancerSku = "standard",
    ipFamilies = http.array { "IPv4" },
  })
  if network.networkPluginMode == "overlay" or network.networkPlugin == "kubenet" then
    default(network, { podCidr = "10.244.0.0/16" })
    network.podCidrs = network.podCidrs or http.array { network.podCidr }
  end
  default(network, { dnsServiceIP = (network.serviceCidr:gsub("%d+/%d+$", "10")) })
  network.serviceCidrs = network.serviceCidrs or http.array { network.serviceCidr }
  if network.outboundType == "loadBalancer" and network.loadBalancerProfile == nil then
    network.loadBalancerProfile = { managedOutboundIPs = { count = 1 }, backendPoolType = "nodeIPConfiguration" }
  end
end

local function max_pods(network)
  return network.networkPluginMode == "overlay" and 250 or network.networkPlugin == "kubenet" and 110 or 30
end

-- What means nothing is not shown: no taints, and what is for spot nodes alone.
local function hide_defaults(pool)
  if pool.nodeTaints and #pool.nodeTaints == 0 then
    pool.nodeTaints = nil
  end
  if pool.scaleSetPriority ~= "Spot" then
    pool.scaleSetPriority, pool.scaleSetEvictionPolicy, pool.spotMaxPrice = nil, nil, nil
  end
end

--- Fills in what a pool leaves out.
function document.complete_pool(simulator, pool, properties)
  default(pool, {
    count = pool.count == 0 and 0 or 1, vmSize = "Standard_DS2_v2", osDiskSizeGB = 128, osDiskType = "Managed",
    kubeletDiskType = "OS", maxPods = max_pods(properties.networkProfile), type = "VirtualMachineScaleSets",
    scaleDownMode = "Delete", mode = "User", osType = "Linux", osSKU = "Ubuntu",
    orchestratorVersion = properties.kubernetesVersion, nodeImageVersion = FIRST_IMAGE,
  })
  for _, name in ipairs { "enableAutoScaling", "enableNodePublicIP", "enableEncryptionAtHost", "enableUltraSSD",
    "enableFIPS" } do
    if pool[name] == nil then
      pool[name] = false
    end
  end
  pool.currentOrchestratorVersion = document.patch_version(pool.orchestratorVersion)
  pool.powerState = pool.powerState or { code = "Running" }
  pool.upgradeSettings = pool.upgradeSettings or {}
  default(pool.upgradeSettings, { maxSurge = "10%", maxUnavailable = "0" })
  pool.securityProfile = pool.securityProfile or {}
  default(pool.securityProfile, { sshAccess = "LocalUser" })
  for _, name in ipairs { "enableVTPM", "enableSecureBoot" } do
    pool.securityProfile[name] = pool.securityProfile[name] or false
  end
  hide_defaults(pool)
  pool.eTag = simulator.uuid()
end

--- Moves all pools to the newer node image, as a conversion does.
function document.upgrade_images(properties)
  for _, pool in ipairs(properties.agentPoolProfiles) do
    pool.nodeImageVersion = NEXT_IMAGE
  end
end

-- What shows of the API server's access depends on the variant, not on what was sent.
local function complete_access(properties, automatic)
  local access = properties.apiServerAccessProfile
  if automatic and (access == nil or access.enableVnetIntegration == nil) then
    access = overlay(access, { enableVnetIntegration = true })
  elseif access == nil or next(access) == nil then
    properties.apiServerAccessProfile = nil
    return
  end
  access.enablePrivateCluster = access.enablePrivateCluster or false
  if access.enablePrivateCluster then
    default(access, { privateDNSZone = "system" })
    if access.enablePrivateClusterPublicFQDN == nil then
      access.enablePrivateClusterPublicFQDN = true
    end
  else
    access.privateDNSZone, access.enablePrivateClusterPublicFQDN = nil, nil
  end
  if access.enableVnetIntegration then
    access.subnetId = access.subnetId or ""
  else
    access.enableVnetIntegration, access.subnetId = nil, nil
  end
  if access.authorizedIPRanges and #access.authorizedIPRanges == 0 then
    access.authorizedIPRanges = nil
  end
  properties.apiServerAccessProfile = access
end

local function suffix(simulator)
  return simulator.random(8)
end

--- The parts of a cluster's host names that never change.
function document.new_names(simulator)
  return { public = suffix(simulator), private = suffix(simulator), zone = simulator.uuid(),
    portal = simulator.random(32) }
end

local function private_name(names, properties, location)
  local access, host = properties.apiServerAccessProfile, ("%s-%s"):format(properties.dnsPrefix, names.private)
  local zone = access.privateDNSZone
  if zone == "none" then
    return ("%s-%s.hcp.%s.azmk8s.io"):format(properties.dnsPrefix, names.public, location)
  elseif zone ~= "system" then
    return (properties.fqdnSubdomain or host) .. "." .. zone:match("[^/]+$")
  end
  local kind = access.enableVnetIntegration and "private" or "privatelink"
  return ("%s.%s.%s.%s.azmk8s.io"):format(host, names.zone, kind, location)
end

--- The host names of a cluster, which follow from its access profile.
function document.set_names(record)
  local properties, location, names = record.document.properties, record.document.location, record.names
  local access = properties.apiServerAccessProfile or {}
  local public = ("%s-%s.hcp.%s.azmk8s.io"):format(properties.dnsPrefix or properties.fqdnSubdomain, names.public,
    location)
  properties.fqdn, properties.privateFQDN, properties.privateLinkResources = public, nil, nil
  properties.azurePortalFQDN = public:gsub("%.hcp%.", ".portal.hcp.", 1)
  if access.enablePrivateCluster then
    properties.privateFQDN = private_name(names, properties, location)
    properties.azurePortalFQDN = ("%s-priv.portal.hcp.%s.azmk8s.io"):format(names.portal, location)
    if access.enablePrivateClusterPublicFQDN == false then
      properties.fqdn = nil
    end
    if not access.enableVnetIntegration then
      properties.privateLinkResources = http.array { { name = "management", groupId = "management",
        id = record.document.id .. "/privateLinkResources/management", requiredMembers = http.array { "management" },
        type = "Microsoft.ContainerService/managedClusters/privateLinkResources" } }
    end
  end
end

local function complete_identity(simulator, wanted, old)
  local identity = http.copy(wanted or { type = "SystemAssigned" })
  if identity.type == "SystemAssigned" then
    identity.principalId = old and old.principalId or simulator.uuid()
    identity.tenantId = simulator.options.tenant
    simulator.principals[identity.principalId] = simulator.principals[identity.principalId]
      or { since = simulator.clock:now() }
  end
  for id in pairs(identity.userAssignedIdentities or {}) do
    local record = simulator.store:get(id)
    local found = record and record.document.properties or {}
    identity.userAssignedIdentities[id] = { clientId = found.clientId, principalId = found.principalId }
  end
  return identity
end

--- The principal that acts for a cluster with this identity; nil when it has none yet.
function document.principal(simulator, identity)
  local id = next((identity or {}).userAssignedIdentities or {})
  local record = id and simulator.store:get(id)
  if id then
    return record and record.document.properties.principalId
  end
  return (identity or {}).principalId
end

local function complete_properties(simulator, properties, place)
  default(properties, {
    kubernetesVersion = document.DEFAULT_VERSION, supportPlan = "KubernetesOfficial", maxAgentPools = 100,
    nodeResourceGroup = ("MC_%s_%s_%s"):format(place.group, place.name, place.location),
    resourceUID = simulator.random(24),
  })
  properties.currentKubernetesVersion = document.patch_version(properties.kubernetesVersion)
  properties.powerState = properties.powerState or { code = "Running" }
  properties.networkProfile = properties.networkProfile or {}
  complete_network(properties.networkProfile)
  for _, pool in ipairs(properties.agentPoolProfiles) do
    document.complete_pool(simulator, pool, properties)
  end
  for name, value in pairs {
    servicePrincipalProfile = { clientId = "msi" }, autoUpgradeProfile = { nodeOSUpgradeChannel = "NodeImage" },
    securityProfile = http.object(), oidcIssuerProfile = { enabled = false },
    storageProfile = { diskCSIDriver = { enabled = true }, fileCSIDriver = { enabled = true },
      snapshotController = { enabled = true } },
    workloadAutoScalerProfile = http.object(), metricsProfile = { costAnalysis = { enabled = false } },
    nodeProvisioningProfile = { mode = "Manual" }, bootstrapProfile = { artifactSource = "Direct" },
    nodeResourceGroupProfile = { restrictionLevel = "Unrestricted" },
  } do
    if properties[name] == nil or next(properties[name]) == nil then
      properties[name] = value
    end
  end
  if properties.addonProfiles and next(properties.addonProfiles) == nil then
    properties.addonProfiles = nil
  end
  for _, name in ipairs { "enableRBAC", "disableLocalAccounts" } do
    if properties[name] == nil then
      properties[name] = name == "enableRBAC"
    end
  end
end

--- The whole document of a merged body. `place`: { id, group, name, location }; `old`: the document that was there.
function document.complete(simulator, merged, place, old)
  local whole = http.copy(merged)
  whole.id, whole.name, whole.type = place.id, place.name, "Microsoft.ContainerService/ManagedClusters"
  whole.location, whole.eTag = place.location, simulator.uuid()
  whole.sku = whole.sku or {}
  default(whole.sku, { name = "Base", tier = "Free" })
  whole.identity = complete_identity(simulator, whole.identity, old and old.identity)
  complete_properties(simulator, whole.properties, place)
  complete_access(whole.properties, whole.sku.name == "Automatic")
  return whole
end

--- What shows only after a cluster was made: its kubelet's identity, its outbound address, and Azure's own spelling.
function document.settle(simulator, record)
  local properties = record.document.properties
  local base = ("/subscriptions/%s/resourceGroups/%s/providers/"):format(simulator.options.subscription,
    properties.nodeResourceGroup)
  local balancer = properties.networkProfile.loadBalancerProfile
  record.outbound = record.outbound or base .. "Microsoft.Network/publicIPAddresses/" .. simulator.uuid()
  if balancer then
    balancer.effectiveOutboundIPs = http.array { { id = record.outbound } }
  end
  if properties.networkProfile.loadBalancerSku == "standard" then
    properties.networkProfile.loadBalancerSku = "Standard"
  end
  properties.identityProfile = properties.identityProfile or { kubeletidentity = {
    resourceId = ("%sMicrosoft.ManagedIdentity/userAssignedIdentities/%s-agentpool"):format(base, record.document.name),
    clientId = simulator.uuid(), objectId = simulator.uuid() } }
end

--- Gives the cluster and its pools new etags, as everything that is done to a cluster does.
function document.renew(simulator, record)
  record.document.eTag = simulator.uuid()
  for _, pool in ipairs(record.document.properties.agentPoolProfiles) do
    pool.eTag = simulator.uuid()
  end
end

--- Sets the state of the cluster, and of its pools.
function document.set_state(record, state, pool_state)
  record.document.properties.provisioningState = state
  for _, pool in ipairs(record.document.properties.agentPoolProfiles) do
    pool.provisioningState = pool_state or state
  end
end

return document
