-- Where the options of aks.connect come from: what the command line imposes, the caller's own, the environment, the
-- settings of the Azure CLI. It checks nothing: aks.core does, against its table of options.
local core = require "aks.core"
local credentials = require "aks.credentials"
local profile = require "aks.azure_profile"

local settings = {}

---@class aks.options
---@field subscription? string id of the subscription (AZURE_SUBSCRIPTION_ID)
---@field tenant? string the Entra tenant (AZURE_TENANT_ID)
---@field credential? aks.credential|string a credential, or a token; absent: aks.credential.default()
---@field cloud? "public"|"china"|"usgov"|aks.cloud
---@field endpoint? string URL of another resource manager (AKS_ENDPOINT)
---@field authority? string URL of the authority that gives tokens (AZURE_AUTHORITY_HOST)
---@field ca_file? string PEM file of the authorities to trust (SSL_CERT_FILE, as OpenSSL has it)
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
---@field authority? string
---@field audience? string

local variables = {
  subscription = "AZURE_SUBSCRIPTION_ID",
  tenant = "AZURE_TENANT_ID",
  endpoint = "AKS_ENDPOINT",
  authority = "AZURE_AUTHORITY_HOST",
  ca_file = "SSL_CERT_FILE",
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
  -- The Azure SDKs take a host alone, too.
  if type(options.authority) == "string" and not options.authority:find("://", 1, true) then
    options.authority = "https://" .. options.authority
  end
end

-- The CLI's name of the cloud that the options mean; nil when it is none that the CLI could know. Where nothing names
-- a cloud, the CLI's active one is meant.
local function settle_cloud(options)
  if options.endpoint ~= nil or options.authority ~= nil then
    return nil
  elseif options.cloud ~= nil then
    return type(options.cloud) == "string" and options.cloud or nil
  end
  local name, cloud = profile.cloud()
  options.cloud = cloud
  return cloud and name
end

local function find(subscriptions, wanted)
  for _, subscription in ipairs(subscriptions) do
    if wanted and subscription.id:lower() == tostring(wanted):lower() or not wanted and subscription.is_default then
      return subscription
    end
  end
  return {}
end

-- The Azure CLI's subscription, where nothing else names one, and the tenant that the subscription is in.
local function add_profile(options)
  local cloud = settle_cloud(options)
  if not cloud or options.subscription ~= nil and options.tenant ~= nil then
    return
  end
  local subscriptions, problem = profile.subscriptions(cloud)
  if not subscriptions and options.subscription == nil then
    error(core.error { code = "settings_invalid", message = problem,
      hint = "give the option 'subscription', set AZURE_SUBSCRIPTION_ID, or run: az account list --refresh" }, 0)
  end
  local known = find(subscriptions or {}, options.subscription)
  options.subscription = options.subscription or known.id
  options.tenant = options.tenant or known.tenant
end

---All options of a client: imposed ones, then the caller's, then the environment's, then those of the Azure CLI.
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
  add_profile(complete)
  if complete.credential == nil then
    complete.credential = credentials.default { tenant = complete.tenant }
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
