-- Scripted failures, and the log of what was asked.
local client = require "spec.sim.client"
local json = require "dkjson"

local azure

describe("a fault", function()
  before_each(function()
    azure = client.start()
  end)
  after_each(function()
    azure:stop()
  end)

  it("answers once in place of Azure, and the request has no effect", function()
    azure.sim:fault { method = "PUT", path = "resourcegroups/demo", status = 503, headers = { ["Retry-After"] = "7" },
      body = "<html>busy</html>" }
    local answer = azure:put(client.GROUP, { location = "westus2" })
    assert.are.equal(503, answer.status)
    assert.are.equal("7", answer.headers["retry-after"])
    assert.are.equal("<html>busy</html>", answer.text)
    assert.are.equal(404, azure:get(client.GROUP).status)
    assert.are.equal(201, azure:put(client.GROUP, { location = "westus2" }).status)
  end)

  it("spares the requests that it skips, and ends after its count", function()
    azure.sim:fault { path = "/resourcegroups$", status = 500, skip = 1, count = 2,
      body = { error = { code = "Broken", message = "no" } } }
    local statuses = {}
    for i = 1, 5 do
      statuses[i] = azure:get("/resourceGroups").status
    end
    assert.are.same({ 200, 500, 500, 200, 200 }, statuses)
  end)

  it("is for its method and path only", function()
    azure.sim:fault { method = "DELETE", path = "demo", status = 500 }
    assert.are.equal(201, azure:put(client.GROUP, { location = "westus2" }).status)
    assert.are.equal(200, azure:get("/resourceGroups").status)
    assert.are.equal(500, azure:delete(client.GROUP).status)
  end)

  it("strikes by chance, and the same way for the same seed", function()
    local function pattern(seed)
      azure.sim:clear_faults()
      azure.sim:fault { probability = 0.5, seed = seed, status = 500, body = { error = { code = "Chance" } } }
      local statuses = {}
      for index = 1, 40 do
        statuses[index] = azure:get("/resourceGroups").status
      end
      return table.concat(statuses, " ")
    end
    local first = pattern(7)
    assert.are.equal(first, pattern(7))
    assert.are_not.equal(first, pattern(8))
    assert.is_truthy(first:find("200", 1, true) and first:find("500", 1, true))
  end)

  it("throttles, sends no JSON, lets tokens expire", function()
    azure.sim:fault { throttle = 7 }
    local answer = azure:get("/resourceGroups")
    assert.are.equal(429, answer.status)
    assert.are.equal("7", answer.headers["retry-after"])
    azure.sim:fault { malformed = true }
    answer = azure:get("/resourceGroups")
    assert.are.equal(200, answer.status)
    assert.is_nil(answer.body)
    azure.sim:fault { expire_tokens = true }
    assert.are.equal(401, azure:get("/resourceGroups").status)
  end)

  it("is listed while it is left", function()
    azure.sim:fault { method = "PUT", status = 500, count = 2 }
    azure.sim:fault { probability = 0.25, status = 503 }
    local list = azure:send("GET", "/__sim/faults").body.value
    assert.are.equal(2, #list)
    assert.are.equal("PUT", list[1].method)
    assert.are.equal(0.25, list[2].probability)
  end)

  it("is forgotten when faults are cleared", function()
    azure.sim:fault { status = 500, count = 100 }
    azure.sim:clear_faults()
    assert.are.equal(200, azure:get("/resourceGroups").status)
  end)

  it("resets the connection before the request has its effect", function()
    azure.sim:fault { method = "PUT", reset = true }
    assert.is_nil((azure:put(client.GROUP, { location = "westus2" })))
    assert.are.equal(404, azure:get(client.GROUP).status)
    assert.are.equal(1, azure.sim:count { method = "PUT", status = 0 })
  end)

  it("resets the connection after it", function()
    azure.sim:fault { method = "PUT", reset = "after" }
    assert.is_nil((azure:put(client.GROUP, { location = "westus2" })))
    assert.are.equal(200, azure:get(client.GROUP).status)
  end)

  it("breaks an answer off", function()
    azure:create_group()
    azure.sim:fault { method = "GET", truncate = 10 }
    local answer = azure:get(client.GROUP)
    assert.is_true(answer == nil or #answer.text == 10)
    assert.is_true(#azure:get(client.GROUP).text > 10)
  end)

  it("holds an answer back while others are given", function()
    local socket = require "socket"
    azure:create_group()
    azure.sim:clear_log()
    azure.sim:fault { method = "GET", path = "demo$", delay = 0.3 }
    local slow = assert(socket.connect("127.0.0.1", math.tointeger(azure.sim.endpoint:match("%d+$"))))
    slow:send(("GET %s%s?api-version=2024-11-01 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"):format(
      azure.root, client.GROUP, azure.token))
    repeat until azure.sim:count { path = "demo$" } > 0
    assert.are.equal(200, azure:get("/resourceGroups").status)
    slow:settimeout(0)
    assert.is_nil((slow:receive("*l")))
    slow:settimeout(5)
    assert.matches("200 OK", slow:receive("*l"))
    slow:close()
  end)

  it("can be scripted over HTTP", function()
    local text = json.encode { path = "resourcegroups", status = 418, count = 100 }
    assert.are.equal(204, azure:send("POST", "/__sim/faults", text, { ["content-type"] = "application/json" }).status)
    assert.are.equal(418, azure:get("/resourceGroups").status)
    assert.are.equal(204, azure:send("DELETE", "/__sim/faults").status)
    assert.are.equal(200, azure:get("/resourceGroups").status)
    local kind = { ["content-type"] = "application/json" }
    assert.are.equal(400, azure:send("POST", "/__sim/faults", "nonsense", kind).status)
  end)

  it("that nobody understands is refused", function()
    assert.has_error(function()
      azure.sim:fault { methd = "GET" }
    end)
  end)
end)

describe("the log", function()
  before_each(function()
    azure = client.start()
  end)
  after_each(function()
    azure:stop()
  end)

  it("has every request with its parsed body and the status of its answer", function()
    azure:put(client.GROUP, { location = "westus2" })
    azure:get(client.GROUP)
    local entries = azure.sim:requests()
    assert.are.equal(2, #entries)
    assert.are.equal("PUT", entries[1].method)
    assert.are.equal(201, entries[1].status)
    assert.are.equal("westus2", entries[1].body.location)
    assert.is_nil(entries[1].headers.authorization)
    assert.are.equal(azure.root .. client.GROUP .. "?api-version=2025-05-01", entries[1].url)
    assert.are.equal(2, entries[2].n)
  end)

  it("is filtered by method, path and status", function()
    azure:put(client.GROUP, { location = "westus2" })
    azure:get(client.GROUP)
    azure:get("/resourceGroups/none")
    assert.are.equal(1, azure.sim:count { method = "PUT" })
    assert.are.equal(2, azure.sim:count { path = "/resourcegroups/demo$" })
    assert.are.equal(1, azure.sim:count { status = 404 })
    azure.sim:clear_log()
    assert.are.equal(0, azure.sim:count())
  end)

  it("is written to a file, an object a line, when one is named", function()
    azure:stop()
    local path = os.tmpname()
    azure = client.start { log = path }
    azure:put(client.GROUP, { location = "westus2" })
    azure:get(client.GROUP)
    local entries = {}
    for line in io.lines(path) do
      entries[#entries + 1] = json.decode(line)
    end
    os.remove(path)
    assert.are.equal(2, #entries)
    assert.are.equal("westus2", entries[1].body.location)
  end)

  it("can be read over HTTP", function()
    azure:get(client.GROUP)
    assert.are.equal(1, #azure:send("GET", "/__sim/log").body.value)
  end)
end)
