-- The simulator's HTTP server and its thread.
local client = require "spec.sim.client"
local httpd = require "aks.httpd"
local sim = require "aks.sim"

local azure

describe("the address to listen on", function()
  it("is loopback, unless others are let in explicitly", function()
    local ok, problem = pcall(sim.start, { listen = "0.0.0.0" })
    assert.is_false(ok)
    assert.matches("allow_remote", tostring(problem))
    ok, problem = pcall(sim.start, { listen = "localhost" })
    assert.is_false(ok)
    assert.matches("'localhost' is no IPv4 address", tostring(problem))
    local other <close> = sim.start { listen = "127.0.0.9" }
    assert.matches("^http://127%.0%.0%.9:%d+$", other.endpoint)
    assert.is_false((pcall(sim.start, { listen = "192.0.2.1", allow_remote = true, tls = true })))
  end)
end)

describe("the simulator's server", function()
  before_each(function()
    azure = client.start()
  end)
  after_each(function()
    azure:stop()
  end)

  it("listens on loopback, on a port that was free", function()
    assert.matches("^http://127%.0%.0%.1:%d+$", azure.sim.endpoint)
    assert.are.equal(azure.sim.endpoint, azure.sim.authority)
  end)

  it("refuses to listen anywhere else", function()
    for _, address in ipairs { "0.0.0.0", "192.168.0.1", "::", "localhost" } do
      local ok, problem = pcall(httpd.listen, { address = address })
      assert.is_false(ok)
      assert.matches("loopback", problem)
    end
  end)

  it("says so when its port is taken", function()
    local port = math.tointeger(azure.sim.endpoint:match("%d+$"))
    local ok, problem = pcall(sim.start, { port = port })
    assert.is_false(ok)
    assert.matches("cannot listen", problem)
  end)

  it("compresses a long answer for who accepts it, and only then", function()
    azure:create_group()
    azure:put(client.CLUSTER, client.managed())
    local plain = azure:get(client.CLUSTER)
    local small = azure:get(client.CLUSTER, nil, { ["accept-encoding"] = "gzip, deflate" })
    assert.is_nil(plain.headers["content-encoding"])
    assert.are.equal("gzip", small.headers["content-encoding"])
    assert.are.equal("\31\139", small.text:sub(1, 2))
    assert.is_true(#small.text < #plain.text)
  end)

  it("refuses a body beyond 8 MiB and goes on", function()
    local answer = azure:send("PUT", azure.root, ("x"):rep(8 * 1024 * 1024 + 1))
    assert.are.equal(413, answer.status)
    assert.are.equal(201, azure:put(client.GROUP, { location = "westus2" }).status)
  end)

  it("takes a body of several hundred kilobytes", function()
    local tags = {}
    for i = 1, 5000 do
      tags["tag" .. i] = ("v"):rep(100)
    end
    local answer = azure:put(client.GROUP, { location = "westus2", tags = tags })
    assert.are.equal(201, answer.status)
    assert.are.same(tags, answer.body.tags)
  end)

  it("ends when it is stopped, twice is no harm, and calls say so then", function()
    azure.sim:stop()
    azure.sim:stop()
    assert.is_nil((azure:get(client.GROUP)))
    assert.has_error(function()
      azure.sim:requests()
    end, "the simulator has stopped")
  end)

  it("ends with the variable that closes it", function()
    local endpoint
    do
      local other <close> = sim.start()
      endpoint = other.endpoint
    end
    assert.is_nil((azure:send("GET", endpoint .. "/metadata/endpoints")))
  end)

  it("ends when it is collected", function()
    local endpoint = sim.start().endpoint
    collectgarbage()
    collectgarbage()
    assert.is_nil((azure:send("GET", endpoint .. "/metadata/endpoints")))
  end)

  it("raises what went wrong in its thread before it listened", function()
    local ok, problem = pcall(httpd.start, "no.such.module", "{}")
    assert.is_false(ok)
    assert.matches("no.such.module", problem, 1, true)
  end)

  it("raises errors of a control function in the caller", function()
    local ok, problem = pcall(azure.sim.thread.call, azure.sim.thread, "nonsense", "")
    assert.is_false(ok)
    assert.matches("no control 'nonsense'", problem)
  end)
end)
