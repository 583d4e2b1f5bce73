-- What ARM's front door makes of unusual requests, and the counters that it keeps.
local client = require "spec.sim.client"

local azure

local function refused(answer, status, code)
  assert.are.equal(status, answer.status, answer.text)
  assert.are.equal(code, answer.body.error.code)
  return answer
end

describe("a request", function()
  before_each(function()
    azure = client.start { page_size = 2 }
  end)
  after_each(function()
    azure:stop()
  end)

  local function send(method, path, text)
    return azure:send(method, azure.root .. path .. "?api-version=2024-11-01", text,
      { authorization = "Bearer " .. azure.token, ["content-type"] = "application/json" })
  end

  it("has an Authorization that is a bearer token, or is refused for its form", function()
    local answer = azure:send("GET", azure.root .. "/resourceGroups?api-version=2024-11-01", nil,
      { authorization = "Basic YTpi" })
    refused(answer, 401, "AuthenticationFailedInvalidHeader")
    assert.matches('error="invalid_token"', answer.headers["www-authenticate"], 1, true)
  end)

  it("is told that its token is bad before anything about what it asks for", function()
    azure.token = "x.y.z"
    refused(azure:get("/resourceGroups/none/providers/Microsoft.Web/sites/x?x=y"), 401, "InvalidAuthenticationToken")
  end)

  it("has a body that is an object: not null, not a list, nothing after it", function()
    for _, text in ipairs { "null", "[]", '[{"location":"westus2"}]', "1", "{]", "{}{}" } do
      refused(send("PUT", client.GROUP, text), 400, "InvalidRequestContent")
    end
  end)

  it("may have a POST's body that is empty, though it names a type", function()
    azure:create_group()
    azure:create(client.CLUSTER, client.managed())
    assert.are.equal(200, send("POST", client.CLUSTER .. "/listClusterUserCredential", "").status)
  end)

  it("names the api-version in any case", function()
    assert.are.equal(200, azure:get("/resourceGroups?API-Version=2024-11-01").status)
  end)

  it("may ask for a preview version, and for none of another form", function()
    assert.are.equal(200, azure:get("/resourceGroups?api-version=2024-11-01-preview").status)
    for _, version in ipairs { "2024-11-1", "2024-11-01-beta", "2024-11-01preview", "v1" } do
      refused(azure:get("/resourceGroups?api-version=" .. version), 400, "InvalidApiVersionParameter")
    end
    refused(azure:get("/resourceGroups?api-version="), 400, "MissingApiVersionParameter")
  end)

  it("to another subscription or group is refused in whatever case, also for what lies at a scope", function()
    local roles = "/providers/Microsoft.Authorization/roleAssignments"
    refused(azure:get(azure.sim.endpoint .. "/SUBSCRIPTIONS/0000" .. roles .. "?api-version=2022-04-01"), 404,
      "SubscriptionNotFound")
    refused(azure:get("/RESOURCEGROUPS/none" .. roles), 404, "ResourceGroupNotFound")
    assert.are.equal(200, azure:get(azure.sim.endpoint .. azure.root:upper() .. roles
      .. "?api-version=2022-04-01").status)
  end)

  it("for what is not there is refused by the gateway, in a group that is there too", function()
    azure:create_group()
    for _, path in ipairs { client.VNET, client.IDENTITY, client.CLUSTER } do
      assert.are.equal("gateway", refused(azure:get(path), 404, "ResourceNotFound").headers["x-ms-failure-cause"])
    end
  end)

  it("counts against the principal and the subscription, by its kind", function()
    local function remaining(answer, kind)
      return answer.headers["x-ms-ratelimit-remaining-subscription-" .. kind],
        answer.headers["x-ms-ratelimit-remaining-subscription-global-" .. kind]
    end
    assert.are.same({ "799", "11999" }, { remaining(azure:put(client.GROUP, { location = "westus2" }), "writes") })
    assert.are.same({ "798", "11998" }, { remaining(azure:patch(client.GROUP, { tags = { a = "1" } }), "writes") })
    assert.are.same({ "1099", "16499" }, { remaining(azure:get(client.GROUP), "reads") })
    assert.are.same({ "799", "11999" }, { remaining(azure:delete(client.GROUP), "deletes") })
    assert.are.same({ "1098", "16498" }, { remaining(azure:get(client.GROUP), "reads") })
  end)

  it("has its own id echoed only when it asks for that", function()
    local answer = azure:get("/resourceGroups", nil, { ["x-ms-client-request-id"] = "mine" })
    assert.is_nil(answer.headers["x-ms-client-request-id"])
    assert.are_not.equal(answer.headers["x-ms-request-id"], azure:get("/resourceGroups").headers["x-ms-request-id"])
  end)

  it("of Graph is not cut into pages", function()
    azure:create_group()
    for _, name in ipairs { "one", "two", "three" } do
      azure:put(client.GROUP .. "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" .. name,
        { location = "westus2" })
    end
    local answer = azure:get(azure.sim.endpoint .. "/v1.0/servicePrincipals")
    assert.are.equal(4, #answer.body.value)
    assert.is_nil(answer.body.nextLink)
  end)

  it("for a page may be sent twice, and a list that fits has no next one", function()
    for _, name in ipairs { "a", "b", "c" } do
      azure:put("/resourceGroups/" .. name, { location = "westus2" })
    end
    local link = azure:get("/resourceGroups").body.nextLink
    assert.are.equal("c", azure:get(link).body.value[1].name)
    local again = azure:get(link).body
    assert.are.equal("c", again.value[1].name)
    assert.is_nil(again.nextLink)
    assert.is_nil(azure:get(client.GROUP:gsub("demo", "a")
      .. "/providers/Microsoft.Network/virtualNetworks").body.nextLink)
  end)

  it("for a resource of a list is answered with an empty list, not with an object", function()
    assert.matches('"value":%[%]', azure:get("/resourceGroups").text)
  end)
end)
