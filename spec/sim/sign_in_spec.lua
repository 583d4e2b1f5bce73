-- What Entra answers, down to the members that only support staff read.
local client = require "spec.sim.client"

local azure

describe("signing in", function()
  before_each(function()
    azure = client.start()
  end)
  after_each(function()
    azure:stop()
  end)

  local function post(path, fields)
    local parts = {}
    for name, value in pairs(fields) do
      parts[#parts + 1] = name .. "=" .. value
    end
    return azure:send("POST", path, table.concat(parts, "&"),
      { ["content-type"] = "application/x-www-form-urlencoded" })
  end

  local function fields(changes)
    local all = { grant_type = "client_credentials", client_id = azure.sim.client_id,
      client_secret = azure.sim.client_secret, scope = "https%3A%2F%2Fmanagement.azure.com%2F.default" }
    for name, value in pairs(changes or {}) do
      all[name] = value or nil
    end
    return all
  end

  local function newer(changes)
    return post("/" .. azure.sim.tenant .. "/oauth2/v2.0/token", fields(changes))
  end

  local function older(changes)
    changes = changes or {}
    changes.scope = false
    return post("/" .. azure.sim.tenant .. "/oauth2/token", fields(changes))
  end

  local function refused(answer, status, name, code)
    assert.are.equal(status, answer.status)
    assert.are.equal(name, answer.body.error)
    assert.are.same({ code }, answer.body.error_codes)
  end

  it("fails with what support asks for", function()
    local body = newer({ client_secret = "wrong" }).body
    assert.matches("^%x+%-%x+%-4", body.trace_id)
    assert.matches("^%x+%-%x+%-4", body.correlation_id)
    assert.matches("^%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%dZ$", body.timestamp)
    assert.matches("error%?code=7000215$", body.error_uri)
    assert.matches("^AADSTS7000215: .*Trace ID: " .. body.trace_id:gsub("%-", "%%-"), body.error_description)
    assert.not_matches("wrong", body.error_description)
  end)

  it("needs a client and a kind of grant", function()
    refused(newer { grant_type = false }, 400, "invalid_request", 900144)
    refused(newer { client_id = false }, 400, "invalid_request", 900144)
    refused(post("/" .. azure.sim.tenant .. "/oauth2/v2.0/token", {}), 400, "invalid_request", 900144)
  end)

  it("needs a secret or an assertion", function()
    refused(newer { client_secret = false }, 401, "invalid_client", 7000216)
  end)

  it("needs a scope that ends in /.default, also with two slashes", function()
    refused(newer { scope = "https%3A%2F%2Fmanagement.azure.com%2Fuser_impersonation" }, 400, "invalid_scope", 1002012)
    refused(newer { scope = false, resource = "https%3A%2F%2Fmanagement.azure.com" }, 400, "invalid_request", 90014)
    assert.are.equal(200, newer({ scope = "https%3A%2F%2Fmanagement.core.windows.net%2F%2F.default" }).status)
  end)

  it("at the older endpoint is for a resource, and numbers come as texts", function()
    local answer = older { resource = "https%3A%2F%2Fmanagement.azure.com%2F" }
    assert.are.equal(200, answer.status)
    assert.are.equal("3599", answer.body.expires_in)
    assert.are.equal("https://management.azure.com/", answer.body.resource)
    assert.matches("^%d+$", answer.body.expires_on)
    azure.token = answer.body.access_token
    assert.are.equal(200, azure:get("/resourceGroups").status)
    refused(older(), 400, "invalid_request", 90014)
  end)

  it("takes the ids of tenant and client in any case", function()
    assert.are.equal(200, newer({ client_id = azure.sim.client_id:upper() }).status)
    assert.are.equal(200, post("/" .. azure.sim.tenant:upper() .. "/oauth2/v2.0/token", fields()).status)
  end)

  it("gives another token every time, and the one before stays good", function()
    local first, second = newer().body.access_token, newer().body.access_token
    assert.are_not.equal(first, second)
    azure.token = first
    assert.are.equal(200, azure:get("/resourceGroups").status)
  end)

  it("again is what helps when tokens have expired", function()
    azure.sim:expire_tokens()
    assert.are.equal(401, azure:get("/resourceGroups").status)
    azure.token = newer().body.access_token
    assert.are.equal(200, azure:get("/resourceGroups").status)
  end)

  it("is known by the names that the simulator was started with", function()
    azure:stop()
    azure = client.start { client_id = "me", client_secret = "known", tenant = "house", subscription = "0a" }
    assert.are.equal(200, newer().status)
    azure.token = newer().body.access_token
    local answer = azure:get("/subscriptions?api-version=2022-12-01")
    assert.are.equal("/subscriptions/0a", answer.body.value[1].id)
    assert.are.equal("house", answer.body.value[1].tenantId)
  end)
end)
