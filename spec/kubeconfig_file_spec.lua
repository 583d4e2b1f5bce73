-- Saving credentials in a kubeconfig on disk: real files, real processes, nothing lost whatever happens.
local kubeconfig = require "aks.kubeconfig"
local support = require "spec.support.kubeconfig"

local text, quote, shell = support.text, support.quote, support.shell

local function saved(new, options)
  local result, err = kubeconfig.save(new, options)
  assert.is_table(result, err and err.message)
  return result
end

local function refused(new, options)
  local result, err = kubeconfig.save(new, options)
  assert.is_nil(result)
  return err
end

-- What a process writes that saves the cluster `name` with these options, as Lua source.
local function saving(name, options)
  return ([[
    local result, err = require("aks.kubeconfig").save(%q, %s)
    print(err and err.code .. ": " .. err.message .. "; " .. tostring(err.hint) or result.path)
  ]]):format(text(name), options)
end

describe("saving a kubeconfig", function()
  it("makes the file for its user alone, and the directories on the way", function()
    local directory <close> = support.directory()
    local path = directory "a/b/config"
    local program = support.program(directory "save.lua", saving("west", ("{ path = %q }"):format(path)))
    local result = shell("umask 0; " .. program)
    assert.are.equal(path, result)
    assert.are.equal("600", support.mode(path))
    assert.are.equal("700", support.mode(directory "a/b"))
    assert.are.equal("700", support.mode(directory "a"))
    assert.are.same(kubeconfig.parse(text "west"), kubeconfig.parse(support.read(path)))
  end)

  it("tells what it did", function()
    local directory <close> = support.directory()
    local path = directory "config"
    assert.are.same({
      path = path, context = "west", changed = true, replaced = {},
      added = { "cluster 'west'", "user 'clusterUser_group_west'", "context 'west'" },
    }, saved(text "west", { path = path }))
    assert.are.same({ path = path, context = "west", changed = false, replaced = {}, added = {} },
      saved(text "west", { path = path }))
    assert.are.same({
      path = path, context = "west", changed = true, replaced = { "user 'clusterUser_group_west'" }, added = {},
    }, saved(text("west", { token = "rotated" }), { path = path, overwrite = true }))
  end)

  it("gives a file that kubectl reads", function()
    local directory <close> = support.directory()
    local path = directory "config"
    support.write(path, "apiVersion: v1\nkind: Config\nclusters: null\ncontexts: []\nusers: null\n")
    saved(text "west", { path = path })
    saved(text("west", { account = "clusterAdmin" }), { path = path })
    saved(text "east", { path = path, context = "12", set_current = false })
    local found = support.judge(path)
    assert.are.equal("west-admin", found.current)
    assert.are.equal("https://west.example:443", found.clusters.west.cluster.server)
    assert.are.equal("https://east.example:443", found.clusters["12"].cluster.server)
    assert.are.equal("12", found.contexts["12"].context.cluster)
    assert.are.equal("clusterAdmin_group_west", found.contexts["west-admin"].context.user)
    assert.are.equal("token-of-east", found.users.clusterUser_group_east.user.token)
  end)

  it("leaves nothing but the file", function()
    local directory <close> = support.directory()
    saved(text "west", { path = directory "config" })
    refused(text("west", { token = "rotated" }), { path = directory "config" })
    assert.are.equal("config", directory.names())
  end)

  it("does not touch a file that would stay the same", function()
    local directory <close> = support.directory()
    local path = directory "config"
    support.write(path, "# mine\n" .. text "west")
    local before = shell("stat -c '%i %y %z' " .. quote(path))
    assert.is_false(saved(text "west", { path = path }).changed)
    assert.are.equal(before, shell("stat -c '%i %y %z' " .. quote(path)))
  end)

  it("keeps a file as it is when an entry would be replaced", function()
    local directory <close> = support.directory()
    local path = directory "config"
    local before = "# mine\n" .. text "west"
    support.write(path, before)
    local err = refused(text("west", { token = "rotated" }), { path = path })
    assert.are.equal("kubeconfig_conflict", err.code)
    assert.is_truthy(err.message:find(path, 1, true))
    assert.are.equal(before, support.read(path))
  end)

  it("keeps a damaged file as it is, byte for byte", function()
    local directory <close> = support.directory()
    local path = directory "config"
    for _, damaged in ipairs { "clusters: [\n", "\0\0\0", "\xfe", "a: b: c", text("west"):sub(1, -30) .. "\n]" } do
      support.write(path, damaged)
      local err = refused(text "east", { path = path })
      assert.are.equal("kubeconfig_invalid", err.code)
      assert.is_truthy(err.message:find(path .. ": ", 1, true), err.message)
      assert.are.equal(damaged, support.read(path))
    end
    assert.are.equal("config", directory.names())
  end)

  it("makes nothing for credentials that are no kubeconfig", function()
    local directory <close> = support.directory()
    assert.are.equal("kubeconfig_invalid", refused("<html>", { path = directory "a/config" }).code)
    assert.are.equal("", directory.names())
  end)

  it("fills an empty file", function()
    local directory <close> = support.directory()
    support.write(directory "config", "")
    saved(text "west", { path = directory "config" })
    assert.are.equal("west", support.judge(directory "config").current)
  end)
end)

