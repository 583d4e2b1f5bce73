-- Ways to sign in, as aks.credential has them: the kinds of aks.core, with what the environment says filled in, and the
-- default that tries them in the order of the Azure SDKs.
local core = require "aks.core"

---@class aks.credential: userdata
---@field kind string "client_secret", "managed_identity", ...

---@class aks.credentials
local credentials = {}

-- An empty variable is as good as none: shells cannot unset one for a single command.
local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

-- A copy of the options with what they leave out taken from these variables.
local function complete(options, variables)
  if type(options) ~= "table" and options ~= nil then
    return options -- for aks.core to refuse
  end
  local result = {}
  for name, source in pairs(variables) do
    result[name] = variable(source)
  end
  for name, value in pairs(options or {}) do
    result[name] = value
  end
  return result
end

---A token, or a function that returns one and (optionally) when it expires, in seconds since 1970.
---@type fun(token: string|fun(): string, number?): aks.credential
credentials.token = core.credential.token

---A service principal with a secret.
---@type fun(options: { tenant?: string, client_id: string, client_secret: string }): aks.credential
credentials.client_secret = core.credential.client_secret

---A service principal with a certificate: the path of a PEM or PKCS #12 file with key and certificate, or PEM text.
---@type fun(options: { tenant?: string, client_id: string, certificate: string, password?: string,
---algorithm?: "PS256"|"RS256", send_chain?: boolean }): aks.credential
credentials.client_certificate = core.credential.client_certificate

---A pod or a CI job that another authority vouches for. What is left out is taken from AZURE_TENANT_ID,
---AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE.
---@param options? { tenant?: string, client_id?: string, token_file?: string }
---@return aks.credential
function credentials.workload_identity(options)
  return core.credential.workload_identity(complete(options, {
    tenant = "AZURE_TENANT_ID", client_id = "AZURE_CLIENT_ID", token_file = "AZURE_FEDERATED_TOKEN_FILE",
  }))
end

local AUDIENCE = "api%3A%2F%2FAzureADTokenExchange"

---A job of GitHub Actions (with `permissions: id-token: write`), whose repository, branch or environment the
---application has a federated credential for. What is left out is taken from AZURE_TENANT_ID and AZURE_CLIENT_ID, and
---where to ask from ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN.
---@param options? { tenant?: string, client_id?: string }
---@return aks.credential
function credentials.github_actions(options)
  local whole = complete(options, { tenant = "AZURE_TENANT_ID", client_id = "AZURE_CLIENT_ID",
    request_url = "ACTIONS_ID_TOKEN_REQUEST_URL", request_token = "ACTIONS_ID_TOKEN_REQUEST_TOKEN" })
  if type(whole) == "table" then
    local url = whole.request_url
    whole.method, whole.member = "GET", "value"
    whole.request_url = url and url .. (url:find("?", 1, true) and "&" or "?") .. "audience=" .. AUDIENCE
  end
  return core.credential.ci_job(whole)
end

---A job of Azure Pipelines, by a service connection that is made with workload identity federation. What is left out
---is taken from AZURESUBSCRIPTION_TENANT_ID, AZURESUBSCRIPTION_CLIENT_ID, AZURESUBSCRIPTION_SERVICE_CONNECTION_ID (as
---the task AzureCLI sets them) and SYSTEM_ACCESSTOKEN; where to ask from SYSTEM_OIDCREQUESTURI.
---@param options? { tenant?: string, client_id?: string, service_connection?: string, request_token?: string }
---@return aks.credential
function credentials.azure_pipelines(options)
  local whole = complete(options, { tenant = "AZURESUBSCRIPTION_TENANT_ID", client_id = "AZURESUBSCRIPTION_CLIENT_ID",
    service_connection = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", request_url = "SYSTEM_OIDCREQUESTURI",
    request_token = "SYSTEM_ACCESSTOKEN" })
  if type(whole) == "table" then
    local url, connection = whole.request_url, whole.service_connection
    whole.method, whole.member, whole.service_connection = "POST", "oidcToken", nil
    whole.request_url = url and connection and ("%s?api-version=7.1&serviceConnectionId=%s"):format(url, connection)
  end
  return core.credential.ci_job(whole)
end

-- What the hosts that have managed identities set.
local host_variables = { "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT",
  "MSI_ENDPOINT", "MSI_SECRET", "AZURE_POD_IDENTITY_AUTHORITY_HOST" }

