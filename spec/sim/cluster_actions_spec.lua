-- What is asked of a cluster beside its own document, and what happens when it is asked for twice.
local client = require "spec.sim.client"

local azure

local function start(options)
  azure = client.start(options)
  azure:create_group()
end

local function stop()
  azure:stop()
end

local function refused(answer, status, code)
  assert.are.equal(status, answer.status, answer.text)
  assert.are.equal(code, answer.body.code or answer.body.error.code)
end

describe("a command in a cluster", function()
  before_each(function()
    start()
    azure:create(client.CLUSTER, client.managed())
  end)
  after_each(stop)

  local function run(text)
    local answer = azure:post(client.CLUSTER .. "/runCommand", { command = text })
    assert.are.equal(202, answer.status, answer.text)
    assert.is_nil(answer.headers["azure-asyncoperation"])
    local last
    repeat
      last = azure:get(answer.headers.location)
    until last.status ~= 202
    assert.are.equal(200, last.status)
    return last.body
  end

  it("is followed by its Location alone, to a result", function()
    local result = run "kubectl  get nodes"
    assert.are.equal("Succeeded", result.properties.provisioningState)
    assert.are.equal(0, result.properties.exitCode)
    assert.matches("aks%-nodepool1%-vmss000002 +Ready", result.properties.logs)
    assert.is_true(result.properties.startedAt < result.properties.finishedAt)
  end)

  it("fails when it is one that only a real cluster could run", function()
    local result = run "helm list"
    assert.are.equal(127, result.properties.exitCode)
    assert.matches("There is no Kubernetes in a simulated cluster", result.properties.logs, 1, true)
  end)

  it("fails as a fault says, with a reason", function()
    azure.sim:fault { path = "/runcommand$", operation = { status = "Failed", error = { code = "X",
      message = "pod not scheduled" } } }
    local result = run "kubectl version"
    assert.are.equal("Failed", result.properties.provisioningState)
    assert.are.equal("pod not scheduled", result.properties.reason)
  end)

  it("is refused without a text, where that is disabled, and while the cluster is stopped", function()
    refused(azure:post(client.CLUSTER .. "/runCommand", { command = "" }), 400, "InvalidParameter")
    refused(azure:get(client.CLUSTER .. "/commandResults/0123"), 404, "NotFound")
    azure:create(client.CLUSTER, client.managed { enableVnetIntegration = true, disableRunCommand = true })
    refused(azure:post(client.CLUSTER .. "/runCommand", { command = "kubectl version" }), 400, "BadRequest")
    azure:create(client.CLUSTER, client.managed { enableVnetIntegration = true })
    azure:wait(azure:post(client.CLUSTER .. "/stop"))
    refused(azure:post(client.CLUSTER .. "/runCommand", { command = "kubectl version" }), 400, "OperationNotAllowed")
  end)
end)

describe("a cluster's versions", function()
  before_each(function()
    start()
  end)
  after_each(stop)

  it("are listed by region, in both forms, and what a cluster can go to", function()
    local place = "/providers/Microsoft.ContainerService/locations/westus2/"
    assert.are.equal("1.31", azure:get(place .. "kubernetesVersions").body.values[1].version)
    local orchestrators = azure:get(place .. "orchestrators?api-version=2019-08-01&resource-type=managedClusters").body
      .properties.orchestrators
    assert.are.equal("1.32.7", orchestrators[1].upgrades[1].orchestratorVersion)
    azure:create(client.CLUSTER, client.managed())
    local profile = azure:get(client.CLUSTER .. "/upgradeProfiles/default").body.properties
    assert.are.equal("1.33.3", profile.controlPlaneProfile.kubernetesVersion)
    assert.are.equal("1.34.0", profile.agentPoolProfiles[1].upgrades[1].kubernetesVersion)
  end)
end)

describe("the cores of a region", function()
  after_each(stop)

  local USAGES = "/providers/Microsoft.Compute/locations/westus2/usages?api-version=2024-07-01"

  local function used()
    local usage = azure:get(USAGES).body.value[1]
    return usage.currentValue, usage.limit, usage.name.value
  end

  it("are counted while clusters run", function()
    start()
    assert.are.same({ 0, 350, "cores" }, { used() })
    azure:create(client.CLUSTER, client.managed())
    assert.are.equal(12, (used()))
    assert.are.equal("standardDSv3Family", azure:get(USAGES).body.value[2].name.value)
    azure:wait(azure:post(client.CLUSTER .. "/stop"))
    assert.are.equal(0, (used()))
  end)

  it("are not more than the option says: for a cluster, a pool, a change", function()
    start { cores = 16 }
    azure:create(client.CLUSTER, client.managed())
    local pool = { properties = { count = 2, vmSize = "Standard_D4s_v3", mode = "User" } }
    refused(azure:put(client.CLUSTER .. "/agentPools/user1", pool), 400, "QuotaExceeded")
    refused(azure:put(client.CLUSTER .. "2", client.managed()), 400, "QuotaExceeded")
    pool.properties.count = 1
    assert.are.equal(201, azure:put(client.CLUSTER .. "/agentPools/user1", pool).status)
  end)
end)