describe("the place of the kubeconfig", function()
  local function place(environment)
    local directory <close> = support.directory()
    local command = support.program(directory "save.lua", saving("west", "nil"))
    environment = environment:gsub("DIR", directory())
    return (shell(("env -u KUBECONFIG %s %s"):format(environment, command)):gsub(directory(), "DIR", 1))
  end

  it("is .kube/config in the user's home", function()
    assert.are.equal("DIR/home/.kube/config", place "HOME=DIR/home")
    assert.are.equal("DIR/home/.kube/config", place "HOME=DIR/home KUBECONFIG=")
    assert.are.equal("DIR/home/.kube/config", place "HOME=DIR/home KUBECONFIG=:")
  end)

  it("is the first entry of KUBECONFIG", function()
    assert.are.equal("DIR/one", place "HOME=DIR/home KUBECONFIG=DIR/one")
    assert.are.equal("DIR/one", place "HOME=DIR/home KUBECONFIG=DIR/one:DIR/two")
    assert.are.equal("DIR/two", place "HOME=DIR/home KUBECONFIG=::DIR/two")
  end)

  it("is what the user says, with no meaning of '~'", function()
    local directory <close> = support.directory()
    local command = support.program(directory "save.lua", saving("west", '{ path = "~/config" }'))
    shell(("cd %s && KUBECONFIG=%s %s"):format(quote(directory()), quote(directory "one"), command))
    assert.is_nil(support.read(directory "one"))
    assert.is_string(support.read(directory "~/config"))
  end)

  it("is a file", function()
    local directory <close> = support.directory()
    assert.are.equal("value_not_allowed", refused(text "west", { path = "" }).code)
    assert.are.equal("value_not_allowed", refused(text "west", { path = directory "config/" }).code)
    shell("mkdir " .. quote(directory "config"))
    local err = refused(text "west", { path = directory "config" })
    assert.are.equal("file_failed", err.code)
    assert.is_truthy(err.message:find("is a directory", 1, true), err.message)
    assert.are.equal("config", directory.names())
  end)

  it("is no pipe and no device", function()
    local directory <close> = support.directory()
    shell("mkfifo " .. quote(directory "pipe"))
    assert.is_truthy(refused(text "west", { path = directory "pipe" }).message:find("not a regular file", 1, true))
    shell(("ln -s /dev/null %s"):format(quote(directory "null")))
    assert.is_truthy(refused(text "west", { path = directory "null" }).message:find("/dev/null", 1, true))
  end)
end)

describe("the mode of a kubeconfig", function()
  it("stays when it is the user's alone", function()
    local directory <close> = support.directory()
    support.write(directory "config", text "west", "700")
    assert.is_nil(saved(text "east", { path = directory "config" }).previous_mode)
    assert.are.equal("700", support.mode(directory "config"))
  end)

  it("becomes 0600 when others could read it, and that is told", function()
    local directory <close> = support.directory()
    support.write(directory "config", text "west", "644")
    assert.are.equal("0644", saved(text "east", { path = directory "config" }).previous_mode)
    assert.are.equal("600", support.mode(directory "config"))
    shell("chmod 4666 " .. quote(directory "config"))
    local result = saved(text "east", { path = directory "config" })
    assert.is_false(result.changed)
    assert.are.equal("4666", result.previous_mode)
    assert.are.equal("600", support.mode(directory "config"))
  end)

  it("is obeyed when the file is read-only", function()
    local directory <close> = support.directory()
    support.write(directory "config", text "west", "400")
    local err = refused(text "east", { path = directory "config" })
    assert.are.equal("file_failed", err.code)
    assert.is_truthy(err.message:find("read-only (mode 0400)", 1, true), err.message)
    assert.is_truthy(err.hint:find("chmod u+w", 1, true))
    assert.are.equal(text "west", support.read(directory "config"))
    assert.is_false(saved(text "west", { path = directory "config" }).changed)
    assert.are.equal("400", support.mode(directory "config"))
  end)
end)

