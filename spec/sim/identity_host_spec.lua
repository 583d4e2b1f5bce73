-- The hosts that give identities, asked without our own client.
local client = require "spec.sim.client"
local identity = require "spec.support.identity"

describe("a host", function()
  local azure

  before_each(function()
    azure = client.start()
  end)
  after_each(function()
    azure:stop()
  end)

  local SERVICE = "/metadata/identity/oauth2/token?api-version=2018-02-01"
    .. "&resource=https%3A%2F%2Fmanagement.azure.com%2F"

  local function assert_refused(answer, status, text)
    assert.are.equal(status, answer.status)
    assert.matches(text, answer.body.error_description or answer.body.message)
  end

  it("that is a virtual machine gives a token of its identity", function()
    local answer = azure:send("GET", SERVICE, nil, { metadata = "true" })
    assert.are.equal(200, answer.status)
    assert.are.equal("86399", answer.body.expires_in)
    assert.matches("^%d+$", answer.body.expires_on)
    assert.are.equal("https://management.azure.com/", answer.body.resource)
    azure.token = answer.body.access_token
    assert.are.equal(200, azure:get("/resourceGroups").status)
  end)

  it("wants the header that no browser can send, an api-version and a resource", function()
    assert_refused(azure:send("GET", SERVICE), 400, "metadata header")
    assert_refused(azure:send("GET", SERVICE, nil, { metadata = "true", ["x-forwarded-for"] = "10.0.0.1" }), 400,
      "forwarded")
    assert_refused(azure:send("GET", (SERVICE:gsub("api%-version=[^&]+&", "")), nil, { metadata = "true" }), 400,
      "api%-version")
    assert_refused(azure:send("GET", (SERVICE:gsub("&resource=.*", "")), nil, { metadata = "true" }), 400, "audience")
  end)

  it("gives user-assigned identities by each of their names", function()
    azure:create_group()
    local made = azure:create(client.IDENTITY, { location = "westus2" })
    for name, value in pairs { client_id = made.properties.clientId, object_id = made.properties.principalId,
      msi_res_id = made.id } do
      local answer = azure:send("GET", SERVICE .. "&" .. name .. "=" .. value, nil, { metadata = "true" })
      assert.are.equal(made.properties.clientId, answer.body.client_id)
    end
    assert_refused(azure:send("GET", SERVICE .. "&client_id=x", nil, { metadata = "true" }), 400, "Identity not found")
  end)

  it("may have no identity", function()
    azure:stop()
    azure = client.start { machine_identity = false }
    assert_refused(azure:send("GET", SERVICE, nil, { metadata = "true" }), 400, "Identity not found")
  end)

  it("that is an app knows its guest by a header", function()
    local path = "/msi/token?api-version=2019-08-01&resource=r"
    local answer = azure:send("GET", path, nil, { ["x-identity-header"] = azure.sim.identity_header })
    assert.are.equal(200, answer.status)
    assert.is_nil(answer.body.expires_in)
    assert.matches("^%d+$", answer.body.expires_on)
    assert_refused(azure:send("GET", path), 401, "Unauthorized")
    assert_refused(azure:send("GET", "/msi/token?api-version=2020-01-01&resource=r", nil,
      { ["x-identity-header"] = azure.sim.identity_header }), 400, "api%-version")
    answer = azure:send("GET", "/msi/token?api-version=2017-09-01&resource=r", nil,
      { secret = azure.sim.identity_header })
    assert.matches("^%d%d/%d%d/%d%d%d%d %d%d:%d%d:%d%d %+00:00$", answer.body.expires_on)
  end)

  it("with the agent of Azure Arc wants the text of a file, once", function()
    azure:stop()
    local directory <close> = identity.directory()
    azure = client.start { arc_directory = directory.path }
    local path = "/arc/metadata/identity/oauth2/token?api-version=2019-11-01&resource=r"
    local answer = azure:send("GET", path, nil, { metadata = "true" })
    assert.are.equal(401, answer.status)
    local file = answer.headers["www-authenticate"]:match("^Basic realm=(.+)$")
    local key = identity.read(file)
    assert.are.equal(200, azure:send("GET", path, nil, { metadata = "true", authorization = "Basic " .. key }).status)
    assert.is_nil(io.open(file))
    assert.are.equal(401, azure:send("GET", path, nil, { metadata = "true", authorization = "Basic " .. key }).status)
  end)

  it("keeps its secrets out of the log", function()
    azure:send("GET", "/msi/token?api-version=2019-08-01&resource=r", nil,
      { ["x-identity-header"] = azure.sim.identity_header })
    assert.is_nil(azure.sim:requests()[1].headers["x-identity-header"])
  end)
end)

describe("claims that a policy demands", function()
  it("are challenged for until a token has them", function()
    local azure = client.start()
    azure.sim:challenge('{"a":1}')
    local answer = azure:get("/resourceGroups")
    assert.are.equal(401, answer.status)
    assert.matches('error="insufficient_claims", claims="eyJhIjoxfQ=="', answer.headers["www-authenticate"], 1, true)
    local token = azure:send("POST", "/" .. azure.sim.tenant .. "/oauth2/v2.0/token",
      ("grant_type=client_credentials&client_id=%s&client_secret=%s&scope=x/.default"
        .. "&claims=%%7B%%22a%%22:1%%7D"):format(
      azure.sim.client_id, azure.sim.client_secret), { ["content-type"] = "application/x-www-form-urlencoded" })
    azure.token = token.body.access_token
    assert.are.equal(200, azure:get("/resourceGroups").status)
    azure:stop()
  end)
end)
