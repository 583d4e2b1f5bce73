-- Each way to sign in, against a simulated Entra ID and simulated hosts.
local aks = require "aks"
local azure = require "spec.support.azure"
local identity = require "spec.support.identity"

local simulator

-- Signs in, reads something of ARM, and says who one is.
local function sign_in(credential, options)
  local client <close> = identity.connect(simulator, credential, options)
  assert.is_false(client:resource_group("none"):exists())
  return client:identity_report()
end

local function failure(credential, options)
  local client <close> = identity.connect(simulator, credential, options)
  return azure.error_of(client.identity_report, client)
end

local function stop()
  simulator:stop()
end

local function start(options)
  simulator = identity.start(options)
end

describe("a client secret", function()
  after_each(stop)

  local function credential(changes)
    local all = { tenant = simulator.tenant, client_id = simulator.client_id, client_secret = simulator.client_secret }
    for name, value in pairs(changes or {}) do
      all[name] = value
    end
    return aks.credential.client_secret(all)
  end

  it("signs in, and the report tells who one is", function()
    start()
    local report = sign_in(credential())
    assert.are.equal("client_secret", report.credential)
    assert.are.equal(simulator.tenant, report.tenant)
    assert.are.equal(simulator.object_id, report.object_id)
    assert.are.equal(simulator.client_id, report.client_id)
    assert.are.equal(simulator.subscription, report.subscription)
    assert.is_true(report.expires_on > os.time())
  end)

  it("that is wrong is refused, with the remedy", function()
    start()
    local err = failure(credential { client_secret = "not-the-one" })
    assert.are.equal("token_refused", err.code)
    assert.are.equal(401, err.status)
    assert.matches("AADSTS7000215", err.message)
    assert.matches("not its id", err.hint)
    assert.not_matches("not%-the%-one", tostring(err))
  end)

  it("that has expired is refused, with the remedy", function()
    start { secret_expired = true }
    local err = failure(credential())
    assert.matches("AADSTS7000222", err.message)
    assert.matches("has expired", err.hint)
  end)

  it("of an unknown application, or in an unknown tenant, is refused", function()
    start()
    local err = failure(credential { client_id = "5117ab1e-0000-4000-8000-00000000000f" })
    assert.matches("AADSTS700016", err.message)
    err = failure(credential { tenant = "elsewhere.example" })
    assert.matches("AADSTS90002", err.message)
    assert.matches("no such tenant", err.hint)
  end)
end)

