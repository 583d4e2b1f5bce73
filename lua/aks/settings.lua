-- Where the options of aks.connect come from: what the command line imposes, the caller's own, the environment. It
-- checks nothing: aks.core does, against its table of options.
local core = require "aks.core"

local settings = {}

---@class aks.options
---@field subscription? string id of the subscription (AZURE_SUBSCRIPTION_ID)
---@field tenant? string the Entra tenant (AZURE_TENANT_ID)
---@field credential? aks.credential|string a credential, or a token (AZURE_CLIENT_ID and AZURE_CLIENT_SECRET)
---@field cloud? "public"|"china"|"usgov"|aks.cloud
---@field endpoint? string URL of another resource manager (AKS_ENDPOINT)
---@field authority? string URL of the authority that gives tokens (AZURE_AUTHORITY_HOST)
---@field ca_file? string PEM file of the authorities to trust
---@field proxy? string URL of an HTTP proxy
---@field timeout? integer seconds for one request
---@field operation_timeout? integer seconds for an operation, waiting included
---@field poll_interval? integer seconds between looks at an operation when Azure names none
---@field ssh_directory? string where the user's SSH keys are, for clusters whose spec names none; absent: ~/.ssh
---@field retries? integer how often a request is tried again
---@field concurrency? integer requests under way at once
---@field on_event? fun(event: table) is told what happens
---@field user_agent? string put before our own

---@class aks.cloud
---@field resource_manager string
---@field authority string
---@field audience? string

local variables = {
  subscription = "AZURE_SUBSCRIPTION_ID",
  tenant = "AZURE_TENANT_ID",
  endpoint = "AKS_ENDPOINT",
  authority = "AZURE_AUTHORITY_HOST",
}

-- Who names a cloud means that cloud: what the environment says of another place does not mix with it.
local places = { endpoint = true, authority = true }

local imposed, listeners = {}, {}

-- An empty variable is as good as none: shells cannot unset one for a single command.
local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

local function add_variables(options)
  for name, source in pairs(variables) do
    if options[name] == nil and not (options.cloud and places[name]) then
      options[name] = variable(source)
    end
  end
end

local function credential_from_environment(options)
  local client_id, client_secret = variable("AZURE_CLIENT_ID"), variable("AZURE_CLIENT_SECRET")
  if client_id and client_secret then
    return core.credential.client_secret {
      tenant = options.tenant,
      client_id = client_id,
      client_secret = client_secret,
    }
  end
end

---All options of a client: imposed ones, then the caller's, then the environment's.
---@param options? aks.options
---@return table
function settings.resolve(options)
  if options ~= nil and type(options) ~= "table" then
    error("bad argument #1 to 'connect' (table expected, got " .. type(options) .. ")", 3)
  end
  local complete = {}
  for _, source in ipairs { options or {}, imposed } do
    for name, value in pairs(source) do
      complete[name] = value
    end
  end
  add_variables(complete)
  if complete.credential == nil then
    complete.credential = credential_from_environment(complete)
  end
  return complete
end

---For the command line: options that win over those of every aks.connect that follows (`aks run --simulate`).
---Without an argument nothing is imposed any more.
---@param options? aks.options
function settings.impose(options)
  imposed = options or {}
end

---For the command line: a listener for the events of every client that is connected from now on.
---@param listener fun(event: table)
function settings.observe(listener)
  listeners[#listeners + 1] = listener
end

---The listeners so far, for core.connect.
---@return function[]
function settings.listeners()
  return table.move(listeners, 1, #listeners, 1, {})
end

return settings
