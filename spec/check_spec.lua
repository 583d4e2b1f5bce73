-- aks check and aks explain, as their users run them.
local json = require "dkjson"
local program = require "spec.support.program"

local BROKEN = [[
local aks = require "aks"
local azure = aks.connect {}
local group = azure:resource_group("demo", { location = "westus2" })
local vnet = group:vnet("network", { address_prefixes = { "172.19.0.0/16" } })
local apiserver = vnet:subnet("apiserver", { address_prefix = "172.19.0.0/28",
  delegation = "Microsoft.ContainerService/managedClusters" })
local nodes = vnet:subnet("nodes", { address_prefix = "172.19.1.0/24" })
local identity = group:identity "identity"
group:create()
vnet:create()
identity:create()
group:cluster("demo", { vnet_integration = true, apiserver_subnet = apiserver, node_subnet = nodes,
  identity = identity, kubernetes_version = "1.12" }):create()
return os.remove
]]

describe("aks check", function()
  local path

  before_each(function()
    path = program.playbook(BROKEN)
  end)
  after_each(function()
    os.remove(path)
  end)

  it("finds nothing in the playbooks of the tree, and sends nothing but reads", function()
    local log = os.tmpname()
    for _, name in ipairs { "managed-public", "managed-private", "byo-public", "byo-private" } do
      local result = program.aks({}, "check", "--simulate", "--log", log, ("playbooks/%s.lua"):format(name))
      assert.are.equal(0, result.status, result.out .. result.err)
      assert.matches("^0 errors, 0 warnings\n$", result.out)
    end
    local count = 0
    for line in io.lines(log) do
      local request = assert(json.decode(line))
      assert.is_true(request.method == "GET" or request.url:find("/oauth2/", 1, true) ~= nil, line)
      count = count + 1
    end
    os.remove(log)
    assert.is_true(count > 10)
  end)

  it("tells everything that speaks against a playbook, with what to do, and fails", function()
    local result = program.aks({}, "check", "--simulate", path)
    assert.are.equal(1, result.status)
    assert.matches("error permission_missing: cluster 'demo'", result.out)
    assert.matches("\n    subnet:role_assignment", result.out)
    assert.matches("error kubernetes_version_unavailable", result.out)
    assert.matches("3 errors, 0 warnings", result.out)
    assert.is_nil(result.err:find("traceback", 1, true))
  end)

  it("tells programs the same", function()
    local result = program.aks({}, "check", "--simulate", "--output", "json", path)
    assert.are.equal(1, result.status)
    local findings = assert(json.decode(result.out))
    assert.are.equal(3, #findings)
    assert.are.equal("error", findings[1].severity)
    assert.is_string(findings[1].remedy)
    assert.are.equal("[]\n", program.aks({}, "check", "--simulate", "--output", "json",
      "playbooks/managed-public.lua").out:gsub("%s", "") .. "\n")
  end)

  it("tells what is refused when it is declared", function()
    local wrong = program.playbook [[
      local azure = require("aks").connect {}
      azure:resource_group("demo", { location = "westus2" }):cluster("demo", { privat = true })
    ]]
    local result = program.aks({}, "check", "--simulate", wrong)
    os.remove(wrong)
    assert.are.equal(1, result.status)
    assert.matches("error unknown_field", result.out)
    assert.matches("did you mean 'private'", result.out)
  end)

  it("says how far it came where a playbook needs what it would have made", function()
    local result = program.aks({}, "check", "--simulate", "playbooks/toggle.lua")
    assert.are.equal(0, result.status)
    assert.matches("warning check_incomplete: the playbook was not checked any further: playbooks/toggle.lua:%d+",
      result.out)
  end)

  it("checks a conversion", function()
    local conversion = program.playbook [[
      local aks = require "aks"
      local azure = aks.connect {}
      local group = azure:resource_group("demo", { location = "westus2" })
      local vnet = group:vnet("network", { address_prefixes = { "172.19.0.0/16" } })
      local small = vnet:subnet("small", { address_prefix = "172.19.0.0/29" })
      local cluster = group:cluster("demo", { node_subnet = vnet:subnet("nodes", { address_prefix = "172.19.1.0/24" }),
        identity = group:identity "identity" })
      if arg[1] == "create" then
        group:create()
        vnet:create()
        group:identity("identity"):create()
        vnet:subnet("nodes"):role_assignment({ principal = group:identity "identity", role = "Contributor" }):create()
        return cluster:create() and "made"
      end
      cluster:convert { apiserver_subnet = small, approve = true }
    ]]
    local simulator <close> = require("aks.sim").start {}
    local variables = { AZURE_SUBSCRIPTION_ID = simulator.subscription, AZURE_TENANT_ID = simulator.tenant,
      AZURE_CLIENT_ID = simulator.client_id, AZURE_CLIENT_SECRET = simulator.client_secret }
    local made = program.aks(variables, "run", "--endpoint", simulator.endpoint, conversion, "create")
    assert.are.equal("made\n", made.out, made.err)
    local writes = simulator:count { method = "PUT" }
    local result = program.aks(variables, "check", "--endpoint", simulator.endpoint, conversion)
    os.remove(conversion)
    assert.are.equal(1, result.status)
    assert.matches("error apiserver_subnet_too_small", result.out)
    assert.matches("error apiserver_subnet_not_delegated", result.out)
    assert.matches("info convert_one_way", result.out)
    assert.are.equal(writes, simulator:count { method = "PUT" })
  end)

  it("is told of wrong usage", function()
    assert.are.equal(2, program.aks({}, "check").status)
    assert.are.equal(2, program.aks({}, "check", "--speed", "5", "playbooks/toggle.lua").status)
  end)

  it("fails for a playbook that is none", function()
    local absent = program.aks({}, "check", "--simulate", "nowhere.lua")
    assert.are.equal(1, absent.status)
    assert.matches("nowhere.lua", absent.err)
    local wrong = program.playbook "this is no Lua"
    assert.are.equal(1, program.aks({}, "check", "--simulate", wrong).status)
    os.remove(wrong)
  end)
end)

describe("aks explain", function()
  it("lists types and codes", function()
    local result = program.aks({}, "explain")
    assert.are.equal(0, result.status)
    assert.matches("\n  cluster +cluster\n", result.out)
    assert.matches("\n  apiserver_subnet_too_small\n", result.out)
  end)

  it("explains a type, a field, and a field of records", function()
    assert.matches("Microsoft.ContainerService/managedClusters", program.aks({}, "explain", "cluster").out)
    local field = program.aks({}, "explain", "cluster.private").out
    assert.matches("properties.apiServerAccessProfile.enablePrivateCluster", field)
    assert.matches("from 100 to 4096", program.aks({}, "explain", "nsg.rules.priority").out)
  end)

  it("explains a code with its reason and its source", function()
    local text = program.aks({}, "explain", "permission_missing").out
    assert.matches("rule +The cluster's identity may join", text)
    assert.matches("source +https://learn%.microsoft%.com/", text)
  end)

  it("says what it does not know", function()
    local result = program.aks({}, "explain", "cluster.privat")
    assert.are.equal(2, result.status)
    assert.matches("nothing called 'cluster.privat'", result.err)
  end)
end)
