-- The document of a managed cluster: what was asked for, with Azure's defaults (a snapshot of 2025) and what Azure sets.
local http = require "aks.sim.http"

local document = {}

local VERSION = "1.33.5"
local IMAGE = "AKSUbuntu-2204gen2containerd-202604.%02d.0"

local network_defaults = {
  networkPlugin = "azure", networkPolicy = "none", networkDataplane = "azure", podCidr = "10.244.0.0/16",
  serviceCidr = "10.0.0.0/16", dnsServiceIP = "10.0.0.10", outboundType = "loadBalancer", loadBalancerSku = "standard",
}

local pool_defaults = {
  count = 3, vmSize = "Standard_DS2_v2", osDiskSizeGB = 128, osDiskType = "Managed", kubeletDiskType = "OS", maxPods = 250,
  type = "VirtualMachineScaleSets", mode = "User", osType = "Linux", osSKU = "Ubuntu", enableAutoScaling = false,
  enableNodePublicIP = false, enableEncryptionAtHost = false, enableUltraSSD = false, enableFIPS = false,
  scaleDownMode = "Delete", workloadRuntime = "OCIContainer",
}

-- Values that clients send to say "the default".
local function is_default(value)
  return value == nil or value == http.null or value == "" or value == 0
end

local function with_defaults(value, defaults)
  local result = http.copy(value or {})
  for name, default in pairs(defaults) do
    if is_default(result[name]) and not (name == "count" and result[name] == 0) then
      result[name] = default
    end
  end
  return result
end

local function normal_network(profile)
  local result = with_defaults(profile, network_defaults)
  if result.networkPlugin == "azure" and result.networkPluginMode == nil then
    result.networkPluginMode = "overlay"
  end
  result.loadBalancerProfile = result.loadBalancerProfile
    or { managedOutboundIPs = { count = 1 }, backendPoolType = "nodeIPConfiguration" }
  result.podCidrs = http.array { result.podCidr }
  result.serviceCidrs = http.array { result.serviceCidr }
  result.ipFamilies = result.ipFamilies or http.array { "IPv4" }
  return result
end

--- A node pool as an answer shows it.
function document.pool(simulator, pool, version, before)
  local result = with_defaults(pool, pool_defaults)
  result.powerState = before and before.powerState or { code = "Running" }
  result.orchestratorVersion = is_default(pool.orchestratorVersion) and version or pool.orchestratorVersion
  result.currentOrchestratorVersion = result.orchestratorVersion
  result.nodeImageVersion = before and before.nodeImageVersion or IMAGE:format(1)
  result.upgradeSettings = next(result.upgradeSettings or {}) and result.upgradeSettings or { maxSurge = "10%" }
  result.provisioningState = "Succeeded"
  result.eTag = simulator.uuid()
  result.spotMaxPrice, result.scaleSetPriority = nil, nil
  return result
end

-- The access profile: what an answer has depends on whether the cluster is private, and integrated.
local function normal_access(access, before)
  local result, old = http.copy(access), before or {}
  local private, integrated = result.enablePrivateCluster or false, result.enableVnetIntegration or old.enableVnetIntegration
  if not private and not integrated and not access.authorizedIPRanges and not access.disableRunCommand then
    return nil
  end
  result.enablePrivateCluster = private
  if private then
    result.privateDNSZone = result.privateDNSZone or old.privateDNSZone or "system"
    if result.enablePrivateClusterPublicFQDN == nil then
      result.enablePrivateClusterPublicFQDN = old.enablePrivateClusterPublicFQDN ~= false
    end
  end
  if integrated then
    result.enableVnetIntegration = true
    result.subnetId = result.subnetId or old.subnetId or ""
  end
  if result.authorizedIPRanges and #result.authorizedIPRanges == 0 then
    result.authorizedIPRanges = nil
  end
  return result
end

-- The names under which the API server is known.
local function name_servers(record, properties, location)
  local access = properties.apiServerAccessProfile or {}
  local names, prefix = record.names, properties.dnsPrefix or properties.fqdnSubdomain
  local public = ("%s-%s.hcp.%s.azmk8s.io"):format(prefix, names.public, location)
  properties.azurePortalFQDN = ("%s-%s.portal.hcp.%s.azmk8s.io"):format(prefix, names.public, location)
  properties.fqdn, properties.privateFQDN = public, nil
  if not access.enablePrivateCluster then
    return
  end
  local zone = access.enableVnetIntegration and "private" or "privatelink"
  properties.azurePortalFQDN = ("%s-priv.portal.hcp.%s.azmk8s.io"):format(names.portal, location)
  properties.privateFQDN = ("%s-%s.%s.%s.%s.azmk8s.io"):format(prefix, names.private, names.zone, zone, location)
  if access.privateDNSZone == "none" then
    properties.privateFQDN = public
  elseif not access.enablePrivateClusterPublicFQDN then
    properties.fqdn = nil
  end
