-- The HTTP engine is a plug: loaded by the first request, replaced by whoever wants another.
local aks = require "aks"
local azure = require "spec.support.azure"

-- Runs Lua code in a process of its own; returns what it prints. A preloaded library of ours stays out of its maps.
local function output_of(code)
  local name = os.tmpname()
  local file = assert(io.open(name, "w"))
  file:write(code)
  file:close()
  local pipe = assert(io.popen(("lua5.4 %s 2>&1"):format(name)))
  local text = pipe:read("a")
  pipe:close()
  os.remove(name)
  return text
end

local id = [[
  local id = "5117ab1e-0000-4000-8000-000000000001"
]]

local maps = id .. [[
  local function loaded(name)
    for line in io.lines("/proc/self/maps") do
      if line:find(name, 1, true) then return true end
    end
    return false
  end
]]

describe("the transport", function()
  it("is not loaded by require, nor by connecting and declaring", function()
    local code = maps .. [[
      local aks = require "aks"
      local client = aks.connect { subscription = id, credential = "token", endpoint = "http://127.0.0.1:1" }
      client:resource_group("demo", { location = "westus2" }):vnet("net", { address_prefixes = { "10.0.0.0/8" } })
      io.write(tostring(loaded("libcurl")), " ", tostring(loaded("aks/http.so")))
    ]]
    assert.are.equal("false false", output_of(code))
  end)

  it("is loaded by the first request", function()
    local code = maps .. [[
      local aks = require "aks"
      local client = aks.connect {
        subscription = id, credential = "token", endpoint = "http://127.0.0.1:1", retries = 0 }
      local group = client:resource_group("demo")
      local ok, err = pcall(group.get, group)
      io.write(tostring(ok), " ", err.code, " ", tostring(loaded("libcurl")))
    ]]
    assert.are.equal("false connection_failed true", output_of(code))
  end)

  it("that cannot be loaded is an error that says what is missing", function()
    local code = id .. [[
      package.preload["aks.http"] = function() error("no such library") end
      local aks = require "aks"
      local client = aks.connect { subscription = id, credential = "token", endpoint = "http://127.0.0.1:1" }
      local group = client:resource_group("demo")
      local ok, err = pcall(group.get, group)
      io.write(tostring(ok), " ", err.code, " ", tostring(err.hint ~= nil))
    ]]
    assert.are.equal("false transport_unavailable true", output_of(code))
  end)

  it("that is none is refused", function()
    local code = id .. [[
      package.preload["aks.http"] = function() return {} end
      local aks = require "aks"
      local client = aks.connect { subscription = id, credential = "token", endpoint = "http://127.0.0.1:1" }
      local group = client:resource_group("demo")
      local ok, err = pcall(group.get, group)
      io.write(tostring(ok), " ", err.code)
    ]]
    assert.are.equal("false transport_unavailable", output_of(code))
  end)

  it("works while cqueues drives the loop", function()
    local cqueues = require "cqueues"
    local simulator, client = azure.start()
    local queue, done = cqueues.new(), false
    aks.spawn(function()
      client:resource_group("demo", { location = "westus2" }):create()
      done = true
    end)
    queue:wrap(function()
      while not done do
        cqueues.poll(aks.loop)
        aks.loop:step(0)
      end
    end)
    assert(queue:loop())
    assert.are.equal(1, simulator:count { method = "PUT" })
    client:close()
    simulator:stop()
  end)

  it("carries answers that are compressed", function()
    local simulator, client = azure.start()
    for index = 1, 20 do
      client:resource_group("group-" .. index, { location = "westus2" }):create()
    end
    local count = 0
    for _ in client:resource_groups() do
      count = count + 1
    end
    assert.are.equal(20, count)
    assert.matches("gzip", simulator:requests({ method = "GET" })[1].headers["accept-encoding"])
    client:close()
    simulator:stop()
  end)
end)
