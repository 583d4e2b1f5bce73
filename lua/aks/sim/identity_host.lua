-- The hosts that give their guests an identity: the instance metadata service of virtual machines, App Service, the
-- agent of Azure Arc, Cloud Shell. Each is asked in a way of its own.
local http = require "aks.sim.http"
local token = require "aks.sim.token"

local IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
local LIFETIME = 86399

local function refuse(status, name, text, headers)
  http.answer(status, { error = name, error_description = text }, headers)
end

-- The identity that was chosen by one of these parameters: { principal, client_id }; the machine's own one by none.
local function find_identity(simulator, query, names)
  local options, chosen = simulator.options, nil
  for name, property in pairs(names) do
    chosen = query[name] and { property = property, value = query[name]:lower() } or chosen
  end
  if not chosen then
    return options.machine_identity ~= false and { principal = options.object_id, client_id = options.client_id } or nil
  end
  for _, record in ipairs(simulator.store:of_type("", IDENTITY)) do
    local properties = record.document.properties
    local value = chosen.property == "id" and record.id or properties[chosen.property]
    if value:lower() == chosen.value then
      return { principal = properties.principalId, client_id = properties.clientId }
    end
  end
end

local function find_or_refuse(simulator, query, names)
  local found = find_identity(simulator, query, names)
  if not query.resource then
    refuse(400, "invalid_request", "Required audience parameter not specified")
  elseif not found then
    refuse(400, "invalid_request", "Identity not found")
  end
  return found
end

-- Numbers are texts here.
local function answer(simulator, identity, resource)
  local now = simulator.now()
  return {
    access_token = token.issue(simulator, identity.principal, identity.client_id),
    client_id = identity.client_id, resource = resource, token_type = "Bearer",
    expires_in = tostring(LIFETIME), ext_expires_in = tostring(LIFETIME),
    expires_on = tostring(now + LIFETIME), not_before = tostring(now - 300),
  }
end

local function is_metadata(context)
  return (context.headers.metadata or ""):lower() == "true"
end

local function check_metadata(context)
  if not is_metadata(context) then
    refuse(400, "invalid_request", "Required metadata header not specified")
  elseif context.headers["x-forwarded-for"] then
    refuse(400, "invalid_request", "The request was forwarded")
  end
end

local function metadata_service(context)
  local simulator, query = context.sim, context.query
  check_metadata(context)
  if not (query["api-version"] or ""):find("^20%d%d%-%d%d%-%d%d$") then
    refuse(400, "bad_request_102", "Required api-version query parameter not specified or not supported")
  end
  local identity = find_or_refuse(simulator, query,
    { client_id = "clientId", object_id = "principalId", msi_res_id = "id" })
  return 200, answer(simulator, identity, query.resource), token.date(simulator)
end

-- App Service's date of old: "06/20/2019 02:57:58 +00:00".
local function old_answer(simulator, identity, resource)
  return {
    access_token = token.issue(simulator, identity.principal, identity.client_id), resource = resource,
    token_type = "Bearer", expires_on = os.date("!%m/%d/%Y %H:%M:%S +00:00", simulator.now() + LIFETIME),
  }
end

local function app_service(context)
  local simulator, query = context.sim, context.query
  local old = query["api-version"] == "2017-09-01"
  local secret = old and context.headers.secret or context.headers["x-identity-header"]
  if secret ~= simulator.options.identity_header then
    http.answer(401, { statusCode = 401, message = "Unauthorized" })
  elseif not old and query["api-version"] ~= "2019-08-01" then
    http.answer(400, { statusCode = 400, message = "Unsupported api-version" })
  end
  local identity = find_or_refuse(simulator, query, old and { clientid = "clientId" }
    or { client_id = "clientId", principal_id = "principalId", mi_res_id = "id" })
  if old then
    return 200, old_answer(simulator, identity, query.resource), token.date(simulator)
  end
  local body = answer(simulator, identity, query.resource)
  body.expires_in, body.ext_expires_in = nil, nil
  return 200, body, token.date(simulator)
end

-- A file that only a member of the agent's group can read; its text proves that one asks.
local function new_key(simulator)
  local directory = assert(simulator.options.arc_directory, "the simulator was started without arc_directory")
  local path, key = ("%s/%s.key"):format(directory, simulator.uuid()), simulator.random(64)
  local file = assert(io.open(path, "w"))
  file:write(key)
  file:close()
  simulator.arc_keys = simulator.arc_keys or {}
  simulator.arc_keys[key] = path
  return path
end

local function arc(context)
  local simulator, query = context.sim, context.query
  check_metadata(context)
  local key = (context.headers.authorization or ""):match("^Basic (%S+)$")
  local path = key and simulator.arc_keys and simulator.arc_keys[key]
  if not path then
    refuse(401, "unauthorized", "The key is missing or wrong.",
      { ["WWW-Authenticate"] = "Basic realm=" .. new_key(simulator) })
  end
  os.remove(path)
  simulator.arc_keys[key] = nil
  local identity = find_or_refuse(simulator, query, {})
  return 200, answer(simulator, identity, query.resource), token.date(simulator)
end

local function cloud_shell(context)
  local simulator, form = context.sim, http.parse_form(context.raw_body)
  check_metadata(context)
  local identity = find_or_refuse(simulator, form, {})
  return 200, answer(simulator, identity, form.resource), token.date(simulator)
end

-- A CI service: gives its job a token that the simulator was started with, to who asks with the job's own one.
local function check_job(context)
  local job = context.sim.options.ci_job or {}
  if not job.request_token or context.headers.authorization ~= "Bearer " .. job.request_token then
    http.answer(401, { message = "Unauthorized" })
  end
  return job
end

local function github(context)
  local job = check_job(context)
  if context.query.audience ~= "api://AzureADTokenExchange" then
    http.answer(400, { message = "Can't issue ID_TOKEN for that audience." })
  end
  return 200, { count = #job.token, value = job.token }
end

local function pipelines(context)
  local job = check_job(context)
  if not context.query["api-version"] or context.query.serviceconnectionid ~= job.service_connection then
    http.answer(404, { message = "The service connection does not exist." })
  end
  return 200, { oidcToken = job.token }
end

return {
  routes = {
    { method = "GET", path = "/ci/github", handler = github, open = true },
    { method = "POST", path = "/ci/pipelines", handler = pipelines, open = true },
    { method = "GET", path = "/metadata/identity/oauth2/token", handler = metadata_service, open = true },
    { method = "GET", path = "/msi/token", handler = app_service, open = true },
    { method = "GET", path = "/arc/metadata/identity/oauth2/token", handler = arc, open = true },
    { method = "POST", path = "/cloudshell/token", handler = cloud_shell, open = true },
  },
}
