-- Credentials, and merging them into a kubeconfig file: what is kept, what is replaced, and that the file is never half
-- written nor written by two at once.
local aks = require "aks"
local azure = require "spec.support.azure"
local kubeconfig = require "aks.kubeconfig"

local directory

local function shell(format, ...)
  local pipe = assert(io.popen(format:format(...)))
  local text = pipe:read("a")
  pipe:close()
  return (text:gsub("%s+$", ""))
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  return text
end

local function names(list)
  local result = {}
  for _, entry in ipairs(list or {}) do
    result[#result + 1] = entry.name
  end
  return result
end

-- A kubeconfig as Azure gives it.
local function fresh(name, changes)
  changes = changes or {}
  local user = ("%s_group_%s"):format(changes.account or "clusterUser", name)
  return ([[
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: QUJD
    server: https://%s:443
  name: %s
contexts:
- context:
    cluster: %s
    user: %s
  name: %s
current-context: %s
kind: Config
preferences: {}
users:
- name: %s
  user:
    token: %s
]]):format(changes.server or name, name, name, user, name, name, user, changes.token or "secret-token")
end

local function saved(path, text, options)
  local whole = { path = path }
  for name, value in pairs(options or {}) do
    whole[name] = value
  end
  local result, problem = kubeconfig.save(text, whole)
  assert(result, problem and problem.message)
  return result
end

local function refused(path, text, options)
  local whole = { path = path }
  for name, value in pairs(options or {}) do
    whole[name] = value
  end
  local result, problem = kubeconfig.save(text, whole)
  assert.is_nil(result)
  return problem
end

describe("a kubeconfig file", function()
  local path

  before_each(function()
    directory = shell("mktemp -d")
    path = directory .. "/config"
  end)
  after_each(function()
    os.execute("rm -rf " .. directory)
  end)

  it("that does not exist is made, with its directory, for its owner alone", function()
    path = directory .. "/a/b/config"
    local result = saved(path, fresh "demo")
    assert.are.equal("demo", result.context)
    assert.are.equal(path, result.path)
    assert.are.equal("600", shell("stat -c %%a %s", path))
    assert.are.equal("700", shell("stat -c %%a %s/a", directory))
    local config = assert(kubeconfig.parse(read(path)))
    assert.are.same({ "demo" }, names(config.clusters))
    assert.are.equal("demo", config["current-context"])
    assert.are.equal("Config", config.kind)
  end)

  it("that is empty counts as none", function()
    write(path, "\n")
    saved(path, fresh "demo")
    assert.are.same({ "demo" }, names(kubeconfig.parse(read(path)).contexts))
  end)

  it("keeps the entries and everything else that is in it, in order", function()
    write(path, fresh("zeta"):gsub("preferences: {}", "preferences:\n  colors: true\nextensions:\n- name: mine")
      .. "# a comment\n")
    local result = saved(path, fresh "alpha")
    assert.are.same({ "cluster 'alpha'", "user 'clusterUser_group_alpha'", "context 'alpha'" }, result.added)
    local config = kubeconfig.parse(read(path))
    assert.are.same({ "zeta", "alpha" }, names(config.clusters))
    assert.are.same({ "zeta", "alpha" }, names(config.contexts))
    assert.are.equal("true", config.preferences.colors)
    assert.are.same({ "mine" }, names(config.extensions))
    assert.are.equal("alpha", config["current-context"])
  end)

  it("may lack lists, or have them empty", function()
    write(path, "apiVersion: v1\nkind: Config\nclusters: null\nusers: []\n")
    saved(path, fresh "demo")
    local config = kubeconfig.parse(read(path))
    assert.are.same({ "demo" }, names(config.clusters))
    assert.are.same({ "clusterUser_group_demo" }, names(config.users))
    assert.matches("users:\n", read(path))
  end)

  it("stays as it is when it says the same already", function()
    saved(path, fresh "demo")
    local before = read(path)
    local result = saved(path, fresh "demo")
    assert.are.same({}, result.added)
    assert.are.same({}, result.replaced)
    assert.are.equal(before, read(path))
  end)

  it("has other entries of the same names replaced only when asked", function()
    saved(path, fresh "demo")
    local before = read(path)
    local problem = refused(path, fresh("demo", { token = "another-token" }))
    assert.are.equal("kubeconfig_conflict", problem.code)
    assert.matches("user 'clusterUser_group_demo'", problem.message)
    assert.is_nil(problem.message:find("context 'demo'", 1, true))
    assert.is_nil(problem.message:find("another-token", 1, true))
    assert.are.equal(before, read(path))
    local result = saved(path, fresh("demo", { token = "another-token" }), { overwrite = true })
    assert.are.same({ "user 'clusterUser_group_demo'" }, result.replaced)
    assert.are.equal("another-token", kubeconfig.parse(read(path)).users[1].user.token)
  end)

  it("tells an administrator's context from the user's", function()
    saved(path, fresh "demo")
    local result = saved(path, fresh("demo", { account = "clusterAdmin" }))
    assert.are.equal("demo-admin", result.context)
    local config = kubeconfig.parse(read(path))
    assert.are.same({ "demo", "demo-admin" }, names(config.contexts))
    assert.are.same({ "demo" }, names(config.clusters))
    assert.are.equal("demo-admin", config["current-context"])
  end)

  it("takes another name for the context, and leaves the current one on request", function()
    saved(path, fresh "first")
    local result = saved(path, fresh "second", { context = "renamed", set_current = false })
    assert.are.equal("renamed", result.context)
    local config = kubeconfig.parse(read(path))
    assert.are.same({ "first", "renamed" }, names(config.clusters))
    assert.are.equal("renamed", config.contexts[2].context.cluster)
    assert.are.equal("first", config["current-context"])
  end)

  it("that is damaged is an error that tells where, and stays byte for byte", function()
    local damaged = {
      "clusters: [\n", "- a\n- b\n", "a: 1\na: 2\n", "a: 1\n---\nb: 2\n", "clusters: {}\n", "a: &x [*x, *y]\n",
      "\0\1\2", "{{a: 1}: 2}\n", ("["):rep(3000),
    }
    for _, text in ipairs(damaged) do
      write(path, text)
      local problem = refused(path, fresh "demo")
      assert.are.equal("kubeconfig_invalid", problem.code, text)
      assert.is_truthy(problem.message:find(path, 1, true))
      assert.are.equal(text, read(path))
    end
    assert.are.equal("", shell("ls %s | grep -v '^config$'", directory))
  end)

  it("shows no content in an error", function()
    write(path, "users:\n- name: x\n  user: {token: very-secret\n")
    local problem = refused(path, fresh "demo")
    assert.matches("line %d+, column %d+", problem.message)
    assert.is_nil(problem.message:find("very-secret", 1, true))
  end)

  it("is followed through a symbolic link, which stays", function()
    saved(directory .. "/real", fresh "one")
    shell("ln -s real %s", path)
    saved(path, fresh "two")
    assert.are.equal("symbolic link", shell("stat -c %%F %s", path))
    assert.are.same({ "one", "two" }, names(kubeconfig.parse(read(directory .. "/real")).clusters))
  end)

  it("is refused when it is no regular file, or a link to nothing", function()
    shell("ln -s nowhere %s; mkdir %s/folder; mkfifo %s/pipe", path, directory, directory)
    assert.are.equal("file_failed", refused(path, fresh "demo").code)
    assert.are.equal("file_failed", refused(directory .. "/folder", fresh "demo").code)
    assert.are.equal("file_failed", refused(directory .. "/pipe", fresh "demo").code)
  end)

  it("loses the rights that others had on it", function()
    write(path, fresh "one")
    shell("chmod 644 %s", path)
    saved(path, fresh "two")
    assert.are.equal("600", shell("stat -c %%a %s", path))
  end)

  -- Starts a Lua that runs `chunk` with the name of the file as argument; returns a command that does.
  local function command(chunk)
    local file = os.tmpname()
    write(file, ("package.path = %q\npackage.cpath = %q\n%s"):format(package.path, package.cpath, chunk))
    return ("%s %s %s"):format(arg and arg[-1] or "lua5.4", file, path), file
  end

  local writer = [[
    local kubeconfig = require "aks.kubeconfig"
    local path, name = arg[1], arg[2]
    local text = ("clusters: [{name: N, cluster: {server: s}}]\nusers: [{name: N, user: {token: t}}]\n"
      .. "contexts: [{name: N, context: {cluster: N, user: N}}]\n"):gsub("N", name)
    local done, problem = kubeconfig.save(text, { path = path })
    assert(done, problem and problem.message)
  ]]

  it("loses no entry when many write at once", function()
    local line, file = command(writer)
    local lines = {}
    for index = 1, 20 do
      lines[index] = ("%s n%d &"):format(line, index)
    end
    assert(os.execute(("sh -c '%s wait'"):format(table.concat(lines, " "))))
    os.remove(file)
    local config = assert(kubeconfig.parse(read(path)))
    assert.are.equal(20, #config.clusters)
    assert.are.equal(20, #config.users)
    assert.are.equal(20, #config.contexts)
    assert.are.equal("config", shell("ls %s", directory))
  end)

  it("is whole whenever a writer is killed, and the next one goes on", function()
    local line, file = command(writer:gsub("local done, problem", "for i = 1, 1e6 do\nlocal done, problem")
      :gsub('"N", name', '"N", "n"'):gsub("problem.message%)", "problem.message) end"))
    for _ = 1, 10 do
      os.execute(("timeout -s KILL 0.0%d %s x >/dev/null 2>&1"):format(math.random(20, 60), line))
      local text = io.open(path) and read(path)
      if text then
        assert.are.same({ "n" }, names(assert(kubeconfig.parse(text)).clusters))
      end
    end
    os.remove(file)
    saved(path, fresh "demo")
    assert.are.same({ "n", "demo" }, names(kubeconfig.parse(read(path)).clusters))
  end)

  it("that kubectl is writing is waited for", function()
    write(path .. ".lock", "")
    os.execute(("(sleep 0.3; rm %s.lock) &"):format(path))
    saved(path, fresh "demo")
    assert.are.same({ "demo" }, names(kubeconfig.parse(read(path)).clusters))
  end)

  it("is found as kubectl finds it", function()
    local line, file = command([[
      local kubeconfig = require "aks.kubeconfig"
      print(assert(kubeconfig.save(io.read("a"), {})).path)
    ]])
    write(directory .. "/input", fresh "demo")
    assert.are.equal(directory .. "/home/.kube/config",
      shell("env -u KUBECONFIG HOME=%s/home %s <%s/input", directory, line, directory))
    assert.are.equal(directory .. "/first",
      shell("KUBECONFIG=:%s/first:%s/second %s <%s/input", directory, directory, line, directory))
    os.remove(file)
  end)

  it("is one that other programs can read", function()
    saved(path, fresh "one")
    saved(path, fresh "two")
    if shell("command -v kubectl") ~= "" then
      assert.are.equal("two", shell("kubectl --kubeconfig %s config current-context", path))
      assert.matches("one\ntwo", shell("kubectl --kubeconfig %s config get-contexts -o name", path))
    elseif shell("python3 -c 'import yaml' 2>&1") == "" then
      assert.are.equal("['one', 'two']",
        shell("python3 -c 'import yaml; print([c[\"name\"] for c in yaml.safe_load(open(\"%s\"))[\"clusters\"]])'",
          path))
    else
      pending("neither kubectl nor a YAML reader is here")
    end
  end)
end)

describe("the credentials of a cluster", function()
  local simulator, client, cluster

  before_each(function()
    simulator, client = azure.start()
    directory = shell("mktemp -d")
    local group = client:resource_group("demo", { location = "westus2" })
    group:create()
    cluster = group:cluster("demo", { vnet_integration = true, private = true })
    cluster:create()
  end)
  after_each(function()
    client:close()
    simulator:stop()
    os.execute("rm -rf " .. directory)
  end)

  it("are saved into a kubeconfig", function()
    local credentials = cluster:credentials()
    local result = credentials:save(directory .. "/config")
    assert.are.equal("demo", result.context)
    local config = kubeconfig.parse(read(directory .. "/config"))
    assert.are.equal(("https://%s:443"):format(cluster.private_fqdn), config.clusters[1].cluster.server)
    assert.are.equal("clusterUser_demo_demo", config.users[1].name)
  end)

  it("show no secret unless they are asked for it", function()
    local credentials = cluster:credentials()
    assert.are.equal("kubeconfig of cluster 'demo'", tostring(credentials))
    assert.are.equal("demo", credentials.context)
    assert.matches("client%-key%-data", credentials.text)
    assert.is_string(kubeconfig.parse(cluster:kubeconfig()).users[1].user.token)
  end)

  it("are the administrator's on request, or name the public host", function()
    local admin = cluster:credentials { admin = true }
    assert.matches("clusterAdmin_demo_demo", admin.text)
    assert.are.equal("demo-admin", admin:save(directory .. "/config").context)
    assert.is_truthy(cluster:kubeconfig({ public_fqdn = true }):find(cluster.fqdn, 1, true))
    local request = simulator:requests({ path = "listclusterusercredential" })[1]
    assert.matches("server%-fqdn=public", request.url)
  end)

  it("raise what is wrong with the file", function()
    saved(directory .. "/config", (fresh("demo"):gsub("clusterUser_group", "clusterUser_demo")))
    local credentials = cluster:credentials()
    local err = azure.error_of(credentials.save, credentials, directory .. "/config")
    assert.are.equal("kubeconfig_conflict", err.code)
    assert.matches("overwrite = true", err.hint)
    credentials:save(directory .. "/config", { overwrite = true })
  end)

  it("are told how to be had when local accounts are disabled", function()
    local group = client:resource_group("demo")
    local other = group:cluster("other", { vnet_integration = true, disable_local_accounts = true,
      raw = { properties = { aadProfile = { managed = true } } } })
    other:create()
    local err = azure.error_of(other.credentials, other, { admin = true })
    assert.are.equal("BadRequest", err.code)
    assert.matches("kubelogin", err.hint)
    assert.matches("kubelogin", other:kubeconfig { format = "exec" })
  end)

  it("are refused with wrong options, and for a cluster that does not exist", function()
    assert.are.equal("value_not_allowed", azure.error_of(cluster.credentials, cluster, { format = "yaml" }).code)
    local absent = client:resource_group("demo"):cluster "absent"
    assert.are.equal("ResourceNotFound", azure.error_of(absent.credentials, absent).code)
    assert.is_true(aks.is_error(azure.error_of(absent.kubeconfig, absent)))
  end)
end)
