-- Objects come and go in any order; nothing is used after it has gone, nothing stays.
local aks = require "aks"

local subscription = "11111111-2222-3333-4444-555555555555"

local function descriptors()
  local count = 0
  local pipe = assert(io.popen "ls /proc/$PPID/fd")
  for _ in pipe:lines() do
    count = count + 1
  end
  pipe:close()
  return count
end

local function connect()
  return aks.connect { credential = "token", endpoint = "http://127.0.0.1:1", subscription = subscription }
end

-- Runs the program in a Lua of its own, which closes its state with everything in it as it is; returns what it wrote.
local function run(program)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write('local aks = require "aks"\n', program)
  file:close()
  local pipe = assert(io.popen("lua5.4 " .. path .. " 2>&1"))
  local output = pipe:read "a"
  local ok = pipe:close()
  os.remove(path)
  assert.is_true(ok, output)
  return output
end

describe("collection", function()
  it("frees clients that are not closed", function()
    local weak = setmetatable({}, { __mode = "v" })
    weak[1] = connect()
    collectgarbage()
    collectgarbage()
    assert.is_nil(weak[1])
  end)

  it("frees a credential whose function refers to its client", function()
    local weak = setmetatable({}, { __mode = "v" })
    do
      local client
      client = aks.connect {
        endpoint = "http://127.0.0.1:1",
        credential = aks.credential.token(function() return tostring(client) end),
        on_event = function() return client end,
      }
      weak[1] = client
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(weak[1])
  end)

  it("keeps a client while a resource of it lives", function()
    local group = connect():resource_group("group", { location = "westus2" })
    collectgarbage()
    collectgarbage()
    assert.are.equal("canceled", group:create({ wait = false }):cancel().status)
  end)

  it("frees a task that is over", function()
    local weak = setmetatable({}, { __mode = "v" })
    weak[1] = aks.spawn(function() end)
    weak[1]:wait()
    collectgarbage()
    collectgarbage()
    assert.is_nil(weak[1])
  end)

  it("keeps a task that is not over, although nobody refers to it", function()
    local done = false
    aks.spawn(function()
      aks.sleep(0.001)
      done = true
    end)
    collectgarbage()
    collectgarbage()
    aks.sleep(0.01)
    assert.is_true(done)
  end)

  it("leaves no descriptor behind", function()
    connect():close()
    local before = descriptors()
    for _ = 1, 20 do
      connect():close()
    end
    assert.are.equal(before, descriptors())
  end)
end)

describe("the end of a Lua state", function()
  local client = ([[
    local client = aks.connect {
      credential = aks.credential.token(function() return "t" end),
      endpoint = "http://127.0.0.1:1", subscription = %q, on_event = function() end }
    local group = client:resource_group("group", { location = "westus2" })
  ]]):format(subscription)

  it("takes tasks that wait", function()
    run [[
      aks.spawn(aks.sleep, 60)
      aks.spawn(aks.all, { function() aks.sleep(60) end })
      aks.loop:step(0)
      aks.loop:step(0)
    ]]
  end)

  it("takes operations under way", function()
    run(client .. "Kept = { group:create { wait = false }, client, group }")
  end)

  it("takes operations nobody refers to", function()
    run(client .. "group:create { wait = false } client, group = nil, nil collectgarbage()")
  end)

  it("takes a task that waits for an operation", function()
    run(client .. "local o = group:create { wait = false } aks.spawn(function() o:wait() end) aks.loop:step(0)")
  end)

  it("takes a list that was left in the middle", function()
    run(client .. "aks.spawn(function() for _ in client:resource_groups() do end end) aks.loop:step(0)")
  end)

  it("leaves an error to finalisers that still use what has been finalised", function()
    -- Finalisers run in the reverse order of their objects: that of the first one after all of ours.
    local output = run("Last = setmetatable({}, { __gc = function(last) last.use() end })" .. client .. [[
      local operation, task = group:create { wait = false }, aks.spawn(aks.sleep, 60)
      local id, credential = aks.id "/subscriptions/x", aks.credential.token "t"
      aks.loop:step(0)
      local uses = {
        function() return operation.status end, function() return operation:cancel() end,
        function() return operation:wait() end, function() return task:cancel() end, function() return task:wait() end,
        function() return client.subscription end, function() return client:resource_group "other" end,
        function() return group.name end, function() return group:create() end,
        function() return id.name end, function() return credential.kind end,
      }
      Last.use = function()
        for i = 1, #uses do io.write(tostring((pcall(uses[i]))), " ") end
      end
    ]])
    assert.are.equal(("false "):rep(11), output)
  end)

  it("takes os.exit with closing, from inside a task", function()
    run(client .. "local o = group:create { wait = false } aks.spawn(function() os.exit(0, true) end):wait()")
  end)
end)
