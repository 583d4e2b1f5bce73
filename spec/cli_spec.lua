-- The aks command as its users meet it: exit status, what goes to stdout and what to stderr, its words on errors.
local json = require "dkjson"
local program = require "spec.support.program"

local files = {}

local function run_text(text, ...)
  local path = program.playbook(text)
  files[#files + 1] = path
  return program.aks("run", path, ...), path
end

after_each(function()
  for _, path in ipairs(files) do
    os.remove(path)
  end
  files = {}
end)

describe("the aks command", function()
  it("prints its version", function()
    local result = program.aks("--version")
    assert.are.equal(0, result.status)
    assert.matches("^aks %d+%.%d+%.%d+\n$", result.out)
  end)

  it("prints help on stdout", function()
    local result = program.aks("--help")
    assert.are.equal(0, result.status)
    assert.matches("Commands:.*run.*sim", result.out)
    assert.are.equal("", result.err)
  end)

  it("prints help of a command", function()
    local result = program.aks("run", "--help")
    assert.are.equal(0, result.status)
    assert.matches("--simulate", result.out, 1, true)
  end)

  for _, words in ipairs {
    { "without a command" },
    { "on an unknown command", "rum" },
    { "on an unknown option", "run", "--simulat", "x.lua" },
    { "on an option's wrong value", "run", "--output", "xml", "x.lua" },
    { "without a playbook", "run" },
    { "on --speed without --simulate", "run", "--speed", "9", "x.lua" },
    { "on --simulate with an endpoint", "run", "--simulate", "--endpoint", "http://127.0.0.1:1", "x.lua" },
  } do
    it("ends with 2 " .. words[1], function()
      local result = program.aks({}, table.unpack(words, 2))
      assert.are.equal(2, result.status)
      assert.are.equal("", result.out)
      assert.matches("aks: ", result.err, 1, true)
      assert.not_matches("traceback", result.err)
    end)
  end

  it("suggests what was meant by an unknown command", function()
    assert.matches("Did you mean 'run'?", program.aks("rum").err, 1, true)
  end)
end)

describe("aks run", function()
  it("gives the playbook its arguments", function()
    local result = run_text("local first = ... return first .. arg[2] .. #arg", "a", "--", "--b")
    assert.are.equal("a--b2\n", result.out)
  end)

  it("prints what the playbook returns: a table by its names", function()
    local result = run_text [[return { state = "Succeeded", pools = { "a", "b" }, tags = { team = "x" } }]]
    assert.are.equal(0, result.status)
    assert.are.equal("pools[1] = a\npools[2] = b\nstate = Succeeded\ntags.team = x\n", result.out)
    assert.are.equal("", result.err)
  end)

  it("prints text as it is, and nothing for nothing", function()
    assert.are.equal("one\ntwo\n", run_text([[return "one\ntwo\n"]]).out)
    assert.are.equal("", run_text("local x = 1").out)
  end)

  it("prints JSON when asked to", function()
    local result = run_text([[return { state = "Succeeded", count = 3, list = { 1, 2 } }]], "--output", "json")
    assert.are.same({ state = "Succeeded", count = 3, list = { 1, 2 } }, json.decode(result.out))
  end)

  it("keeps a playbook's globals from the program", function()
    local result = run_text([[
      string_count, print_count = 1, 2
      return tostring(rawget(require("_G"), "string_count")) .. string_count .. _G.print_count]])
    assert.are.equal("nil12\n", result.out)
  end)

  it("tells an error of the playbook by its line, without a traceback", function()
    local result, path = run_text("local x\n\nx.y = 1")
    assert.are.equal(1, result.status)
    assert.are.equal("", result.out)
    assert.are.equal(("aks: %s:3: attempt to index a nil value (local 'x')\n"):format(path), result.err)
  end)

  it("tells a mistake in a playbook's syntax", function()
    local result, path = run_text("x = = 1")
    assert.are.equal(1, result.status)
    assert.are.equal(("aks: %s:1: unexpected symbol near '='\n"):format(path), result.err)
  end)

  it("tells a playbook that cannot be read", function()
    local result = program.aks("run", "/nowhere/x.lua")
    assert.are.equal(1, result.status)
    assert.matches("cannot open /nowhere/x.lua", result.err, 1, true)
  end)

  it("refuses compiled Lua", function()
    local result = run_text(string.dump(function() end))
    assert.are.equal(1, result.status)
    assert.matches("attempt to load a binary chunk", result.err, 1, true)
  end)

  it("tells an error of aks in its words, with the playbook's line", function()
    local result, path = run_text([[
      local azure = require("aks").connect {}
      azure:resource_group("demo", { location = "westus2" }):vnet("x", { adress_prefixes = {} })]], "--simulate")
    assert.are.equal(1, result.status)
    assert.matches("did you mean 'address_prefixes'", result.err, 1, true)
    assert.matches(path .. ":2", result.err, 1, true)
    assert.not_matches("traceback", result.err)
  end)

  it("tells Azure's refusal", function()
    local result = run_text([[
      local azure = require("aks").connect {}
      azure:resource_group("nowhere"):identity("someone", { location = "westus2" }):create()]], "--simulate")
    assert.are.equal(1, result.status)
    assert.matches("ResourceGroupNotFound", result.err, 1, true)
  end)

  it("ends with 130 when interrupted, and says that the same command goes on from there", function()
    local path = program.playbook [[
      io.stdout:write("begun\n")
      io.stdout:flush()
      require("aks").sleep(30)]]
    files[#files + 1] = path
    local command = "echo $$; exec script/aks run %s 2>&1; echo no"
    local pipe = assert(io.popen(command:format(path)))
    local pid = pipe:read("l")
    assert.are.equal("begun", pipe:read("l"))
    os.execute("kill -INT " .. pid)
    assert.matches("^aks: interrupted%. .*run again", pipe:read("l"))
    local _, _, status = pipe:close()
    assert.are.equal(130, status)
  end)
end)

describe("aks run --simulate", function()
  local asks_elsewhere = [[
    local aks = require "aks"
    local azure = aks.connect {
      endpoint = "https://management.azure.com", subscription = "11111111-1111-1111-1111-111111111111",
      cloud = "china", tenant = "elsewhere", proxy = "http://127.0.0.1:9",
      credential = aks.credential.token "real",
    }
    azure:resource_group("demo", { location = "westus2" }):create()
    return azure:resource_group("demo").id]]

  it("cannot be talked out of the simulated Azure by a playbook", function()
    local result = run_text(asks_elsewhere, "--simulate")
    assert.are.equal("", result.err:match("aks: [^\n]*") or "")
    assert.are.equal(0, result.status)
    assert.not_matches("11111111", result.out, 1, true)
  end)

  it("cannot be talked out of it by the environment", function()
    local path = program.playbook [[
      local azure = require("aks").connect {}
      return azure:resource_group("demo", { location = "westus2" }):create().id]]
    files[#files + 1] = path
    local result = program.aks({
      AKS_ENDPOINT = "https://management.azure.com",
      AZURE_SUBSCRIPTION_ID = "11111111-1111-1111-1111-111111111111",
      AZURE_TENANT_ID = "elsewhere", AZURE_CLIENT_ID = "x", AZURE_CLIENT_SECRET = "y",
      AZURE_AUTHORITY_HOST = "https://login.microsoftonline.com",
      http_proxy = "http://127.0.0.1:9", https_proxy = "http://127.0.0.1:9", all_proxy = "http://127.0.0.1:9",
    }, "run", "--simulate", path)
    assert.are.equal(0, result.status, result.err)
    assert.not_matches("11111111", result.out, 1, true)
  end)

  it("logs every request when asked to, without secrets", function()
    local log = os.tmpname()
    files[#files + 1] = log
    local text = [[require("aks").connect({}):resource_group("demo", { location = "westus2" }):create()]]
    local result = run_text(text, "--simulate", "--log", log)
    assert.are.equal(0, result.status, result.err)
    local put
    for line in io.lines(log) do
      local entry = json.decode(line)
      assert.not_matches("client_secret=", line, 1, true)
      put = entry.method == "PUT" and entry or put
    end
    assert.matches("/resourcegroups/demo", put.url:lower(), 1, true)
    assert.are.equal("westus2", put.body.location)
  end)
end)

describe("aks run's progress", function()
  local creates = [[
    local azure = require("aks").connect {}
    azure:resource_group("demo", { location = "westus2" }):create()
    return "done"]]

  it("is plain lines on stderr when that is no terminal", function()
    local result = run_text(creates, "--simulate")
    assert.are.equal("done\n", result.out)
    assert.matches("resource group 'demo': create: succeeded", result.err, 1, true)
    assert.not_matches("\27", result.err, 1, true)
  end)

  it("is not there with --log-level quiet", function()
    assert.are.equal("", run_text(creates, "--simulate", "--log-level", "quiet").err)
  end)

  it("has every request with --log-level requests", function()
    local result = run_text(creates, "--simulate", "--log-level", "requests")
    assert.matches("PUT http://127%.0%.0%.1:%d+/subscriptions/[^ ]+: HTTP 201", result.err)
  end)

  it("is live on a terminal", function()
    local path = program.playbook(creates)
    files[#files + 1] = path
    local written = program.aks_on_terminal("TERM=xterm LC_ALL=C.UTF-8 NO_COLOR=", "run --simulate " .. path)
    assert.matches("\27[32m✓\27[0m resource group 'demo': create", written, 1, true)
    assert.matches("done", written, 1, true)
  end)

  it("has no colours with NO_COLOR, and only plain characters where the locale has no others", function()
    local path = program.playbook(creates)
    files[#files + 1] = path
    local written = program.aks_on_terminal("TERM=xterm LC_ALL=C NO_COLOR=1", "run --simulate " .. path)
    assert.matches("+ resource group 'demo': create", written, 1, true)
    assert.not_matches("\27%[%d*m", written)
  end)

  it("is plain lines on a dumb terminal", function()
    local path = program.playbook(creates)
    files[#files + 1] = path
    assert.not_matches("\27", program.aks_on_terminal("TERM=dumb", "run --simulate " .. path), 1, true)
  end)
end)

describe("aks sim", function()
  it("prints its endpoint first, how to sign in on stderr, and serves until it is told to stop", function()
    local told = os.tmpname()
    files[#files + 1] = told
    local server <close> = program.serve("--speed 1000 2>" .. told)
    assert.matches("^http://127%.0%.0%.1:%d+$", server.endpoint)
    local variables = { AKS_ENDPOINT = server.endpoint }
    for line in io.lines(told) do
      for name, value in line:gmatch("(AZURE_%u+_%u+)=(%S+)") do
        variables[name] = value
      end
    end
    local playbook = program.playbook [[
      local group = require("aks").connect({}):resource_group("demo", { location = "westus2" })
      return tostring(group:create())]]
    files[#files + 1] = playbook

    local result = program.aks(variables, "run", playbook)

    assert.are.equal("resource group 'demo' (Succeeded)\n", result.out, result.err)
    assert.is_true(server:stop())
  end)

  it("says when its port is taken", function()
    local server <close> = program.serve("2>/dev/null")
    local result = program.aks("sim", "--port", server.endpoint:match("%d+$"))
    assert.are.equal(1, result.status)
    assert.matches("in use", result.err, 1, true)
  end)
end)