---The identity of the virtual machine, pod, app or function that this runs in; with one of client_id, object_id and
---resource_id a user-assigned one.
---@param options? { client_id?: string, object_id?: string, resource_id?: string, key_directory?: string }
---@return aks.credential
function credentials.managed_identity(options)
  local whole = complete(options, {})
  if type(whole) == "table" then
    local environment = {}
    for _, name in ipairs(host_variables) do
      environment[name] = variable(name)
    end
    whole.environment = whole.environment or environment
  end
  return core.credential.managed_identity(whole)
end

---Whoever has signed in with `az login`.
---@type fun(options?: { tenant?: string, program?: string, timeout?: integer }): aks.credential
credentials.azure_cli = core.credential.azure_cli

---The first of the list that can give a token; it is asked from then on.
---@param list aks.credential[]
---@return aks.credential
function credentials.chain(list)
  return core.credential.chain(list)
end

local function is_true(text)
  return text ~= nil and (text == "1" or text:lower() == "true")
end

-- A service principal that the environment names; nil and what is missing.
local function from_environment(options)
  local client_id, secret = variable("AZURE_CLIENT_ID"), variable("AZURE_CLIENT_SECRET")
  local certificate = variable("AZURE_CLIENT_CERTIFICATE_PATH")
  local tenant = variable("AZURE_TENANT_ID") or options.tenant
  if not client_id then
    return nil, "AZURE_CLIENT_ID is not set"
  elseif secret then
    return credentials.client_secret { tenant = tenant, client_id = client_id, client_secret = secret }
  elseif certificate then
    return credentials.client_certificate {
      tenant = tenant, client_id = client_id, certificate = certificate,
      password = variable("AZURE_CLIENT_CERTIFICATE_PASSWORD"),
      send_chain = is_true(variable("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")),
    }
  end
  return nil, "neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set"
end

-- A token in a file; or, in GitHub, one to be asked for by a job that is allowed to.
local function from_workload(options)
  local tenant = variable("AZURE_TENANT_ID") or options.tenant
  if not variable("AZURE_CLIENT_ID") then
    return nil, "AZURE_CLIENT_ID is not set"
  elseif variable("AZURE_FEDERATED_TOKEN_FILE") then
    return credentials.workload_identity { tenant = tenant }
  elseif variable("ACTIONS_ID_TOKEN_REQUEST_URL") and variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN") then
    return credentials.github_actions { tenant = tenant }
  end
  return nil, "AZURE_FEDERATED_TOKEN_FILE is not set"
end

-- A host whose identity cannot be used is no reason not to try the next way.
local function from_host()
  local ok, result = pcall(credentials.managed_identity, { client_id = variable("AZURE_CLIENT_ID") })
  if ok then
    return result
  elseif core.is_error(result) then
    return nil, result.message
  end
  error(result, 0)
end

local function from_cli(options)
  return credentials.azure_cli { tenant = options.tenant }
end

-- In the order of the Azure SDKs, by the names that AZURE_TOKEN_CREDENTIALS has for them. `production`: what a deployed
-- program is signed in by; the others are for people.
local links = {
  { kind = "environment", name = "EnvironmentCredential", make = from_environment, production = true },
  { kind = "workload_identity", name = "WorkloadIdentityCredential", make = from_workload, production = true },
  { kind = "managed_identity", name = "ManagedIdentityCredential", make = from_host, production = true },
  { kind = "azure_cli", name = "AzureCliCredential", make = from_cli, production = false },
}

-- Whether AZURE_TOKEN_CREDENTIALS ("prod", "dev", or the name of one) wants this link; all when it is not set.
local function is_wanted(link, choice)
  if not choice then
    return true
  elseif choice == "prod" or choice == "dev" then
    return link.production == (choice == "prod")
  end
  return link.name:lower() == choice
end

local function chosen_links()
  local choice, chosen = variable("AZURE_TOKEN_CREDENTIALS"), {}
  for _, link in ipairs(links) do
    if is_wanted(link, choice and choice:lower()) then
      chosen[#chosen + 1] = link
    end
  end
  if #chosen == 0 then
    error(core.error {
      code = "value_not_allowed",
      message = ("AZURE_TOKEN_CREDENTIALS is '%s', which is none of the credentials"):format(choice),
      hint = "allowed are dev, prod, and EnvironmentCredential, WorkloadIdentityCredential, ManagedIdentityCredential, "
        .. "AzureCliCredential",
    }, 0)
  end
  return chosen
end

---What the environment says, a workload identity, a managed identity, the Azure CLI: the first that gives a token.
---@param options? { tenant?: string } the tenant where the environment names none
---@return aks.credential
function credentials.default(options)
  local list = {}
  for index, link in ipairs(chosen_links()) do
    local credential, reason = link.make(options or {})
    list[index] = credential or core.credential.absent(link.kind, reason)
  end
  return core.credential.chain(list, "default")
end

return credentials
