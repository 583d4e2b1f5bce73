-- ARM's front door: what every request needs, and what every answer has.
local client = require "spec.sim.client"

local azure

describe("ARM's front door", function()
  before_each(function()
    azure = client.start { page_size = 2 }
  end)
  after_each(function()
    azure:stop()
  end)

  local function refused(answer, status, code)
    assert.are.equal(status, answer.status, answer.text)
    assert.are.equal(code, answer.body.error.code)
    assert.is_string(answer.body.error.message)
    return answer
  end

  it("asks for a token, and says where to get one", function()
    local answer = refused(azure:send("GET", azure.root .. "/resourceGroups?api-version=2024-11-01"), 401,
      "AuthenticationFailed")
    assert.matches('^Bearer authorization_uri="http://127', answer.headers["www-authenticate"])
  end)

  it("refuses a token that nobody gave out", function()
    azure.token = "eyJ0.e30.x"
    refused(azure:get(client.GROUP), 401, "InvalidAuthenticationToken")
  end)

  it("refuses a token that has expired", function()
    azure.sim:expire_tokens()
    refused(azure:get(client.GROUP), 401, "ExpiredAuthenticationToken")
  end)

  it("asks for an api-version", function()
    refused(azure:get(client.GROUP .. "?x=y"), 400, "MissingApiVersionParameter")
  end)

  it("refuses an api-version that is none, and one that never was", function()
    refused(azure:get(client.GROUP .. "?api-version=latest"), 400, "InvalidApiVersionParameter")
    refused(azure:get(client.GROUP .. "?api-version=1999-01-01"), 400, "InvalidApiVersionParameter")
    azure:create_group()
    local answer = refused(azure:get(client.CLUSTER .. "?api-version=2024-11-11"), 400, "NoRegisteredProviderFound")
    assert.matches("location 'westus2' and API version '2024-11-11' for type 'managedClusters'",
      answer.body.error.message, 1, true)
    refused(azure:get(client.VNET .. "?api-version=2013-01-01"), 400, "NoRegisteredProviderFound")
  end)

  it("knows one subscription", function()
    refused(azure:get("/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups?api-version=2024-11-01"), 404,
      "SubscriptionNotFound")
  end)

  it("tells a missing group from a missing resource", function()
    refused(azure:get(client.CLUSTER), 404, "ResourceGroupNotFound")
    azure:create_group()
    local answer = refused(azure:get(client.CLUSTER), 404, "ResourceNotFound")
    assert.matches("'Microsoft.ContainerService/managedClusters/demo' under resource group 'demo' was not found",
      answer.body.error.message, 1, true)
  end)

  it("does not know other types, nor other methods", function()
    azure:create_group()
    refused(azure:get(client.GROUP .. "/providers/Microsoft.Web/sites/x"), 404, "InvalidResourceType")
    refused(azure:post(client.CLUSTER), 405, "MethodNotAllowed")
  end)

  it("refuses a body that is no JSON object, and none at all", function()
    local headers = { authorization = "Bearer " .. azure.token }
    for _, text in ipairs { "{", "[1", '"text"', "" } do
      refused(azure:send("PUT", azure.root .. client.GROUP .. "?api-version=2024-11-01", text, headers), 400,
        "InvalidRequestContent")
    end
  end)

  it("gives every answer ids, counters, and what the client asked to have back", function()
    local answer = azure:get("/resourceGroups", nil, { ["x-ms-correlation-request-id"] = "mine",
      ["x-ms-client-request-id"] = "one", ["x-ms-return-client-request-id"] = "true" })
    assert.matches("^%x+%-%x+%-4%x+%-%x+%-%x+$", answer.headers["x-ms-request-id"])
    assert.is_string(answer.headers["x-ms-routing-request-id"])
    assert.are.equal("mine", answer.headers["x-ms-correlation-request-id"])
    assert.are.equal("one", answer.headers["x-ms-client-request-id"])
    local before = tonumber(answer.headers["x-ms-ratelimit-remaining-subscription-reads"])
    local after = tonumber(azure:get("/resourceGroups").headers["x-ms-ratelimit-remaining-subscription-reads"])
    assert.are.equal(before - 1, after)
  end)

  it("says whether the gateway or a provider refused", function()
    assert.are.equal("gateway", azure:get(client.CLUSTER).headers["x-ms-failure-cause"])
    azure:create_group()
    assert.are.equal("service", azure:put(client.CLUSTER, { location = "westus2" }).headers["x-ms-failure-cause"])
  end)

  it("takes paths in any case, and answers in that of the provider", function()
    azure:create_group()
    azure:create(client.CLUSTER, client.managed())
    local answer = azure:get("/RESOURCEGROUPS/Demo/providers/microsoft.containerservice/managedclusters/DEMO")
    assert.are.equal(200, answer.status)
    assert.are.equal(azure.root .. "/resourcegroups/demo/providers/Microsoft.ContainerService/managedClusters/demo",
      answer.body.id)
    assert.are.equal("Microsoft.ContainerService/ManagedClusters", answer.body.type)
  end)

  it("cuts a list into pages whose links are opaque and absolute", function()
    for _, name in ipairs { "a", "b", "c", "d", "e" } do
      azure:create("/resourceGroups/" .. name, { location = "westus2" })
    end
    local names, link, pages = {}, "/resourceGroups", 0
    while link do
      local answer = azure:get(link)
      for _, group in ipairs(answer.body.value) do
        names[#names + 1] = group.name
      end
      link, pages = answer.body.nextLink, pages + 1
      assert.is_true(link == nil or link:find(azure.sim.endpoint, 1, true) == 1)
    end
    assert.are.same({ "a", "b", "c", "d", "e" }, names)
    assert.are.equal(3, pages)
    refused(azure:get("/resourceGroups?api-version=2024-11-01&%24skiptoken=invented"), 400, "InvalidSkipToken")
  end)

  it("tells its endpoints before anybody signed in", function()
    local answer = azure:send("GET", "/metadata/endpoints?api-version=2019-05-01")
    assert.are.equal(azure.sim.endpoint, answer.body[1].authentication.loginEndpoint)
    local single = azure:send("GET", "/metadata/endpoints?api-version=2022-09-01")
    assert.are.equal(azure.sim.endpoint .. "/", single.body.resourceManager)
  end)
end)

describe("a resource group", function()
  before_each(function()
    azure = client.start()
  end)
  after_each(function()
    azure:stop()
  end)

  it("is new once, then there", function()
    assert.are.equal(404, azure:head(client.GROUP).status)
    assert.are.equal(201, azure:put(client.GROUP, { location = "West US 2", tags = { a = "1" } }).status)
    assert.are.equal(200, azure:put(client.GROUP, { location = "westus2", tags = { a = "1" } }).status)
    assert.are.equal(204, azure:head(client.GROUP).status)
    local body = azure:get(client.GROUP).body
    assert.are.equal("westus2", body.location)
    assert.are.same({ a = "1" }, body.tags)
    assert.are.equal("Succeeded", body.properties.provisioningState)
  end)

  it("does not move", function()
    azure:create_group()
    local answer = azure:put(client.GROUP, { location = "eastus" })
    assert.are.equal(409, answer.status)
    assert.are.equal("InvalidResourceGroupLocation", answer.body.error.code)
  end)

  it("refuses a name that ends in a dot, and a body without location", function()
    assert.are.equal("InvalidResourceGroupName", azure:put("/resourceGroups/demo.",
      { location = "westus2" }).body.error.code)
    assert.are.equal("LocationRequired", azure:put(client.GROUP, { tags = { a = "1" } }).body.error.code)
  end)

  it("takes other tags by PATCH", function()
    azure:create_group()
    assert.are.same({ b = "2" }, azure:patch(client.GROUP, { tags = { b = "2" } }).body.tags)
  end)

  -- Follows the Location of a deletion, which is another one every time.
  local function follow(answer)
    local seen, last = {}, answer
    repeat
      local location = last.headers.location
      assert.is_nil(seen[location])
      seen[location] = true
      last = azure:get(location)
      azure.sim:advance(30)
    until last.status ~= 202
    return last
  end

  it("is deleted with all that is in it, followed by a rolling Location alone", function()
    azure:create_network()
    azure:create(client.CLUSTER, azure:brought())
    local answer = azure:delete(client.GROUP)
    assert.are.equal(202, answer.status)
    assert.is_nil(answer.headers["azure-asyncoperation"])
    local last = follow(answer)
    assert.are.equal(200, last.status)
    assert.are.equal("", last.text)
    assert.are.equal(404, azure:get(client.GROUP).status)
    assert.are.same({}, azure.sim:export())
  end)

  it("stays when a cluster elsewhere lives in its network", function()
    azure:create_network()
    azure:create("/resourceGroups/other", { location = "westus2" })
    azure:create((client.CLUSTER:gsub("/demo/", "/other/")), azure:brought())
    local last = follow(azure:delete(client.GROUP))
    assert.are.equal(409, last.status)
    assert.are.equal("ResourceGroupDeletionBlocked", last.body.error.code)
    assert.are.equal("InUseSubnetCannotBeDeleted", last.body.error.details[1].code)
    assert.are.equal(200, azure:get(client.VNET).status)
  end)
end)
