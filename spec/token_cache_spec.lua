-- Tokens: fetched once, used until they end, asked for anew when they are refused or lack claims.
local aks = require "aks"
local azure = require "spec.support.azure"
local identity = require "spec.support.identity"

describe("tokens", function()
  local simulator, client

  before_each(function()
    simulator = identity.start()
    client = identity.connect(simulator, aks.credential.client_secret { tenant = simulator.tenant,
      client_id = simulator.client_id, client_secret = simulator.client_secret })
  end)
  after_each(function()
    client:close()
    simulator:stop()
  end)

  local function read()
    return client:resource_group("none"):exists()
  end

  it("are fetched once for many requests at once", function()
    aks.all { read, read, read, read }
    read()
    assert.are.equal(1, #identity.forms(simulator))
  end)

  it("are asked for once more when they are refused", function()
    read()
    simulator:expire_tokens()
    read()
    assert.are.equal(2, #identity.forms(simulator))
    assert.is_nil(identity.forms(simulator)[2].claims)
  end)

  local CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}'

  it("are asked for with the claims that a challenge wants", function()
    read()
    simulator:challenge(CLAIMS)
    assert.is_false(read())
    read()
    local forms = identity.forms(simulator)
    assert.are.equal(2, #forms)
    assert.are.equal(CLAIMS, forms[2].claims)
  end)

  it("are asked for with new claims once for many", function()
    read()
    simulator:challenge(CLAIMS)
    aks.all { read, read, read }
    assert.are.equal(2, #identity.forms(simulator))
  end)

  it("do not carry old claims along", function()
    read()
    simulator:challenge(CLAIMS)
    read()
    simulator:challenge(nil)
    simulator:expire_tokens()
    read()
    local forms = identity.forms(simulator)
    assert.is_nil(forms[3].claims)
  end)

  it("that cannot have the claims are an error with a remedy", function()
    local fixed <close> = identity.connect(simulator, simulator.token)
    simulator:challenge(CLAIMS)
    local err = azure.error_of(fixed.resource_group(fixed, "none").get, fixed:resource_group("none"))
    assert.are.equal("token_refused", err.code)
    assert.matches("policy", err.hint)
    assert.are.equal(0, #identity.forms(simulator))
  end)

  it("do not follow a redirect", function()
    local other = identity.start()
    simulator:fault { path = "/none$", status = 307, headers = { Location = other.endpoint .. "/elsewhere" } }
    pcall(read)
    simulator:fault { path = "/oauth2/", status = 307, headers = { Location = other.endpoint .. "/elsewhere" } }
    simulator:expire_tokens()
    pcall(read)
    assert.are.equal(0, other:count())
    other:stop()
  end)
end)
