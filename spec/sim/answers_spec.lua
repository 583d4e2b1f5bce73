-- Whatever the simulator answers for a resource is valid under Azure's own type schemas, read-only properties included.
local client = require "spec.sim.client"
local json = require "dkjson"
local schema = require "spec.support.schema"
local shared = require "spec.support.shared"

-- The api-versions that schemas are kept of, and of which file.
local versions = {
  { type = "Microsoft.ContainerService/managedClusters", file = "managedClusters",
    versions = { "2025-10-01", "2026-05-01" } },
  { type = "Microsoft.Network/virtualNetworks", file = "network", versions = { "2024-05-01", "2025-05-01" } },
  { type = "Microsoft.Network/networkSecurityGroups", file = "network", versions = { "2024-05-01", "2025-05-01" } },
  { type = "Microsoft.Network/routeTables", file = "network", versions = { "2024-05-01", "2025-05-01" } },
  { type = "Microsoft.ManagedIdentity/userAssignedIdentities", file = "userAssignedIdentities",
    versions = { "2023-01-31", "2024-11-30" } },
  { type = "Microsoft.Authorization/roleAssignments", file = "roleAssignments", versions = { "2022-04-01" } },
}

-- "/subscriptions/.../providers/N/a/x/b/y" -> "N/a/b"
local function type_of(path)
  local namespace, rest = path:match(".*/providers/([^/]+)/(.+)$")
  local parts = { namespace }
  for kind in rest:gmatch("([^/]+)/[^/]+") do
    parts[#parts + 1] = kind
  end
  return table.concat(parts, "/")
end

local function row_of(path)
  local resource_type = type_of(path):lower()
  for _, row in ipairs(versions) do
    if resource_type:find(row.type:lower(), 1, true) == 1 then
      return row
    end
  end
end

local ROUTES = client.GROUP .. "/providers/Microsoft.Network/routeTables/routes"
local RULES = client.GROUP .. "/providers/Microsoft.Network/networkSecurityGroups/rules"

describe("what the simulator answers is valid under Azure's schemas:", function()
  local azure

  before_each(function()
    azure = client.start()
  end)
  after_each(function()
    azure:stop()
  end)

  local schemas = {}
  local function check(path, text)
    local row = row_of(path)
    for _, version in ipairs(row.versions) do
      local file = row.file .. "@" .. version .. ".json"
      schemas[file] = schemas[file] or schema.read(assert(shared.path("schemas/" .. file)))
      local problems = schemas[file]:answer_problems(type_of(path), json.decode(text, 1, json.null))
      assert.are.same({}, problems, path .. " in " .. version)
    end
  end

  -- PUTs; checks the first answer, the resource while it goes on, and when it is there.
  local function put(path, body)
    local answer = azure:put(path, body)
    assert(answer.status == 200 or answer.status == 201, answer.text)
    check(path, answer.text)
    check(path, azure:get(path).text)
    if answer.headers["azure-asyncoperation"] then
      azure:wait(answer)
      check(path, azure:get(path).text)
    end
  end

  -- POSTs; checks the cluster while it goes on, and then.
  local function post(action, path)
    local answer = azure:post(client.CLUSTER .. "/" .. action)
    assert.are.equal(202, answer.status)
    check(path or client.CLUSTER, azure:get(path or client.CLUSTER).text)
    azure:wait(answer)
    check(path or client.CLUSTER, azure:get(path or client.CLUSTER).text)
  end

  local skipped = select(2, shared.path("schemas/managedClusters@2026-05-01.json"))
  local function it_shows(name, act)
    it(name, function()
      if skipped then
        pending(skipped)
        return
      end
      act()
    end)
  end

  it_shows("networks, subnets, security groups, route tables", function()
    azure:create_group()
    local rule = { name = "one", properties = {
      protocol = "Tcp", access = "Allow", direction = "Inbound", priority = 100, sourcePortRange = "*",
      destinationPortRanges = { "443", "4443" }, sourceAddressPrefix = "*", destinationAddressPrefix = "10.0.0.0/8",
    } }
    put(RULES, { location = "westus2", tags = { a = "b" }, properties = { securityRules = { rule } } })
    put(RULES .. "/securityRules/two", { properties = { protocol = "*", access = "Deny", direction = "Outbound",
      priority = 200, sourcePortRange = "*", destinationPortRange = "1-2", sourceAddressPrefix = "Internet",
      destinationAddressPrefix = "VirtualNetwork" } })
    put(ROUTES, { location = "westus2", properties = { routes = { { name = "out", properties = {
      addressPrefix = "0.0.0.0/0", nextHopType = "VirtualAppliance", nextHopIpAddress = "10.0.0.4" } } } } })
    local nodes = client.subnet("172.19.1.0/24")
    nodes.networkSecurityGroup, nodes.routeTable = { id = azure.root .. RULES }, { id = azure.root .. ROUTES }
    put(client.VNET, { location = "westus2", properties = { addressSpace = { addressPrefixes = { "172.19.0.0/16" } },
      subnets = { { name = "nodes", properties = nodes },
        { name = "apiserver", properties = client.subnet("172.19.0.0/28", client.DELEGATION) } } } })
    put(client.VNET .. "/subnets/more", { properties = client.subnet("172.19.2.0/24") })
  end)

  it_shows("identities and role assignments", function()
    azure:create_group()
    put(client.IDENTITY, { location = "westus2" })
    local principal = azure:get(client.IDENTITY).body.properties.principalId
    local name = "/providers/Microsoft.Authorization/roleAssignments/" .. azure.sim.object_id
    put(client.IDENTITY .. name, { properties = { principalId = principal, principalType = "ServicePrincipal",
      roleDefinitionId = azure.root
        .. "/providers/Microsoft.Authorization/roleDefinitions/" .. client.NETWORK_CONTRIBUTOR } })
  end)

  for name, access in pairs { plain = {}, ["private without integration"] = { enablePrivateCluster = true },
    public = { enableVnetIntegration = true },
    private = { enableVnetIntegration = true, enablePrivateCluster = true },
    ["private without a public name"] = { enableVnetIntegration = true, enablePrivateCluster = true,
      enablePrivateClusterPublicFQDN = false } } do
    it_shows("a cluster in a managed network, " .. name, function()
      azure:create_group()
      put(client.CLUSTER, client.managed(access))
    end)
  end

  for name, private in pairs { public = false, private = true } do
    it_shows("a cluster in a network of one's own, " .. name .. ", its subnets and its node resource group", function()
      azure:create_network()
      put(client.CLUSTER, azure:brought { enablePrivateCluster = private })
      check(client.VNET, azure:get(client.VNET).text)
      check(client.APISERVER, azure:get(client.APISERVER).text)
      check(client.NODES, azure:get(client.NODES).text)
    end)
  end

  it_shows("a cluster that is converted, stopped, started, aborted, and whose pools change", function()
    azure:create_network()
    local body = azure:brought()
    body.properties.apiServerAccessProfile = nil
    put(client.CLUSTER, body)
    put(client.CLUSTER, azure:brought())
    post "stop"
    post "start"
    local pool = { properties = { count = 2, mode = "User", vmSize = "Standard_D4s_v3",
      vnetSubnetID = azure.root .. client.NODES, nodeLabels = { a = "b" }, nodeTaints = { "a=b:NoSchedule" } } }
    put(client.CLUSTER .. "/agentPools/user1", pool)
    post("agentPools/user1/upgradeNodeImageVersion", client.CLUSTER .. "/agentPools/user1")
    azure:put(client.CLUSTER, azure:brought())
    post "abort"
  end)

  it_shows("a cluster that failed, with the reason", function()
    azure:create_group()
    azure.sim:fault { method = "PUT", operation = { status = "Failed", error = { code = "AKSCapacityHeavyUsage",
      message = "no capacity", details = { { code = "Inner", message = "really" } } } } }
    put(client.CLUSTER, client.managed())
    assert.are.equal("AKSCapacityHeavyUsage",
      azure:get(client.CLUSTER).body.properties.status.provisioningError.code)
  end)
end)
