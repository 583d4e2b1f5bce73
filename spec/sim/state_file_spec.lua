-- A simulator with a state file: everything is there when it is started again, whenever it was killed.
local aks = require "aks"
local azure = require "spec.support.azure"
local program = require "spec.support.program"

local path

-- All resources as a sorted list of texts.
local function picture(simulator)
  local json, list = require "dkjson", {}
  for id, document in pairs(simulator:export()) do
    local names = {}
    for name in pairs(document.properties or {}) do
      names[#names + 1] = name
    end
    table.sort(names)
    list[#list + 1] = id .. " " .. json.encode(document, { keyorder = names }):len() .. table.concat(names, " ")
  end
  table.sort(list)
  return list
end

local function start(options, connection)
  local whole = { state = path }
  for name, value in pairs(options or {}) do
    whole[name] = value
  end
  return azure.start(whole, connection or { poll_interval = 1 })
end

-- A client that gives up at once.
local function connect(server)
  return aks.connect { endpoint = server.endpoint, retries = 0,
    subscription = "5117ab1e-0000-4000-8000-000000000001", tenant = "5117ab1e-0000-4000-8000-000000000002",
    credential = aks.credential.client_secret { tenant = "5117ab1e-0000-4000-8000-000000000002",
      client_id = "5117ab1e-0000-4000-8000-000000000003", client_secret = "simulated-secret" } }
end

describe("a simulator with a state file", function()
  before_each(function()
    path = os.tmpname()
    os.remove(path)
  end)
  after_each(function()
    os.remove(path)
  end)

  it("has everything again, names made by chance included", function()
    local simulator, client = start()
    local network = azure.create_network(client)
    local cluster = azure.cluster(network, { private = true })
    cluster:create()
    cluster:pool("work", { count = 2 }):create()
    network.group:cluster("other", { vnet_integration = true }):create()
    network.group:cluster("other"):delete()
    local before, name = picture(simulator), cluster.private_fqdn
    client:close()
    simulator:stop()
    for _ = 1, 2 do
      simulator, client = start()
      assert.are.same(before, picture(simulator))
      local same = client:resource_group("demo"):cluster "demo"
      same:get()
      assert.are.equal(name, same.private_fqdn)
      assert.is_nil(client:resource_group("demo"):cluster("other"):get())
      client:close()
      simulator:stop()
    end
  end)

  it("goes on with what was under way, by its own clock", function()
    local simulator, client = start { speed = 0 }
    local group = client:resource_group("demo", { location = "westus2" })
    group:create()
    local operation = group:cluster("demo", { vnet_integration = true }):create { wait = false }
    while simulator:count { method = "PUT", path = "managedclusters" } == 0 do
      aks.loop:step(0.01)
    end
    operation:cancel()
    client:close()
    simulator:stop()
    simulator, client = start { speed = 0 }
    local cluster = client:resource_group("demo"):cluster "demo"
    assert.are.equal("Creating", cluster:get().properties.provisioningState)
    simulator:advance(1000)
    cluster:get()
    assert.are.equal("Succeeded", cluster:get().properties.provisioningState)
    client:close()
    simulator:stop()
  end)

  it("keeps tokens, registrations, and what tests put there", function()
    local simulator, client = start { unregistered = true }
    client:provider("Microsoft.ContainerService"):register()
    local id = ("/subscriptions/%s/resourceGroups/seeded"):format(simulator.subscription)
    simulator:put(id, { location = "westus2", properties = {} })
    local token = simulator.token
    client:close()
    simulator:stop()
    simulator = start { unregistered = true }
    local other = aks.connect { endpoint = simulator.endpoint, subscription = simulator.subscription,
      credential = aks.credential.token(token) }
    assert.are.equal("Registered", other:provider("Microsoft.ContainerService"):get().registrationState)
    assert.is_true(other:resource_group("seeded"):exists())
    other:close()
    simulator:stop()
  end)

  it("is for its owner alone, and says what is wrong with a file that is none", function()
    local simulator = start()
    simulator:stop()
    local pipe = assert(io.popen("stat -c %a " .. path))
    assert.are.equal("600", pipe:read("l"))
    pipe:close()
    for _, text in ipairs { "hello\n", '{"version":99}\n' } do
      local file = assert(io.open(path, "w"))
      file:write(text)
      file:close()
      local ok, problem = pcall(start)
      assert.is_false(ok)
      assert.is_truthy(tostring(problem):find(path, 1, true))
    end
  end)

  it("forgets the line that was half written", function()
    local simulator, client = start()
    client:resource_group("demo", { location = "westus2" }):create()
    client:close()
    simulator:stop()
    local file = assert(io.open(path, "a"))
    file:write('{"kind":"request","method":"PUT","targ')
    file:close()
    simulator, client = start()
    assert.is_true(client:resource_group("demo"):exists())
    client:resource_group("second", { location = "westus2" }):create()
    client:close()
    simulator:stop()
    simulator, client = start()
    assert.is_true(client:resource_group("second"):exists())
    client:close()
    simulator:stop()
  end)

  it("has every write that was acknowledged, killed at any moment", function()
    local written = {}
    for round = 1, 6 do
      local server <close> = program.serve(("--speed 1000 --state %s 2>/dev/null"):format(path))
      local client <close> = connect(server)
      local found = {}
      for group in client:resource_groups() do
        found[group.name] = group.tags and group.tags.round
      end
      for name, value in pairs(written) do
        assert.are.equal(value, found[name], name)
      end
      os.execute(("(sleep 0.%d; kill -9 %s) >/dev/null 2>&1 &"):format(math.random(100, 400), server.pid))
      for index = 1, 100000 do
        local name = ("g%d-%d"):format(round, index)
        local group = client:resource_group(name, { location = "westus2", tags = { round = tostring(round) } })
        if not pcall(group.create, group) then
          break
        end
        written[name] = tostring(round)
      end
    end
    assert.is_truthy(next(written))
  end)

  it("acknowledges no write that the file has no room for", function()
    local written = {}
    do
      local server <close> = program.serve("--state " .. path .. " 2>/dev/null", "trap '' XFSZ; ulimit -f 8;")
      local client <close> = connect(server)
      local err
      repeat
        local name = "g" .. #written + 1
        local ok, problem = pcall(function()
          client:resource_group(name, { location = "westus2" }):create()
        end)
        err = problem
        written[#written + 1] = ok and name or nil
      until not ok or #written == 1000
      assert.are.equal(507, err.status)
      assert.matches("state file cannot be written", tostring(err))
      assert.is_false(pcall(function()
        client:resource_group("later", { location = "westus2" }):create()
      end))
    end
    local server <close> = program.serve("--state " .. path .. " 2>/dev/null")
    local client <close> = connect(server)
    assert.is_true(#written > 0)
    for _, name in ipairs(written) do
      assert.is_true(client:resource_group(name):exists(), name)
    end
    assert.is_false(client:resource_group("later"):exists())
  end)

  it("gives its state to another as a document", function()
    local simulator, client = start()
    local network = azure.create_network(client)
    azure.cluster(network):create()
    local documents = simulator:export()
    client:close()
    simulator:stop()
    local other, second = azure.start()
    other:import(documents)
    local cluster = second:resource_group("demo"):cluster "demo"
    assert.are.equal("Succeeded", cluster:get().properties.provisioningState)
    assert.are.equal("172.19.0.0/28", second:resource_group("demo"):vnet("network"):subnet("apiserver"):get()
      .properties.addressPrefix)
    second:close()
    other:stop()
  end)
end)
