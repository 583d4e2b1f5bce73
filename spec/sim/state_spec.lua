-- What a test may do to the simulated subscription from outside: look, put, let time pass; and what the log keeps to
-- itself.
local client = require "spec.sim.client"
local json = require "dkjson"

local azure

describe("a test", function()
  before_each(function()
    azure = client.start { speed = 1 }
  end)
  after_each(function()
    azure:stop()
  end)

  it("puts a resource there as it stands, with the group that it lies in", function()
    azure.sim:put(azure.root .. client.VNET, { location = "westus2", properties = {
      addressSpace = { addressPrefixes = { "10.0.0.0/8" } },
      subnets = { { name = "nodes", properties = { addressPrefix = "10.1.0.0/16" } } } } })
    assert.are.equal(200, azure:get(client.GROUP).status)
    local vnet = azure:get(client.VNET).body
    assert.are.equal("Succeeded", vnet.properties.provisioningState)
    assert.are.equal("10.1.0.0/16", vnet.properties.subnets[1].properties.addressPrefix)
    assert.are.equal(201, azure:put(client.VNET .. "/subnets/b", { properties = client.subnet("10.2.0.0/16") }).status)
  end)

  it("finds etags on what it put there", function()
    azure.sim:put(azure.root .. client.VNET, { properties = { addressSpace = { addressPrefixes = { "10.0.0.0/8" } },
      subnets = { { name = "nodes", properties = { addressPrefix = "10.1.0.0/16" } } } } })
    local vnet = azure:get(client.VNET)
    assert.matches('^W/"', vnet.headers.etag)
    assert.matches('^W/"', vnet.body.properties.subnets[1].etag)
    local body = { location = "westus2", properties = vnet.body.properties }
    assert.are.equal(412, azure:put(client.VNET, body, { ["if-match"] = 'W/"other"' }).status)
    assert.are.equal(200, azure:put(client.VNET, body, { ["if-match"] = vnet.headers.etag }).status)
  end)

  it("puts a subnet there that something lives in", function()
    azure.sim:put(azure.root .. client.VNET, { properties = { addressSpace = { addressPrefixes = { "10.0.0.0/8" } } } })
    azure.sim:put(azure.root .. client.NODES, { properties = { addressPrefix = "10.1.0.0/16",
      ipConfigurations = { { id = "/somebody/ipConfigurations/1" } } } })
    assert.are.equal("InUseSubnetCannotBeDeleted", azure:delete(client.NODES).body.error.code)
    assert.are.equal("/somebody/ipConfigurations/1", azure:get(client.NODES).body.properties.ipConfigurations[1].id)
  end)

  it("puts an identity there that the directory knows", function()
    azure.sim:put(azure.root .. client.IDENTITY,
      { properties = { principalId = "11111111-1111-4111-8111-111111111111" } })
    local answer = azure:put(client.GROUP .. "/providers/Microsoft.Authorization/roleAssignments/"
      .. "0a0a0a0a-0000-4000-8000-000000000001", { properties = { principalId = "11111111-1111-4111-8111-111111111111",
        roleDefinitionId = "/x/" .. client.NETWORK_CONTRIBUTOR } })
    assert.are.equal(201, answer.status)
    assert.is_string(azure:get(client.IDENTITY).body.properties.clientId)
  end)

  it("sees all resources by their ids", function()
    azure:create_network()
    local all = azure.sim:export()
    assert.are.equal("westus2", all[azure.root .. client.GROUP].location)
    assert.are.equal("172.19.1.0/24", all[azure.root .. client.NODES].properties.addressPrefix)
    assert.is_table(all[(azure.root .. client.IDENTITY):gsub("resourceGroups", "resourcegroups")])
  end)

  it("lets time pass that nobody waits for", function()
    azure:create_group()
    local url = azure:put(client.CLUSTER, client.managed()).headers["azure-asyncoperation"]
    local first = azure:get(url).body
    azure.sim:advance(3600)
    local last = azure:get(url).body
    assert.are.equal("Succeeded", last.status)
    assert.is_true(last.endTime > first.startTime)
  end)
end)

describe("the log keeps to itself", function()
  before_each(function()
    azure = client.start()
    azure:create_group()
  end)
  after_each(function()
    azure:stop()
  end)

  local function logged()
    return json.encode(azure.sim:requests()) .. azure:send("GET", "/__sim/log").text
  end

  it("secrets in the bodies of resources", function()
    local body = client.managed()
    body.properties.servicePrincipalProfile = { clientId = "known", secret = "hush-1" }
    body.properties.windowsProfile = { adminUsername = "known", adminPassword = "hush-2" }
    body.properties.aadProfile = { serverAppID = "known", serverAppSecret = "hush-3" }
    azure:put(client.CLUSTER, body)
    local text = logged()
    assert.not_matches("hush", text)
    assert.matches("known", text)
    assert.matches('"adminPassword":"***"', text, 1, true)
  end)

  it("a secret that is sent to the token endpoint under a wrong type", function()
    azure:send("POST", "/" .. azure.sim.tenant .. "/oauth2/v2.0/token", "client_id=x&client_secret=hush-4",
      { ["content-type"] = "text/plain" })
    azure:send("POST", "/" .. azure.sim.tenant .. "/oauth2/token", "client_assertion=hush-5&client_id=x",
      { ["content-type"] = "APPLICATION/X-WWW-FORM-URLENCODED" })
    assert.not_matches("hush", logged())
  end)

  it("bearer tokens, good or bad", function()
    azure.token = "hush-6"
    azure:get(client.GROUP)
    azure:send("GET", azure.root, nil, { authorization = "Basic hush-7" })
    assert.not_matches("hush", logged())
    assert.are.equal(401, azure.sim:requests({ status = 401 })[1].status)
  end)
end)
