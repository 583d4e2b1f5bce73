-- Managed identities, of every host that gives them, against a simulated Entra ID.
local aks = require "aks"
local azure = require "spec.support.azure"
local identity = require "spec.support.identity"
local signing = require "spec.support.sign_in"

local sign_in, failure, stop = signing.report, signing.failure, signing.stop
local simulator

local function start(options)
  simulator = signing.start(options)
end

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
