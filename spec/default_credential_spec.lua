-- Chains of credentials, and the default one.
local aks = require "aks"
local azure = require "spec.support.azure"
local identity = require "spec.support.identity"

describe("credentials in a chain", function()
  local simulator

  before_each(function()
    simulator = identity.start()
  end)
  after_each(function()
    simulator:stop()
  end)

  local function secret(text)
    return aks.credential.client_secret { tenant = simulator.tenant, client_id = simulator.client_id,
      client_secret = text or simulator.client_secret }
  end

  local function nobody()
    local _ <close> = identity.environment { AZURE_POD_IDENTITY_AUTHORITY_HOST = "http://127.0.0.1:1" }
    return aks.credential.managed_identity()
  end

  local function report(credential)
    local client <close> = identity.connect(simulator, credential)
    return client:identity_report()
  end

  local function failure(credential)
    local client <close> = identity.connect(simulator, credential)
    return azure.error_of(client.identity_report, client)
  end

  it("are passed over until one gives a token, which is named", function()
    assert.are.equal("client_secret", report(aks.credential.chain { nobody(), secret() }).credential)
  end)

  it("are not asked again once another has answered", function()
    local asked = 0
    local function fails()
      asked = asked + 1
      error "not here"
    end
    local client <close> = identity.connect(simulator, aks.credential.chain { aks.credential.token(fails), secret() })
    client:identity_report()
    simulator:expire_tokens()
    assert.is_false(client:resource_group("none"):exists())
    assert.are.equal(1, asked)
    assert.are.equal(2, #identity.forms(simulator))
  end)

  it("end the search when one is refused: the next may be somebody else", function()
    local err = failure(aks.credential.chain { nobody(), secret "wrong", secret() })
    assert.are.equal("token_refused", err.code)
    assert.are.equal(1, #identity.forms(simulator))
  end)

  it("end the search when a server is in trouble, for the same reason", function()
    simulator:fault { path = "/oauth2/", status = 503, count = 100, headers = { ["retry-after-ms"] = "1" } }
    local err = failure(aks.credential.chain { secret(), simulator.token })
    assert.are.equal("credential_unavailable", err.code)
    assert.is_true(err.retryable)
  end)

  it("tell what each said when none can give a token", function()
    local err = failure(aks.credential.chain { nobody(), aks.credential.token(function() error("no luck", 0) end) })
    assert.are.equal("credential_unavailable", err.code)
    assert.matches("managed_identity: .*does not answer", err.message)
    assert.matches("function: .*no luck", err.message)
    assert.are.equal("managed_identity", err.details[1].target)
    assert.are.equal("function", err.details[2].target)
  end)

  it("may be chains themselves, or tokens", function()
    local inner = aks.credential.chain { nobody(), simulator.token }
    assert.are.equal("token", report(aks.credential.chain { nobody(), inner }).credential)
  end)

  it("must be credentials", function()
    assert.are.equal("type_mismatch", azure.error_of(aks.credential.chain, { {} }).code)
    assert.are.equal("value_not_allowed", azure.error_of(aks.credential.chain, {}).code)
    assert.is_false((pcall(aks.credential.chain, "token")))
  end)
end)

describe("the default credential", function()
  local simulator

  before_each(function()
    simulator = identity.start()
  end)
  after_each(function()
    simulator:stop()
  end)

  -- Connects without naming a credential.
  local function connect(variables)
    local _ <close> = identity.environment(variables)
    return identity.connect(simulator, nil)
  end

  local function report(variables)
    local client <close> = connect(variables)
    return client:identity_report()
  end

  local function token_file(directory)
    return identity.write(directory.path .. "/token", identity.federated_token())
  end

  it("takes a secret of the environment first", function()
    local directory <close> = identity.directory()
    local got = report { AZURE_TENANT_ID = simulator.tenant, AZURE_CLIENT_ID = simulator.client_id,
      AZURE_CLIENT_SECRET = simulator.client_secret, AZURE_FEDERATED_TOKEN_FILE = token_file(directory),
      AZURE_POD_IDENTITY_AUTHORITY_HOST = simulator.endpoint }
    assert.are.equal("client_secret", got.credential)
  end)

  it("then a certificate of the environment", function()
    local got = report { AZURE_TENANT_ID = simulator.tenant, AZURE_CLIENT_ID = simulator.client_id,
      AZURE_CLIENT_CERTIFICATE_PATH = identity.keys().encrypted, AZURE_CLIENT_CERTIFICATE_PASSWORD = "open sesame",
      AZURE_CLIENT_SEND_CERTIFICATE_CHAIN = "true" }
    assert.are.equal("client_certificate", got.credential)
  end)

  it("then a workload identity", function()
    local directory <close> = identity.directory()
    local got = report { AZURE_TENANT_ID = simulator.tenant, AZURE_CLIENT_ID = simulator.client_id,
      AZURE_FEDERATED_TOKEN_FILE = token_file(directory), AZURE_POD_IDENTITY_AUTHORITY_HOST = simulator.endpoint }
    assert.are.equal("workload_identity", got.credential)
  end)

  it("then a managed identity, the one that AZURE_CLIENT_ID names", function()
    local client <close> = identity.connect(simulator, simulator.token)
    local made = client:resource_group("demo", { location = "westus2" }):create():identity("mine"):create()
    local got = report { AZURE_CLIENT_ID = made.client_id, AZURE_POD_IDENTITY_AUTHORITY_HOST = simulator.endpoint }
    assert.are.equal("managed_identity", got.credential)
    assert.are.equal(made.principal_id, got.object_id)
  end)

  it("tells why each way was passed over", function()
    local client <close> = connect { AZURE_CLIENT_ID = "x" }
    local err = azure.error_of(client.identity_report, client)
    assert.are.equal("credential_unavailable", err.code)
    assert.matches("environment: neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set", err.message)
    assert.matches("workload_identity: AZURE_FEDERATED_TOKEN_FILE is not set", err.message)
    assert.matches("managed_identity: .*does not answer", err.message)
    assert.matches("az login", err.hint)
    assert.are.equal(3, #err.details) -- the Azure CLI is left out by AZURE_TOKEN_CREDENTIALS here
  end)

  it("does not act as somebody else when what the environment names is wrong", function()
    local _ <close> = identity.environment { AZURE_CLIENT_ID = "x", AZURE_CLIENT_CERTIFICATE_PATH = "/nonexistent.pem",
      AZURE_POD_IDENTITY_AUTHORITY_HOST = simulator.endpoint }
    assert.matches("/nonexistent.pem", azure.error_of(aks.credential.default).message)
  end)

  it("does not act as somebody else when a workload's token cannot be read", function()
    local client <close> = connect { AZURE_CLIENT_ID = simulator.client_id, AZURE_TENANT_ID = simulator.tenant,
      AZURE_FEDERATED_TOKEN_FILE = "/nonexistent/token", AZURE_POD_IDENTITY_AUTHORITY_HOST = simulator.endpoint }
    assert.matches("/nonexistent/token", azure.error_of(client.identity_report, client).message)
    assert.are.equal(0, simulator:count { path = "/metadata/" })
  end)

  it("can be limited as the Azure SDKs can", function()
    local got = report { AZURE_TOKEN_CREDENTIALS = "ManagedIdentityCredential", AZURE_CLIENT_ID = nil,
      AZURE_CLIENT_SECRET = "unused", AZURE_POD_IDENTITY_AUTHORITY_HOST = simulator.endpoint }
    assert.are.equal("managed_identity", got.credential)
    local _ <close> = identity.environment { AZURE_TOKEN_CREDENTIALS = "Anything" }
    assert.are.equal("value_not_allowed", azure.error_of(aks.credential.default).code)
  end)

  it("is told apart by its name", function()
    assert.are.equal("default", aks.credential.default().kind)
    assert.are.equal("credential (default)", tostring(aks.credential.default()))
  end)

  -- The whole chain in a process of its own, whose az is what the directory has.
  local function run(directory)
    local path = identity.write(directory.path .. "/program.lua", [[
      local aks = require "aks"
      local client = aks.connect {}
      local ok, result = pcall(client.identity_report, client)
      print(ok and result.credential or tostring(result))
    ]])
    local pipe = assert(io.popen(("env PATH=%s:relative::. AZURE_TOKEN_CREDENTIALS= AZURE_CONFIG_DIR=/nonexistent "
      .. "AZURE_POD_IDENTITY_AUTHORITY_HOST=http://127.0.0.1:1 %s /usr/bin/lua5.4 %s 2>&1"):format(
      directory.path, identity.variables(simulator), path)))
    local text = pipe:read("a")
    pipe:close()
    return text
  end

  it("asks the Azure CLI last", function()
    local directory <close> = identity.directory()
    identity.fake_az(directory, ([[printf '{"accessToken":"%s"}']]):format(simulator.token))
    assert.are.equal("azure_cli\n", run(directory))
  end)

  it("says that there is no Azure CLI", function()
    local directory <close> = identity.directory()
    assert.matches("azure_cli: the Azure CLI %(az%) is in no absolute directory of PATH", run(directory))
  end)

  it("says that nobody is signed in with the Azure CLI", function()
    local directory <close> = identity.directory()
    identity.fake_az(directory, [[echo "ERROR: Please run 'az login' to setup account." >&2; exit 1]])
    assert.matches("azure_cli: .*Please run 'az login'", run(directory))
  end)
end)
