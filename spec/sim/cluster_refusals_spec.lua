-- What AKS refuses in the body of a cluster: one row a refusal.
local client = require "spec.sim.client"

local azure

local SECOND = client.VNET .. "/subnets/second"

local function access(changes)
  return function(body)
    for name, value in pairs(changes) do
      body.properties.apiServerAccessProfile[name] = value
    end
  end
end

local function pool(changes)
  return function(body)
    for name, value in pairs(changes) do
      body.properties.agentPoolProfiles[1][name] = value
    end
  end
end

local function network(profile)
  return function(body)
    body.properties.networkProfile = profile
  end
end

local function properties(changes)
  return function(body)
    for name, value in pairs(changes) do
      body.properties[name] = value
    end
  end
end

local function add_subnet(prefix, delegation)
  azure:create(SECOND, { properties = client.subnet(prefix, delegation) })
  azure:assign(SECOND, azure.identity.properties.principalId)
end

-- { title, code, function that changes a good body in one's own VNet, part of the message }
local rows = {
  { "an API server subnet without delegation", "InvalidParameter", function(body)
    add_subnet("172.19.2.0/28")
    access { subnetId = azure.root .. SECOND }(body)
  end, "is not delegated" },
  { "an API server subnet that is delegated to another service", "InvalidParameter", function(body)
    add_subnet("172.19.2.0/28", "Microsoft.Web/serverFarms")
    access { subnetId = azure.root .. SECOND }(body)
  end, "is not delegated" },
  { "an API server subnet that is too small", "InvalidParameter", function(body)
    add_subnet("172.19.2.0/29", client.DELEGATION)
    access { subnetId = azure.root .. SECOND }(body)
  end, "at least a /28" },
  { "one subnet for both", "InvalidParameter", function(body)
    access { subnetId = azure.root .. client.NODES }(body)
  end, "different subnets" },
  { "a node subnet with a delegation", "SubnetIsDelegated", function(body)
    add_subnet("172.19.2.0/24", client.DELEGATION)
    pool { vnetSubnetID = azure.root .. SECOND }(body)
  end, "delegated subnet" },
  { "an API server subnet in another VNet", "InvalidParameter", function(body)
    local other = client.VNET .. "2"
    azure:create(other, { location = "westus2", properties = { addressSpace = { addressPrefixes = { "172.20.0.0/16" } },
      subnets = { { name = "apiserver", properties = client.subnet("172.20.0.0/28", client.DELEGATION) } } } })
    access { subnetId = azure.root .. other .. "/subnets/apiserver" }(body)
  end, "not in the virtual network of the nodes" },
  { "an API server subnet that is not there", "SubnetNotFound", access { subnetId = "/subscriptions/s/resourceGroups/g/"
    .. "providers/Microsoft.Network/virtualNetworks/v/subnets/none" } },
  { "a node subnet without one for the API server", "InvalidParameter", access { subnetId = "" },
    "apiServerAccessProfile.subnetId should not be empty when using custom vnet with apiserverVnetIntegration" },
  { "an API server subnet without a node subnet", "InvalidParameter", function(body)
    body.properties.agentPoolProfiles[1].vnetSubnetID = nil
  end, "vnetSubnetID" },
  { "one's own subnets with a system-assigned identity", "InvalidParameter", function(body)
    body.identity = { type = "SystemAssigned" }
  end, "user%-assigned" },
  { "two user-assigned identities", "InvalidParameter", function(body)
    azure:create(client.IDENTITY .. "2", { location = "westus2" })
    body.identity.userAssignedIdentities[azure.root .. client.IDENTITY .. "2"] = client.OBJECT
  end, "one user%-assigned" },
  { "private mode with authorized ranges", "InvalidParameter", access { enablePrivateCluster = true,
    authorizedIPRanges = { "203.0.113.0/24" } }, "authorizedIPRanges" },
  { "neither private DNS nor a public name", "InvalidParameter", access { enablePrivateCluster = true,
    privateDNSZone = "none", enablePrivateClusterPublicFQDN = false }, "public FQDN" },
  { "a private DNS zone of a wrong name", "InvalidParameter", access { enablePrivateCluster = true,
    privateDNSZone = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/"
      .. "privatelink.westus2.azmk8s.io" }, "private.westus2.azmk8s.io" },
  { "services where the subnets are", "ServiceCidrOverlapExistingSubnetsCidr", network { serviceCidr = "172.19.0.0/24",
    dnsServiceIP = "172.19.0.10" } },
  { "services in a reserved range", "InvalidParameter", network { serviceCidr = "172.30.1.0/24",
    dnsServiceIP = "172.30.1.10" }, "reserved" },
  { "pods where the services are", "InvalidParameter", network { podCidr = "10.0.0.0/12" }, "overlap" },
  { "a range that is none", "InvalidParameter", network { serviceCidr = "10.0.0.1/16" }, "not a CIDR" },
  { "a DNS service outside the services", "InvalidParameter", network { serviceCidr = "10.0.0.0/16",
    dnsServiceIP = "10.1.0.10" }, "dnsServiceIP" },
  { "more nodes than the subnet holds", "InsufficientSubnetSize", pool { count = 260 } },
  { "more pods than the subnet holds", "InsufficientSubnetSize", function(body)
    network { networkPlugin = "azure" }(body)
    pool { count = 9, maxPods = 30 }(body)
  end },
  { "no system pool", "BadRequest", pool { mode = "User" }, "system pool" },
  { "a pool of a bad name", "InvalidParameter", pool { name = "Nodes" } },
  { "a system pool of no nodes", "InvalidParameter", pool { count = 0 } },
  { "a Kubernetes version that is not offered", "K8sVersionNotSupported", properties { kubernetesVersion = "1.7.0" } },
  { "no DNS prefix", "DnsPrefixEmpty", properties { dnsPrefix = "" } },
  { "a bad DNS prefix", "InvalidParameter", properties { dnsPrefix = "-demo" } },
  { "an unknown property", "UnmarshalError", properties { apiServerProfile = {} },
    'unknown field "properties.apiServerProfile"' },
  { "an unknown member of the access profile", "UnmarshalError", access { subnetID = "x" }, "subnetID" },
  { "an unknown member of a pool", "UnmarshalError", pool { vmsize = "x" }, "vmsize" },
  { "an unknown member of the network", "UnmarshalError", network { podCIDR = "10.0.0.0/8" }, "podCIDR" },
  { "an unknown member at the top", "UnmarshalError", function(body)
    body.Location = "westus2"
  end, "Location" },
  { "a value of a wrong type", "UnmarshalError", access { enablePrivateCluster = "true" }, "of type bool" },
  { "a list in place of an object", "UnmarshalError", properties { networkProfile = { "azure" } }, "of type object" },
}

describe("a new cluster is refused for", function()
  before_each(function()
    azure = client.start()
    azure.identity = azure:create_network()
  end)
  after_each(function()
    azure:stop()
  end)

  -- Shape B: without a wrapper.
  local function refused(answer, code, message)
    assert.are.equal(400, answer.status, answer.text)
    assert.are.equal(code, answer.body.code, answer.text)
    assert.is_nil(answer.body.error)
    assert.is_string(answer.body.subcode)
    if message then
      assert.matches(message, answer.body.message)
    end
  end

  for _, row in ipairs(rows) do
    it(row[1], function()
      local body = azure:brought()
      row[3](body)
      refused(azure:put(client.CLUSTER, body), row[2], row[4])
      assert.are.equal(404, azure:get(client.CLUSTER).status)
      assert.is_nil(azure:get(client.APISERVER).body.properties.serviceAssociationLinks)
    end)
  end

  for name, path in pairs { ["API server"] = client.APISERVER, node = client.NODES } do
    it("an identity that may not use the " .. name .. " subnet", function()
      local all = path .. "/providers/Microsoft.Authorization/roleAssignments"
      azure:delete(azure:get(all .. "?api-version=2022-04-01&$filter=atScope()").body.value[1].id)
      refused(azure:put(client.CLUSTER, azure:brought()), "ResourceMissingPermissionError", path:match("[^/]+$"))
    end)
  end

  it("a role that only reads", function()
    azure:create(client.IDENTITY .. "2", { location = "westus2" })
    local body = azure:brought()
    body.identity.userAssignedIdentities = { [azure.root .. client.IDENTITY .. "2"] = client.OBJECT }
    local principal = azure:get(client.IDENTITY .. "2").body.properties.principalId
    azure:assign(client.VNET, principal, "acdd72a7-3385-48ef-bd42-f606fba81ae7")
    refused(azure:put(client.CLUSTER, body), "ResourceMissingPermissionError", "join/action")
    azure:assign(client.GROUP, principal, "b24988ac-6180-42a0-ab88-20f7382dd24c")
    assert.are.equal(201, azure:put(client.CLUSTER, body).status)
  end)

  it("a role that has no effect yet", function()
    azure:stop()
    azure = client.start { propagation = 300, speed = 1 }
    azure:create_network()
    refused(azure:put(client.CLUSTER, azure:brought()), "ResourceMissingPermissionError")
    azure.sim:advance(301)
    assert.are.equal(201, azure:put(client.CLUSTER, azure:brought()).status)
  end)

  it("addresses that a cluster in the same subnet has taken", function()
    azure:create(client.CLUSTER, azure:brought())
    local body = azure:brought()
    body.properties.dnsPrefix = "other"
    refused(azure:put(client.CLUSTER .. "2", body), "InsufficientSubnetSize", "2 free addresses")
  end)

  it("a name that is none", function()
    refused(azure:put(client.CLUSTER:gsub("demo$", "-demo"), azure:brought()), "InvalidParameter", "name")
  end)

  it("a malformed subnet id, by the gateway", function()
    local body = azure:brought { subnetId = "apiserver" }
    local answer = azure:put(client.CLUSTER, body)
    assert.are.equal(400, answer.status)
    assert.are.equal("LinkedInvalidPropertyId", answer.body.error.code)
  end)

  it("an api-version of before the integration, but a preview had it", function()
    local body = azure:brought()
    refused(azure:put(client.CLUSTER .. "?api-version=2025-02-01", body), "BadRequest",
      "EnableAPIServerVnetIntegrationPreview is not enabled")
    assert.are.equal(201, azure:put(client.CLUSTER .. "?api-version=2023-01-02-preview", body).status)
  end)

  it("a virtual network that is being written", function()
    local answer = azure:put(client.VNET .. "/subnets/more", { properties = client.subnet("172.19.9.0/24") })
    refused(azure:put(client.CLUSTER, azure:brought()), "VirtualNetworkNotInSucceededState")
    azure:wait(answer)
    assert.are.equal(201, azure:put(client.CLUSTER, azure:brought()).status)
  end)

  it("Automatic in one's own VNet without subnets for its system", function()
    local body = azure:brought()
    body.sku = { name = "Automatic", tier = "Standard" }
    refused(azure:put(client.CLUSTER, body), "EmptySubnetError")
  end)

  it("nothing at all, but fails in an encrypted virtual network", function()
    local vnet = azure:get(client.VNET).body
    vnet.properties.encryption = { enabled = true, enforcement = "AllowUnencrypted" }
    azure:create(client.VNET, vnet)
    local last = azure:wait(azure:put(client.CLUSTER, azure:brought()))
    assert.are.equal("Failed", last.body.status)
    assert.are.equal("NodesNotReady", last.body.error.code)
  end)
end)

describe("a change of a cluster is refused for", function()
  before_each(function()
    azure = client.start()
    azure:create_network()
  end)
  after_each(function()
    azure:stop()
  end)

  local function refused(edit, code, target)
    local body = azure:get(client.CLUSTER).body
    edit(body.properties, body)
    local answer = azure:put(client.CLUSTER, body)
    assert.are.equal(code, answer.body.code or answer.body.error.code, answer.text)
    if target then
      assert.are.equal(target, answer.body.target)
    end
    assert.are.equal("Succeeded", azure:get(client.CLUSTER).body.properties.provisioningState)
  end

  it("what never changes", function()
    azure:create(client.CLUSTER, azure:brought())
    refused(function(all)
      all.dnsPrefix = "other"
    end, "PropertyChangeNotAllowed", "properties.dnsPrefix")
    refused(function(all)
      all.nodeResourceGroup = "other"
    end, "PropertyChangeNotAllowed", "properties.nodeResourceGroup")
    refused(function(all)
      all.agentPoolProfiles[1].vmSize = "Standard_D8s_v3"
    end, "PropertyChangeNotAllowed", "agentPoolProfile.vmSize")
    refused(function(_, body)
      body.location = "eastus"
    end, "InvalidResourceLocation")
  end)

  it("the end of the integration, and another subnet", function()
    azure:create(client.CLUSTER, azure:brought())
    refused(function(all)
      all.apiServerAccessProfile.enableVnetIntegration = false
    end, "PropertyChangeNotAllowed", "properties.apiServerAccessProfile.enableVnetIntegration")
    refused(function(all)
      all.apiServerAccessProfile.subnetId = azure.root .. SECOND
    end, "PropertyChangeNotAllowed", "properties.apiServerAccessProfile.subnetId")
  end)

  it("private mode without the integration", function()
    azure:create(client.CLUSTER, client.managed {})
    refused(function(all)
      all.apiServerAccessProfile = { enablePrivateCluster = true }
    end, "BadRequest", "properties.apiServerAccessProfile.enablePrivateCluster")
  end)

  it("private mode while authorized ranges are stored", function()
    azure:create(client.CLUSTER, azure:brought { authorizedIPRanges = { "203.0.113.0/24" } })
    refused(function(all)
      all.apiServerAccessProfile.enablePrivateCluster = true
    end, "InvalidParameter", "properties.apiServerAccessProfile.authorizedIPRanges")
  end)

  it("a conversion without a subnet, or into another VNet", function()
    azure:create(client.CLUSTER, client.managed {})
    refused(function(all)
      all.apiServerAccessProfile = { enableVnetIntegration = true }
    end, "InvalidParameter", "properties.apiServerAccessProfile.subnetId")
    refused(function(all)
      all.apiServerAccessProfile = { enableVnetIntegration = true, subnetId = azure.root .. client.APISERVER }
    end, "InvalidParameter", "properties.apiServerAccessProfile.subnetId")
  end)
end)
