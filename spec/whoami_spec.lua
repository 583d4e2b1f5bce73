-- aks whoami, as a user runs it.
local identity = require "spec.support.identity"
local json = require "dkjson"
local program = require "spec.support.program"

describe("aks whoami", function()
  local simulator

  before_each(function()
    simulator = identity.start()
  end)
  after_each(function()
    simulator:stop()
  end)

  local function run(variables, ...)
    local all = { AKS_ENDPOINT = simulator.endpoint, SSL_CERT_FILE = simulator.ca_file or "",
      AZURE_SUBSCRIPTION_ID = simulator.subscription, AZURE_TENANT_ID = simulator.tenant,
      AZURE_CLIENT_ID = simulator.client_id, AZURE_CLIENT_SECRET = simulator.client_secret }
    for name, value in pairs(variables) do
      all[name] = value
    end
    return program.aks(all, "whoami", ...)
  end

  it("tells which credential answered, and who one is", function()
    local done = run {}
    assert.are.equal(0, done.status)
    assert.matches("credential +client_secret", done.out)
    assert.matches("tenant +" .. simulator.tenant:gsub("%-", "%%-"), done.out)
    assert.matches("subscription +" .. simulator.subscription:gsub("%-", "%%-"), done.out)
    assert.matches("object id +" .. simulator.object_id:gsub("%-", "%%-"), done.out)
    assert.matches("expires +%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ %(in 59 min%)", done.out)
    assert.are.equal("", done.err)
  end)

  it("tells it as JSON", function()
    local report = json.decode(run({}, "--output", "json").out)
    assert.are.equal("client_secret", report.credential)
    assert.are.equal(simulator.object_id, report.object_id)
    assert.is_number(report.expires_on)
  end)

  it("tells why one cannot sign in, without the secret", function()
    local done = run { AZURE_CLIENT_SECRET = "hidden-secret" }
    assert.are.equal(1, done.status)
    assert.are.equal("", done.out)
    assert.matches("^aks: the token endpoint gave no token: AADSTS7000215", done.err)
    assert.not_matches("hidden%-secret", done.err)
  end)

  it("tells what was tried when there is no way to sign in", function()
    local done = run { AZURE_CLIENT_ID = "", AZURE_CLIENT_SECRET = "" }
    assert.are.equal(1, done.status)
    assert.matches("environment: AZURE_CLIENT_ID is not set", done.err)
    assert.matches("managed_identity: ", done.err)
  end)
end)
