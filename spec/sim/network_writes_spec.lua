-- What writes to the network keep, lose, and leave alone when they are refused.
local client = require "spec.sim.client"

local azure

local function refused(answer, status, code)
  assert.are.equal(status, answer.status, answer.text)
  assert.are.equal(code, answer.body.error.code)
  return answer
end

local function vnet(subnets, more)
  local properties = { addressSpace = { addressPrefixes = { "172.19.0.0/16" } } }
  for _, subnet in ipairs(subnets) do
    properties.subnets = properties.subnets or {}
    table.insert(properties.subnets, { name = subnet[1], properties = client.subnet(subnet[2], subnet[3]) })
  end
  for name, value in pairs(more or {}) do
    properties[name] = value
  end
  return { location = "westus2", properties = properties }
end

-- Sends a body that is written here, since the ones of tables cannot have null.
local function put_text(path, text)
  return azure:send("PUT", azure.root .. path .. "?api-version=2024-05-01", text,
    { authorization = "Bearer " .. azure.token, ["content-type"] = "application/json" })
end

describe("a write to a network", function()
  before_each(function()
    azure = client.start()
    azure:create_group()
  end)
  after_each(function()
    azure:stop()
  end)

  it("deletes none of the subnets that it leaves out when one of them cannot go", function()
    azure:create_network()
    azure:create(client.VNET .. "/subnets/aaa-empty", { properties = client.subnet("172.19.2.0/24") })
    azure:create(client.VNET .. "/subnets/zzz-empty", { properties = client.subnet("172.19.3.0/24") })
    azure:create(client.CLUSTER, azure:brought())
    refused(azure:put(client.VNET, vnet {}), 400, "InUseSubnetCannotBeDeleted")
    assert.are.equal(4, #azure:get(client.VNET).body.properties.subnets)
    assert.are.equal("Succeeded", azure:get(client.VNET).body.properties.provisioningState)
  end)

  it("keeps what it says about the virtual network", function()
    local more = { flowTimeoutInMinutes = 10, dhcpOptions = { dnsServers = { "172.19.0.4" } },
      enableDdosProtection = true,
      encryption = { enabled = true, enforcement = "AllowUnencrypted" }, privateEndpointVNetPolicies = "Basic" }
    local properties = azure:create(client.VNET, vnet({}, more)).properties
    for name, value in pairs(more) do
      assert.are.same(value, properties[name])
    end
    assert.is_nil(azure:create(client.VNET, vnet {}).properties.encryption)
  end)

  it("may be what was read: what is read-only in it is ignored", function()
    local before = azure:create(client.VNET, vnet { { "a", "172.19.0.0/24", client.DELEGATION } })
    local after = azure:create(client.VNET, before)
    assert.are.equal(before.properties.resourceGuid, after.properties.resourceGuid)
    assert.are.same(before.properties.subnets[1].properties.addressPrefix,
      after.properties.subnets[1].properties.addressPrefix)
    assert.are.equal(client.DELEGATION, after.properties.subnets[1].properties.delegations[1].properties.serviceName)
  end)

  it("detaches a security group that it says is null", function()
    local nsg = client.GROUP .. "/providers/Microsoft.Network/networkSecurityGroups/guard"
    local subnet = client.VNET .. "/subnets/a"
    azure:create(nsg, { location = "westus2" })
    azure:create(client.VNET, vnet {})
    local properties = client.subnet("172.19.0.0/24")
    properties.networkSecurityGroup = { id = azure.root .. nsg }
    assert.is_table(azure:create(subnet, { properties = properties }).properties.networkSecurityGroup)
    azure:wait(put_text(subnet, '{"properties":{"addressPrefix":"172.19.0.0/24","networkSecurityGroup":null}}'))
    assert.is_nil(azure:get(subnet).text:find("networkSecurityGroup", 1, true))
    assert.are.equal(202, azure:delete(nsg).status)
  end)

  it("names a subnet's prefix once or in a list", function()
    azure:create(client.VNET, vnet {})
    local answer = put_text(client.VNET .. "/subnets/a",
      '{"properties":{"addressPrefix":null,"addressPrefixes":["172.19.0.0/24"]}}')
    assert.are.equal(201, answer.status)
    assert.are.same({ "172.19.0.0/24" }, answer.body.properties.addressPrefixes)
    azure:wait(answer)
    refused(azure:put(client.VNET .. "/subnets/b", { properties = client.subnet("172.19.0.0/25") }), 400,
      "NetcfgSubnetRangesOverlap")
    refused(azure:put(client.VNET .. "/subnets/b", { properties = { delegations = { { properties = {
      serviceName = client.DELEGATION } } } } }), 400, "InvalidCIDRNotation")
  end)

  it("is named in the answer that begins it, and tells who did it", function()
    local answer = azure:put(client.VNET, vnet {})
    assert.matches("^%x+%-%x+%-4", answer.headers["x-ms-arm-service-request-id"])
    assert.is_nil(answer.headers.location)
    azure:wait(answer)
    local deletion = azure:delete(client.VNET)
    assert.matches("/operationresults/", deletion.headers.location)
    azure:wait(deletion)
    assert.are.equal(204, azure:get(deletion.headers.location).status)
  end)

  it("of one subnet shuts out writes to others and to the whole, not reads", function()
    azure:create(client.VNET, vnet {})
    local first = azure:put(client.VNET .. "/subnets/a", { properties = client.subnet("172.19.0.0/24") })
    refused(azure:put(client.VNET .. "/subnets/b", { properties = client.subnet("172.19.1.0/24") }), 429,
      "RetryableError")
    local answer = refused(azure:put(client.VNET, vnet {}), 409, "AnotherOperationInProgress")
    local uri = answer.body.error.message:match("use uri: (https?://%S+)%.$")
    refused(azure:delete(client.VNET), 409, "AnotherOperationInProgress")
    refused(azure:delete(client.VNET .. "/subnets/a"), 429, "RetryableError")
    assert.are.equal("InProgress", azure:get(uri).body.status)
    assert.are.equal(200, azure:get(client.VNET).status)
    azure:wait(first)
    assert.are.equal(201, azure:put(client.VNET .. "/subnets/b",
      { properties = client.subnet("172.19.1.0/24") }).status)
  end)

  it("of a subnet asks for the subnet's own etag", function()
    azure:create(client.VNET, vnet { { "a", "172.19.0.0/24" } })
    local whole, path = azure:get(client.VNET).body, client.VNET .. "/subnets/a"
    local body = { properties = client.subnet("172.19.0.0/24") }
    refused(azure:put(path, body, { ["if-match"] = whole.etag }), 412, "PreconditionFailed")
    local subnet = azure:get(path)
    assert.are.equal(subnet.body.etag, subnet.headers.etag)
    azure:wait(azure:put(path, body, { ["if-match"] = subnet.body.etag }))
    azure:wait(azure:put(path, body, { ["if-match"] = "*" }))
    refused(azure:put(path, body, { ["if-match"] = subnet.body.etag }), 412, "PreconditionFailed")
  end)

  it("to a group or a network that is not there is refused", function()
    local answer = refused(azure:put(client.VNET .. "/subnets/a", { properties = client.subnet("172.19.0.0/24") }), 404,
      "ParentResourceNotFound")
    assert.matches("'virtualNetworks/subnets', because the parent resource '" .. azure.root .. client.VNET .. "'",
      answer.body.error.message, 1, true)
    refused(azure:get(client.VNET .. "/subnets/a"), 404, "ResourceNotFound")
    azure:create(client.VNET, vnet {})
    refused(azure:get(client.VNET .. "/subnets/a"), 404, "NotFound")
    assert.are.equal(204, azure:delete(client.VNET .. "/subnets/a").status)
    refused(azure:put(client.VNET:gsub("demo", "none"), vnet {}), 404, "ResourceGroupNotFound")
  end)

  it("does not move it to another location", function()
    azure:create(client.VNET, vnet {})
    local body = vnet {}
    body.location = "eastus"
    refused(azure:put(client.VNET, body), 409, "InvalidResourceLocation")
    body.location = "West US 2"
    assert.are.equal(200, azure:put(client.VNET, body).status)
  end)
end)

describe("a write to a security group", function()
  local NSG = client.GROUP .. "/providers/Microsoft.Network/networkSecurityGroups/guard"

  before_each(function()
    azure = client.start()
    azure:create_group()
  end)
  after_each(function()
    azure:stop()
  end)

  it("leaves its guid, and the rules that none can change", function()
    local before = azure:create(NSG, { location = "westus2" })
    local after = azure:create(NSG, { location = "westus2", tags = { a = "1" } })
    assert.are.equal(before.properties.resourceGuid, after.properties.resourceGuid)
    local names = {}
    for _, rule in ipairs(after.properties.defaultSecurityRules) do
      names[#names + 1] = rule.name .. " " .. rule.properties.priority
    end
    assert.are.same({ "AllowVnetInBound 65000", "AllowAzureLoadBalancerInBound 65001", "DenyAllInBound 65500",
      "AllowVnetOutBound 65000", "AllowInternetOutBound 65001", "DenyAllOutBound 65500" }, names)
  end)

  it("is one at a time, and over the etag that it names", function()
    local answer = azure:put(NSG, { location = "westus2" })
    refused(azure:put(NSG, { location = "westus2" }), 409, "AnotherOperationInProgress")
    azure:wait(answer)
    refused(azure:put(NSG, { location = "westus2" }, { ["if-match"] = answer.body.etag }), 412, "PreconditionFailed")
    local etag = azure:get(NSG).headers.etag
    assert.are.equal(200, azure:put(NSG, { location = "westus2" }, { ["if-match"] = etag }).status)
  end)
end)

describe("an identity", function()
  before_each(function()
    azure = client.start()
    azure:create_group()
    azure:create(client.IDENTITY, { location = "westus2" })
  end)
  after_each(function()
    azure:stop()
  end)

  it("keeps the case of its name, and its location", function()
    local answer = azure:put(client.IDENTITY:upper(), { location = "West US 2" })
    assert.are.equal(200, answer.status)
    assert.are.equal("cluster-identity", answer.body.name)
    refused(azure:put(client.IDENTITY, { location = "eastus" }), 409, "InvalidResourceLocation")
  end)

  it("has a name of 3 to 128 characters", function()
    local path = client.IDENTITY:match("^(.*/)")
    refused(azure:put(path .. "ab", { location = "westus2" }), 400, "InvalidResourceName")
    refused(azure:put(path .. ("a"):rep(129), { location = "westus2" }), 400, "InvalidResourceName")
    refused(azure:put(path .. "-abc", { location = "westus2" }), 400, "InvalidResourceName")
    assert.are.equal(201, azure:put(path .. "abc", { location = "westus2" }).status)
    refused(azure:put(path .. "abcd", { tags = { a = "1" } }), 400, "LocationRequired")
  end)
end)
