-- The oddities of Azure's operations that a client must live with, chosen by name.
local client = require "spec.sim.client"

describe("an odd operation", function()
  local azure

  after_each(function()
    azure:stop()
  end)

  -- Starts a simulator and a cluster in it; returns where its operation is polled, and the answer that began it.
  local function begin(options)
    options.speed = 0
    azure = client.start(options)
    azure:create_group()
    local answer = azure:put(client.CLUSTER, client.managed())
    assert.are.equal(201, answer.status, answer.text)
    return answer.headers["azure-asyncoperation"], answer
  end

  it("has a name whose first groups are byte-swapped", function()
    local url = begin { quirks = { "swapped_name" } }
    local groups = {}
    for group in url:match("/([%x-]+)%?"):gmatch("%x+") do
      groups[#groups + 1] = group
    end
    for index = 1, 3 do
      local bytes = {}
      for byte in groups[index]:gmatch("%x%x") do
        table.insert(bytes, 1, byte)
      end
      groups[index] = table.concat(bytes)
    end
    assert.are.equal(table.concat(groups, "-"), azure:get(url).body.name)
  end)

  it("has an error while it goes on, and succeeds all the same: a start, unless that is turned off", function()
    for _, quirks in ipairs { "usual", false } do
      local options = { speed = 2000 }
      if quirks == false then
        options.quirks = false
      end
      azure = client.start(options)
      azure:create_group()
      azure:create(client.CLUSTER, client.managed())
      azure:wait(azure:post(client.CLUSTER .. "/stop"))
      local answer = azure:post(client.CLUSTER .. "/start")
      azure:get(client.CLUSTER)
      local polled = azure:get(answer.headers["azure-asyncoperation"]).body
      if polled.status == "InProgress" then
        assert.are.equal(quirks == "usual" and "NotLatestOperation" or nil, (polled.error or {}).code)
      end
      assert.are.equal("Succeeded", azure:wait(answer).body.status)
      if not quirks then
        return
      end
      azure:stop()
    end
  end)

  it("has an end before it has ended, or none after", function()
    local url, answer = begin { quirks = { "early_end_time", "no_end_time" } }
    for _ = 1, 3 do
      azure:get(url)
    end
    local polled = azure:get(url).body
    assert.are.equal("InProgress", polled.status)
    assert.is_string(polled.endTime)
    assert.is_nil(azure:wait(answer).body.endTime)
  end)

  it("counts more nodes than there are", function()
    local url = begin { quirks = { "overcounted" } }
    azure:get(url)
    azure.sim:advance(250)
    assert.are.equal("CreatingAgentPools: 4/3 nodes completed", azure:get(url).body.status)
  end)

  it("is lost for one poll behind a gateway", function()
    local url = begin { quirks = { "bad_gateway" } }
    local seen = {}
    for index = 1, 5 do
      seen[index] = azure:get(url).status
    end
    assert.are.same({ 200, 200, 502, 200, 200 }, seen)
  end)

  it("is to be asked for again at a date", function()
    local _, answer = begin { quirks = { "http_date" } }
    assert.matches("^%a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d GMT$", answer.headers["retry-after"])
  end)

  it("waits for a finite time when time stands still", function()
    local _, answer = begin {}
    assert.are.equal("30", answer.headers["retry-after"])
    assert.are.equal("30000", answer.headers["retry-after-ms"])
  end)

  it("is refused when nobody knows that oddity", function()
    azure = client.start()
    local ok, problem = pcall(client.start, { quirks = { "gremlins" } })
    assert.is_false(ok)
    assert.matches("names none that is known: gremlins", tostring(problem), 1, true)
  end)
end)

describe("a limit that is reached while time stands still", function()
  it("says when to try again, in seconds", function()
    local azure = client.start { throttle = true, speed = 0 }
    local answer
    for _ = 1, 300 do
      answer = azure:get("/resourceGroups")
      if answer.status == 429 then
        break
      end
    end
    assert.are.equal(429, answer.status)
    assert.matches("^%d+$", answer.headers["retry-after"])
    assert.matches("^%d+$", answer.headers["x-ms-retry-after-ms"])
    azure:stop()
  end)
end)
