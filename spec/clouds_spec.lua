-- Which cloud a client works in: named, told by its resource manager, or as the Azure CLI has been set to.
local aks = require "aks"
local azure = require "spec.support.azure"
local identity = require "spec.support.identity"
local json = require "dkjson"
local settings = require "aks.settings"

describe("a cloud of one's own", function()
  local simulator

  before_each(function()
    simulator = identity.start()
  end)
  after_each(function()
    simulator:stop()
  end)

  local function connect(cloud)
    local _ <close> = identity.environment {}
    return aks.connect {
      cloud = cloud, ca_file = simulator.ca_file, subscription = simulator.subscription,
      credential = aks.credential.client_secret { tenant = simulator.tenant, client_id = simulator.client_id,
        client_secret = simulator.client_secret },
    }
  end

  local function discoveries()
    return simulator:count { path = "^/metadata/endpoints$" }
  end

  it("tells itself where tokens are given, and for whom", function()
    local client <close> = connect { resource_manager = simulator.endpoint }
    local report = client:identity_report()
    assert.are.equal(simulator.endpoint, report.authority)
    assert.is_false(client:resource_group("none"):exists())
    assert.are.equal(1, discoveries())
    assert.are.equal("https://management.core.windows.net//.default", identity.forms(simulator)[1].scope)
  end)

  it("is asked for what was left out alone", function()
    local client <close> = connect { resource_manager = simulator.endpoint, audience = "https://mine.example" }
    client:identity_report()
    assert.are.equal("https://mine.example/.default", identity.forms(simulator)[1].scope)
    local whole <close> = connect { resource_manager = simulator.endpoint, authority = simulator.endpoint,
      audience = "https://mine.example" }
    whole:identity_report()
    assert.are.equal(1, discoveries())
  end)

  it("is not asked for a token that is given", function()
    local client <close> = aks.connect { cloud = { resource_manager = simulator.endpoint },
      credential = simulator.token, ca_file = simulator.ca_file, subscription = simulator.subscription }
    assert.is_false(client:resource_group("none"):exists())
    assert.are.equal(0, discoveries())
  end)

  it("is asked again while it is in trouble", function()
    simulator:fault { path = "^/metadata/endpoints$", status = 503, headers = { ["retry-after-ms"] = "1" } }
    local client <close> = connect { resource_manager = simulator.endpoint }
    assert.are.equal("client_secret", client:identity_report().credential)
    assert.are.equal(2, discoveries())
  end)

  it("that does not tell is an error with a remedy", function()
    local whole = { authentication = { loginEndpoint = simulator.endpoint, audiences = { "https://a.example" } } }
    local answers = {
      { status = 404, body = "{}", why = "does not tell" },
      { status = 200, body = "nonsense", why = "does not tell" },
      { status = 200, body = "[]", why = "names no loginEndpoint" },
      { status = 200, body = '[{"authentication":{"loginEndpoint":"x"}}]', why = "names no loginEndpoint" },
    }
    for _, answer in ipairs(answers) do
      simulator:fault { path = "^/metadata/endpoints$", status = answer.status, body = answer.body }
      local client <close> = connect { resource_manager = simulator.endpoint }
      local err = azure.error_of(client.identity_report, client)
      assert.are.equal("response_invalid", err.code)
      assert.matches(answer.why, err.message)
      assert.matches("resource_manager = ", err.hint)
    end
    whole.authentication.loginEndpoint = "http://login.example"
    simulator:fault { path = "^/metadata/endpoints$", status = 200, body = json.encode(whole) }
    local client <close> = connect { resource_manager = simulator.endpoint }
    assert.are.equal("host_not_trusted", azure.error_of(client.identity_report, client).code)
  end)

  it("may answer as newer versions do, with itself alone", function()
    simulator:fault { path = "^/metadata/endpoints$", status = 200, body = json.encode { authentication = {
      loginEndpoint = simulator.endpoint .. "/", audiences = { "https://one.example" } } } }
    local client <close> = connect { resource_manager = simulator.endpoint }
    client:identity_report()
    assert.are.equal("https://one.example/.default", identity.forms(simulator)[1].scope)
  end)
end)

describe("a national cloud", function()
  it("is known by its authority, as pods are told it", function()
    local _ <close> = identity.environment { AZURE_AUTHORITY_HOST = "https://login.chinacloudapi.cn/" }
    local client <close> = aks.connect { credential = "token" }
    assert.are.equal("https://management.chinacloudapi.cn", client.endpoint)
  end)

  it("may be told by a host alone", function()
    local _ <close> = identity.environment { AZURE_AUTHORITY_HOST = "login.microsoftonline.us" }
    local client <close> = aks.connect { credential = "token" }
    assert.are.equal("https://management.usgovcloudapi.net", client.endpoint)
  end)
end)

