-- The Entra token endpoint.
local base64 = require "mime"
local client = require "spec.sim.client"
local json = require "dkjson"

local azure

describe("the token endpoint", function()
  before_each(function()
    azure = client.start()
  end)
  after_each(function()
    azure:stop()
  end)

  local function form(changes)
    local fields = {
      grant_type = "client_credentials", client_id = azure.sim.client_id, client_secret = azure.sim.client_secret,
      scope = "https://management.azure.com/.default",
    }
    for name, value in pairs(changes or {}) do
      fields[name] = value or nil
    end
    local parts = {}
    for name, value in pairs(fields) do
      parts[#parts + 1] = name .. "=" .. value:gsub("[^%w]", function(byte)
        return ("%%%02X"):format(byte:byte())
      end)
    end
    return table.concat(parts, "&")
  end

  local function ask(changes, path)
    return azure:send("POST", path or "/" .. azure.sim.tenant .. "/oauth2/v2.0/token", form(changes),
      { ["content-type"] = "application/x-www-form-urlencoded" })
  end

  local function refused(answer, status, name, code)
    assert.are.equal(status, answer.status)
    assert.are.equal(name, answer.body.error)
    assert.are.same({ code }, answer.body.error_codes)
    assert.matches("AADSTS" .. code, answer.body.error_description)
  end

  it("gives a token that ARM accepts, with the claims of a service principal", function()
    local answer = ask()
    assert.are.equal(200, answer.status)
    assert.are.equal("Bearer", answer.body.token_type)
    assert.are.equal(3599, answer.body.expires_in)
    azure.token = answer.body.access_token
    assert.are.equal(200, azure:get("/resourceGroups").status)
    local middle = azure.token:match("%.([^.]+)%."):gsub("[-_]", { ["-"] = "+", _ = "/" })
    local claims = json.decode((base64.unb64(middle .. ("="):rep(-#middle % 4))))
    assert.are.equal(azure.sim.tenant, claims.tid)
    assert.are.equal(azure.sim.client_id, claims.appid)
    assert.is_string(claims.oid)
  end)

  it("answers under the older paths too", function()
    assert.are.equal(200, ask(nil, "/" .. azure.sim.tenant .. "/oauth2/token").status)
    assert.are.equal(200, ask(nil, "/adfs/oauth2/token").status)
  end)

  it("refuses a wrong secret, with the shape of Entra's errors", function()
    refused(ask { client_secret = "wrong" }, 401, "invalid_client", 7000215)
  end)

  it("does not know other tenants and clients", function()
    refused(ask(nil, "/elsewhere/oauth2/v2.0/token"), 400, "invalid_request", 90002)
    refused(ask { client_id = "nobody" }, 400, "unauthorized_client", 700016)
  end)

  it("takes no assertion whose signer is registered nowhere, and no text that is none", function()
    local kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    local with = { client_secret = false, client_assertion_type = kind,
      client_assertion = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln" }
    refused(ask(with), 401, "invalid_client", 700211)
    with.client_assertion = "nonsense"
    refused(ask(with), 401, "invalid_client", 50027)
    with.client_assertion_type = "another"
    refused(ask(with), 401, "invalid_client", 700026)
  end)

  it("needs a grant type that it knows, and a scope", function()
    refused(ask { grant_type = "password" }, 400, "unsupported_grant_type", 70003)
    refused(ask { scope = false }, 400, "invalid_request", 90014)
  end)

  it("keeps secrets out of the log", function()
    ask { client_secret = "hush-hush" }
    azure:get("/resourceGroups")
    local entries = json.encode(azure.sim:requests())
    assert.is_nil(entries:find("hush%-hush"))
    assert.is_nil(entries:find(azure.token, 1, true))
  end)

  it("tells where it is by OpenID configuration", function()
    local answer = azure:send("GET", "/adfs/.well-known/openid-configuration")
    assert.are.equal(azure.sim.endpoint .. "/adfs/oauth2/token", answer.body.token_endpoint)
  end)
end)
