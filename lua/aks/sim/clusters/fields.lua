-- The members that the AKS resource provider knows in a cluster's body, with their types, read-only ones included.
local http = require "aks.sim.http"
local kinds = require "aks.sim.kinds"

local fields = {}

local function rows(text)
  local known = {}
  for name, kind in text:gmatch("(%w+):(%w)") do
    known[name] = kind
  end
  return known
end

-- https://learn.microsoft.com/rest/api/aks/managed-clusters/create-or-update, stable and preview versions together.
local cluster = rows [[
  id:s name:s type:s eTag:s systemData:o location:s tags:o sku:o kind:s identity:o extendedLocation:o properties:o]]

local properties = rows [[
  provisioningState:s powerState:o maxAgentPools:i currentKubernetesVersion:s fqdn:s privateFQDN:s azurePortalFQDN:s
  resourceUID:s status:o controlPlanePluginProfiles:o creationData:o
  kubernetesVersion:s dnsPrefix:s fqdnSubdomain:s agentPoolProfiles:a linuxProfile:o windowsProfile:o
  servicePrincipalProfile:o addonProfiles:o podIdentityProfile:o oidcIssuerProfile:o nodeResourceGroup:s
  nodeResourceGroupProfile:o enableRBAC:b enablePodSecurityPolicy:b enableNamespaceResources:b supportPlan:s
  networkProfile:o aadProfile:o autoUpgradeProfile:o upgradeSettings:o autoScalerProfile:o apiServerAccessProfile:o
  diskEncryptionSetID:s identityProfile:o privateLinkResources:a disableLocalAccounts:b httpProxyConfig:o
  securityProfile:o storageProfile:o ingressProfile:o publicNetworkAccess:s workloadAutoScalerProfile:o
  azureMonitorProfile:o serviceMeshProfile:o metricsProfile:o nodeProvisioningProfile:o bootstrapProfile:o
  aiToolchainOperatorProfile:o schedulerProfile:o hostedSystemProfile:o guardrailsProfile:o safeguardsProfile:o
  healthMonitorProfile:o]]

local access = rows [[
  authorizedIPRanges:a enablePrivateCluster:b privateDNSZone:s enablePrivateClusterPublicFQDN:b disableRunCommand:b
  enableVnetIntegration:b subnetId:s]]

local network = rows [[
  networkPlugin:s networkPluginMode:s networkPolicy:s networkMode:s networkDataplane:s advancedNetworking:o podCidr:s
  serviceCidr:s dnsServiceIP:s dockerBridgeCidr:s outboundType:s loadBalancerSku:s loadBalancerProfile:o
  natGatewayProfile:o staticEgressGatewayProfile:o podCidrs:a serviceCidrs:a ipFamilies:a kubeProxyConfig:o
  monitoring:o podLinkLocalAccess:s]]

local pool = rows [[
  name:s eTag:s provisioningState:s currentOrchestratorVersion:s nodeImageVersion:s powerState:o status:o
  virtualMachineNodesStatus:a count:i vmSize:s osDiskSizeGB:i osDiskType:s kubeletDiskType:s workloadRuntime:s
  messageOfTheDay:s vnetSubnetID:s podSubnetID:s podIPAllocationMode:s maxPods:i osType:s osSKU:s maxCount:i minCount:i
  enableAutoScaling:b scaleDownMode:s type:s mode:s orchestratorVersion:s upgradeSettings:o upgradeStrategy:s
  upgradeSettingsBlueGreen:o availabilityZones:a enableNodePublicIP:b nodePublicIPPrefixID:s scaleSetPriority:s
  scaleSetEvictionPolicy:s spotMaxPrice:n tags:o nodeLabels:o nodeTaints:a nodeInitializationTaints:a
  proximityPlacementGroupID:s kubeletConfig:o linuxOSConfig:o enableEncryptionAtHost:b enableUltraSSD:b enableFIPS:b
  enableCustomCATrust:b gpuInstanceProfile:s creationData:o capacityReservationGroupID:s hostGroupID:s networkProfile:o
  windowsProfile:o securityProfile:o gpuProfile:o gatewayProfile:o artifactStreamingProfile:o virtualMachinesProfile:o
  localDNSProfile:o nodeCustomizationProfile:o enableOSDiskFullCaching:b]]

local identity = rows "type:s principalId:s tenantId:s userAssignedIdentities:o delegatedResources:o"
local sku = rows "name:s tier:s"