describe("the settings of the Azure CLI", function()
  local directory

  before_each(function()
    directory = identity.directory()
  end)
  after_each(function()
    getmetatable(directory).__close()
  end)

  local FIRST, SECOND = "11111111-2222-3333-4444-555555555555", "11111111-2222-3333-4444-666666666666"
  local TENANT, OTHER = "aaaaaaaa-2222-3333-4444-555555555555", "bbbbbbbb-2222-3333-4444-555555555555"

  local function write_profile(subscriptions)
    identity.write(directory.path .. "/azureProfile.json", "\239\187\191" .. json.encode {
      installationId = "x", subscriptions = subscriptions })
  end

  local function public()
    return {
      { id = FIRST, tenantId = TENANT, environmentName = "AzureCloud", isDefault = true, state = "Enabled" },
      { id = SECOND, tenantId = OTHER, environmentName = "AzureCloud", isDefault = false },
      { id = "x", tenantId = "y", environmentName = "AzureChinaCloud", isDefault = true },
    }
  end

  local function resolve(options, variables)
    local all = { AZURE_CONFIG_DIR = directory.path }
    for name, value in pairs(variables or {}) do
      all[name] = value
    end
    local _ <close> = identity.environment(all)
    return settings.resolve(options)
  end

  it("say which subscription and tenant are meant where nothing else does", function()
    write_profile(public())
    local options = resolve {}
    assert.are.equal(FIRST, options.subscription)
    assert.are.equal(TENANT, options.tenant)
    assert.are.equal("public", options.cloud)
  end)

  it("say in which tenant a subscription is", function()
    write_profile(public())
    local options = resolve {subscription = SECOND:upper() }
    assert.are.equal(OTHER, options.tenant)
  end)

  it("do not win over options and variables", function()
    write_profile(public())
    local options = resolve({ tenant = "mine.example" }, { AZURE_SUBSCRIPTION_ID = SECOND })
    assert.are.equal(SECOND, options.subscription)
    assert.are.equal("mine.example", options.tenant)
  end)

  it("do not mix with another place", function()
    write_profile(public())
    for _, options in ipairs { { endpoint = "http://127.0.0.1:1" }, { authority = "https://login.example" },
      { cloud = { resource_manager = "https://arm.example" } } } do
      local resolved = resolve(options)
      assert.is_nil(resolved.subscription)
      assert.is_nil(resolved.tenant)
    end
    assert.are.equal("x", resolve({ cloud = "china" }).subscription)
    assert.is_nil(resolve({ cloud = "usgov" }).subscription)
  end)

  it("say which cloud is the active one", function()
    write_profile(public())
    identity.write(directory.path .. "/config", "[core]\ncollect_telemetry = no\n\n[cloud]\nname = AzureChinaCloud\n")
    local options = resolve {}
    assert.are.equal("china", options.cloud)
    assert.are.equal("x", options.subscription)
    assert.are.equal("public", resolve({}, { AZURE_CLOUD_NAME = "AzureCloud" }).cloud)
  end)

  it("describe clouds that were registered there", function()
    identity.write(directory.path .. "/config", "[cloud]\nname = Stack\n")
    identity.write(directory.path .. "/clouds.config", ("[AzureCloud]\nsubscription = %s\n\n[Stack]\n"
      .. "endpoint_resource_manager = https://arm.stack.example/\n"
      .. "endpoint_active_directory = https://login.stack.example\n"
      .. "endpoint_active_directory_resource_id = https://id.stack.example\n"):format(SECOND))
    write_profile { { id = FIRST, tenantId = TENANT, environmentName = "Stack", isDefault = true } }
    local options = resolve {}
    assert.are.same({ resource_manager = "https://arm.stack.example/", authority = "https://login.stack.example",
      audience = "https://id.stack.example" }, options.cloud)
    assert.are.equal(FIRST, options.subscription)
  end)

  it("choose a subscription for each cloud", function()
    write_profile(public())
    identity.write(directory.path .. "/clouds.config", ("[AzureCloud]\nsubscription = %s\n"):format(SECOND))
    assert.are.equal(SECOND, resolve({}).subscription)
  end)

  it("that are broken are an error only where they are needed", function()
    identity.write(directory.path .. "/azureProfile.json", "{")
    local err = azure.error_of(resolve, {})
    assert.are.equal("settings_invalid", err.code)
    assert.is_truthy(err.message:find(directory.path, 1, true))
    assert.are.equal(FIRST, resolve({ subscription = FIRST }).subscription)
  end)

  it("need not be there", function()
    assert.is_nil(resolve({}).subscription)
  end)
end)
