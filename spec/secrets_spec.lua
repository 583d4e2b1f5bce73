-- Secrets do not get out: everything that a failing sign-in says, in any way, is searched for them.
local aks = require "aks"
local identity = require "spec.support.identity"
local json = require "dkjson"
local program = require "spec.support.program"

local SECRET = "Zx9~very+hidden/secret=8%20&y"

-- As it stands, and as it is sent: in a form, in base64.
local function forms_of(secret)
  return {
    secret,
    (secret:gsub("[^%w%-%._~]", function(byte)
      return ("%%%02X"):format(byte:byte())
    end)),
    (require("mime").b64(secret)),
  }
end

local function assert_hidden(text, secret)
  for _, form in ipairs(forms_of(secret)) do
    assert.is_nil(text:find(form, 1, true), "the secret is shown in: " .. text)
  end
end

-- Every text in a value, its tostring included.
local function texts_of(value, texts, seen)
  texts, seen = texts or {}, seen or {}
  texts[#texts + 1] = tostring(value)
  if type(value) == "table" and not seen[value] then
    seen[value] = true
    for key, member in pairs(value) do
      texts_of(key, texts, seen)
      texts_of(member, texts, seen)
    end
  end
  return texts
end

describe("a secret", function()
  local simulator

  before_each(function()
    simulator = identity.start()
  end)
  after_each(function()
    simulator:stop()
  end)

  -- All that is said while somebody signs in with this credential and fails.
  local function all_said(credential)
    local said = { tostring(credential), tostring(credential.kind) }
    local client <close> = identity.connect(simulator, credential, {
      retries = 1,
      on_event = function(event)
        texts_of(event, said)
      end,
    })
    said[#said + 1] = tostring(client)
    local group = client:resource_group("demo", { location = "westus2" })
    local failed = false
    for _, call in ipairs { client.identity_report, function() return group:create() end } do
      local ok, result = xpcall(call, function(problem)
        said[#said + 1] = debug.traceback(tostring(problem))
        return problem
      end, client)
      failed = failed or not ok
      texts_of(result, said)
    end
    assert.is_true(failed)
    return table.concat(said, "\n")
  end

  -- Answers of whoever gives tokens that repeat what they were sent.
  local function echoes(path, secret)
    local texts = forms_of(secret)
    local answers = {
      { error = "invalid_client", error_description = "AADSTS7000215: wrong: " .. texts[1] .. " and " .. texts[2] },
      { error = texts[1] },
      { message = texts[1], access_token = 5 },
    }
    for _, answer in ipairs(answers) do
      for _, status in ipairs { 200, 400, 401 } do
        simulator:fault { path = path, status = status, body = json.encode(answer), count = 1 }
      end
    end
  end

  it("of an application is not shown, even when Entra ID repeats it", function()
    for _ = 1, 9 do
      echoes("/oauth2/v2.0/token$", SECRET)
      assert_hidden(all_said(aks.credential.client_secret { client_id = "app", client_secret = SECRET }), SECRET)
    end
  end)

  it("that stands for a workload is not shown", function()
    local directory <close> = identity.directory()
    local token = identity.federated_token { sub = "nobody" }
    local path = identity.write(directory.path .. "/token", token)
    local credential = aks.credential.workload_identity { client_id = simulator.client_id, token_file = path }
    assert_hidden(all_said(credential), token)
    echoes("/oauth2/v2.0/token$", token)
    assert_hidden(all_said(credential), token)
  end)

  it("of a key is not shown", function()
    local path = identity.keys().other
    local said = all_said(aks.credential.client_certificate { client_id = simulator.client_id, certificate = path })
    for line in identity.read(path):gmatch("[%w+/=]+") do
      if #line == 64 then
        assert.is_nil(said:find(line, 1, true))
      end
    end
    local ok, err = pcall(aks.credential.client_certificate, { client_id = "app", password = SECRET,
      certificate = identity.read(identity.keys().encrypted) })
    assert.is_false(ok)
    assert_hidden(table.concat(texts_of(err), "\n"), SECRET)
  end)

  it("of a host is not shown", function()
    local _ <close> = identity.environment { IDENTITY_ENDPOINT = simulator.endpoint .. "/msi/token",
      IDENTITY_HEADER = SECRET }
    local credential = aks.credential.managed_identity()
    assert_hidden(all_said(credential), SECRET)
    for _ = 1, 9 do
      echoes("/msi/token$", SECRET)
      assert_hidden(all_said(credential), SECRET)
    end
  end)

  it("that is a token is not shown", function()
    local token = "eyJhidden.token-that.nobodysees"
    assert_hidden(all_said(aks.credential.chain { aks.credential.token(token) }), token)
    assert_hidden(all_said(aks.credential.token(function() return token end)), token)
  end)

  it("that the Azure CLI prints is not shown, whatever else it does", function()
    local directory <close> = identity.directory()
    local token = "eyJhidden.token-that.nobodysees"
    for _, script in ipairs {
      [[echo '{"accessToken":"%s"}'; exit 1]],
      [[echo '{"accessToken":"%s"']],
      [[echo '{"accessToken":"%s "}']],
      [[echo '{"accessToken":"%s"}']],
    } do
      local az = identity.fake_az(directory, script:format(token))
      assert_hidden(all_said(aks.credential.azure_cli { program = az }), token)
    end
  end)

  it("of the wrong kind is refused without being shown", function()
    for _, options in ipairs {
      { client_id = "app", client_secret = 987654321 },
      { client_id = "app", client_secret = { "987654321" } },
      { client_secret = "987654321", client_id = "" },
      { client_secrets = "987654321" },
      { client_id = "app", client_secret = "987654321\0" },
      { client_id = "app", client_secret = "987654321\xff" },
    } do
      local ok, err = pcall(aks.credential.client_secret, options)
      assert.is_false(ok)
      assert.is_nil(table.concat(texts_of(err), "\n"):find("987654321", 1, true))
    end
  end)

  it("is not in what the command prints, at any level, nor in the simulator's log", function()
    local log = os.tmpname()
    local served <close> = program.serve("--log " .. log)
    local playbook = program.playbook [[
      local client = require("aks").connect { retries = 1 }
      client:resource_group("demo", { location = "westus2" }):create()
    ]]
    local done = program.aks({ AKS_ENDPOINT = served.endpoint, AZURE_CLIENT_ID = simulator.client_id,
      AZURE_CLIENT_SECRET = SECRET, AZURE_TENANT_ID = simulator.tenant,
      AZURE_SUBSCRIPTION_ID = simulator.subscription }, "run", "--log-level", "requests", playbook)
    assert.are.equal(1, done.status)
    assert.matches("AADSTS7000215", done.err)
    assert_hidden(done.out .. done.err .. identity.read(log), SECRET)
    os.remove(playbook)
    os.remove(log)
  end)
end)