end

local function identity_of(context, body, before)
  local wanted, simulator = body.identity or (before and before.identity) or { type = "SystemAssigned" }, context.sim
  local identity = http.copy(wanted)
  if identity.type == "SystemAssigned" then
    identity.principalId = before and before.identity.principalId or simulator.uuid()
    identity.tenantId = simulator.options.tenant
    simulator.principals[identity.principalId] = simulator.principals[identity.principalId] or { since = 0 }
  end
  for id in pairs(identity.userAssignedIdentities or {}) do
    local record = simulator.store:get(id)
    identity.userAssignedIdentities[id] = record and {
      principalId = record.document.properties.principalId, clientId = record.document.properties.clientId } or http.object()
  end
  return identity
end

local function pools_of(context, wanted, version, before)
  local pools, old = http.array(), {}
  for _, pool in ipairs(before and before.properties.agentPoolProfiles or {}) do
    old[pool.name] = pool
  end
  for _, pool in ipairs(wanted) do
    pools[#pools + 1] = document.pool(context.sim, pool, version, old[pool.name])
  end
  return pools
end

-- What a body does not say is kept from before, and has these values on a new cluster.
local kept = { "linuxProfile", "windowsProfile", "addonProfiles", "aadProfile", "autoUpgradeProfile", "oidcIssuerProfile",
  "disableLocalAccounts", "securityProfile", "storageProfile", "bootstrapProfile", "workloadAutoScalerProfile", "identityProfile",
  "publicNetworkAccess", "fqdnSubdomain", "autoScalerProfile", "httpProxyConfig", "metricsProfile", "nodeProvisioningProfile",
  "privateLinkResources", "nodeResourceGroupProfile", "hostedSystemProfile", "upgradeSettings", "ingressProfile" }

local function new_defaults()
  return {
    autoUpgradeProfile = { nodeOSUpgradeChannel = "NodeImage" }, oidcIssuerProfile = { enabled = false },
    disableLocalAccounts = false, securityProfile = http.object(), bootstrapProfile = { artifactSource = "Direct" },
    workloadAutoScalerProfile = http.object(), metricsProfile = { costAnalysis = { enabled = false } },
    storageProfile = { diskCSIDriver = { enabled = true }, fileCSIDriver = { enabled = true },
      snapshotController = { enabled = true } },
  }
end

local function empty(value)
  return value == nil or value == http.null or (type(value) == "table" and next(value) == nil)
end

--- The document that the answer to a PUT shows. `record`: the cluster's; `before`: its document until now, or nil.
function document.build(context, record, before)
  local body, group = context.body, context.group.document.name
  local wanted, old = body.properties, before and before.properties or new_defaults()
  local location = body.location:lower():gsub("%s", "")
  local version = is_default(wanted.kubernetesVersion) and (old.kubernetesVersion or VERSION) or wanted.kubernetesVersion
  local properties = {
    provisioningState = before and "Updating" or "Creating",
    powerState = old.powerState or { code = "Running" },
    kubernetesVersion = version, currentKubernetesVersion = #version > 4 and version or version .. ".5",
    dnsPrefix = wanted.dnsPrefix or old.dnsPrefix,
    agentPoolProfiles = pools_of(context, wanted.agentPoolProfiles, version, before),
    servicePrincipalProfile = { clientId = "msi" },
    nodeResourceGroup = old.nodeResourceGroup or wanted.nodeResourceGroup or ("MC_%s_%s_%s"):format(group,
      context.parameters.cluster, location),
    enableRBAC = true, supportPlan = wanted.supportPlan or "KubernetesOfficial",
    networkProfile = normal_network(wanted.networkProfile or old.networkProfile), maxAgentPools = 100,
    apiServerAccessProfile = normal_access(wanted.apiServerAccessProfile or {}, old.apiServerAccessProfile),
    resourceUID = old.resourceUID or context.sim.random(24),
  }
  for _, name in ipairs(kept) do
    properties[name] = not empty(wanted[name]) and wanted[name] or old[name]
  end
  name_servers(record, properties, location)
  return {
    id = record.id, name = before and before.name or context.parameters.cluster,
    type = "Microsoft.ContainerService/ManagedClusters", location = location, tags = body.tags or (before and before.tags),
    eTag = context.sim.uuid(), kind = "Base", properties = properties, identity = identity_of(context, body, before),
    sku = { name = body.sku and body.sku.name or "Base", tier = body.sku and body.sku.tier or "Free" },
  }
end

--- A newer node image for every pool, as a conversion brings.
function document.reimage(properties)
  for _, pool in ipairs(properties.agentPoolProfiles) do
    local number = tonumber(pool.nodeImageVersion:match("%.(%d+)%.0$")) or 1
    pool.nodeImageVersion = IMAGE:format(number + 1)
  end
end

return document