describe("a client certificate", function()
  local keys = identity.keys()

  before_each(start)
  after_each(stop)

  local function credential(certificate, changes)
    local all = { client_id = simulator.client_id, certificate = certificate }
    for name, value in pairs(changes or {}) do
      all[name] = value
    end
    return aks.credential.client_certificate(all)
  end

  it("signs an assertion that Entra ID verifies", function()
    local report = sign_in(credential(keys.pem))
    assert.are.equal("client_certificate", report.credential)
    assert.are.equal(simulator.object_id, report.object_id)
    local form = identity.forms(simulator)[1]
    assert.are.equal("urn:ietf:params:oauth:client-assertion-type:jwt-bearer", form.client_assertion_type)
    assert.is_nil(form.client_secret)
  end)

  it("can sign with RS256", function()
    assert.are.equal("client_certificate", sign_in(credential(keys.pem, { algorithm = "RS256" })).credential)
  end)

  it("can send its chain", function()
    assert.are.equal("client_certificate", sign_in(credential(keys.chain, { send_chain = true })).credential)
  end)

  it("can be text in place of a path", function()
    assert.are.equal("client_certificate", sign_in(credential(identity.read(keys.pem))).credential)
  end)

  it("may have an encrypted key", function()
    for _, path in ipairs { keys.encrypted, keys.pkcs12 } do
      local report = sign_in(credential(path, { password = "open sesame" }))
      assert.are.equal("client_certificate", report.credential)
    end
  end)

  it("whose key cannot be decrypted is refused at once", function()
    for _, path in ipairs { keys.encrypted, keys.pkcs12 } do
      local err = azure.error_of(credential, path, { password = "wrong-word" })
      assert.are.equal("credential_unavailable", err.code)
      assert.matches("cannot be decrypted", err.message)
      assert.not_matches("wrong%-word", tostring(err))
      err = azure.error_of(credential, path)
      assert.matches("is encrypted", err.message)
      assert.matches("AZURE_CLIENT_CERTIFICATE_PASSWORD", err.hint)
    end
  end)

  it("that is not usable says why", function()
    for path, reason in pairs {
      ["/nonexistent/app.pem"] = "No such file",
      ["/"] = "is not a regular file",
      [keys.certificate] = "has no private key",
      [keys.key] = "has no certificate",
      [keys.ec] = "has no RSA key",
      ["/etc/hostname"] = "is neither PEM nor PKCS",
    } do
      local err = azure.error_of(credential, path)
      assert.are.equal("credential_unavailable", err.code)
      assert.matches(reason, err.message)
    end
  end)

  it("that the application does not have is refused, with the remedy", function()
    local err = failure(credential(keys.other))
    assert.are.equal("token_refused", err.code)
    assert.matches("AADSTS700027", err.message)
    assert.matches("not registered", err.hint)
  end)

  it("is read again for each token, so that it can be replaced", function()
    local directory <close> = identity.directory()
    local path = identity.write(directory.path .. "/app.pem", identity.read(keys.other))
    local client <close> = identity.connect(simulator, credential(path))
    azure.error_of(client.identity_report, client)
    identity.write(path, identity.read(keys.pem))
    assert.are.equal("client_certificate", client:identity_report().credential)
  end)

  it("works although this machine's clock is wrong", function()
    for _, ahead in ipairs { 7200, -7200 } do
      stop()
      start { clock_ahead = ahead }
      local report = sign_in(credential(keys.pem))
      assert.are.equal(2, #identity.forms(simulator))
      assert.is_true(math.abs(report.expires_on - os.time() - 3599) < 60) -- by this machine's clock
    end
  end)
end)

describe("a workload identity", function()
  local directory, path

  before_each(function()
    start()
    directory = identity.directory()
    path = identity.write(directory.path .. "/token", identity.federated_token() .. "\n")
  end)
  after_each(function()
    stop()
    getmetatable(directory).__close()
  end)

  local function credential()
    return aks.credential.workload_identity { client_id = simulator.client_id, token_file = path }
  end

  it("signs in by a token of another authority", function()
    local report = sign_in(credential())
    assert.are.equal("workload_identity", report.credential)
    assert.are.equal(simulator.object_id, report.object_id)
  end)

  it("is found in the environment", function()
    local _ <close> = identity.environment { AZURE_CLIENT_ID = simulator.client_id, AZURE_TENANT_ID = simulator.tenant,
      AZURE_FEDERATED_TOKEN_FILE = path }
    assert.are.equal("workload_identity", sign_in(aks.credential.workload_identity()).credential)
  end)

  it("reads its file again when a new token is needed", function()
    identity.write(path, identity.federated_token({ exp = os.time() - 10 }))
    local client <close> = identity.connect(simulator, credential())
    local err = azure.error_of(client.identity_report, client)
    assert.matches("AADSTS700024", err.message)
    identity.write(path, identity.federated_token())
    assert.are.equal("workload_identity", client:identity_report().credential)
    identity.write(path, "")
    simulator:expire_tokens()
    err = azure.error_of(client.resource_group(client, "none").get, client:resource_group("none"))
    assert.are.equal("credential_unavailable", err.code)
    assert.matches("is empty", err.message)
  end)

  it("without a matching federated credential tells what it must match", function()
    for claims, code in pairs {
      [{ iss = "https://foreign.example" }] = "AADSTS700211",
      [{ aud = "api://Other" }] = "AADSTS700212",
      [{ sub = "system:serviceaccount:default:other" }] = "AADSTS700213",
    } do
      local token = identity.federated_token(claims)
      identity.write(path, token)
      local err = failure(credential())
      assert.are.equal("token_refused", err.code)
      assert.matches(code, err.message)
      for _, value in pairs(claims) do
        assert.is_truthy(err.hint:find(value, 1, true))
      end
      assert.is_nil(tostring(err):find(token, 1, true))
    end
  end)

  it("whose token somebody else signed is refused", function()
    identity.write(path, identity.federated_token({}, identity.keys().other))
    assert.matches("invalid signature", failure(credential()).message)
  end)

  it("without its file says so", function()
    os.remove(path)
    local err = failure(credential())
    assert.are.equal("credential_unavailable", err.code)
    assert.is_truthy(err.message:find(path, 1, true))
  end)
end)

describe("a managed identity", function()
  before_each(start)
  after_each(stop)

  local function machine(options)
    local _ <close> = identity.environment { AZURE_POD_IDENTITY_AUTHORITY_HOST = simulator.endpoint }
    return aks.credential.managed_identity(options)
  end

  -- Azure asks for a second; the specs need not wait so long.
  local quick = { ["retry-after-ms"] = "1" }

  local function service(fault)
    fault.path, fault.headers = "^/metadata/identity/oauth2/token$", quick
    simulator:fault(fault)
  end

  it("of a virtual machine is given by the instance metadata service", function()
    local report = sign_in(machine())
    assert.are.equal("managed_identity", report.credential)
    assert.are.equal(simulator.object_id, report.object_id)
    local asked = simulator:requests { path = "/metadata/identity" }
    assert.is_nil(asked[1].headers.metadata) -- the look whether it is there
    assert.are.equal(400, asked[1].status)
    assert.are.equal("true", asked[2].headers.metadata)
    assert.matches("resource=https%%3A%%2F%%2Fmanagement%.azure%.com$", asked[2].url)
  end)

  it("can be a user-assigned one", function()
    local client <close> = identity.connect(simulator, simulator.token)
    local group = client:resource_group("demo", { location = "westus2" }):create()
    local made = group:identity("mine"):create()
    for name, value in pairs { client_id = made.client_id, object_id = made.principal_id, resource_id = made.id } do
      local report = sign_in(machine { [name] = value })
      assert.are.equal(made.principal_id, report.object_id)
    end
  end)

  it("that is not assigned is told as such", function()
    local err = failure(machine { client_id = "5117ab1e-0000-4000-8000-00000000000f" })
    assert.are.equal("credential_unavailable", err.code)
    assert.are.equal(400, err.status)
    assert.matches("Identity not found", err.message)
    assert.matches("assign", err.hint)
  end)

  it("is asked for again while the service is busy or not ready", function()
    for _, status in ipairs { 404, 410, 429, 500, 503 } do
      service { status = status, skip = 1, count = 2 }
      assert.are.equal("managed_identity", sign_in(machine()).credential)
      simulator:clear_faults()
    end
  end)

  it("is not asked for for ever", function()
    service { status = 500, skip = 1, count = 100 }
    local err = failure(machine())
    assert.are.equal("credential_unavailable", err.code)
    assert.is_true(err.retryable)
    assert.are.equal(6, simulator:count { path = "/metadata/identity" })
  end)

  it("is given up where there is no such service", function()
    local _ <close> = identity.environment { AZURE_POD_IDENTITY_AUTHORITY_HOST = "http://127.0.0.1:1" }
    local err = failure(aks.credential.managed_identity())
    assert.are.equal("credential_unavailable", err.code)
    assert.matches("does not answer", err.message)
  end)

  it("is given up within two seconds where nobody answers", function()
    service { delay = 30, status = 200 }
    local order, err = {}, nil
    local credential = machine()
    aks.all {
      function()
        err = failure(credential)
        order[#order + 1] = "given up"
      end,
      function()
        aks.sleep(2)
        order[#order + 1] = "two seconds"
      end,
    }
    assert.are.equal("credential_unavailable", err.code)
    assert.are.same({ "given up", "two seconds" }, order)
  end)

  it("is never asked for over plain http beyond this machine and its link", function()
    local _ <close> = identity.environment { AZURE_POD_IDENTITY_AUTHORITY_HOST = "http://10.0.0.1" }
    assert.are.equal("host_not_trusted", azure.error_of(aks.credential.managed_identity).code)
  end)

  describe("of App Service", function()
    local function app(header, version)
      local variables = version and { MSI_ENDPOINT = simulator.endpoint .. "/msi/token", MSI_SECRET = header }
        or { IDENTITY_ENDPOINT = simulator.endpoint .. "/msi/token", IDENTITY_HEADER = header }
      local _ <close> = identity.environment(variables)
      return aks.credential.managed_identity()
    end

    it("is given to who has its header", function()
      local report = sign_in(app(simulator.identity_header))
      assert.are.equal(simulator.object_id, report.object_id)
      assert.is_true(math.abs(report.expires_on - os.time() - 86399) < 60)
      assert.are.equal(0, simulator:count { path = "/metadata/identity" })
    end)

    it("is refused to others, and the header is not shown", function()
      local err = failure(app("hidden-header"))
      assert.are.equal("token_refused", err.code)
      assert.not_matches("hidden%-header", tostring(err))
    end)

    it("of old, which writes dates, is understood", function()
      local report = sign_in(app(simulator.identity_header, "2017"))
      assert.is_true(math.abs(report.expires_on - os.time() - 86399) < 60)
    end)
  end)

  describe("of Azure Arc", function()
    local function machine_of(directory, key_directory)
      local _ <close> = identity.environment {
        IDENTITY_ENDPOINT = simulator.endpoint .. "/arc/metadata/identity/oauth2/token",
        IMDS_ENDPOINT = simulator.endpoint,
      }
      return aks.credential.managed_identity { key_directory = key_directory or directory.path }
    end

    it("is given to who can read the agent's key", function()
      stop()
      local directory <close> = identity.directory()
      start { arc_directory = directory.path }
      local report = sign_in(machine_of(directory))
      assert.are.equal(simulator.object_id, report.object_id)
      assert.are.equal(2, simulator:count { path = "/arc/" })
    end)

    it("does not read just any file that it is told to", function()
      stop()
      local directory <close> = identity.directory()
      start { arc_directory = directory.path }
      local err = failure(machine_of(directory, "/var/opt/azcmagent/tokens"))
      assert.are.equal("credential_unavailable", err.code)
      assert.matches("named no key", err.message)
      assert.are.equal(1, simulator:count { path = "/arc/" })
    end)
  end)

  it("of Cloud Shell is asked for by a form", function()
    local _ <close> = identity.environment { MSI_ENDPOINT = simulator.endpoint .. "/cloudshell/token" }
    assert.are.equal(simulator.object_id, sign_in(aks.credential.managed_identity()).object_id)
    assert.are.equal(1, simulator:count { method = "POST", path = "/cloudshell" })
  end)

  it("of Service Fabric is not supported, and says so", function()
    local _ <close> = identity.environment { IDENTITY_ENDPOINT = "https://127.0.0.1:1", IDENTITY_HEADER = "x",
      IDENTITY_SERVER_THUMBPRINT = "y" }
    assert.matches("Service Fabric", azure.error_of(aks.credential.managed_identity).message)
  end)
end)
