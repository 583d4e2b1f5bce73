-- Signing in by the Azure CLI: a program of its own, which specs replace by a script.
local aks = require "aks"
local azure = require "spec.support.azure"
local identity = require "spec.support.identity"

describe("the Azure CLI", function()
  local simulator, directory

  before_each(function()
    simulator = identity.start()
    directory = identity.directory()
  end)
  after_each(function()
    simulator:stop()
    getmetatable(directory).__close()
  end)

  -- Whether there is such a process; one that has ended may wait for its parent.
  local function is_running(pid)
    local file = io.open(("/proc/%d/stat"):format(pid))
    local text = file and file:read("a") or ") Z "
    if file then
      file:close()
    end
    return not text:find(") Z ", 1, true)
  end

  -- A credential whose az is this script; $TOKEN is a token of the simulator's.
  local function credential(script, options)
    local all = { program = identity.fake_az(directory, ("TOKEN='%s'\n%s"):format(simulator.token, script)) }
    for name, value in pairs(options or {}) do
      all[name] = value
    end
    return aks.credential.azure_cli(all)
  end

  local function report(...)
    local client <close> = identity.connect(simulator, credential(...))
    assert.is_false(client:resource_group("none"):exists())
    return client:identity_report()
  end

  local function failure(...)
    local client <close> = identity.connect(simulator, credential(...))
    return azure.error_of(client.identity_report, client)
  end

  it("gives its token, and says when that expires", function()
    local expires = os.time() + 1234
    local got = report(([[
      printf '{"accessToken":"%%s","expiresOn":"2001-01-01 00:00:00.000000","expires_on":%d}' "$TOKEN"
    ]]):format(expires))
    assert.are.equal("azure_cli", got.credential)
    assert.are.equal(expires, got.expires_on)
    assert.are.equal(simulator.object_id, got.object_id)
  end)

  it("of an older version writes the expiry in local time", function()
    local expires = os.time() + 1234
    local got = report(([[printf '{"accessToken":"%%s","expiresOn":"%s.000000"}' "$TOKEN"]])
      :format(os.date("%Y-%m-%d %H:%M:%S", expires)))
    assert.are.equal(expires, got.expires_on)
  end)

  it("is asked for this cloud and tenant, without a shell, in a safe directory", function()
    local notes = directory.path .. "/notes"
    report(([[
      { pwd
        printf '%%s\n' "$@" "$AZURE_CORE_NO_COLOR"
        cat
      } >%s
      printf '{"accessToken":"%%s"}' "$TOKEN"
    ]]):format(notes), { tenant = "$(id) tenant" })
    assert.are.equal("/\naccount\nget-access-token\n--output\njson\n--resource\nhttps://management.azure.com\n"
      .. "--tenant\n$(id) tenant\ntrue\n", identity.read(notes))
  end)

  it("is asked without a tenant where its account has but one, unless the tenant is a choice", function()
    local script = [[
      case "$*" in *--tenant*)
        echo "ERROR: Tenant shouldn't be specified for managed identity account" >&2
        exit 1
      esac
      printf '{"accessToken":"%s"}' "$TOKEN"
    ]]
    assert.are.equal("azure_cli", report(script).credential)
    assert.matches("Tenant shouldn't be specified", failure(script, { tenant = simulator.tenant }).message)
  end)

  it("that is not signed in is told as such", function()
    local err = failure [[
      echo "WARNING: something" >&2
      echo "ERROR: Please run 'az login' to setup account." >&2
      exit 1
    ]]
    assert.are.equal("credential_unavailable", err.code)
    assert.matches("Please run 'az login'", err.message)
    assert.not_matches("WARNING", err.message)
    assert.matches("az login", err.hint)
  end)

  it("whose sign-in has expired is told as such", function()
    local err = failure [[echo "ERROR: AADSTS700082: The token has expired." >&2; exit 1]]
    assert.matches("AADSTS700082", err.message)
    assert.matches("az login", err.hint)
  end)

  it("that prints no token, or anything else, is told as such", function()
    for _, script in ipairs { "true", "echo hello", "echo '[]'", [[echo '{"accessToken":5}']] } do
      local err = failure(script)
      assert.are.equal("credential_unavailable", err.code)
      assert.matches("printed no token", err.message)
    end
    assert.matches("white space", failure([[echo '{"accessToken":"a b"}']]).hint)
  end)

  it("that ends without a word is told by its status", function()
    assert.matches("status 3", failure("exit 3").message)
    assert.matches("status %-9", failure("kill -9 $$").message)
    assert.matches("127", failure("exit 127").message)
  end)

  it("that prints without end is stopped", function()
    local err = failure("yes")
    assert.are.equal("credential_unavailable", err.code)
    assert.matches("wrote more than", err.message)
  end)

  it("that does not end is stopped, with all that it has begun", function()
    local notes = directory.path .. "/pid"
    local err = failure(("sleep 1000 & echo $! >%s; wait"):format(notes), { timeout = 1 })
    assert.matches("did not end in time", err.message)
    local pid = math.tointeger(tonumber(identity.read(notes)))
    for _ = 1, 500 do
      if is_running(pid) then
        aks.sleep(0.01) -- it is told to end, and does so when it is its turn
      end
    end
    assert.is_false(is_running(pid))
  end)

  it("may leave something running behind that holds its outputs", function()
    local got = report [[printf '{"accessToken":"%s"}' "$TOKEN"; sleep 1000 & echo $! >/dev/null]]
    assert.are.equal("azure_cli", got.credential)
  end)

  it("leaves other tasks running while it is waited for", function()
    local client <close> = identity.connect(simulator, credential [[
      sleep 0.3
      printf '{"accessToken":"%s"}' "$TOKEN"
    ]])
    local order = {}
    aks.all {
      function()
        client:identity_report()
        order[#order + 1] = "token"
      end,
      function()
        aks.sleep(0.001)
        order[#order + 1] = "other"
      end,
    }
    assert.are.same({ "other", "token" }, order)
  end)

  it("is stopped when the client closes", function()
    local client = identity.connect(simulator, credential("sleep 1000"))
    local task = aks.spawn(client.identity_report, client)
    aks.loop:step(0)
    aks.loop:step(0)
    client:close()
    local err = azure.error_of(task.wait, task)
    assert.are.equal("session_closed", err.code)
  end)

  it("is run once for many who wait", function()
    local notes = directory.path .. "/runs"
    local client <close> = identity.connect(simulator,
      credential(([[echo run >>%s; printf '{"accessToken":"%%s"}' "$TOKEN"]]):format(notes)))
    local function ask()
      return client:identity_report()
    end
    aks.all { ask, ask, ask }
    assert.are.equal("run\n", identity.read(notes))
  end)

  it("takes no option for a tenant", function()
    local err = failure("true", { tenant = "--debug" })
    assert.are.equal("credential_unavailable", err.code)
  end)

  it("wants an absolute path", function()
    assert.matches("absolute", azure.error_of(aks.credential.azure_cli, { program = "az" }).message)
    local err = azure.error_of(function()
      local client <close> = identity.connect(simulator, aks.credential.azure_cli { program = "/nonexistent/az" })
      client:identity_report()
    end)
    assert.matches("cannot be run: No such file", err.message)
  end)
end)
