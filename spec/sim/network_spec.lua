-- Microsoft.Network: virtual networks, subnets, security groups.
local client = require "spec.sim.client"

local azure

local function vnet(subnets, prefixes)
  local list = {}
  for _, subnet in ipairs(subnets or {}) do
    list[#list + 1] = { name = subnet[1], properties = client.subnet(subnet[2], subnet[3]) }
  end
  return { location = "westus2", properties = { addressSpace = { addressPrefixes = prefixes or { "172.19.0.0/16" } },
    subnets = #list > 0 and list or nil } }
end

local function refused(answer, status, code)
  assert.are.equal(status, answer.status, answer.text)
  assert.are.equal(code, answer.body.error.code)
end

describe("a virtual network", function()
  before_each(function()
    azure = client.start()
    azure:create_group()
  end)
  after_each(function()
    azure:stop()
  end)

  it("is created with its subnets, and changes its etag when it is done", function()
    local answer = azure:put(client.VNET, vnet { { "a", "172.19.0.0/24" } })
    assert.are.equal(201, answer.status)
    assert.matches('^W/"%x+%-', answer.body.etag)
    azure:wait(answer)
    local done = azure:get(client.VNET)
    assert.are_not.equal(answer.body.etag, done.body.etag)
    assert.are.equal(done.body.etag, done.headers.etag)
    assert.are.equal("Succeeded", done.body.properties.provisioningState)
    assert.matches("/resourceGroups/demo/", done.body.id)
    local subnet = done.body.properties.subnets[1]
    assert.are.equal("Succeeded", subnet.properties.provisioningState)
    assert.are.equal("Disabled", subnet.properties.privateEndpointNetworkPolicies)
    assert.are.equal("Enabled", subnet.properties.privateLinkServiceNetworkPolicies)
    assert.matches('"delegations":%[%]', done.text)
  end)

  it("loses the subnets that a PUT leaves out", function()
    azure:create(client.VNET, vnet { { "a", "172.19.0.0/24" }, { "b", "172.19.1.0/24" } })
    azure:create(client.VNET, vnet { { "b", "172.19.1.0/24" } })
    assert.are.equal(404, azure:get(client.VNET .. "/subnets/a").status)
    assert.are.equal(200, azure:get(client.VNET .. "/subnets/b").status)
  end)

  it("can hand the prefix of one subnet to another in one PUT", function()
    azure:create(client.VNET, vnet { { "a", "172.19.0.0/24" } })
    azure:create(client.VNET, vnet { { "b", "172.19.0.0/24" } })
    assert.are.equal("b", azure:get(client.VNET).body.properties.subnets[1].name)
  end)

  it("does one write at a time", function()
    azure:put(client.VNET, vnet())
    local answer = azure:put(client.VNET .. "/subnets/a", { properties = client.subnet("172.19.0.0/24") })
    refused(answer, 429, "RetryableError")
    assert.are.equal("RetryableErrorDueToAnotherOperation", answer.body.error.details[1].code)
  end)

  it("is written only over the etag that If-Match names", function()
    local body = azure:create(client.VNET, vnet())
    refused(azure:put(client.VNET, vnet(), { ["if-match"] = 'W/"old"' }), 412, "PreconditionFailed")
    assert.are.equal(200, azure:put(client.VNET, vnet(), { ["if-match"] = body.etag }).status)
  end)

  it("is refused for prefixes that are none or lie wrong", function()
    local rows = {
      { vnet({}, { "172.19.0.1/16" }), "InvalidCIDRNotation" },
      { vnet({}, { "172.19.0.0/33" }), "InvalidCIDRNotation" },
      { vnet { { "a", "172.19.0.1/24" } }, "InvalidCIDRNotation" },
      { vnet { { "a", "10.0.0.0/24" } }, "NetcfgSubnetRangeOutsideVnet" },
      { vnet { { "a", "172.19.0.0/24" }, { "b", "172.19.0.128/25" } }, "NetcfgSubnetRangesOverlap" },
      { vnet { { "a", "172.19.0.0/24", "Microsoft.Nothing/here" } }, "InvalidServiceNameInSubnetDelegation" },
      { { location = "westus2", properties = client.OBJECT }, "InvalidRequestFormat" },
      { { properties = vnet().properties }, "LocationRequired" },
    }
    for _, row in ipairs(rows) do
      refused(azure:put(client.VNET, row[1]), 400, row[2])
    end
    assert.are.equal(404, azure:get(client.VNET).status)
  end)

  it("takes tags by PATCH, is listed, and is gone when it is deleted", function()
    azure:create(client.VNET, vnet())
    assert.are.same({ a = "1" }, azure:patch(client.VNET, { tags = { a = "1" } }).body.tags)
    assert.are.equal(1, #azure:get(client.GROUP .. "/providers/Microsoft.Network/virtualNetworks").body.value)
    assert.are.equal(1, #azure:get("/providers/Microsoft.Network/virtualNetworks").body.value)
    azure:wait(azure:delete(client.VNET))
    assert.are.equal(404, azure:get(client.VNET).status)
    assert.are.equal(204, azure:delete(client.VNET).status)
  end)
end)

describe("a subnet", function()
  before_each(function()
    azure = client.start()
    azure:create_group()
    azure:create(client.VNET, vnet { { "first", "172.19.0.0/24" } })
  end)
  after_each(function()
    azure:stop()
  end)

  local function put(name, properties)
    return azure:put(client.VNET .. "/subnets/" .. name, { name = name, properties = properties })
  end

  it("shows what its delegation allows", function()
    azure:wait(put("api", client.subnet("172.19.1.0/28", client.DELEGATION)))
    local delegation = azure:get(client.VNET .. "/subnets/api").body.properties.delegations[1]
    assert.are.equal("0", delegation.name)
    assert.are.equal(client.DELEGATION, delegation.properties.serviceName)
    assert.are.same({ "Microsoft.Network/virtualNetworks/subnets/join/action" }, delegation.properties.actions)
    assert.are.equal("Microsoft.Network/virtualNetworks/subnets/delegations", delegation.type)
  end)

  it("is refused where its siblings are, or outside", function()
    refused(put("second", client.subnet("172.19.0.64/26")), 400, "NetcfgSubnetRangesOverlap")
    refused(put("second", client.subnet("172.20.0.0/24")), 400, "NetcfgSubnetRangeOutsideVnet")
    refused(put("second", { addressPrefix = "172.19.2.0/24", delegation = {} }), 400, "InvalidRequestFormat")
    refused(put("-bad", client.subnet("172.19.2.0/24")), 400, "InvalidResourceName")
  end)

  it("changes the etag of its VNet", function()
    local before = azure:get(client.VNET).body.etag
    azure:wait(put("second", client.subnet("172.19.1.0/24")))
    assert.are_not.equal(before, azure:get(client.VNET).body.etag)
  end)

  it("loses what a PUT leaves out", function()
    azure:wait(put("api", client.subnet("172.19.1.0/28", client.DELEGATION)))
    azure:wait(put("api", client.subnet("172.19.1.0/28")))
    assert.are.same({}, azure:get(client.VNET .. "/subnets/api").body.properties.delegations)
  end)

  it("refers to a security group that must be there, and must stay", function()
    local nsg = client.GROUP .. "/providers/Microsoft.Network/networkSecurityGroups/guard"
    local properties = { addressPrefix = "172.19.1.0/24", networkSecurityGroup = { id = azure.root .. nsg } }
    refused(put("second", properties), 400, "InvalidResourceReference")
    azure:create(nsg, { location = "westus2" })
    azure:wait(put("second", properties))
    refused(azure:delete(nsg), 400, "InUseNetworkSecurityGroupCannotBeDeleted")
  end)

  it("that a cluster lives in keeps its delegation, its place, and itself", function()
    azure:stop()
    azure = client.start()
    azure:create_network()
    azure:create(client.CLUSTER, azure:brought())
    refused(azure:delete(client.APISERVER), 400, "InUseSubnetCannotBeDeleted")
    refused(azure:delete(client.NODES), 400, "InUseSubnetCannotBeDeleted")
    refused(azure:delete(client.VNET), 400, "InUseSubnetCannotBeDeleted")
    refused(azure:put(client.VNET, vnet()), 400, "InUseSubnetCannotBeDeleted")
    refused(azure:put(client.APISERVER, { properties = client.subnet("172.19.0.0/28") }), 400,
      "SubnetMissingRequiredDelegation")
    refused(azure:put(client.NODES, { properties = client.subnet("172.19.2.0/24") }), 400, "InUsePrefixCannotBeDeleted")
  end)
end)

describe("a network security group", function()
  local NSG = client.GROUP .. "/providers/Microsoft.Network/networkSecurityGroups/guard"

  before_each(function()
    azure = client.start()
    azure:create_group()
  end)
  after_each(function()
    azure:stop()
  end)

  local function rule(changes)
    local properties = {
      protocol = "Tcp", access = "Allow", direction = "Inbound", priority = 200, sourcePortRange = "*",
      destinationPortRanges = { "443", "4443" }, sourceAddressPrefix = "172.19.1.0/24",
      destinationAddressPrefix = "VirtualNetwork",
    }
    for name, value in pairs(changes or {}) do
      properties[name] = value or nil
    end
    return { name = "rule", properties = properties }
  end

  local function body(...)
    return { location = "westus2", properties = { securityRules = { ... } } }
  end

  it("shows its rules, and those that every one has", function()
    local whole = azure:create(NSG, body(rule()))
    assert.are.equal("Succeeded", whole.properties.provisioningState)
    assert.are.equal(NSG:match("[^/]+$"), whole.name)
    assert.matches("/securityRules/rule$", whole.properties.securityRules[1].id)
    assert.are.same({ "443", "4443" }, whole.properties.securityRules[1].properties.destinationPortRanges)
    assert.are.equal(6, #whole.properties.defaultSecurityRules)
  end)

  it("refuses rules that cannot be", function()
    local rows = {
      { "SecurityRuleInvalid", rule { protocol = "Sctp" } },
      { "SecurityRuleInvalid", rule { access = false } },
      { "SecurityRuleInvalidPriority", rule { priority = 99 } },
      { "SecurityRuleInvalidPriority", rule { priority = 4097 } },
      { "SecurityRuleConflict", rule(), (function()
        local other = rule()
        other.name = "other"
        return other
      end)() },
      { "SecurityRuleInvalidPortRange", rule { destinationPortRanges = { "70000" } } },
      { "SecurityRuleInvalidPortRange", rule { sourcePortRange = "20-10" } },
      { "SecurityRuleInvalidAddressPrefix", rule { sourceAddressPrefix = "10.0.0.0/40" } },
      { "SecurityRuleParameterMissing", rule { sourceAddressPrefix = false } },
    }
    for _, row in ipairs(rows) do
      refused(azure:put(NSG, body(table.unpack(row, 2))), 400, row[1])
    end
  end)

  it("may have the same priority in both directions", function()
    local other = rule { direction = "Outbound" }
    other.name = "out"
    assert.are.equal(201, azure:put(NSG, body(rule(), other)).status)
  end)

  it("is listed, takes tags, and is deleted", function()
    azure:create(NSG, body())
    assert.are.equal(1, #azure:get("/providers/Microsoft.Network/networkSecurityGroups").body.value)
    assert.are.same({ a = "1" }, azure:patch(NSG, { tags = { a = "1" } }).body.tags)
    azure:wait(azure:delete(NSG))
    assert.are.equal(404, azure:get(NSG).status)
  end)
end)
