-- Merging a kubeconfig into another one: pure text, no file.
local kubeconfig = require "aks.kubeconfig"
local support = require "spec.support.kubeconfig"

local text = support.text

local function merged(existing, new, options)
  local result, context = kubeconfig.merge(existing, new, options)
  assert.is_string(result, type(context) == "table" and context.message)
  return kubeconfig.parse(result), context, result
end

local function names(list)
  local found = {}
  for i, entry in ipairs(list) do
    found[i] = entry.name
  end
  return found
end

local function refused(existing, new, options)
  local result, err = kubeconfig.merge(existing, new, options)
  assert.is_nil(result)
  return err
end

describe("merging a kubeconfig", function()
  it("into none gives all of the new one", function()
    local result, context = merged(nil, text "west")
    assert.are.equal("west", context)
    assert.are.same(kubeconfig.parse(text "west"), result)
  end)

  it("into an empty one, or one of comments alone, gives all of the new one", function()
    for _, empty in ipairs { "", "\n\n", "# nothing yet\n", "---\n", "null\n", "~" } do
      assert.are.same(kubeconfig.parse(text "west"), (merged(empty, text "west")))
    end
  end)

  it("appends its entries and makes its context the current one", function()
    local result, context = merged(text "west", text "east")
    assert.are.equal("east", context)
    assert.are.equal("east", result["current-context"])
    assert.are.same({ "west", "east" }, names(result.clusters))
    assert.are.same({ "clusterUser_group_west", "clusterUser_group_east" }, names(result.users))
    assert.are.same({ "west", "east" }, names(result.contexts))
  end)

  it("leaves the current context alone when it is told so", function()
    assert.are.equal("west", merged(text "west", text "east", { set_current = false })["current-context"])
    assert.are.equal("", merged(nil, text "east", { set_current = false })["current-context"])
  end)

  it("takes a list that is missing or null for an empty one", function()
    for _, existing in ipairs { "apiVersion: v1\nkind: Config\n", "clusters: null\nusers:\ncontexts: []\n", "{}" } do
      local result = merged(existing, text "west")
      assert.are.same({ "west" }, names(result.clusters))
      assert.are.same({ "clusterUser_group_west" }, names(result.users))
      assert.are.same({ "west" }, names(result.contexts))
      assert.are.equal("west", result["current-context"])
    end
  end)

  it("keeps what it does not know, in its order", function()
    local existing = [[
extensions:
- name: one
  extension: {of: [1, 2.5, true, ~, "12"]}
x-own: |
  two
  lines
clusters:
- name: old
  cluster: {server: "https://old", extensions: [{name: minikube, extension: {version: v1.30.1}}]}
preferences: {colors: true}
users:
- name: someone
  user:
    exec: {command: kubelogin, args: [get-token, "--login", 'azurecli'], env: null}
]]
    local result, _, written = merged(existing, text "west")
    local before = kubeconfig.parse(existing)
    assert.are.same(before.extensions, result.extensions)
    assert.are.equal("two\nlines\n", result["x-own"])
    assert.are.same(before.clusters[1], result.clusters[1])
    assert.are.same(before.users[1], result.users[1])
    assert.are.same(before.preferences, result.preferences)
    local at = 0
    for _, key in ipairs { "extensions:", "x-own: |", "clusters:", "preferences:", "users:" } do
      local place = assert(written:find("\n" .. key, 1, true) or written:find("^" .. key), key)
      assert.is_true(place > at, key)
      at = place
    end
  end)

  it("keeps text that looks like a number, in quotes or by tag, text", function()
    local _, _, written = merged("x: !!str 12\ny: '12'\nz: 012\nw: ! 1e3\nv: !!int '7'\n", text "west")
    local result = kubeconfig.parse(written)
    assert.are.same({ "12", "12", 12, "1e3", 7 }, { result.x, result.y, result.z, result.w, result.v })
    assert.is_truthy(written:find("\nz: 012\n", 1, true))
  end)

  it("changes nothing when the same is there already, not even a comment", function()
    local existing = "# mine\n" .. text "west"
    local result, context = kubeconfig.merge(existing, text "west")
    assert.are.equal(existing, result)
    assert.are.equal("west", context)
  end)

  it("takes entries for the same whatever their style and the order of their keys", function()
    local existing = [[
{"current-context": 'west', "users": [{"user": {"token": token-of-west, "client-key-data": "QkJC"},
 "name": "clusterUser_group_west"}], "contexts": [{"name": west, "context": {"user": "clusterUser_group_west",
 "cluster": "west"}}], "clusters": [{"name": "west", "cluster": {"server": "https://west.example:443",
 "certificate-authority-data": "QUFB"}}]}]]
    assert.are.equal(existing, (kubeconfig.merge(existing, text "west")))
  end)

  it("writes JSON as lines", function()
    local _, _, written = merged(nil, [[{"clusters":[{"name":"a","cluster":{"server":"https://a"}}],
      "users":[{"name":"u","user":{"token":"t"}}],"contexts":[{"name":"a","context":{"cluster":"a","user":"u"}}]}]])
    assert.is_truthy(written:find('\n- "name": "a"\n', 1, true))
  end)

  it("refuses to replace a different entry of the same name, and says which", function()
    local err = refused(text "west", text("west", { token = "rotated" }))
    assert.are.equal("kubeconfig_conflict", err.code)
    assert.is_truthy(err.message:find("user 'clusterUser_group_west'", 1, true))
    assert.is_nil(err.message:find("cluster 'west'", 1, true))
    assert.is_truthy(err.hint:find("overwrite", 1, true))
  end)

  it("names every conflict", function()
    local err = refused(text "west", text("west", { token = "rotated", server = "other.example" }))
    assert.is_truthy(err.message:find("cluster 'west', user 'clusterUser_group_west'", 1, true))
  end)

  it("replaces a different entry in its place when it may", function()
    local two = kubeconfig.merge(text "west", text "east")
    local result = merged(two, text("west", { token = "rotated" }), { overwrite = true })
    assert.are.same({ "clusterUser_group_west", "clusterUser_group_east" }, names(result.users))
    assert.are.equal("rotated", result.users[1].user.token)
    assert.are.equal("token-of-east", result.users[2].user.token)
  end)

  it("gives an administrator's context the suffix that az gives it", function()
    local result, context = merged(text "west", text("west", { account = "clusterAdmin" }))
    assert.are.equal("west-admin", context)
    assert.are.equal("west-admin", result["current-context"])
    assert.are.same({ "west" }, names(result.clusters))
    assert.are.same({ "west", "west-admin" }, names(result.contexts))
    assert.are.same({ cluster = "west", user = "clusterAdmin_group_west" }, result.contexts[2].context)
  end)

  it("names context and cluster as it is told, not the user", function()
    local result, context = merged(text "west", text("west", { server = "other.example", group = "other" }),
      { context = "other" })
    assert.are.equal("other", context)
    assert.are.equal("other", result["current-context"])
    assert.are.same({ "west", "other" }, names(result.clusters))
    assert.are.same({ "west", "other" }, names(result.contexts))
    assert.are.same({ cluster = "other", user = "clusterUser_other_west" }, result.contexts[2].context)
  end)

  it("adds the administrator's suffix to the name that it is told, as az does", function()
    local result, context = merged(nil, text("west", { account = "clusterAdmin" }), { context = "mine" })
    assert.are.equal("mine-admin", context)
    assert.are.same({ "mine" }, names(result.clusters))
    assert.are.same({ "mine-admin" }, names(result.contexts))
  end)

  it("quotes a name that would not be read as text", function()
    local all_kinds = {
      "12", "true", "No", "null", "1e3", "0x1F", ".inf", "~", "a: b", "# a", "- a", "wéé", "[", "x ",
    }
    for _, name in ipairs(all_kinds) do
      local result, context, written = merged(nil, text "west", { context = name })
      assert.are.equal(name, context)
      assert.are.equal(name, result["current-context"], written)
      assert.are.equal(name, result.clusters[1].name)
      assert.are.equal(name, result.contexts[1].context.cluster)
    end
  end)

  it("adds to a list that another key shares by an alias only once", function()
    local result = merged("clusters: &none []\nusers: *none\ncontexts: *none\n", text "west")
    assert.are.same({ { "west" }, { "clusterUser_group_west" }, { "west" } },
      { names(result.clusters), names(result.users), names(result.contexts) })
  end)

  it("keeps what an alias stands for when its anchor goes", function()
    local existing = text("west"):gsub("user:\n", "user: &credentials\n")
      .. "- name: second\n  user: *credentials\n- name: third\n  user: *credentials\n"
    local result, _, written = merged(existing, text("west", { token = "rotated" }), { overwrite = true })
    assert.are.equal("rotated", result.users[1].user.token)
    assert.are.equal("token-of-west", result.users[2].user.token)
    assert.are.equal("token-of-west", result.users[3].user.token)
    assert.is_truthy(written:find("user: *", 1, true))
  end)
end)