describe("a region without capacity", function()
  after_each(stop)

  it("refuses integrated clusters and conversions, not others", function()
    start { without_capacity = { "West US 2" } }
    refused(azure:put(client.CLUSTER, client.managed()), 400, "AksCapacityHeavyUsage")
    azure:create(client.CLUSTER, client.managed {})
    refused(azure:put(client.CLUSTER, client.managed { enableVnetIntegration = true }), 400, "AksCapacityHeavyUsage")
    local body = client.managed()
    body.location = "eastus"
    assert.are.equal(201, azure:put(client.CLUSTER .. "2", body).status)
  end)
end)

describe("what is asked for twice", function()
  before_each(function()
    start { speed = 0 }
  end)
  after_each(stop)

  -- Deletes twice; both must be the same operation, and it must succeed.
  local function delete_twice(path)
    local first, second = azure:delete(path), azure:delete(path)
    assert.are.same({ 202, 202 }, { first.status, second.status }, second.text)
    local url = first.headers["azure-asyncoperation"]
    assert.are.equal(url, second.headers["azure-asyncoperation"])
    if url then
      assert.are.equal("Succeeded", azure:wait(second).body.status)
      assert.are.equal(204, azure:delete(path).status)
    end
    return second
  end

  it("is one deletion of a cluster, of a pool, of a network and of a subnet", function()
    azure:create(client.CLUSTER, client.managed())
    azure:create(client.CLUSTER .. "/agentPools/user1", { properties = { count = 1, mode = "User" } })
    delete_twice(client.CLUSTER .. "/agentPools/user1")
    delete_twice(client.CLUSTER)
    azure:create(client.VNET, { location = "westus2", properties = {
      addressSpace = { addressPrefixes = { "10.1.0.0/16" } },
      subnets = { { name = "a", properties = client.subnet("10.1.0.0/24") } } } })
    delete_twice(client.VNET .. "/subnets/a")
    delete_twice(client.VNET)
  end)

  it("is one deletion of a group", function()
    local second = delete_twice(client.GROUP)
    azure.sim:advance(100)
    azure:get(second.headers.location)
    assert.are.equal(200, azure:get(second.headers.location).status)
    assert.are.equal(404, azure:get(client.GROUP).status)
  end)
end)

describe("the etags of a cluster and its pools", function()
  before_each(function()
    start()
    azure:create(client.CLUSTER, client.managed())
  end)
  after_each(stop)

  local function etags()
    local body = azure:get(client.CLUSTER).body
    return body.eTag, body.properties.agentPoolProfiles[1].eTag
  end

  for _, action in ipairs { "stop", "rotateClusterCertificates" } do
    it("change with " .. action, function()
      local cluster, pool = etags()
      azure:wait(azure:post(client.CLUSTER .. "/" .. action))
      local cluster_now, pool_now = etags()
      assert.are_not.equal(cluster, cluster_now)
      assert.are_not.equal(pool, pool_now)
    end)
  end

  it("change with an abort", function()
    azure:put(client.CLUSTER, client.managed())
    local cluster, pool = etags()
    azure:wait(azure:post(client.CLUSTER .. "/abort"))
    local cluster_now, pool_now = etags()
    assert.are_not.equal(cluster, cluster_now)
    assert.are_not.equal(pool, pool_now)
  end)

  it("of a pool change alone when the pool does", function()
    local cluster, pool = etags()
    azure:create(client.CLUSTER .. "/agentPools/nodepool1", { properties = { count = 2, mode = "System" } })
    local cluster_now, pool_now = etags()
    assert.are.equal(cluster, cluster_now)
    assert.are_not.equal(pool, pool_now)
  end)
end)

describe("an agent pool", function()
  before_each(function()
    azure = client.start()
    azure:create_network()
    azure:create(client.CLUSTER, azure:brought())
  end)
  after_each(stop)

  local POOL = client.CLUSTER .. "/agentPools/user1"

  local function pool(count, subnet)
    return { properties = { count = count, mode = "User", vmSize = "Standard_D4s_v3",
      vnetSubnetID = subnet and azure.root .. subnet } }
  end

  it("must fit into its subnet, with what is there", function()
    refused(azure:put(POOL, pool(249, client.NODES)), 400, "InsufficientSubnetSize")
    assert.are.equal(201, azure:put(POOL, pool(200, client.NODES)).status)
  end)

  it("must be in the network of the others", function()
    azure:create(client.VNET .. "2", { location = "westus2", properties = {
      addressSpace = { addressPrefixes = { "10.9.0.0/16" } },
      subnets = { { name = "nodes", properties = client.subnet("10.9.0.0/24") } } } })
    refused(azure:put(POOL, pool(1, client.VNET .. "2/subnets/nodes")), 400, "InvalidParameter")
    refused(azure:put(POOL, pool(1)), 400, "InvalidParameter")
  end)

  it("of a cluster that is not there has no parent", function()
    refused(azure:put(client.CLUSTER .. "2/agentPools/user1", pool(1)), 404, "ParentResourceNotFound")
  end)

  it("is aborted by itself", function()
    azure:put(POOL, pool(1, client.NODES))
    local answer = azure:post(POOL .. "/abort")
    assert.are.equal(202, answer.status)
    azure:wait(answer)
    assert.are.equal("Canceled", azure:get(POOL).body.properties.provisioningState)
    assert.are.equal("Succeeded", azure:get(client.CLUSTER).body.properties.provisioningState)
    refused(azure:post(POOL .. "/abort"), 409, "OperationNotAllowed")
  end)
end)

