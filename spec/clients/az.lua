-- Runs an unmodified Azure CLI against a simulated Azure, with a home of its own.
local guide = require "aks.sim.guide"
local json = require "dkjson"
local sim = require "aks.sim"

local az = {}
az.__index = az

local function quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  return text
end

--- Why there is nothing to run; nil when there is.
function az.missing()
  local found = os.execute("command -v az >/dev/null")
  return not found and "skipped: the Azure CLI (Debian's azure-cli) is not installed" or nil
end

--- Starts a simulator over TLS, and makes it the CLI's cloud.
function az.start(options)
  local scratch = os.tmpname()
  os.remove(scratch)
  options = options or {}
  options.tls, options.certificates = true, scratch .. "/certificates"
  local simulator = sim.start(options)
  local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$")
  local self = setmetatable({ sim = simulator, scratch = scratch, environment = {
    HOME = scratch, AZURE_CONFIG_DIR = scratch .. "/azure", PYTHONPATH = here .. "/az", PYTHONDONTWRITEBYTECODE = "1",
    REQUESTS_CA_BUNDLE = simulator.ca_file, AZURE_CORE_COLLECT_TELEMETRY = "no", AZURE_CORE_ONLY_SHOW_ERRORS = "yes",
    AZURE_CORE_NO_COLOR = "yes", AZURE_EXTENSION_USE_DYNAMIC_INSTALL = "no", LD_PRELOAD = "",
  } }, az)
  self:run("cloud", "register", "--name", "simulator", "--cloud-config", guide.cloud(simulator))
  self:run("cloud", "set", "--name", "simulator")
  return self
end

--- Runs a command; returns its exit status, what it printed (parsed when it is JSON), and its complaints.
function az:try(...)
  local words = { "env" }
  for name, value in pairs(self.environment) do
    words[#words + 1] = quote(name .. "=" .. value)
  end
  words[#words + 1] = "timeout 100 az"
  for _, word in ipairs { ... } do
    words[#words + 1] = quote(word)
  end
  local out, err = self.scratch .. "/out", self.scratch .. "/err"
  local _, _, status = os.execute(("%s >%s 2>%s </dev/null"):format(table.concat(words, " "), out, err))
  local text = read(out)
  local parsed = json.decode(text)
  if parsed == nil then
    parsed = text
  end
  return status, parsed, read(err)
end

--- Runs a command that must succeed; returns what it printed.
function az:run(...)
  local status, printed, complaints = self:try(...)
  assert(status == 0, ("az %s: exit status %d: %s"):format(table.concat({ ... }, " "), status, complaints))
  return printed
end

--- Runs a command that must be refused; returns its complaints.
function az:refused(...)
  local status, _, complaints = self:try(...)
  assert(status ~= 0, "az " .. table.concat({ ... }, " ") .. ": was not refused")
  return complaints
end

function az:login()
  local known = self.sim
  return self:run("login", "--service-principal", "--tenant", known.tenant, "--username", known.client_id, "--password",
    known.client_secret)
end

function az:stop()
  self.sim:stop()
  os.execute("rm -rf " .. self.scratch)
end

return az
