-- How operations end that do not succeed, and faults that meet the requests on the way.
local client = require "spec.sim.client"

local azure

describe("an operation that does not succeed", function()
  before_each(function()
    azure = client.start { speed = 1 }
    azure:create_group()
  end)
  after_each(function()
    azure:stop()
  end)

  local body = { location = "westus2", properties = { addressSpace = { addressPrefixes = { "172.19.0.0/16" } } } }

  it("says why, even when the fault that made it so does not", function()
    azure.sim:fault { method = "PUT", operation = { status = "Failed" } }
    local last = azure:wait(azure:put(client.VNET, body))
    assert.are.equal("Failed", last.body.status)
    assert.is_string(last.body.error.code)
    assert.is_string(last.body.error.message)
  end)

  it("leaves its resource Failed, and another PUT repairs it", function()
    azure.sim:fault { method = "PUT", operation = { status = "Failed", error = { code = "X", message = "x" } } }
    azure:wait(azure:put(client.VNET, body))
    assert.are.equal("Failed", azure:get(client.VNET).body.properties.provisioningState)
    assert.are.equal("Succeeded", azure:create(client.VNET, body).properties.provisioningState)
  end)

  it("ends its Location with the error, and leaves what should have gone", function()
    azure:create(client.VNET, body)
    azure.sim:fault { method = "DELETE", operation = { status = "Failed", error = { code = "InUse", message = "no" } } }
    local answer = azure:delete(client.VNET)
    azure:wait(answer)
    local last = azure:get(answer.headers.location)
    assert.are.equal(409, last.status)
    assert.are.equal("InUse", last.body.error.code)
    assert.are.equal(200, azure:get(client.VNET).status)
  end)

  it("can be canceled by a fault", function()
    azure.sim:fault { method = "PUT", operation = { status = "Canceled" } }
    local last = azure:wait(azure:put(client.CLUSTER, client.managed()))
    assert.are.equal("Canceled", last.body.status)
    assert.are.equal("Canceled", azure:get(client.CLUSTER).body.properties.provisioningState)
  end)
end)

describe("a poll", function()
  local url

  before_each(function()
    azure = client.start { speed = 1 }
    azure:create_group()
    url = azure:put(client.CLUSTER, client.managed()).headers["azure-asyncoperation"]
  end)
  after_each(function()
    azure:stop()
  end)

  it("may meet a gateway that cannot reach the provider, and the operation goes on", function()
    azure.sim:fault { path = "/operations/", status = 502, headers = { ["x-ms-failure-cause"] = "service" },
      body = { error = { code = "BadGatewayConnection", message = "no connection" } } }
    local answer = azure:get(url)
    assert.are.equal(502, answer.status)
    assert.are.equal("BadGatewayConnection", answer.body.error.code)
    assert.are.equal("service", answer.headers["x-ms-failure-cause"])
    assert.are.equal(200, azure:get(url).status)
  end)

  it("may meet a page of HTML, whose type is told once", function()
    azure.sim:fault { path = "/operations/", status = 503, headers = { ["content-type"] = "text/html" },
      body = "<html>" }
    local answer = azure:get(url)
    assert.are.equal("text/html", answer.headers["content-type"])
    assert.are.equal("<html>", answer.text)
  end)

  it("may be lost, and is repeated at the same URL", function()
    azure.sim:fault { path = "/operations/", reset = true }
    assert.is_nil((azure:get(url)))
    assert.are.equal("InProgress", azure:get(url).body.status)
  end)

  it("is never told to come back in 0 seconds", function()
    azure:stop()
    azure = client.start { speed = 1000000 }
    azure:create_group()
    local answer = azure:put(client.CLUSTER, client.managed())
    assert.are.equal("1", answer.headers["retry-after"])
    local poll = azure:get(answer.headers["azure-asyncoperation"])
    assert.are.equal("InProgress", poll.body.status)
    assert.are.equal("1", poll.headers["retry-after"])
    assert.is_true(tonumber(poll.headers["retry-after-ms"]) > 0)
    assert.is_nil(azure:get(answer.headers["azure-asyncoperation"]).headers["retry-after"])
  end)

  it("needs a token like every other request", function()
    azure.sim:expire_tokens()
    assert.are.equal(401, azure:get(url).status)
  end)

  it("of another subscription's operation finds none", function()
    local answer = azure:get((url:gsub("/subscriptions/[^/]+", "/subscriptions/0000")))
    assert.are.equal(404, answer.status)
    assert.are.equal("SubscriptionNotFound", answer.body.error.code)
  end)
end)

describe("operations that end at the same time", function()
  it("end in the order in which they were to end", function()
    azure = client.start { speed = 1 }
    azure:create_network()
    azure:create(client.CLUSTER, azure:brought())
    local cluster, group = azure:delete(client.CLUSTER), azure:delete(client.GROUP)
    azure:get(cluster.headers["azure-asyncoperation"])
    azure:get(group.headers.location)
    azure.sim:advance(10000)
    assert.are.equal(200, azure:get(group.headers.location).status)
    assert.are.equal("Succeeded", azure:get(cluster.headers["azure-asyncoperation"]).body.status)
    assert.are.same({}, azure.sim:export())
    azure:stop()
  end)
end)
