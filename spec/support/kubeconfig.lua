-- Kubeconfigs for the specs: texts as AKS hands them out, a directory of their own, processes that write at once.
local support = {}

--- The text that AKS gives for a cluster. `spec`: account, group, token, server; each has a default.
function support.text(name, spec)
  spec = spec or {}
  local user = ("%s_%s_%s"):format(spec.account or "clusterUser", spec.group or "group", name)
  return ([[
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: QUFB
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
    client-key-data: QkJC
    token: %s
]]):format(spec.server or name .. ".example", name, name, user, name, name, user, spec.token or "token-of-" .. name)
end

function support.quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- Runs a shell command; returns what it wrote to stdout and stderr, without the last line's end, and its status.
function support.shell(command)
  local pipe = assert(io.popen("{ " .. command .. "\n} 2>&1"))
  local output = pipe:read("a")
  local _, _, status = pipe:close()
  return (output:gsub("\n$", "")), status
end

function support.read(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read("a")
  file:close()
  return text
end

function support.write(path, text, mode)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  support.shell(("chmod %s %s"):format(mode or "600", support.quote(path)))
end

function support.mode(path)
  return (support.shell("stat -c %a " .. support.quote(path)))
end

--- A new directory; keep it in a <close> variable. Calling it gives a path in it; its files are in `:names()`.
function support.directory()
  local directory = support.shell("mktemp -d")
  return setmetatable({}, {
    __call = function(_, name) return directory .. (name and "/" .. name or "") end,
    __close = function() support.shell("rm -rf " .. support.quote(directory)) end,
    __index = { names = function() return (support.shell("ls -A " .. support.quote(directory))) end },
  })
end

--- Writes a Lua program to PATH; returns the command that runs it.
function support.program(path, text)
  support.write(path, text)
  return "lua5.4 " .. support.quote(path)
end

--- The command as a user who is not root; nil when it cannot be.
function support.as_user(command)
  if support.shell("id -u") ~= "0" then
    return command
  end
  local prefix = "setpriv --reuid=65534 --regid=65534 --clear-groups "
  local _, status = support.shell(prefix .. "true")
  return status == 0 and prefix .. command or nil
end

--- Reads a file as strictly as kubectl does, with kubectl itself where it is installed, else with Python's YAML.
--- Returns { contexts = { NAME = true }, clusters = ..., users = ..., current }
function support.judge(path)
  local dkjson = require "dkjson"
  local quoted = support.quote(path)
  local output, status = support.shell("env -u LD_PRELOAD kubectl config view --raw -o json --kubeconfig " .. quoted)
  if status == 127 then
    local program = "import sys, json, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))"
    output, status = support.shell(("env -u LD_PRELOAD python3 -c %s %s"):format(support.quote(program), quoted))
  end
  assert(status == 0, output)
  local document = assert(dkjson.decode(output))
  local result = { current = document["current-context"], document = document }
  for _, list in ipairs { "clusters", "users", "contexts" } do
    result[list] = {}
    for _, entry in ipairs(document[list] or {}) do
      result[list][entry.name] = entry
    end
  end
  return result
end

return support
