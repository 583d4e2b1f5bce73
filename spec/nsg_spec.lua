-- Network security groups as objects: their rules, what is kept of them, and what is wrong with a declaration.
local azure = require "spec.support.azure"

local simulator, client, group

describe("a network security group", function()
  before_each(function()
    simulator, client = azure.start()
    group = client:resource_group("demo", { location = "westus2" })
    group:create()
  end)
  after_each(function()
    client:close()
    simulator:stop()
  end)

  local function rule(changes)
    local whole = { name = "web", priority = 100, direction = "Inbound", access = "Allow", protocol = "Tcp" }
    for name, value in pairs(changes or {}) do
      whole[name] = value
    end
    return whole
  end

  local function puts()
    return simulator:count { method = "PUT", path = "networksecuritygroups" }
  end

  it("has its rules as declared, and anything where nothing was said", function()
    local guard = group:nsg("guard", { rules = { rule { source = "10.0.0.0/8", ports = { 443, "8000-9000" } } } })
    guard:create()
    local first = guard.rules[1]
    assert.are.same({ "10.0.0.0/8" }, { table.unpack(first.source) })
    assert.are.same({ "443", "8000-9000" }, { table.unpack(first.ports) })
    assert.are.same({ "*" }, { table.unpack(first.destination) })
    assert.are.equal(100, first.priority)
    local sent = simulator:requests({ method = "PUT", path = "networksecuritygroups" })[1].body
    assert.are.equal("10.0.0.0/8", sent.properties.securityRules[1].properties.sourceAddressPrefix)
    assert.are.same({ "443", "8000-9000" }, sent.properties.securityRules[1].properties.destinationPortRanges)
  end)

  it("that is as declared is not written again, in whatever case and form it was said", function()
    group:nsg("guard", { rules = { rule { ports = 443, source = "VirtualNetwork" } } }):create()
    group:nsg("guard", { rules = { rule { ports = { "443" }, source = { "virtualnetwork" }, access = "allow" } } })
      :create()
    assert.are.equal(1, puts())
  end)

  it("keeps rules that a change does not name", function()
    group:nsg("guard", { rules = { rule {} } }):create()
    local guard = group:nsg("guard", { rules = { rule { name = "ssh", priority = 110, ports = 22, access = "Deny" } } })
    guard:create()
    assert.are.equal(2, #guard.rules)
    assert.are.equal("web", guard.rules[1].name)
  end)

  it("changes a rule from several ports to one without leaving the others", function()
    group:nsg("guard", { rules = { rule { ports = { 80, 443 } } } }):create()
    local guard = group:nsg("guard", { rules = { rule { ports = 443 } } })
    guard:create()
    assert.are.same({ "443" }, { table.unpack(guard.rules[1].ports) })
  end)

  it("is attached to a subnet, is in use then, and is free again when it is taken off", function()
    local vnet = group:vnet("network", { address_prefixes = { "10.0.0.0/16" } })
    local guard = group:nsg "guard"
    vnet:create()
    guard:create()
    local nodes = vnet:subnet("nodes", { address_prefix = "10.0.0.0/24", nsg = guard })
    nodes:create()
    assert.are.equal(guard.id:lower(), nodes.nsg:lower())
    assert.are.equal("InUseNetworkSecurityGroupCannotBeDeleted", azure.error_of(guard.delete, guard).code)
    nodes:delete()
    guard:delete()
    assert.is_false(guard:exists())
  end)

  it("is listed in its group and in the subscription", function()
    group:nsg("a"):create()
    group:nsg("b"):create()
    local names = {}
    for one in group:nsgs() do
      names[#names + 1] = one.name
    end
    for one in client:nsgs() do
      names[#names + 1] = one.name
    end
    assert.are.same({ "a", "b", "a", "b" }, names)
  end)

  it("is refused with everything that is wrong with its rules, before anything is sent", function()
    simulator:clear_log()
    local err = azure.error_of(group.nsg, group, "guard", { rules = {
      rule { priority = 99, direction = "Up" },
      rule { name = "other", priority = 200, ports = { true } },
      rule { name = "third", priority = 200 },
    } })
    local fields = {}
    for _, finding in ipairs(err.findings) do
      fields[finding.field] = finding.code
    end
    assert.are.same({
      ["rules[1].priority"] = "value_not_allowed",
      ["rules[1].direction"] = "value_not_allowed",
      ["rules[2].ports"] = "type_mismatch",
      ["rules.priority"] = "value_not_allowed",
    }, fields)
    assert.are.equal(0, simulator:count {})
  end)
end)
