-- Checks which layer of module/ includes what, and that every C and Lua file begins by saying what it is for.

-- A folder of module/ may include its own headers, and those of these folders (or a single one).
local allowed = {
  base = {},
  rules = { "base" },
  loop = { "base" },
  transport = { "base", "loop" },
  http = { "base", "loop", "transport" },
  arm = { "base", "loop", "transport" },
  auth = { "base", "loop", "transport" },
  resources = { "base", "loop", "transport", "arm", "rules" },
  operations = { "base", "loop", "transport", "arm", "rules", "resources" },
  kubeconfig = { "base" },
  lua = { "base", "loop", "transport", "arm", "auth", "rules", "resources", "operations" },
  httpd = { "base/attributes.h" },
}

-- A foreign header may be included by these folders (or this one file) only.
local foreign = {
  { pattern = "^lua[uxl]?[%w]*%.h$", places = { "lua/", "httpd/", "aks.h", "http/module.c", "kubeconfig/module.c" } },
  { pattern = "^jansson%.h$", places = { "arm/", "auth/", "resources/", "operations/", "lua/" } },
  { pattern = "^yaml%.h$", places = { "kubeconfig/" } },
  { pattern = "^curl/", places = { "http/" } },
  { pattern = "^microhttpd%.h$", places = { "httpd/" } },
}

local problems = 0

local function report(path, line, text)
  io.stderr:write(("%s:%d: %s\n"):format(path, line, text))
  problems = problems + 1
end

local function files_of(command)
  local pipe, paths = assert(io.popen(command)), {}
  for path in pipe:lines() do
    paths[#paths + 1] = path
  end
  pipe:close()
  return paths
end

local function contains(list, value)
  for _, item in ipairs(list) do
    if item == value then
      return true
    end
  end
  return false
end

local function starts_with_any(text, prefixes)
  for _, prefix in ipairs(prefixes) do
    if text:sub(1, #prefix) == prefix then
      return true
    end
  end
  return false
end

local function check_include(path, line, header)
  local place = path:gsub("^module/", "")
  local layer, target = place:match("^(%w+)/"), header:match("^(%w+)/")
  local is_allowed = target == layer or contains(allowed[layer] or {}, target) or contains(allowed[layer] or {}, header)
  if layer and allowed[target] and not is_allowed then
    report(path, line, ("%s/ may not include %s/ (%s)"):format(layer, target, header))
  end
  for _, rule in ipairs(foreign) do
    if header:find(rule.pattern) and not starts_with_any(place, rule.places) then
      report(path, line, ("<%s> does not belong here"):format(header))
    end
  end
end

local function check_includes(path)
  local layer, number = path:match("^module/(%w+)/"), 0
  if layer and not allowed[layer] then
    report(path, 1, ("the table in script/layers.lua does not know %s/"):format(layer))
    return
  end
  for line in io.lines(path) do
    number = number + 1
    local header = line:match('^%s*#%s*include%s*[<"]([^>"]+)[>"]')
    if header then
      check_include(path, number, header)
    end
  end
end

local function check_first_comment(path)
  local file = assert(io.open(path))
  local line = file:read("l")
  if line and line:sub(1, 2) == "#!" then
    line = file:read("l")
  end
  file:close()
  if not line or not (line:find("^/%*") or line:find("^//") or line:find("^%-%-")) then
    report(path, 1, "the file does not begin with a comment that says what it is for")
  end
end

for _, path in ipairs(files_of("find module -name '*.[ch]' | sort")) do
  check_includes(path)
end
for _, path in ipairs(files_of("find module lua spec playbooks -name '*.[ch]' -o -name '*.lua' | sort")) do
  check_first_comment(path)
end
os.exit(problems == 0)
