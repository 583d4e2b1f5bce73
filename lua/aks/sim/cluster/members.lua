-- The members that bodies of managed clusters may have: anything else is refused, as a typing mistake would be.
local members = {}

local function set(words)
  local result = {}
  for word in words:gmatch("%S+") do
    result[word] = true
  end
  return result
end

members.top = set [[location identity properties sku tags kind extendedLocation
  id name type eTag etag systemData]]

members.properties = set [[kubernetesVersion dnsPrefix fqdnSubdomain agentPoolProfiles linuxProfile windowsProfile
  servicePrincipalProfile addonProfiles nodeResourceGroup nodeResourceGroupProfile enableRBAC enablePodSecurityPolicy
  supportPlan networkProfile apiServerAccessProfile publicNetworkAccess aadProfile autoUpgradeProfile autoScalerProfile
  upgradeSettings oidcIssuerProfile podIdentityProfile disableLocalAccounts securityProfile storageProfile ingressProfile
  workloadAutoScalerProfile azureMonitorProfile serviceMeshProfile metricsProfile nodeProvisioningProfile bootstrapProfile
  httpProxyConfig identityProfile diskEncryptionSetID privateLinkResources aiToolchainOperatorProfile hostedSystemProfile
  healthMonitorProfile schedulerProfile controlPlanePluginProfiles enableNamespaceResources creationData
  provisioningState powerState maxAgentPools currentKubernetesVersion fqdn privateFQDN azurePortalFQDN resourceUID status]]

members.access = set [[authorizedIPRanges enablePrivateCluster privateDNSZone enablePrivateClusterPublicFQDN disableRunCommand
  enableVnetIntegration subnetId]]

members.network = set [[networkPlugin networkPluginMode networkPolicy networkDataplane networkMode podCidr podCidrs serviceCidr
  serviceCidrs dnsServiceIP dockerBridgeCidr outboundType loadBalancerSku loadBalancerProfile natGatewayProfile ipFamilies
  advancedNetworking staticEgressGatewayProfile podLinkLocalAccess kubeProxyConfig]]

members.pool = set [[name count vmSize osDiskSizeGB osDiskType kubeletDiskType workloadRuntime messageOfTheDay vnetSubnetID
  podSubnetID podIPAllocationMode maxPods osType osSKU minCount maxCount enableAutoScaling scaleDownMode type mode
  orchestratorVersion upgradeSettings powerState availabilityZones enableNodePublicIP enableCustomCATrust nodePublicIPPrefixID
  scaleSetPriority scaleSetEvictionPolicy spotMaxPrice tags nodeLabels nodeTaints proximityPlacementGroupID kubeletConfig
  linuxOSConfig enableEncryptionAtHost enableUltraSSD enableFIPS gpuInstanceProfile gpuProfile creationData capacityReservationGroupID
  hostGroupID networkProfile windowsProfile securityProfile virtualMachinesProfile virtualMachineNodesStatus gatewayProfile
  localDNSProfile status artifactStreamingProfile nodeInitializationTaints
  provisioningState currentOrchestratorVersion nodeImageVersion eTag]]

-- What JSON type a member must have, where it matters here.
members.types = {
  enablePrivateCluster = "boolean", enableVnetIntegration = "boolean", subnetId = "string",
  enablePrivateClusterPublicFQDN = "boolean", authorizedIPRanges = "table", privateDNSZone = "string",
  count = "number", vmSize = "string", name = "string", vnetSubnetID = "string", dnsPrefix = "string",
  podCidr = "string", serviceCidr = "string", dnsServiceIP = "string", networkPlugin = "string",
  kubernetesVersion = "string", agentPoolProfiles = "table", disableLocalAccounts = "boolean",
}

return members
