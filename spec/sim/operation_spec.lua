-- Asynchronous operations: headers, polling, what they say on the way, how they end.
local client = require "spec.sim.client"

local azure

describe("an operation", function()
  before_each(function()
    azure = client.start { speed = 1 } -- time stands nearly still: the specs move it
    azure:create_group()
  end)
  after_each(function()
    azure:stop()
  end)

  local function create_cluster()
    return azure:put(client.CLUSTER, client.managed())
  end

  it("of AKS begins with Azure-AsyncOperation and no Location", function()
    local answer = create_cluster()
    assert.are.equal(201, answer.status)
    assert.matches("^" .. azure.sim.endpoint:gsub("%p", "%%%0") .. "/subscriptions/[^/]+/providers/"
      .. "Microsoft%.ContainerService/locations/westus2/operations/%x+%-%x+%-%x+%-%x+%-%x+%?"
      .. "api%-version=2016%-03%-30&t=",
      answer.headers["azure-asyncoperation"])
    assert.is_nil(answer.headers.location)
    assert.are.equal("Creating", answer.body.properties.provisioningState)
  end)

  it("has a poll URL that is as long as a certificate makes it", function()
    assert.is_true(#create_cluster().headers["azure-asyncoperation"] > 3500)
  end)

  it("is found under the very URL that was given, and under no other", function()
    local url = create_cluster().headers["azure-asyncoperation"]
    assert.are.equal(200, azure:get(url).status)
    assert.are.equal(404, azure:get((url:gsub("&s=%x%x", "&s=zz"))).status)
    assert.are.equal(404, azure:get((url:gsub("2016%-03%-30", "2025-05-01"))).status)
    assert.are.equal(404, azure:get((url:gsub("&h=%x+", ""))).status)
    assert.are.equal(401, azure:send("GET", url).status)
  end)

  it("asks for patience in whole seconds, and in milliseconds", function()
    local answer = create_cluster()
    assert.are.equal("30", answer.headers["retry-after"])
    assert.are.equal("30000", answer.headers["x-ms-retry-after-ms"])
    assert.are.equal(answer.headers["x-ms-retry-after-ms"], answer.headers["retry-after-ms"])
    local fast = client.start { speed = 100000 }
    fast:create_group()
    local quick = fast:put(client.CLUSTER, client.managed())
    assert.are.equal("1", quick.headers["retry-after"])
    assert.are.equal("5", quick.headers["x-ms-retry-after-ms"])
    fast:stop()
  end)

  it("is in progress at least once, however fast time is", function()
    local answer = create_cluster()
    azure.sim:advance(100000)
    local first = azure:get(answer.headers["azure-asyncoperation"])
    assert.are.equal("InProgress", first.body.status)
    assert.is_nil(first.body.endTime)
    local second = azure:get(answer.headers["azure-asyncoperation"])
    assert.are.equal("Succeeded", second.body.status)
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d+Z$", second.body.endTime)
  end)

  it("tells the stages of a creation in their order", function()
    local _, statuses = azure:wait(create_cluster())
    assert.are.same({ "InProgress", "ProvisioningNetworkResources", "ProvisioningControlPlane", "ReconcilingDNS",
      "CreatingAgentPools: 0/3 nodes completed", "CreatingAgentPools: 3/3 nodes completed", "ReconcilingAddons",
      "Succeeded" }, statuses)
  end)

  it("takes as long as Azure takes: an integrated cluster some 415 seconds", function()
    local answer = create_cluster()
    azure:get(answer.headers["azure-asyncoperation"])
    azure.sim:advance(400)
    assert.are_not.equal("Succeeded", azure:get(answer.headers["azure-asyncoperation"]).body.status)
    azure.sim:advance(15)
    assert.are.equal("Succeeded", azure:get(answer.headers["azure-asyncoperation"]).body.status)
  end)

  it("of the network says no more than its status", function()
    local answer = azure:put(client.VNET, { location = "westus2",
      properties = { addressSpace = { addressPrefixes = { "10.0.0.0/16" } } } })
    assert.are.equal("Enabled", answer.headers["azure-asyncnotification"])
    assert.are.equal("Updating", answer.body.properties.provisioningState)
    assert.are.same({ status = "InProgress" }, azure:get(answer.headers["azure-asyncoperation"]).body)
  end)

  it("ends when its resource is read instead", function()
    create_cluster()
    for _ = 1, 2 do
      azure:get(client.CLUSTER)
      azure.sim:advance(500)
    end
    assert.are.equal("Succeeded", azure:get(client.CLUSTER).body.properties.provisioningState)
  end)

  it("ends when a list is read instead", function()
    create_cluster()
    local all = "/providers/Microsoft.ContainerService/managedClusters"
    azure:get(all)
    azure.sim:advance(500)
    azure:get(all)
    assert.are.equal("Succeeded", azure:get(all).body.value[1].properties.provisioningState)
  end)

  it("of a deletion has both headers, and ends in 204 with a Location that leads nowhere new", function()
    azure:wait(create_cluster())
    local answer = azure:delete(client.CLUSTER)
    assert.are.equal(202, answer.status)
    assert.are.equal("", answer.text)
    assert.is_string(answer.headers["azure-asyncoperation"])
    assert.matches("/operationresults/", answer.headers.location)
    assert.are.equal(202, azure:get(answer.headers.location).status)
    azure:wait(answer)
    local last = azure:get(answer.headers.location)
    assert.are.equal(204, last.status)
    assert.is_string(last.headers.location)
  end)

  it("of a cluster can be found again when its URL was lost", function()
    local answer = create_cluster()
    local latest = azure:get(client.CLUSTER .. "/operations/latest")
    assert.are.equal(200, latest.status)
    assert.are.equal(answer.headers["azure-asyncoperation"]:match("/operations/([^?]+)"), latest.body.name)
    assert.are.equal("InProgress", latest.body.status)
  end)

  it("fails as a fault says, and the cluster keeps the reason", function()
    azure.sim:fault { method = "PUT", path = "managedclusters", operation = { status = "Failed",
      error = { code = "AKSCapacityHeavyUsage", message = "full" } } }
    local last = azure:wait(create_cluster())
    assert.are.equal("Failed", last.body.status)
    assert.are.equal("AKSCapacityHeavyUsage", last.body.error.code)
    local cluster = azure:get(client.CLUSTER).body
    assert.are.equal("Failed", cluster.properties.provisioningState)
    assert.are.equal("Failed", cluster.properties.agentPoolProfiles[1].provisioningState)
    assert.are.equal("full", cluster.properties.status.provisioningError.message)
    azure:wait(azure:put(client.CLUSTER, client.managed()))
    assert.are.equal("Succeeded", azure:get(client.CLUSTER).body.properties.provisioningState)
  end)

  it("never ends when a fault makes it stick, until it is aborted", function()
    azure.sim:fault { method = "PUT", path = "managedclusters", stuck = true }
    local answer = create_cluster()
    for _ = 1, 3 do
      azure.sim:advance(100000)
      local polled = azure:get(answer.headers["azure-asyncoperation"])
      assert.are_not.equal("Succeeded", polled.body.status)
    end
    azure:wait(azure:post(client.CLUSTER .. "/abort"))
    assert.are.equal("Canceled", azure:get(answer.headers["azure-asyncoperation"]).body.status)
  end)
end)
