-- Service principals: by a secret, by a certificate, against a simulated Entra ID.
local aks = require "aks"
local azure = require "spec.support.azure"
local identity = require "spec.support.identity"
local signing = require "spec.support.sign_in"

local sign_in, failure, stop = signing.report, signing.failure, signing.stop
local simulator

local function start(options)
  simulator = signing.start(options)
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
