-- Preview features and resource providers: how they are registered.
local client = require "spec.sim.client"

local azure

describe("the registration of", function()
  before_each(function()
    azure = client.start { unregistered = true, require_feature = true, speed = 1 }
  end)
  after_each(function()
    azure:stop()
  end)

  local FLAG = "/providers/Microsoft.Features/providers/Microsoft.ContainerService/features/"
    .. "EnableAPIServerVnetIntegrationPreview"

  local function register_feature()
    azure:post(FLAG .. "/register")
    azure:get(FLAG)
    azure.sim:advance(1000)
    return azure:get(FLAG).body.properties.state
  end

  it("a feature goes from Registering to Registered", function()
    assert.are.equal("NotRegistered", azure:get(FLAG).body.properties.state)
    local answer = azure:post(FLAG:lower() .. "/register")
    assert.are.equal(200, answer.status)
    assert.are.equal("Registering", answer.body.properties.state)
    assert.are.equal("Microsoft.ContainerService/EnableAPIServerVnetIntegrationPreview", answer.body.name)
    azure.sim:advance(1000)
    assert.are.equal("Registering", azure:get(FLAG).body.properties.state)
    assert.are.equal("Registered", azure:get(FLAG).body.properties.state)
    assert.are.equal("Registered", azure:post(FLAG .. "/register").body.properties.state)
  end)

  it("a feature that nobody knows is refused", function()
    local answer = azure:post((FLAG:gsub("[^/]+$", "Nonsense")) .. "/register")
    assert.are.equal(404, answer.status)
    assert.are.equal("FeatureNotFound", answer.body.error.code)
  end)

  it("a provider goes from NotRegistered to Registered, in its own spelling", function()
    local path = "/providers/microsoft.containerservice"
    assert.are.equal("NotRegistered", azure:get(path).body.registrationState)
    assert.are.equal("Registering", azure:post(path .. "/register").body.registrationState)
    azure:get(path)
    azure.sim:advance(1000)
    local body = azure:get(path).body
    assert.are.equal("Registered", body.registrationState)
    assert.are.equal("Microsoft.ContainerService", body.namespace)
    assert.are.equal("managedClusters", body.resourceTypes[1].resourceType)
  end)

  it("a provider that nobody knows is refused", function()
    assert.are.equal("InvalidResourceNamespace", azure:get("/providers/Microsoft.Nothing").body.error.code)
  end)

  local function register_provider()
    local path = "/providers/Microsoft.ContainerService"
    azure:post(path .. "/register")
    azure:get(path)
    azure.sim:advance(1000)
    return azure:get(path).body.registrationState
  end

  it("a provider comes before its resources", function()
    azure:create_group()
    local answer = azure:put(client.CLUSTER, client.managed())
    assert.are.equal(409, answer.status)
    assert.are.equal("MissingSubscriptionRegistration", answer.body.error.code)
    assert.are.equal("Microsoft.ContainerService", answer.body.error.details[1].target)
    assert.are.equal(404, azure:get(client.CLUSTER).status)
  end)

  it("a feature takes effect when the provider is registered after it", function()
    azure:create_group()
    assert.are.equal("Registered", register_provider())
    local function code()
      local answer = azure:put(client.CLUSTER, client.managed())
      return answer.body.code, answer.body.message
    end
    local refusal, message = code()
    assert.are.equal("BadRequest", refusal)
    assert.matches("Feature Microsoft.ContainerService/EnableAPIServerVnetIntegrationPreview is not enabled", message,
      1, true)
    assert.are.equal("Registered", register_feature())
    assert.are.equal("BadRequest", (code()))
    register_provider()
    assert.is_nil((code()))
  end)
end)
