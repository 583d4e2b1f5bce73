-- The Entra token endpoint, and which bearer tokens are good.
local base64 = require "aks.sim.base64"
local http = require "aks.sim.http"

local token = {}

local LIFETIME = 3599

local function entra_error(simulator, status, code, name, text)
  local trace, correlation, now = simulator.uuid(), simulator.uuid(), os.date("!%Y-%m-%d %H:%M:%SZ")
  http.answer(status, {
    error = name,
    error_description = ("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s"):format(code, text, trace,
      correlation, now),
    error_codes = http.array { code },
    timestamp = now, trace_id = trace, correlation_id = correlation,
    error_uri = ("%s/error?code=%d"):format(simulator.endpoint, code),
  })
end

--- Issues a token of the form of Entra's (a JWT whose signature nobody checks here).
function token.issue(simulator, principal)
  local options = simulator.options
  local header = base64.encode_url(http.encode { typ = "JWT", alg = "RS256" })
  local claims = base64.encode_url(http.encode {
    aud = "https://management.azure.com", tid = options.tenant, appid = options.client_id,
    oid = principal, iat = os.time(), exp = os.time() + LIFETIME, jti = simulator.random(16),
  })
  local text = header .. "." .. claims .. "." .. simulator.random(64)
  simulator.tokens[text] = { expires = os.time() + LIFETIME, principal = principal }
  return text
end

-- An assertion is looked at for its form alone: what signs it is registered nowhere.
local function check_assertion(simulator, form)
  if form.client_assertion_type ~= "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    or not form.client_assertion:match("^[%w_=-]+%.[%w_=-]+%.[%w_=-]+$") then
    entra_error(simulator, 401, 700027, "invalid_client", "The client assertion is not valid.")
  end
end

local function check_client(simulator, form)
  if form.client_id:lower() ~= simulator.options.client_id:lower() then
    entra_error(simulator, 400, 700016, "unauthorized_client",
      "Application with identifier '" .. form.client_id .. "' was not found in the directory.")
  elseif form.client_assertion then
    check_assertion(simulator, form)
  elseif not form.client_secret then
    entra_error(simulator, 401, 7000216, "invalid_client",
      "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.")
  elseif form.client_secret ~= simulator.options.client_secret then
    entra_error(simulator, 401, 7000215, "invalid_client", "Invalid client secret provided.")
  end
end

-- What the token is for: a scope at the newer endpoint; a resource, or a scope, at the older one.
local function check_audience(simulator, form, newer)
  if not (form.scope or (form.resource and not newer)) then
    entra_error(simulator, 400, 90014, "invalid_request",
      ("The required field '%s' is missing from the credential."):format(newer and "scope" or "resource"))
  elseif newer and not form.scope:find("/%.default$") then
    entra_error(simulator, 400, 1002012, "invalid_scope", "The provided value for scope " .. form.scope
      .. " is not valid. "
      .. "Client credential flows must have a scope value with /.default suffixed to the resource identifier.")
  end
end

local function check_form(simulator, form, tenant)
  for _, name in ipairs { "grant_type", "client_id" } do
    if not form[name] then
      entra_error(simulator, 400, 900144, "invalid_request",
        ("The request body must contain the following parameter: '%s'."):format(name))
    end
  end
  if tenant:lower() ~= simulator.options.tenant:lower() and tenant:lower() ~= "adfs" then
    entra_error(simulator, 400, 90002, "invalid_request", "Tenant '" .. tenant .. "' not found.")
  elseif form.grant_type ~= "client_credentials" then
    entra_error(simulator, 400, 70003, "unsupported_grant_type", "The grant type is not supported.")
  end
end

local function grant(newer)
  return function(context)
    local simulator, form = context.sim, http.parse_form(context.raw_body)
    check_form(simulator, form, context.parameters.tenant)
    check_client(simulator, form)
    check_audience(simulator, form, newer)
    local body = { token_type = "Bearer", expires_in = LIFETIME, ext_expires_in = LIFETIME,
      access_token = token.issue(simulator, simulator.options.object_id) }
    if not newer and form.resource then -- the older endpoint writes numbers as texts
      body.expires_in, body.ext_expires_in = tostring(LIFETIME), tostring(LIFETIME)
      body.expires_on, body.resource = tostring(os.time() + LIFETIME), form.resource
    end
    return 200, body
  end
end

-- The code and the message of a 401.
local function refusal(header, text, known)
  if not header then
    return "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
  elseif not text then
    return "AuthenticationFailedInvalidHeader",
      "Authentication failed. The 'Authorization' header is provided in an invalid format."
  elseif known then
    return "ExpiredAuthenticationToken", "The access token has expired."
  end
  return "InvalidAuthenticationToken", "The access token is invalid."
end

--- The principal of a request's bearer token; answers 401 when it has no good one.
function token.check(simulator, headers)
  local header = headers.authorization
  local text = header and header:match("^[Bb]earer%s+(%S+)$")
  local known = text and simulator.tokens[text]
  if known and known.expires > os.time() then
    return known.principal
  end
  local code, message = refusal(header, text, known)
  local challenge = ('Bearer authorization_uri="%s/%s", error="invalid_token", error_description="%s"'):format(
    simulator.endpoint, simulator.options.tenant, message)
  http.answer(401, { error = { code = code, message = message } }, { ["WWW-Authenticate"] = challenge })
end

--- Lets every token that was given out expire now.
function token.expire(simulator)
  for _, known in pairs(simulator.tokens) do
    known.expires = 0
  end
end

token.routes = {
  { method = "POST", path = "/{tenant}/oauth2/v2.0/token", handler = grant(true), open = true },
  { method = "POST", path = "/{tenant}/oauth2/token", handler = grant(false), open = true },
}

return token
