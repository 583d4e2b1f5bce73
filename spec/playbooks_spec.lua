-- The playbooks as their users run them: they reach their end, and running one again does no harm.
local json = require "dkjson"
local program = require "spec.support.program"
local sim = require "aks.sim"

local simulator
local kubeconfig = os.tmpname()

local function run(name, ...)
  local variables = {
    AZURE_SUBSCRIPTION_ID = simulator.subscription,
    AZURE_TENANT_ID = simulator.tenant,
    AZURE_CLIENT_ID = simulator.client_id,
    AZURE_CLIENT_SECRET = simulator.client_secret,
    KUBECONFIG = kubeconfig,
  }
  local playbook = "playbooks/" .. name .. ".lua"
  local result = program.aks(variables, "run", "--output", "json", "--endpoint", simulator.endpoint, playbook, ...)
  assert.are.equal(0, result.status, result.err)
  return json.decode(result.out)
end

-- Requests that change something; tokens are asked for by POST too.
local function changes()
  return simulator:count { method = "PUT" } + simulator:count { method = "PATCH" }
    + simulator:count { method = "DELETE" } + simulator:count { method = "POST", path = "managedclusters" }
    - simulator:count { method = "POST", path = "listcluster" }
end

local function check_private(result)
  assert.matches("%.private%.westus2%.azmk8s%.io$", result.private_fqdn)
end

local function check_public(result)
  assert.matches("%.hcp%.westus2%.azmk8s%.io$", result.fqdn)
  assert.is_nil(result.private_fqdn)
end

local function check_subnet(result)
  assert.matches("/virtualNetworks/network/subnets/apiserver$", result.apiserver_subnet)
end

local function check_converted(result)
  assert.is_true(result.vnet_integration)
  check_subnet(result)
  if result.conversion then -- not when there was nothing left to convert
    assert.is_true(result.conversion.restarted)
    assert.matches("^172%.19%.0%.", result.conversion.after.apiserver_address)
  end
end

local function check_registered(result)
  assert.are.same({ provider = "Registered", feature = "Registered" }, result)
end

local function check_toggled(result)
  assert.are.equal(result.appeared.private_fqdn, result.gone.private_fqdn)
  assert.is_false(result.private)
end

local function check_day_two(result)
  assert.are.equal("Running", result.power)
  assert.are.equal("platform", result.tags.team)
  assert.matches("^1%.33%.", result.kubernetes_version)
  assert.matches("^User, 2 nodes, 1%.33%.", result.pools.work)
end

local function check_created(result)
  assert.are.equal("Succeeded", result.state)
  assert.is_true(result.vnet_integration)
end

local function check_connected(result)
  assert.are.same({ context = "demo", path = kubeconfig }, result)
  assert.matches("current%-context: demo", assert(io.open(kubeconfig)):read("a"))
end

local function check_rules(result)
  assert.are.equal(2, #result.required)
  for _, rule in ipairs(result.added) do
    assert.is_true(rule.priority < 4000)
  end
end

local playbooks = {
  ["managed-public"] = { check_created, check_public },
  ["managed-private"] = { check_created, check_private },
  ["byo-public"] = { check_created, check_public, check_subnet },
  ["byo-private"] = { check_created, check_private, check_subnet },
  ["convert-public"] = { check_created, check_public, check_converted },
  ["convert-private"] = { check_created, check_converted },
  ["register"] = { check_registered },
  ["toggle"] = { check_toggled, acts_anew = true },
  ["connect"] = { check_connected },
  ["nsg"] = { check_rules },
  ["day-two"] = { check_day_two, acts_anew = true },
}

for name, checks in pairs(playbooks) do
  describe("the playbook " .. name, function()
    before_each(function()
      simulator = sim.start {}
    end)
    after_each(function()
      simulator:stop()
      os.remove(kubeconfig)
    end)

    local function check(result)
      for _, one in ipairs(checks) do
        one(result)
      end
    end

    it("does what it says", function()
      check(run(name))
    end)

    it(checks.acts_anew and "can be run again" or "changes nothing when it is run again", function()
      check(run(name))
      local before = changes()
      assert.is_true(before > 0 or name == "register")
      check(run(name))
      if not checks.acts_anew then
        assert.are.equal(before, changes())
      end
    end)
  end)
end