describe("a symbolic link to a kubeconfig", function()
  it("stays, and what it leads to is replaced", function()
    local directory <close> = support.directory()
    shell(("cd %s && mkdir real && ln -s real/config one && ln -s one two"):format(quote(directory())))
    support.write(directory "real/config", text "west")
    assert.are.equal(directory "two", saved(text "east", { path = directory "two" }).path)
    assert.are.equal("real/config", shell("readlink " .. quote(directory "one")))
    assert.are.equal("one", shell("readlink " .. quote(directory "two")))
    assert.is_table(support.judge(directory "real/config").clusters.east)
    assert.are.equal("config", shell("ls -A " .. quote(directory "real")))
    assert.are.equal("one\nreal\ntwo", directory.names())
  end)

  it("that leads nowhere yet makes the file there", function()
    local directory <close> = support.directory()
    shell(("ln -s %s %s"):format(quote(directory "new/config"), quote(directory "link")))
    saved(text "west", { path = directory "link" })
    assert.are.equal("600", support.mode(directory "new/config"))
    assert.are.equal("700", support.mode(directory "new"))
    assert.are.equal(directory "new/config", shell("readlink " .. quote(directory "link")))
  end)

  it("that leads to itself is refused", function()
    local directory <close> = support.directory()
    shell(("cd %s && ln -s one two && ln -s two one"):format(quote(directory())))
    local err = refused(text "west", { path = directory "one" })
    assert.are.equal("file_failed", err.code)
    assert.is_truthy(err.message:find("Too many levels of symbolic links", 1, true), err.message)
    assert.are.equal("one\ntwo", directory.names())
  end)

  it("that leads to a directory is refused", function()
    local directory <close> = support.directory()
    shell(("cd %s && mkdir real && ln -s real link"):format(quote(directory())))
    assert.is_truthy(refused(text "west", { path = directory "link" }).message:find("is a directory", 1, true))
  end)
end)

describe("without the right to", function()
  local function try(directory, prepare, path)
    local program = support.program(directory "save.lua", saving("west", ("{ path = %q }"):format(path)))
    local command = support.as_user(program)
    if not command then
      pending "skipped: root cannot become another user here"
      return ""
    end
    shell(("chmod 755 %s; chmod 644 %s; %s"):format(quote(directory()), quote(directory "save.lua"), prepare))
    return (shell(command))
  end

  it("write the directory, the error names the lock file that cannot be made", function()
    local directory <close> = support.directory()
    local path = directory "sub/config"
    local output = try(directory, "mkdir -m 555 " .. quote(directory "sub"), path)
    local expected = "file_failed: cannot create lock file " .. path .. ".lock: Permission denied"
    assert.is_truthy(output:find(expected, 1, true), output)
    assert.are.equal("", shell("ls -A " .. quote(directory "sub")))
  end)

  it("make the directory, the error names it", function()
    local directory <close> = support.directory()
    local output = try(directory, "mkdir -m 555 " .. quote(directory "sub"), directory "sub/more/config")
    local expected = "cannot make directory " .. directory "sub/more" .. ": Permission denied"
    assert.is_truthy(output:find(expected, 1, true), output)
  end)

  it("own the file, nothing is done", function()
    local directory <close> = support.directory()
    local path = directory "sub/config"
    local output = try(directory, ("mkdir -m 777 %s; touch %s; chmod 666 %s; chown 1:1 %s"):format(
      quote(directory "sub"), quote(path), quote(path), quote(path)), path)
    if shell("id -u") == "0" then -- else the file is the user's own
      assert.is_truthy(output:find(path .. " belongs to another user", 1, true), output)
      assert.are.equal("", support.read(path))
    end
    assert.are.equal("config", shell("ls -A " .. quote(directory "sub")))
  end)

  it("trust a link, as another user made it, nothing is done", function()
    local directory <close> = support.directory()
    if shell("id -u") ~= "0" then
      pending "skipped: only root can make files of other users"
      return
    end
    local output = try(directory, ("cd %s; mkdir -m 777 sub; ln -s ../away sub/config; chown -h 1:1 sub/config"):format(
      quote(directory())), directory "sub/config")
    assert.is_truthy(output:find("is a symbolic link of another user", 1, true), output)
    assert.is_nil(support.read(directory "away"))
  end)

  it("read the file, it stays as it is", function()
    local directory <close> = support.directory()
    local path = directory "sub/config"
    local output = try(directory, ("mkdir -m 777 %s; touch %s; chmod 200 %s; %s"):format(quote(directory "sub"),
      quote(path), quote(path), shell("id -u") == "0" and "chown 65534 " .. quote(path) or "true"), path)
    assert.is_truthy(output:find("cannot open " .. path .. ": Permission denied", 1, true), output)
    assert.are.equal("200", support.mode(path))
  end)
end)