describe("a cluster", function()
  before_each(function()
    azure = client.start()
  end)
  after_each(stop)

  it("has no pods where its network has subnets", function()
    azure:create_network()
    local body = azure:brought()
    body.properties.networkProfile = { networkPlugin = "azure", networkPluginMode = "overlay",
      podCidr = "172.19.0.0/16" }
    local answer = azure:put(client.CLUSTER, body)
    refused(answer, 400, "InvalidParameter")
    assert.matches("pod CIDR is conflicted with the CIDR of subnet", answer.body.message, 1, true)
  end)

  it("that was converted has been restarted when it was stopped and started, not before", function()
    azure:create_network()
    local body, id = azure:brought(), azure.root .. client.CLUSTER
    body.properties.apiServerAccessProfile = nil
    azure:create(client.CLUSTER, body)
    azure:create(client.CLUSTER, azure:brought())
    assert.is_true(azure.sim:needs_restart(id))
    azure:wait(azure:post(client.CLUSTER .. "/stop"))
    assert.is_true(azure.sim:needs_restart(id))
    azure:wait(azure:post(client.CLUSTER .. "/start"))
    assert.is_false(azure.sim:needs_restart(id))
  end)

  it("stays integrated when an api-version writes it that does not know of that, and does not show it", function()
    azure:create_network()
    azure:create(client.CLUSTER, azure:brought())
    local old = client.CLUSTER .. "?api-version=2024-02-01"
    local body = azure:get(old).body
    assert.is_nil(body.properties.apiServerAccessProfile.enableVnetIntegration)
    assert.is_nil(body.eTag)
    azure:create(old, body)
    local access = azure:get(client.CLUSTER).body.properties.apiServerAccessProfile
    assert.is_true(access.enableVnetIntegration)
    assert.are.equal(azure.root .. client.APISERVER, access.subnetId)
  end)
end)

describe("a private DNS zone", function()
  local ZONE = client.GROUP .. "/providers/Microsoft.Network/privateDnsZones/private.westus2.azmk8s.io"

  before_each(function()
    start()
  end)
  after_each(stop)

  it("is accepted first, and there when its operation has ended", function()
    local answer = azure:put(ZONE, { location = "global" })
    assert.are.equal(202, answer.status)
    assert.are.equal("", answer.text)
    assert.is_string(answer.headers.location)
    azure:wait(answer)
    assert.are.equal("Succeeded", azure:get(ZONE).body.properties.provisioningState)
  end)

  it("lies in no region", function()
    refused(azure:put(ZONE, { location = "westus2" }), 400, "LocationNotAvailableForResourceType")
  end)
end)

describe("a rule of a security group", function()
  local NSG = client.GROUP .. "/providers/Microsoft.Network/networkSecurityGroups/rules"

  before_each(function()
    start()
    azure:create(NSG, { location = "westus2", properties = client.OBJECT })
  end)
  after_each(stop)

  local function rule(priority)
    return { properties = { protocol = "Tcp", access = "Allow", direction = "Inbound", priority = priority,
      sourcePortRange = "*", destinationPortRange = "443", sourceAddressPrefix = "*",
      destinationAddressPrefix = "*" } }
  end

  it("is made, shown in its group, changed and removed by itself", function()
    azure:create(NSG .. "/securityRules/one", rule(100))
    assert.are.equal("one", azure:get(NSG).body.properties.securityRules[1].name)
    azure:create(NSG .. "/securityRules/one", rule(110))
    assert.are.equal(110, azure:get(NSG .. "/securityRules/ONE").body.properties.priority)
    assert.are.equal(1, #azure:get(NSG .. "/securityRules").body.value)
    assert.are.equal(6, #azure:get(NSG .. "/defaultSecurityRules").body.value)
    azure:wait(azure:delete(NSG .. "/securityRules/one"))
    assert.are.equal(204, azure:delete(NSG .. "/securityRules/one").status)
    refused(azure:get(NSG .. "/securityRules/one"), 404, "NotFound")
  end)

  it("is refused when it conflicts, when its group is busy, and when there is none", function()
    azure:put(NSG .. "/securityRules/one", rule(100))
    refused(azure:put(NSG .. "/securityRules/two", rule(200)), 429, "RetryableError")
    azure:get(NSG)
    azure.sim:advance(10)
    refused(azure:put(NSG .. "/securityRules/two", rule(100)), 400, "SecurityRuleConflict")
    refused(azure:put(NSG .. "2/securityRules/two", rule(100)), 404, "ParentResourceNotFound")
  end)
end)
