-- The playbooks as their users run them: they reach their end, and running one again does no harm.
local json = require "dkjson"
local program = require "spec.support.program"
local sim = require "aks.sim"

local simulator

local function run(name)
  local variables = {
    AZURE_SUBSCRIPTION_ID = simulator.subscription,
    AZURE_TENANT_ID = simulator.tenant,
    AZURE_CLIENT_ID = simulator.client_id,
    AZURE_CLIENT_SECRET = simulator.client_secret,
  }
  local playbook = "playbooks/" .. name .. ".lua"
  local result = program.aks(variables, "run", "--output", "json", "--endpoint", simulator.endpoint, playbook)
  assert.are.equal(0, result.status, result.err)
  return json.decode(result.out)
end

-- Requests that change something; tokens are asked for by POST too.
local function changes()
  return simulator:count { method = "PUT" } + simulator:count { method = "PATCH" }
    + simulator:count { method = "DELETE" }
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

local playbooks = {
  ["managed-public"] = { check_public },
  ["managed-private"] = { check_private },
  ["byo-public"] = { check_public, check_subnet },
  ["byo-private"] = { check_private, check_subnet },
}

for name, checks in pairs(playbooks) do
  describe("the playbook " .. name, function()
    before_each(function()
      simulator = sim.start {}
    end)
    after_each(function()
      simulator:stop()
    end)

    it("creates its cluster", function()
      local result = run(name)
      assert.are.equal("Succeeded", result.state)
      assert.is_true(result.vnet_integration)
      for _, check in ipairs(checks) do
        check(result)
      end
    end)

    it("changes nothing when it is run again", function()
      local first, before = run(name), changes()
      assert.is_true(before > 0)
      assert.are.same(first, run(name))
      assert.are.equal(before, changes())
    end)
  end)
end