describe("the lock of a kubeconfig", function()
  it("is that of kubectl: a lock file of another program is waited for, named and left alone", function()
    local directory <close> = support.directory()
    local path = directory "config"
    support.write(path, text "west")
    support.write(path .. ".lock", "", "000")
    local err = refused(text "east", { path = path, lock_timeout = 0.05 })
    assert.are.equal("file_failed", err.code)
    assert.is_true(err.retryable)
    assert.is_truthy(err.message:find(path .. ".lock", 1, true), err.message)
    assert.is_truthy(err.hint:find("remove the lock file", 1, true))
    assert.are.equal(text "west", support.read(path))
    assert.are.equal("config\nconfig.lock", directory.names())
  end)

  it("is waited for until it goes", function()
    local directory <close> = support.directory()
    local path = directory "config"
    support.write(path .. ".lock", "", "000")
    shell(("(sleep 0.2; rm -f %s) >/dev/null 2>&1 &"):format(quote(path .. ".lock")))
    saved(text "west", { path = path, lock_timeout = 60 })
    assert.are.equal("config", directory.names())
  end)

  it("of a link is taken, and that of what it leads to", function()
    local directory <close> = support.directory()
    shell("ln -s real " .. quote(directory "link"))
    for _, name in ipairs { "link", "real" } do
      support.write(directory(name .. ".lock"), "", "000")
      local err = refused(text "west", { path = directory "link", lock_timeout = 0 })
      assert.is_truthy(err.message:find(directory(name .. ".lock"), 1, true), err.message)
      os.remove(directory(name .. ".lock"))
    end
    assert.are.equal("link", directory.names())
  end)

  it("that a program of ours left when it died is removed, with its unfinished file", function()
    local directory <close> = support.directory()
    local path = directory "config"
    support.write(path, text "west")
    support.write(path .. ".lock", "aks 4711\nconfig.aks-Ab3dEf\nconfig.aks-0123ab\n../config.aks-aaaaaa\n")
    support.write(directory "config.aks-Ab3dEf", "half of a secr")
    support.write(directory "config.aks-0123ab", "")
    support.write(directory "config.aks-other", "not named there")
    saved(text "east", { path = path, lock_timeout = 0 })
    assert.are.equal("config\nconfig.aks-other", directory.names())
    assert.is_table(support.judge(path).clusters.west)
  end)

  it("names no file that is removed but an unfinished one beside it", function()
    local directory <close> = support.directory()
    local path = directory "config"
    shell("mkdir " .. quote(directory "config.aks-a"))
    for _, name in ipairs { "config", "other", "config.aks-a/bcde", "config.aks-a/bcdef" } do
      support.write(directory(name), text "west")
      support.write(path .. ".lock", "aks 1\n" .. name .. "\n")
      saved(text "east", { path = path, lock_timeout = 0 })
      assert.is_string(support.read(directory(name)), name)
    end
  end)

  it("of a program of ours that lives is respected", function()
    local directory <close> = support.directory()
    local path = directory "config"
    local lock = quote(path .. ".lock")
    support.write(path .. ".lock", "aks 1\n")
    local err = shell(("flock %s %s"):format(lock,
      support.program(directory "save.lua", saving("west", ("{ path = %q, lock_timeout = 0.05 }"):format(path)))))
    assert.is_truthy(err:find("is locked: another program writes it", 1, true), err)
    assert.are.equal("aks 1\n", support.read(path .. ".lock"))
  end)

  it("that is a link leads nowhere", function()
    local directory <close> = support.directory()
    local path = directory "config"
    support.write(directory "other", "aks 1\n")
    shell(("ln -s other %s"):format(quote(path .. ".lock")))
    assert.are.equal("file_failed", refused(text "west", { path = path, lock_timeout = 0 }).code)
    assert.are.equal("config.lock\nother", directory.names())
  end)
end)

