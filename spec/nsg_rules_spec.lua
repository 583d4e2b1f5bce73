-- The security rules that an API server's subnet needs: which they are, and how a group is given those that it lacks.
local azure = require "spec.support.azure"

local simulator, client, network

local function deny(changes)
  local rule = { name = "DenyAll", priority = 4000, direction = "Inbound", access = "Deny", protocol = "*" }
  for name, value in pairs(changes or {}) do
    rule[name] = value
  end
  return rule
end

-- The network with a group of these rules on the named subnets.
local function guarded(rules, ...)
  local guard = network.group:nsg("guard", { rules = rules })
  guard:create()
  for _, name in ipairs { ... } do
    network.vnet:subnet(name, { address_prefix = network[name].address_prefix, nsg = guard,
      delegation = network[name].delegation }):create()
  end
  return guard
end

local function both()
  return { apiserver_subnet = network.apiserver, node_subnet = network.nodes }
end

local function writes()
  return simulator:count { method = "PUT", path = "networksecuritygroups" }
end

describe("the rules that an API server's subnet needs", function()
  before_each(function()
    simulator, client = azure.start()
    network = azure.create_network(client)
  end)
  after_each(function()
    client:close()
    simulator:stop()
  end)

  it("let the nodes and the load balancer's probes in, and are told without a request", function()
    simulator:clear_log()
    local rules = network.apiserver:required_nsg_rules(network.nodes)
    assert.are.equal(2, #rules)
    assert.are.same({ "172.19.1.0/24" }, { table.unpack(rules[1].source) })
    assert.are.same({ "172.19.0.0/28" }, { table.unpack(rules[1].destination) })
    assert.are.same({ "443", "4443" }, { table.unpack(rules[1].ports) })
    assert.are.same({ "AzureLoadBalancer" }, { table.unpack(rules[2].source) })
    assert.are.same({ "9988" }, { table.unpack(rules[2].ports) })
    assert.are.equal(0, simulator:count {})
  end)

  it("need both subnets, with their prefixes", function()
    local apiserver = network.apiserver
    assert.are.equal("type_mismatch", azure.error_of(apiserver.required_nsg_rules, apiserver).code)
    local unknown = network.vnet:subnet "elsewhere"
    assert.are.equal("field_required", azure.error_of(apiserver.required_nsg_rules, apiserver, unknown).code)
  end)

  it("are added ahead of what denies them, and nothing else changes", function()
    local guard = guarded({ deny(), deny { name = "ssh", priority = 3999, protocol = "Tcp", ports = 22 } }, "apiserver")
    local before = guard:get().properties.securityRules
    local added = guard:add_missing_rules(both())
    assert.are.equal(2, #added)
    for _, rule in ipairs(added) do
      assert.is_true(rule.priority < 4000)
      assert.are_not.equal(3999, rule.priority)
      assert.are.equal("Inbound", rule.direction)
    end
    local after = guard:get().properties.securityRules
    assert.are.equal(#before + 2, #after)
    for index, rule in ipairs(before) do
      assert.are.same(rule.properties, after[index].properties)
    end
  end)

  it("are not added twice, nor where nothing denies them", function()
    local guard = guarded({ deny() }, "apiserver")
    guard:add_missing_rules(both())
    local count = writes()
    assert.are.same({}, { table.unpack(guard:add_missing_rules(both())) })
    assert.are.equal(count, writes())
    local open = network.group:nsg "open"
    open:create()
    assert.are.same({}, { table.unpack(open:add_missing_rules(both())) })
  end)

  it("are added only as far as they are missing", function()
    local guard = guarded({
      deny(),
      { name = "own", priority = 200, direction = "Inbound", access = "Allow", protocol = "Tcp",
        source = { "172.19.1.0/25", "172.19.1.128/25" }, destination = "VirtualNetwork", ports = { "400-500", 9988 } },
    }, "apiserver")
    local added = guard:add_missing_rules(both())
    assert.are.equal(2, #added)
    assert.are.same({ "4443" }, { table.unpack(added[1].ports) })
  end)

  it("are about what goes out where the group is on the nodes' subnet", function()
    local guard = guarded({ deny { direction = "Outbound" } }, "nodes")
    local added = guard:add_missing_rules(both())
    assert.are.equal(1, #added)
    assert.are.equal("Outbound", added[1].direction)
    assert.are.same({ "443", "4443" }, { table.unpack(added[1].ports) })
  end)

  it("are about both where the group is on both", function()
    local guard = guarded({ deny(), deny { name = "out", direction = "Outbound" } }, "nodes", "apiserver")
    assert.are.equal(3, #guard:add_missing_rules(both()))
  end)

  it("cannot be added where no priority is free before the rule that denies", function()
    local guard = guarded({ deny { priority = 100 } }, "apiserver")
    local count = writes()
    local err = azure.error_of(guard.add_missing_rules, guard, both())
    assert.are.equal("nsg_no_free_priority", err.code)
    assert.are.equal(count, writes())
  end)

  it("are read again when somebody changed the group in between", function()
    local guard = guarded({ deny() }, "apiserver")
    simulator:fault { method = "PUT", path = "networksecuritygroups", count = 1, status = 412,
      body = { error = { code = "PreconditionFailed", message = "The etag does not match." } } }
    assert.are.equal(2, #guard:add_missing_rules(both()))
  end)

  it("need a group and subnets that exist, and options that are right", function()
    local guard = network.group:nsg "absent"
    assert.are.equal("ResourceNotFound", azure.error_of(guard.add_missing_rules, guard, both()).code)
    guard:create()
    local absent = network.vnet:subnet "absent"
    local options = { apiserver_subnet = absent, node_subnet = network.nodes }
    local err = azure.error_of(guard.add_missing_rules, guard, options)
    assert.are.equal("not_found", err.code)
    assert.are.equal(2, #azure.error_of(guard.add_missing_rules, guard, {}).findings)
  end)
end)
