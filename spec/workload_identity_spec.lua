-- Workloads that another authority vouches for: pods, jobs of CI services, against a simulated Entra ID.
local aks = require "aks"
local azure = require "spec.support.azure"
local identity = require "spec.support.identity"
local signing = require "spec.support.sign_in"

local sign_in, failure, stop = signing.report, signing.failure, signing.stop
local simulator

local function start(options)
  simulator = signing.start(options)
end

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

describe("a job of a CI service", function()
  local connection = "5117ab1e-0000-4000-8000-0000000000cc"
  local REQUEST_TOKEN = "token-of-the-job"

  local function start_with(token)
    start { ci_job = { request_token = REQUEST_TOKEN, token = token, service_connection = connection } }
  end
  after_each(stop)

  local function github(request_token)
    local _ <close> = identity.environment { AZURE_CLIENT_ID = simulator.client_id,
      ACTIONS_ID_TOKEN_REQUEST_URL = simulator.endpoint .. "/ci/github?api-version=2.0",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN = request_token or REQUEST_TOKEN }
    return aks.credential.github_actions()
  end

  local function pipelines()
    local _ <close> = identity.environment { AZURESUBSCRIPTION_CLIENT_ID = simulator.client_id,
      AZURESUBSCRIPTION_TENANT_ID = simulator.tenant, AZURESUBSCRIPTION_SERVICE_CONNECTION_ID = connection,
      SYSTEM_OIDCREQUESTURI = simulator.endpoint .. "/ci/pipelines", SYSTEM_ACCESSTOKEN = REQUEST_TOKEN }
    return aks.credential.azure_pipelines()
  end

  it("signs in by the token that the service gives it", function()
    start_with(identity.federated_token())
    for _, credential in ipairs { github(), pipelines() } do
      local report = sign_in(credential)
      assert.are.equal("ci_job", report.credential)
      assert.are.equal(simulator.object_id, report.object_id)
    end
  end)

  it("is asked for anew for each token, as the service's lasts for minutes", function()
    start_with(identity.federated_token())
    local client <close> = identity.connect(simulator, github())
    client:identity_report()
    simulator:expire_tokens()
    assert.is_false(client:resource_group("none"):exists())
    assert.are.equal(2, simulator:count { path = "^/ci/github$" })
  end)

  it("of GitHub is part of the default", function()
    start_with(identity.federated_token())
    local _ <close> = identity.environment { AZURE_CLIENT_ID = simulator.client_id,
      ACTIONS_ID_TOKEN_REQUEST_URL = simulator.endpoint .. "/ci/github",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN = REQUEST_TOKEN }
    assert.are.equal("ci_job", sign_in(nil).credential)
  end)

  it("that may not have a token is told as such", function()
    start_with(identity.federated_token())
    local err = failure(github("wrong-token"))
    assert.are.equal("credential_unavailable", err.code)
    assert.are.equal(401, err.status)
    assert.matches("id%-token: write", err.hint)
    assert.not_matches("wrong%-token", tostring(err))
  end)

  it("that the application does not trust is told what it must trust", function()
    start_with(identity.federated_token { sub = "repo:contoso/app:ref:refs/heads/other" })
    local err = failure(github())
    assert.matches("AADSTS700213", err.message)
    assert.is_truthy(err.hint:find("repo:contoso/app:ref:refs/heads/other", 1, true))
  end)

  it("is asked about over https, or on this machine", function()
    start_with("x")
    local _ <close> = identity.environment { AZURE_CLIENT_ID = "x", ACTIONS_ID_TOKEN_REQUEST_TOKEN = "x",
      ACTIONS_ID_TOKEN_REQUEST_URL = "http://pipelines.example/" }
    assert.are.equal("host_not_trusted", azure.error_of(aks.credential.github_actions).code)
  end)

  it("outside of its service says what is missing", function()
    start_with("x")
    assert.are.equal("field_required", azure.error_of(aks.credential.github_actions).code)
    assert.are.equal("field_required", azure.error_of(aks.credential.azure_pipelines).code)
  end)
end)
