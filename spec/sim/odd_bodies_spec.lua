-- Whatever a body is made of, it is answered: every member of valid bodies in turn is replaced by values of other
-- kinds.
local client = require "spec.sim.client"
local json = require "dkjson"

local odd = { json.null, true, -1, 1.5, "", "x", "/subscriptions/x", setmetatable({}, { __jsontype = "array" }),
  setmetatable({}, { __jsontype = "object" }), setmetatable({ "x", json.null, 1 }, { __jsontype = "array" }),
  { name = 1, properties = "x", id = true } }

-- Calls `act` with the value once for each member and each odd value in its place.
local function each(value, act)
  local function walk(node)
    local names = {}
    for name in pairs(node) do
      names[#names + 1] = name
    end
    for _, name in ipairs(names) do
      local kept = node[name]
      for _, replacement in ipairs(odd) do
        node[name] = replacement
        act(name, replacement)
      end
      node[name] = kept
      if type(kept) == "table" then
        walk(kept)
      end
    end
  end
  walk(value)
end

describe("a body with something odd in it is answered, and leaves the simulator as it was:", function()
  local azure

  before_each(function()
    azure = client.start { speed = 100000 }
    azure:create_network()
  end)
  after_each(function()
    azure:stop()
  end)

  local function try(method, path, body, other)
    local count = 0
    each(body, function(name, replacement)
      local answer = azure:call(method, path, body)
      count = count + 1
      assert(answer, "no answer")
      assert(answer.status ~= 500, ("%s = %s: %s"):format(name, json.encode(replacement), answer.text))
      if answer.status < 300 and answer.headers["azure-asyncoperation"] then
        azure:wait(answer)
      end
    end)
    assert.is_true(count > 10)
    assert.are.equal(200, azure:get(other or client.GROUP).status)
  end

  it("resource groups", function()
    try("PUT", "/resourceGroups/other", { location = "westus2", tags = { a = "b" }, managedBy = "x" })
    try("PATCH", client.GROUP, { tags = { a = "b" } })
  end)

  it("networks", function()
    local subnet = client.subnet("10.1.0.0/28", client.DELEGATION)
    subnet.networkSecurityGroup, subnet.routeTable = { id = "x" }, { id = "y" }
    try("PUT", client.VNET .. "2", { location = "westus2", tags = { a = "b" }, properties = {
      addressSpace = { addressPrefixes = { "10.1.0.0/16" } }, dhcpOptions = { dnsServers = { "10.0.0.4" } },
      encryption = { enabled = true, enforcement = "AllowUnencrypted" }, subnets = { { name = "a",
        properties = subnet } } } })
  end)

  it("subnets", function()
    local subnet = client.subnet("172.19.9.0/28", client.DELEGATION)
    subnet.networkSecurityGroup, subnet.serviceEndpoints = { id = "x" }, { { service = "Microsoft.Storage" } }
    try("PUT", client.VNET .. "/subnets/odd", { name = "odd", properties = subnet }, client.VNET)
  end)

  it("security groups and their rules", function()
    local nsg = client.GROUP .. "/providers/Microsoft.Network/networkSecurityGroups/odd"
    local rule = { name = "one", properties = { protocol = "Tcp", access = "Allow", direction = "Inbound",
      priority = 100, sourcePortRange = "*", destinationPortRanges = { "443" },
      sourceAddressPrefixes = { "10.0.0.0/8" },
      destinationAddressPrefix = "*" } }
    try("PUT", nsg, { location = "westus2", properties = { securityRules = { rule } } })
    azure:create(nsg, { location = "westus2", properties = client.OBJECT })
    try("PUT", nsg .. "/securityRules/one", rule, nsg)
  end)

  it("route tables and private DNS zones", function()
    local base = client.GROUP .. "/providers/Microsoft.Network/"
    try("PUT", base .. "routeTables/odd", { location = "westus2", properties = { disableBgpRoutePropagation = true,
      routes = { { name = "out", properties = { addressPrefix = "0.0.0.0/0", nextHopType = "Internet" } } } } })
    try("PUT", base .. "privateDnsZones/odd.example", { location = "global", tags = { a = "b" },
      properties = client.OBJECT })
  end)

  it("identities, role assignments, role definitions", function()
    try("PUT", client.IDENTITY .. "2", { location = "westus2", tags = { a = "b" } })
    local assignments = client.NODES .. "/providers/Microsoft.Authorization/roleAssignments/"
    try("PUT", assignments .. azure.sim.tenant, { properties = { principalId = "x", roleDefinitionId = "x",
      principalType = "ServicePrincipal", description = "y" } })
    try("PUT", "/providers/Microsoft.Authorization/roleDefinitions/" .. azure.sim.tenant, { properties = {
      roleName = "odd", type = "CustomRole", description = "x", assignableScopes = { "/" },
      permissions = { { actions = { "*" }, notActions = { "x" } } } } })
  end)

  it("tags", function()
    try("PATCH", client.VNET .. "/providers/Microsoft.Resources/tags/default", { operation = "Merge",
      properties = { tags = { a = "b" } } }, client.VNET)
  end)

  local function whole_body()
    local body = azure:brought { enablePrivateCluster = true, privateDNSZone = "system", disableRunCommand = true,
      enablePrivateClusterPublicFQDN = true, authorizedIPRanges = {} }
    body.tags, body.sku = { a = "b" }, { name = "Base", tier = "Free" }
    body.properties.networkProfile = { networkPlugin = "azure", networkPluginMode = "overlay",
      podCidr = "10.244.0.0/16", serviceCidr = "10.0.0.0/16", dnsServiceIP = "10.0.0.10",
      outboundType = "loadBalancer" }
    body.properties.kubernetesVersion = "1.33"
    body.properties.linuxProfile = { adminUsername = "azureuser", ssh = { publicKeys = { { keyData = "x" } } } }
    body.properties.agentPoolProfiles[1].nodeTaints = { "a=b:NoSchedule" }
    body.properties.agentPoolProfiles[1].upgradeSettings = { maxSurge = "10%" }
    body.properties.agentPoolProfiles[1].maxPods = 30
    return body
  end

  it("clusters that are made", function()
    local body = whole_body()
    each(body, function(name, replacement)
      local answer = azure:put(client.CLUSTER, body)
      assert(answer and answer.status ~= 500, ("%s = %s: %s"):format(name, json.encode(replacement),
        answer and answer.text or "no answer"))
      if answer.status < 300 then
        azure:wait(answer)
        azure:wait(azure:delete(client.CLUSTER))
      end
    end)
  end)

  it("clusters and pools that are changed", function()
    azure:create(client.CLUSTER, azure:brought())
    try("PUT", client.CLUSTER, whole_body(), client.CLUSTER)
    try("PATCH", client.CLUSTER, { tags = { a = "b" } }, client.CLUSTER)
    try("POST", client.CLUSTER .. "/runCommand", { command = "kubectl version", context = "" }, client.CLUSTER)
    try("PUT", client.CLUSTER .. "/agentPools/odd", { properties = { count = 1, vmSize = "Standard_D4s_v3",
      mode = "User", maxPods = 30, vnetSubnetID = azure.root .. client.NODES, nodeLabels = { a = "b" },
      upgradeSettings = { maxSurge = "10%" }, securityProfile = { enableVTPM = true } } }, client.CLUSTER)
  end)
end)
