-- How requests are sent: identification, retries, tokens, bounds, and where the token may go.
local aks = require "aks"
local azure = require "spec.support.azure"

local simulator, client

local function start(options, connection)
  simulator, client = azure.start(options, connection)
end

local function group()
  return client:resource_group("demo", { location = "westus2" })
end

describe("a request", function()
  after_each(function()
    client:close()
    simulator:stop()
  end)

  it("carries an api-version, a user agent and ids for support", function()
    start(nil, { user_agent = "my-tool/1.0" })
    group():create()
    local put = simulator:requests({ method = "PUT" })[1]
    assert.matches("api%-version=2024%-11%-01", put.url)
    assert.matches("^my%-tool/1%.0 aks/", put.headers["user-agent"])
    assert.matches("^%x+%-%x+%-%x+%-%x+%-%x+$", put.headers["x-ms-client-request-id"])
    assert.matches("^%x+%-%x+%-%x+%-%x+%-%x+$", put.headers["x-ms-correlation-request-id"])
  end)

  it("is sent again after 429 and 503, and the events say so", function()
    local retries = 0
    start(nil, { on_event = function(event)
      retries = retries + (event.kind == "retry" and 1 or 0)
    end })
    simulator:fault { method = "GET", path = "resourcegroups/demo", count = 1, status = 429,
      headers = { ["x-ms-retry-after-ms"] = "5" },
      body = { error = { code = "SubscriptionRequestsThrottled", message = "slow" } } }
    simulator:fault { method = "GET", path = "resourcegroups/demo", count = 1, status = 503,
      headers = { ["x-ms-retry-after-ms"] = "5" }, body = "<html>busy</html>" }
    group():create()
    assert.are.equal(2, retries)
  end)

  it("that was reset before or after its effect leads to the same end", function()
    for _, moment in ipairs { "before", "after" } do
      start()
      simulator:fault { method = "PUT", path = "resourcegroups/demo", count = 1, reset = moment }
      local created = group()
      created:create()
      assert.are.equal("Succeeded", created.provisioning_state)
      if moment == "before" then
        client:close()
        simulator:stop()
      end
    end
  end)

  it("gives up after the retries that were asked for", function()
    start(nil, { retries = 1 })
    simulator:fault { method = "GET", path = "resourcegroups/demo", count = 10, status = 503,
      headers = { ["x-ms-retry-after-ms"] = "5" }, body = "busy" }
    local err = azure.error_of(group().get, group())
    assert.are.equal("http_503", err.code)
    assert.is_true(err.retryable)
    assert.are.equal(2, simulator:count { method = "GET", path = "resourcegroups/demo" })
  end)

  it("gets a new token once when its token is refused", function()
    start()
    group():create()
    simulator:expire_tokens()
    assert.is_true(group():exists())
    assert.are.equal(2, simulator:count { method = "POST", path = "oauth2" })
  end)

  it("asks for one token for many requests at once", function()
    start()
    local operations = {}
    for i = 1, 10 do
      operations[i] = client:resource_group("g" .. i, { location = "westus2" }):create { wait = false }
    end
    aks.all(operations)
    assert.are.equal(1, simulator:count { method = "POST", path = "oauth2" })
  end)

  it("with a wrong secret says what Entra says, and never the secret", function()
    start()
    client:close()
    client = aks.connect {
      endpoint = simulator.endpoint,
      subscription = simulator.subscription,
      credential = aks.credential.client_secret {
        tenant = simulator.tenant, client_id = simulator.client_id, client_secret = "hush-hush" },
    }
    local err = azure.error_of(group().create, group())
    assert.are.equal("token_refused", err.code)
    assert.matches("AADSTS7000215", tostring(err))
    assert.is_nil(tostring(err):find("hush-hush", 1, true))
  end)

  it("takes its token from a function", function()
    start()
    client:close()
    local calls = 0
    client = aks.connect {
      endpoint = simulator.endpoint,
      subscription = simulator.subscription,
      credential = aks.credential.token(function()
        calls = calls + 1
        return simulator.token, os.time() + 3600
      end),
    }
    group():create()
    assert.is_true(group():exists())
    assert.are.equal(1, calls)
  end)

  it("does not follow a link to a foreign host", function()
    start()
    simulator:fault { method = "GET", path = "/resourcegroups$", status = 200, body = {
      value = {}, nextLink = "https://management.azure.com.evil.example/subscriptions" } }
    local err = azure.error_of(function()
      for _ in client:resource_groups() do
        error("unreachable")
      end
    end)
    assert.are.equal("host_not_trusted", err.code)
  end)

  it("refuses plain http to anything but this machine", function()
    start()
    local err = azure.error_of(aks.connect, { endpoint = "http://management.example", credential = "x" })
    assert.are.equal("host_not_trusted", err.code)
  end)

  it("of a broken answer is an error that says so", function()
    start()
    simulator:fault { method = "GET", path = "resourcegroups/demo", status = 200, body = '{"id": ' }
    local err = azure.error_of(group().get, group())
    assert.are.equal("response_invalid", err.code)
  end)

  it("to a server that is gone is an error that says so", function()
    start(nil, { retries = 0 })
    simulator:stop()
    local err = azure.error_of(group().get, group())
    assert.are.equal("connection_failed", err.code)
    assert.is_true(err.retryable)
  end)
end)
