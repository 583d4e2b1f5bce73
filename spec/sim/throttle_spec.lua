-- Azure's limits on requests.
local client = require "spec.sim.client"

local azure

describe("with throttling", function()
  before_each(function()
    azure = client.start { throttle = true, speed = 1 }
    azure:create_group()
    azure:wait(azure:put(client.CLUSTER, client.managed()))
  end)
  after_each(function()
    azure:stop()
  end)

  -- Sends until it is refused; returns how many were not, and the refusal.
  local function exhaust(send)
    for count = 0, 1000 do
      local answer = send()
      if answer.status == 429 then
        return count, answer
      end
    end
  end

  it("a cluster is read some 60 times, then AKS asks for patience", function()
    local count, refusal = exhaust(function()
      return azure:get(client.CLUSTER)
    end)
    assert.is_true(count >= 59 and count <= 63, count)
    assert.are.equal("Throttled", refusal.body.code)
    assert.is_true(tonumber(refusal.headers["retry-after"]) >= 1)
    azure.sim:advance(10)
    assert.are.equal(200, azure:get(client.CLUSTER).status)
  end)

  it("a cluster is put 20 times, then once a minute", function()
    local count, refusal = exhaust(function()
      return azure:put(client.CLUSTER, client.managed())
    end)
    assert.are.equal(20, count) -- one was spent, and came back while that was waited for
    assert.matches("PutManagedClusterHandler.PUT", refusal.body.message, 1, true)
    assert.is_true(tonumber(refusal.headers["retry-after"]) > 30)
    azure.sim:advance(61)
    assert.are_not.equal(429, azure:put(client.CLUSTER, client.managed()).status)
  end)

  it("a subscription is read some 250 times at once, then the gateway asks for patience", function()
    local count, refusal = exhaust(function()
      return azure:get("/resourceGroups")
    end)
    assert.is_true(count >= 230, count)
    assert.are.equal("SubscriptionRequestsThrottled", refusal.body.error.code)
    azure.sim:advance(1)
    assert.are.equal(200, azure:get("/resourceGroups").status)
  end)

  it("without the option nothing is limited", function()
    azure:stop()
    azure = client.start()
    for _ = 1, 300 do
      assert.are.equal(200, azure:get("/resourceGroups").status)
    end
  end)
end)