local function refuse(message)
  http.raise_bare(400, "UnmarshalError", "UnmarshalEntity encountered error: json: " .. message .. ".",
    { subcode = "SimulatorPlaceholder" })
end

-- What is deeper in a body, as far as anything here reads it.
local deeper_in_pool = { nodeTaints = { each = "s" }, nodeLabels = { values = "s" }, availabilityZones = { each = "s" },
  upgradeSettings = { maxSurge = "s", maxUnavailable = "s", drainTimeoutInMinutes = "i" }, tags = { values = "s" },
  powerState = { code = "s" }, securityProfile = { enableVTPM = "b", enableSecureBoot = "b", sshAccess = "s" } }
local deeper = { identity = { userAssignedIdentities = { values = "o" } }, properties = {
  apiServerAccessProfile = { authorizedIPRanges = { each = "s" } },
  networkProfile = { podCidrs = { each = "s" }, serviceCidrs = { each = "s" }, ipFamilies = { each = "s" },
    loadBalancerProfile = { managedOutboundIPs = "o", effectiveOutboundIPs = { each = "o" } } },
  agentPoolProfiles = { each = deeper_in_pool },
  linuxProfile = { adminUsername = "s", ssh = { publicKeys = { each = { keyData = "s" } } } },
  servicePrincipalProfile = { clientId = "s" }, identityProfile = { values = "o" }, addonProfiles = { values = "o" },
  oidcIssuerProfile = { enabled = "b" }, autoUpgradeProfile = { upgradeChannel = "s", nodeOSUpgradeChannel = "s" },
} }

local function check(value, known, path)
  if value == nil then
    return
  end
  for name, member in pairs(value) do
    local kind, full = known[name], path == "" and name or path .. "." .. tostring(name)
    local problem = kind and kinds.problem(member, kind)
    if not kind then
      refuse(('unknown field "%s"'):format(full))
    elseif problem then
      refuse(("cannot unmarshal %s into field %s:%s"):format(type(member), full, problem))
    end
  end
end

local function check_deeper(value, shape)
  local problem = kinds.problem(value, shape)
  if problem then
    refuse("cannot unmarshal: " .. problem)
  end
end

--- Refuses members that nobody knows and values of a wrong type.
function fields.check(body)
  check(body, cluster, "")
  check(body.identity, identity, "identity")
  check(body.sku, sku, "sku")
  local inner = body.properties or {}
  check(inner, properties, "properties")
  check(inner.apiServerAccessProfile, access, "properties.apiServerAccessProfile")
  check(inner.networkProfile, network, "properties.networkProfile")
  for index, profile in ipairs(inner.agentPoolProfiles or {}) do
    local path = ("properties.agentPoolProfiles[%d]"):format(index - 1)
    if not http.is_object(profile) then
      refuse("cannot unmarshal " .. type(profile) .. " into " .. path)
    end
    check(profile, pool, path)
  end
  check_deeper(body, deeper)
end

--- The same for the body of an agent pool by itself.
function fields.check_pool(body)
  check(body, rows "id:s name:s type:s systemData:o properties:o", "")
  check(body.properties, pool, "properties")
  check_deeper(body.properties, deeper_in_pool)
end

-- What a client cannot set: its value in a body is ignored.
local read_only = {
  properties = { "provisioningState", "powerState", "maxAgentPools", "currentKubernetesVersion", "fqdn", "privateFQDN",
    "azurePortalFQDN", "resourceUID", "status", "controlPlanePluginProfiles", "privateLinkResources",
    "identityProfile" },
  pool = { "eTag", "provisioningState", "currentOrchestratorVersion", "nodeImageVersion", "powerState", "status",
    "virtualMachineNodesStatus" },
  cluster = { "id", "name", "type", "eTag", "systemData" },
}

local function drop(value, kind)
  for _, name in ipairs(read_only[kind]) do
    value[name] = nil
  end
end

--- A copy of a pool's profile without what is null or read-only.
function fields.writable_pool(profile)
  local result = http.without_nulls(profile)
  drop(result, "pool")
  return result
end

--- A copy of a cluster's body without what is null or read-only.
function fields.writable(body)
  local result = http.without_nulls(body)
  drop(result, "cluster")
  result.properties = result.properties or {}
  drop(result.properties, "properties")
  if result.identity then
    result.identity.principalId, result.identity.tenantId = nil, nil
  end
  for _, profile in ipairs(result.properties.agentPoolProfiles or {}) do
    drop(profile, "pool")
  end
  return result
end

return fields