describe("many processes at once", function()
  local writer = [[
    local kubeconfig, support = require "aks.kubeconfig", require "spec.support.kubeconfig"
    for i = 1, tonumber(arg[3]) do
      local result, err = kubeconfig.save(support.text(arg[2] .. "-" .. i), { path = arg[1], lock_timeout = 300 })
      if not result then
        print(err.code, err.message)
      end
    end
  ]]

  it("lose no entry, also through different links", function()
    local directory <close> = support.directory()
    local program = support.program(directory "writer.lua", writer)
    shell(("cd %s && ln -s config one && ln -s one two"):format(quote(directory())))
    local commands = {}
    for i, name in ipairs { "config", "one", "two", "config", "two", "config" } do
      commands[i] = ("%s %s w%d 8 &"):format(program, quote(directory(name)), i)
    end
    assert.are.equal("", shell(table.concat(commands, "\n") .. "\nwait"))
    local found = support.judge(directory "config")
    for i = 1, 6 do
      for j = 1, 8 do
        local name = ("w%d-%d"):format(i, j)
        assert.is_table(found.clusters[name], name)
        assert.is_table(found.contexts[name], name)
        assert.is_table(found.users["clusterUser_group_" .. name], name)
      end
    end
    assert.are.equal("config\none\ntwo\nwriter.lua", directory.names())
  end)

  -- kubectl reads before it locks, and takes entries that came meanwhile for deleted: only its own are looked for.
  it("read no half-written file of kubectl, and lose none of its entries", function()
    if select(2, shell("command -v kubectl")) ~= 0 then
      pending "skipped: kubectl is not here"
      return
    end
    local directory <close> = support.directory()
    local path = quote(directory "config")
    local program = support.program(directory "writer.lua", writer)
    -- kubectl does not wait for the lock: it is asked again until it has written.
    local kubectl = [[(for n in 1 2 3 4 5 6; do
      until env -u LD_PRELOAD kubectl --kubeconfig %s config set-cluster k$n --server=https://k >/dev/null 2>&1
      do sleep 0.01; done
    done) &]]
    assert.are.equal("", shell(("%s %s w1 30 &\n%s %s w2 30 &\n%s\nwait"):format(program, path, program, path,
      kubectl:format(path))))
    local found = support.judge(directory "config")
    for i = 1, 6 do
      assert.is_table(found.clusters["k" .. i])
    end
    assert.are.equal("config\nwriter.lua", directory.names())
  end)

  it("read nothing but whole files", function()
    local directory <close> = support.directory()
    local path = directory "config"
    saved(text "first", { path = path })
    shell(("%s %s w 40 >%s 2>&1 &"):format(support.program(directory "writer.lua", writer), quote(path),
      quote(directory "output")))
    local found
    repeat
      found = kubeconfig.parse(support.read(path))
      assert.are.equal("first", found.clusters[1].name)
      assert.are.equal(#found.clusters, #found.users)
    until #found.clusters == 41 or support.read(directory "output") ~= ""
    assert.are.equal("", support.read(directory "output"))
  end)
end)

describe("a process that is killed while it writes", function()
  it("leaves the old file or the new one, and is no hindrance", function()
    local directory <close> = support.directory()
    local path = directory "config"
    saved(text "first", { path = path })
    local command = support.program(directory "writer.lua", [[
      local kubeconfig, support = require "aks.kubeconfig", require "spec.support.kubeconfig"
      for i = 1, math.huge do
        assert(kubeconfig.save(support.text("killed", { token = "t" .. i }), { path = arg[1], overwrite = true }))
        if i == 1 then
          io.open(arg[2], "w"):close() -- at work
        end
      end
    ]])
    for i = 1, 20 do
      shell(([[%s %s %s & pid=$!
        until [ -e %s ]; do sleep 0.01; done; sleep 0.0%d; kill -9 $pid; wait $pid 2>/dev/null; rm %s]]):format(command,
        quote(path), quote(directory "ready"), quote(directory "ready"), i * 7 % 10, quote(directory "ready")))
      local before = kubeconfig.parse(support.read(path))
      assert.are.equal("first", before.clusters[1].name)
      assert.are.equal(i + 1, #before.clusters)
      saved(text("after-" .. i), { path = path, lock_timeout = 0 })
      assert.are.equal("config\nwriter.lua", directory.names())
    end
  end)
end)
