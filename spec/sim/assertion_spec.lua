-- What the simulated Entra ID makes of client assertions: each is made here by openssl, not by our own client.
local client = require "spec.sim.client"
local identity = require "spec.support.identity"

local TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

describe("a client assertion", function()
  local azure
  local keys = identity.keys()

  before_each(function()
    azure = client.start {
      client_certificates = { identity.read(keys.certificate) },
      federated = { { issuer = "https://issuer.example", subject = "workload", audience = "ours",
        certificate = identity.read(keys.other_certificate) } },
    }
  end)
  after_each(function()
    azure:stop()
  end)

  local function url()
    return azure.sim.endpoint .. "/" .. azure.sim.tenant .. "/oauth2/v2.0/token"
  end

  local function post(assertion, kind)
    local fields = { grant_type = "client_credentials", client_id = azure.sim.client_id, client_assertion = assertion,
      client_assertion_type = kind or TYPE, scope = "https://management.azure.com/.default" }
    local parts = {}
    for name, value in pairs(fields) do
      parts[#parts + 1] = name .. "=" .. value:gsub("[^%w]", function(byte)
        return ("%%%02X"):format(byte:byte())
      end)
    end
    return azure:send("POST", url(), table.concat(parts, "&"),
      { ["content-type"] = "application/x-www-form-urlencoded" })
  end

  -- By the application's own certificate; `header` and `claims` change what is right.
  local function own(changes, key)
    local claims = { iss = azure.sim.client_id, sub = azure.sim.client_id, aud = url(), nbf = os.time() - 10,
      exp = os.time() + 600 }
    for name, value in pairs(changes and changes.claims or {}) do
      claims[name] = value
    end
    local header = { ["x5t#S256"] = identity.thumbprint(keys.certificate) }
    for name, value in pairs(changes and changes.header or {}) do
      header[name] = value
    end
    return identity.federated_token(claims, key or keys.key, header)
  end

  local function federated(claims, key)
    local all = { iss = "https://issuer.example", sub = "workload", aud = "ours" }
    for name, value in pairs(claims or {}) do
      all[name] = value
    end
    return identity.federated_token(all, key or keys.other)
  end

  local function assert_refused(code, answer)
    assert.are.equal(401, answer.status)
    assert.are.same({ code }, answer.body.error_codes)
    assert.matches("AADSTS" .. code, answer.body.error_description)
  end

  it("signed by the registered certificate is good", function()
    assert.are.equal(200, post(own()).status)
  end)

  it("by another certificate, or an altered one, is not", function()
    assert_refused(700027, post(own({ header = { ["x5t#S256"] = identity.thumbprint(keys.other_certificate) } })))
    assert_refused(700027, post(own(nil, keys.other)))
    local signed, signature = own():match("^(.+%.)([^.]+)$")
    assert_refused(700027, post(signed .. ("A"):rep(#signature)))
  end)

  it("for somebody else, or another place, or another time, is not", function()
    assert_refused(700021, post(own { claims = { sub = "another" } }))
    assert_refused(700023, post(own { claims = { aud = "https://login.example/token" } }))
    assert_refused(700024, post(own { claims = { exp = os.time() - 1 } }))
    assert_refused(700024, post(own { claims = { nbf = os.time() + 1000 } }))
  end)

  it("of a federated issuer is good when all of it matches", function()
    assert.are.equal(200, post(federated()).status)
    assert.are.equal(200, post(federated { aud = { "theirs", "ours" } }).status)
    assert_refused(700211, post(federated { iss = "https://other.example" }))
    assert_refused(700212, post(federated { aud = "theirs" }))
    assert_refused(700213, post(federated { sub = "Workload" }))
    assert_refused(700024, post(federated { exp = os.time() - 1 }))
    assert_refused(700027, post(federated({}, keys.key)))
  end)

  it("of another form is none", function()
    assert_refused(50027, post("nonsense"))
    assert_refused(50027, post("a.b.c"))
    assert_refused(700026, post(own(), "another"))
  end)

  it("is not in the log", function()
    local assertion = own()
    post(assertion)
    for _, request in ipairs(azure.sim:requests()) do
      assert.are.equal("***", request.body.client_assertion)
    end
  end)
end)