describe("a kubeconfig that is merged", function()
  local cases = {
    { "is YAML", "a: [", "line 2, column 1" },
    { "is a mapping", "- a\n", "line 1: not a kubeconfig" },
    { "is of kind Config", "kind: Pod\nmetadata: {name: x}\n", "line 1: not a kubeconfig" },
    { "has lists", "clusters: {a: b}\n", "line 1: 'clusters' is not a list" },
    { "has entries that are mappings", "\nclusters: [x]\n", "line 2: an entry of 'clusters' has no 'name'" },
    { "has entries with names", "users:\n- user: {}\n", "line 2: an entry of 'users' has no 'name' that is text" },
    { "has names that are text", "users:\n- name: 12\n", "line 2: an entry of 'users' has no 'name' that is text" },
    { "has one entry of a name", "users: [{name: a},\n {name: b},\n {name: a}]", "lines 1 and 3: two entries of 'use" },
    { "has each key once", "a: 1\nb: 2\n'a': 3\n", "line 3, column 1: a key that the mapping has already" },
    { "has scalars as keys", "[a]: 1\n", "line 1, column 3: a key must be a scalar" },
    { "has keys", "a: b\n?\n: c\n", "line 2, column 2: a key is missing" },
    { "is one document", "a: 1\n---\nb: 2\n", "line 2, column 1: a second document" },
    { "has anchors for its aliases", "a: *b\n", "line 1, column 4: an alias without an anchor" },
    { "is not part of itself", "a: &b [*b]\n", "line 1, column 8: an alias for what it is part of" },
    { "has no merge key at the top", "<<: {clusters: []}\n", "merge keys" },
    { "is UTF-8", "a: \xff\n", "byte 4" },
    { "has no control characters", "a: \1\n", "byte 4" },
    { "is not nested too deeply", "a: " .. ("["):rep(64) .. ("]"):rep(64), "nested too deeply" },
    { "is not too large", ("#"):rep(8 * 1024 * 1024 + 1), "8388609 bytes" },
    { "has not too many nodes", "a: [" .. ("x,"):rep(200000) .. "]", "too many nodes" },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local err = refused(case[2], text "west")
      assert.are.equal("kubeconfig_invalid", err.code)
      assert.is_truthy(err.message:find("the existing kubeconfig: ", 1, true), err.message)
      assert.is_truthy(err.message:find(case[3], 1, true), err.message)
    end)
  end

  it("does not grow by aliases of aliases", function()
    local lines = { "a0: &a0 [x, x, x, x, x, x, x, x, x]" }
    for i = 1, 9 do
      local alias = "*a" .. i - 1
      lines[#lines + 1] = ("a%d: &a%d [%s%s]"):format(i, i, alias, (", " .. alias):rep(8))
    end
    local err = refused(table.concat(lines, "\n"), text "west")
    assert.are.equal("kubeconfig_invalid", err.code)
    assert.is_truthy(err.message:find("too many nodes", 1, true), err.message)
  end)

  it("shows nothing of itself in an error", function()
    local broken = text("west", { token = "s3cret" }) .. "  s3cret: s3cret: s3cret\n"
    for _, pair in ipairs { { broken, text "west" }, { text "west", broken },
      { text "west", text("west", { token = "s3cret" }) } } do
      local err = refused(pair[1], pair[2])
      for _, member in pairs(err) do
        assert.is_nil(tostring(member):find("s3cret", 1, true))
      end
    end
  end)
end)

describe("a new kubeconfig", function()
  local head = "clusters: [{name: c}]\nusers: [{name: u}]\n"
  local tail = "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
  local cases = {
    { "has something in it", "", "not a kubeconfig" },
    { "has a context", head, "has no contexts" },
    { "has the context that is current", head .. tail .. "current-context: y\n", "current-context names no context" },
    { "has the cluster of its context", "users: [{name: u}]\n" .. tail, "whose 'cluster' is not in the list" },
    { "has the user of its context", "clusters: [{name: c}]\n" .. tail, "whose 'user' is not in the list 'users'" },
    { "has contexts with clusters", head .. "contexts: [{name: x}]", "whose 'cluster' is not in the list" },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local err = refused(text "west", case[2])
      assert.are.equal("kubeconfig_invalid", err.code)
      assert.is_truthy(err.message:find("the new kubeconfig: ", 1, true), err.message)
      assert.is_truthy(err.message:find(case[3], 1, true), err.message)
    end)
  end

  it("without a current context brings its first one", function()
    local _, context = merged(text "west", head .. tail)
    assert.are.equal("x", context)
  end)
end)

describe("an option", function()
  local cases = {
    { "that nobody knows", { overwite = true }, "unknown_field", "did you mean 'overwrite'?" },
    { "that is no name", { [1] = true }, "unknown_field", "unknown option" },
    { "of another type", { overwrite = "yes" }, "type_mismatch", "'overwrite' is a boolean, not string" },
    { "out of its range", { lock_timeout = -1 }, "type_mismatch", "0 to 3600, not -1" },
    { "that is not a number", { lock_timeout = 0 / 0 }, "type_mismatch", "0 to 3600" },
    { "with a NUL in it", { context = "a\0b" }, "type_mismatch", "'context' is a string" },
    { "that is an empty name", { context = "" }, "value_not_allowed", "1 to 1024 bytes" },
    { "that is a name of two lines", { context = "a\nb" }, "value_not_allowed", "without control characters" },
    { "that is not UTF-8", { context = "a\xc0\x80" }, "value_not_allowed", "UTF-8" },
    { "that is a surrogate", { context = "\xed\xa0\x80" }, "value_not_allowed", "UTF-8" },
    { "that is cut", { context = "a\xe2\x82" }, "value_not_allowed", "UTF-8" },
    { "that is too long", { context = ("a"):rep(1025) }, "value_not_allowed", "1024" },
  }
  for _, case in ipairs(cases) do
    it(case[1] .. " is refused", function()
      local err = refused(nil, text "west", case[2])
      assert.are.equal(case[3], err.code)
      assert.is_truthy(err.message:find(case[4], 1, true), err.message)
    end)
  end

  it("stands in a table", function()
    assert.has_error(function() kubeconfig.merge(nil, text "west", "overwrite") end)
  end)
end)

describe("parsing a kubeconfig", function()
  it("gives tables, numbers, booleans, text and null", function()
    local null = require("aks").null
    assert.are.same({
      a = { 1, -2, 31, 15, 1.5, -1e3 }, b = { true, false }, c = { null, null, null }, d = { "yes", "1", "x y", "" },
      e = { math.huge, -math.huge }, f = {}, ["12"] = "key",
    }, kubeconfig.parse [[
a: [1, -2, 0x1F, 0o17, 1.5, -1e3]
b: [true, FALSE]
c: [~, null, Null]
d: [yes, '1', x y, ""]
e: [.inf, -.INF]
f: {}
12: key
]])
  end)

  it("gives an empty table when there is nothing", function()
    assert.are.same({}, kubeconfig.parse "")
  end)

  it("refuses tags that it does not know, and numbers that are none", function()
    for _, given in ipairs { "a: !!binary QUFB", "a: !mine b", "a: !!int x" } do
      local result, err = kubeconfig.parse(given)
      assert.is_nil(result)
      assert.are.equal("kubeconfig_invalid", err.code)
    end
  end)
end)

describe("the module", function()
  it("is not loaded before it is needed", function()
    local path = os.tmpname()
    local command = support.program(path, [[
      require "aks"
      local maps = io.open("/proc/self/maps"):read("a")
      print(package.loaded["aks.kubeconfig"] == nil and not maps:find("libyaml"))]])
    assert.are.equal("true", (support.shell(command)))
    os.remove(path)
  end)
end)
