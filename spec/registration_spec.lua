-- Registering resource providers and preview features.
local azure = require "spec.support.azure"

local simulator, client

local NAMESPACE, FEATURE = "Microsoft.ContainerService", "EnableAPIServerVnetIntegrationPreview"

local function start(options, connection)
  connection = connection or {}
  connection.poll_interval = 1
  simulator, client = azure.start(options, connection)
end

local function posts(path)
  return simulator:count { method = "POST", path = path }
end

describe("a resource provider", function()
  after_each(function()
    client:close()
    simulator:stop()
  end)

  it("is registered, and waited for", function()
    start { unregistered = true }
    local provider = client:provider(NAMESPACE)
    assert.are.equal("NotRegistered", provider:get().registrationState)
    assert.are.equal(provider, provider:register())
    assert.are.equal("Registered", provider.registration_state)
    assert.are.equal("resource provider 'Microsoft.ContainerService'", tostring(provider))
  end)

  it("that is registered is not registered again", function()
    start {}
    client:provider("microsoft.containerservice"):register()
    assert.are.equal(0, posts "containerservice/register")
  end)

  it("that does not exist is an error of Azure's", function()
    start {}
    local provider = client:provider "Microsoft.Nothing"
    assert.are.equal("InvalidResourceNamespace", azure.error_of(provider.register, provider).code)
  end)

  it("is waited for when somebody else has begun, also after the client was killed", function()
    start { unregistered = true }
    local operation = client:provider(NAMESPACE):register { wait = false }
    while posts "containerservice/register" == 0 do
      require("aks").loop:step(0.01)
    end
    operation:cancel()
    local provider = client:provider(NAMESPACE)
    provider:register()
    assert.are.equal("Registered", provider.registration_state)
  end)

  it("has a name, and nothing is sent with a wrong one", function()
    start {}
    assert.are.equal("name_invalid", azure.error_of(client.provider, client, "a/b").code)
    assert.are.equal("type_mismatch", azure.error_of(client.provider, client).code)
    assert.are.equal("name_invalid", azure.error_of(client.feature, client, NAMESPACE, "a/b").code)
    assert.are.equal("type_mismatch", azure.error_of(client.feature, client, NAMESPACE).code)
    assert.are.equal(0, simulator:count {})
  end)
end)

describe("a feature", function()
  after_each(function()
    client:close()
    simulator:stop()
  end)

  it("is registered, waited for, and made known to its provider, so that it can be used", function()
    start { require_feature = true }
    local group = client:resource_group("demo", { location = "westus2" })
    group:create()
    local cluster = group:cluster("demo", { vnet_integration = true })
    assert.matches("is not enabled", azure.error_of(cluster.create, cluster).message)
    local feature = client:feature(NAMESPACE, FEATURE)
    assert.are.equal(feature, feature:register())
    assert.are.equal("Registered", feature.registration_state)
    assert.are.equal(1, posts "/features/.*/register")
    assert.are.equal(1, posts "containerservice/register")
    cluster:create()
    assert.are.equal("Succeeded", cluster.provisioning_state)
  end)

  it("that is registered is not registered again, but its provider is told again", function()
    start { require_feature = true }
    client:feature(NAMESPACE, FEATURE):register()
    simulator:clear_log()
    client:feature(NAMESPACE, FEATURE):register()
    assert.are.equal(0, posts "/features/.*/register")
    assert.are.equal(1, posts "containerservice/register")
  end)

  it("that is not needed any more says so", function()
    local notes = {}
    start({}, { on_event = function(event)
      if event.kind == "operation" and event.status == "succeeded" then
        notes[event.operation] = event.detail
      end
    end })
    client:feature(NAMESPACE, FEATURE):register()
    assert.matches("not needed: generally available since api%-version 2025%-03%-01", notes.register)
  end)

  it("that the cloud no longer knows is success when it is generally available, and an error otherwise", function()
    start {}
    simulator:fault { method = "GET", path = "/features/", status = 404,
      body = { error = { code = "FeatureNotFound", message = "The feature could not be found." } } }
    client:feature(NAMESPACE, FEATURE):register()
    assert.are.equal(0, posts "register")
    local other = client:feature(NAMESPACE, "SomethingElsePreview")
    assert.are.equal("FeatureNotFound", azure.error_of(other.register, other).code)
  end)
end)
