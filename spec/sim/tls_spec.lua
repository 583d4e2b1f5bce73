-- HTTPS of the simulator: whom a client must trust, where that is kept, and who may read it.
local azure = require "spec.support.azure"
local client = require "spec.sim.client"
local program = require "spec.support.program"
local sim = require "aks.sim"

-- curl and openssl do not run with a sanitizer loaded first: their commands begin with LD_PRELOAD=.
local function run(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  local ok = pipe:close()
  return text, ok
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

describe("the simulator over TLS", function()
  local folder

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
  end)

  after_each(function()
    run("rm -rf " .. folder)
  end)

  local function start(options)
    options = options or {}
    options.tls, options.certificates = true, options.certificates or folder .. "/deep/down"
    return sim.start(options)
  end

  it("serves a client that trusts its authority, from the token to the end of an operation", function()
    local simulator, connection = azure.start({ tls = true, certificates = folder }, { ca_file = folder .. "/ca.pem" })
    local group = connection:resource_group("demo", { location = "westus2" })
    group:create()
    group:vnet("network", { address_prefixes = { "10.1.0.0/16" } }):create()
    assert.matches("^https://127%.0%.0%.1:%d+$", simulator.endpoint)
    assert.are.equal(folder .. "/ca.pem", simulator.ca_file)
    simulator:stop()
  end)

  it("is refused by a client that does not", function()
    local simulator, connection = azure.start { tls = true, certificates = folder }
    local err = azure.error_of(function()
      connection:resource_group("demo", { location = "westus2" }):create()
    end)
    assert.are.equal("tls_failed", err.code)
    simulator:stop()
  end)

  it("has links of its own scheme in its answers", function()
    local simulator <close> = start()
    local text = run(("LD_PRELOAD= curl -sS -i --cacert %s -H 'Authorization: Bearer %s' -X PUT -d '%s' '%s%s'"):format(
      simulator.ca_file, simulator.token, '{"location":"westus2"}', simulator.endpoint,
      "/subscriptions/" .. simulator.subscription .. client.GROUP .. "?api-version=2024-11-01"))
    assert.matches("^HTTP/1.1 201", text)
    text = run(("LD_PRELOAD= curl -sS -i --cacert %s -H 'Authorization: Bearer %s' -X PUT -d '%s' '%s%s'"):format(
      simulator.ca_file, simulator.token, '{"location":"westus2","properties":{"addressSpace":'
      .. '{"addressPrefixes":["10.0.0.0/16"]}}}', simulator.endpoint,
      "/subscriptions/" .. simulator.subscription .. client.VNET .. "?api-version=2024-05-01"))
    assert.matches("Azure%-AsyncOperation: (https://127)", text)
  end)

  it("answers to localhost and to 127.0.0.1, and its authority vouches for nobody else", function()
    local simulator <close> = start()
    local port = simulator.endpoint:match("%d+$")
    local _, ok = run(("LD_PRELOAD= curl -sS --cacert %s https://localhost:%s/metadata/endpoints"):format(
      simulator.ca_file, port))
    assert.is_true(ok)
    local text = run("LD_PRELOAD= openssl x509 -noout -text -in " .. simulator.ca_file)
    assert.matches("Name Constraints: critical\n%s+Permitted:\n%s+IP:127%.0%.0%.0/255%.0%.0%.0\n%s+DNS:localhost", text)
    assert.matches("CA:TRUE, pathlen:0", text)
    local elsewhere = "LD_PRELOAD= curl -sS --cacert %s --resolve example.com:%s:127.0.0.1 https://example.com:%s/ 2>&1"
    text = run(elsewhere:format(simulator.ca_file, port, port))
    assert.matches("no alternative certificate subject name matches", text, 1, true)
  end)

  it("keeps its authority between starts, and its keys to itself", function()
    local first = start()
    local before = read(first.ca_file)
    first:stop()
    local second <close> = start()
    assert.are.equal(before, read(second.ca_file))
    assert.are.equal("600\n600\n", run(("cd %s/deep/down && stat -c %%a ca-key.pem server-key.pem"):format(folder)))
    assert.are.equal("700\n", run("stat -c %a " .. folder))
  end)

  it("makes a new certificate when the authority was removed", function()
    local first = start()
    local path, before = first.ca_file, read(first.ca_file)
    first:stop()
    os.remove(path)
    local second <close> = start()
    assert.are_not.equal(before, read(path))
    local _, ok = run(("LD_PRELOAD= curl -sS --cacert %s %s/metadata/endpoints"):format(path, second.endpoint))
    assert.is_true(ok)
  end)

  it("is made once by many that start at the same time", function()
    local command = ([[for i in 1 2 3 4; do lua5.4 -e 'local s = require("aks.sim").start { tls = true,
      certificates = "%s" }; io.write((io.open(s.ca_file):read("a")))' | sha256sum & done; wait]]):format(folder)
    local sums, found = run(command), {}
    for sum in sums:gmatch("[^\n]+") do
      found[sum] = (found[sum] or 0) + 1
    end
    assert.are.equal(4, found[next(found)])
  end)

  it("says what is wrong with a file that is no certificate, and does not replace it", function()
    start():stop()
    local path = folder .. "/deep/down/ca.pem"
    local file = assert(io.open(path, "w"))
    file:write("nonsense")
    file:close()
    local ok, problem = pcall(start)
    assert.is_false(ok)
    assert.matches("cannot use .*/ca%.pem: it is no PEM; remove it", tostring(problem))
    assert.are.equal("nonsense", read(path))
  end)

  it("says which directory it could not make", function()
    local ok, problem = pcall(start, { certificates = "/dev/null/certificates" })
    assert.is_false(ok)
    assert.matches("cannot make the directory /dev/null", tostring(problem), 1, true)
  end)

  it("survives clients that speak plain HTTP to it, or hang up", function()
    local simulator <close> = start()
    run(("LD_PRELOAD= curl -s http://127.0.0.1:%s/; (exec 3<>/dev/tcp/127.0.0.1/%s) 2>/dev/null"):format(
      simulator.endpoint:match("%d+$"), simulator.endpoint:match("%d+$")))
    assert.is_table(simulator:export())
  end)

  it("takes a long request and gives a long answer, and answers others meanwhile", function()
    local simulator <close> = start()
    simulator:fault { path = "/metadata", delay = 3600 } -- never answered: the client gives up first
    local waiting = assert(io.popen(("LD_PRELOAD= curl -sS -m 20 --cacert %s %s/metadata/endpoints 2>&1"):format(
      simulator.ca_file, simulator.endpoint)))
    while simulator:count() == 0 do
      run("sleep 0.05")
    end
    local body = folder .. "/body"
    local file = assert(io.open(body, "w"))
    file:write('{"location":"westus2","tags":{"a":"', ("y"):rep(3000000), '"}}')
    file:close()
    local url = ("%s/subscriptions/%s%s?api-version=2024-11-01"):format(simulator.endpoint, simulator.subscription,
      client.GROUP)
    local curl = ("LD_PRELOAD= curl -sS --cacert %s -H 'Authorization: Bearer %s' -o /dev/null "):format(
      simulator.ca_file, simulator.token)
    assert.are.equal("201", run(curl .. ("-w '%%{http_code}' -X PUT --data-binary @%s '%s'"):format(body, url)))
    local size = run(curl .. ("-w '%%{size_download}' '%s'"):format(url))
    assert.is_true(tonumber(size) > 3000000)
    simulator:stop()
    assert.is_nil((waiting:close()))
  end)

  it("resets connections and cuts answers as it does without TLS", function()
    local simulator <close> = start()
    simulator:fault { path = "/metadata", reset = true }
    simulator:fault { path = "/metadata", truncate = 5 }
    local command = ("LD_PRELOAD= curl -sS --cacert %s %s/metadata/endpoints 2>&1"):format(simulator.ca_file,
      simulator.endpoint)
    local _, first = run(command)
    local _, second = run(command)
    local _, third = run(command)
    assert.is_nil(first)
    assert.is_nil(second)
    assert.is_true(third)
  end)
end)

describe("aks sim --tls", function()
  it("prints its endpoint and its authority on stdout, and how az signs in on stderr", function()
    local told, folder = os.tmpname(), os.tmpname()
    os.remove(folder)
    local server <close> = program.serve(("--tls --certificates %s 2>%s"):format(folder, told))
    assert.matches("^https://127%.0%.0%.1:%d+$", server.endpoint)
    assert.are.equal(folder .. "/ca.pem", server.pipe:read("l"))
    local text = read(told)
    assert.matches("export REQUESTS_CA_BUNDLE='" .. folder .. "/ca.pem'", text, 1, true)
    assert.matches("az cloud register --name simulator --cloud-config '{\"endpoints\":{\"resourceManager\":\""
      .. server.endpoint, text, 1, true)
    assert.matches("\"activeDirectory\":\"" .. server.endpoint .. "/adfs\"", text, 1, true)
    assert.matches("az login --service-principal --tenant", text, 1, true)
    os.remove(told)
    run("rm -rf " .. folder)
  end)

  it("keeps its certificates below XDG_STATE_HOME when no directory is named", function()
    local home = os.tmpname()
    os.remove(home)
    local text = run(("XDG_STATE_HOME=%s lua5.4 -e 'print(require(\"aks.sim\").start({ tls = true }).ca_file)'"):format(
      home))
    assert.are.equal(home .. "/aks/simulator/ca.pem\n", text)
    run("rm -rf " .. home)
  end)
end)
