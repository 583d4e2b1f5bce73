-- Where the options of aks.connect come from.
local aks = require "aks"
local settings = require "aks.settings"

local subscription = "11111111-2222-3333-4444-555555555555"

describe("aks.settings", function()
  local getenv, environment = os.getenv, {}

  before_each(function()
    environment = {}
    os.getenv = function(name) return environment[name] end -- luacheck: ignore
  end)

  after_each(function()
    os.getenv = getenv -- luacheck: ignore
    settings.impose()
  end)

  it("takes what is absent from the environment", function()
    environment = {
      AZURE_SUBSCRIPTION_ID = subscription,
      AZURE_TENANT_ID = "tenant",
      AKS_ENDPOINT = "http://127.0.0.1:1",
      AZURE_AUTHORITY_HOST = "http://127.0.0.1:2",
    }
    local options = settings.resolve { tenant = "mine" }
    assert.are.equal(subscription, options.subscription)
    assert.are.equal("mine", options.tenant)
    assert.are.equal("http://127.0.0.1:1", options.endpoint)
    assert.are.equal("http://127.0.0.1:2", options.authority)
  end)

  it("does not mix a cloud with places of the environment", function()
    environment = { AKS_ENDPOINT = "http://127.0.0.1:1", AZURE_AUTHORITY_HOST = "http://127.0.0.1:2" }
    local options = settings.resolve { cloud = "china" }
    assert.is_nil(options.endpoint)
    assert.is_nil(options.authority)
  end)

  it("takes an empty variable for none", function()
    environment = { AZURE_SUBSCRIPTION_ID = "" }
    assert.is_nil(settings.resolve().subscription)
  end)

  it("takes the default credential where none is given", function()
    environment = { AZURE_CLIENT_ID = "id", AZURE_CLIENT_SECRET = "top-secret", AZURE_TENANT_ID = "tenant" }
    local credential = settings.resolve().credential
    assert.are.equal("default", credential.kind)
    assert.is_nil(tostring(credential):find("top-secret", 1, true))
  end)

  it("sends nothing to sign in before it is needed", function()
    environment = { AZURE_POD_IDENTITY_AUTHORITY_HOST = "http://127.0.0.1:1" }
    local client <close> = aks.connect()
    assert.is_nil(client.subscription)
    assert.is_nil(aks.loop:timeout())
  end)

  it("lets the command line impose options", function()
    settings.impose { endpoint = "http://127.0.0.1:9", credential = "token" }
    local client <close> = aks.connect { endpoint = "http://127.0.0.1:1" }
    assert.are.equal("http://127.0.0.1:9", client.endpoint)
  end)

  it("leaves the caller's table alone", function()
    environment = { AZURE_TENANT_ID = "tenant" }
    local options = {}
    settings.resolve(options)
    assert.are.same({}, options)
  end)
end)

describe("aks.connect", function()
  it("goes to the cloud that is named", function()
    local client <close> = aks.connect { credential = "token", cloud = "china", subscription = subscription }
    assert.are.equal("https://management.chinacloudapi.cn", client.endpoint)
    assert.are.equal(subscription, client.subscription)
  end)

  it("goes to a cloud of one's own", function()
    local client <close> = aks.connect {
      credential = "token",
      cloud = { resource_manager = "https://arm.example", authority = "https://login.example" },
    }
    assert.are.equal("https://arm.example", client.endpoint)
  end)

  it("refuses a cloud without a resource manager", function()
    local _, err = pcall(aks.connect, { credential = "token", cloud = { authority = "https://login.example" } })
    assert.are.equal("field_required", err.code)
  end)

  it("refuses a place that would see the token in the clear", function()
    local ok = pcall(aks.connect, { credential = "token", endpoint = "http://arm.example" })
    assert.is_false(ok)
  end)

  it("refuses what is no credential", function()
    for _, wrong in ipairs { 42, {}, "" } do
      assert.is_false((pcall(aks.connect, { credential = wrong })))
    end
  end)

  it("closes more than once", function()
    local client <close> = aks.connect { credential = "token" }
    client:close()
    client:close()
    local ok, err = pcall(client.resource_group, client, "group")
    assert.is_false(ok)
    assert.are.equal("field_required", err.code) -- there is no subscription
  end)

  it("does not show a token", function()
    local credential = aks.credential.token "very-secret"
    local client <close> = aks.connect { credential = credential }
    assert.is_nil((tostring(credential) .. tostring(client)):find("very-secret", 1, true))
  end)
end)
