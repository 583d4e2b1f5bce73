-- The Entra token endpoint, and which bearer tokens are good.
local base64 = require "aks.sim.base64"
local http = require "aks.sim.http"

local token = {}

local LIFETIME = 3599

local function entra_error(status, code, name, text)
  local body = {
    error = name,
    error_description = ("AADSTS%d: %s"):format(code, text),
    error_codes = http.array { code },
    timestamp = os.date("!%Y-%m-%d %H:%M:%SZ"),
  }
  http.answer(status, body)
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
local function check_assertion(form)
  if form.client_assertion_type ~= "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    or not form.client_assertion:match("^[%w_=-]+%.[%w_=-]+%.[%w_=-]+$") then
    entra_error(401, 700027, "invalid_client", "The client assertion is not valid.")
  end
end

local function check_client(simulator, form, tenant)
  local options = simulator.options
  if tenant:lower() ~= options.tenant:lower() and tenant:lower() ~= "adfs" then
    entra_error(400, 90002, "invalid_request", "Tenant '" .. tenant .. "' not found.")
  elseif form.grant_type ~= "client_credentials" then
    entra_error(400, 70003, "unsupported_grant_type", "The grant type is not supported.")
  elseif (form.client_id or ""):lower() ~= options.client_id:lower() then
    entra_error(400, 700016, "unauthorized_client",
      "Application with identifier '" .. tostring(form.client_id) .. "' was not found in the directory.")
  elseif form.client_assertion then
    check_assertion(form)
  elseif form.client_secret ~= options.client_secret then
    entra_error(401, 7000215, "invalid_client", "Invalid client secret provided.")
  elseif not (form.scope or form.resource) then
    entra_error(400, 90014, "invalid_request", "The required field 'scope' is missing.")
  end
end

local function grant(context)
  local simulator = context.sim
  local form = http.parse_form(context.raw_body)
  check_client(simulator, form, context.parameters.tenant)
  return 200, {
    token_type = "Bearer", expires_in = LIFETIME, ext_expires_in = LIFETIME,
    access_token = token.issue(simulator, simulator.options.object_id),
  }
end

--- The principal of a request's bearer token; answers 401 when it has no good one.
function token.check(simulator, headers)
  local text = (headers.authorization or ""):match("^[Bb]earer%s+(%S+)$")
  local known = text and simulator.tokens[text]
  if known and known.expires > os.time() then
    return known.principal
  end
  local code = not text and "AuthenticationFailed" or known and "ExpiredAuthenticationToken" or "InvalidAuthenticationToken"
  local message = text and "The access token is invalid or has expired."
    or "Authentication failed. The 'Authorization' header is missing."
  local challenge = ('Bearer authorization_uri="%s/%s", error="invalid_token"'):format(simulator.endpoint,
    simulator.options.tenant)
  http.answer(401, { error = { code = code, message = message } }, { ["WWW-Authenticate"] = challenge })
end

--- Lets every token that was given out expire now.
function token.expire(simulator)
  for _, known in pairs(simulator.tokens) do
    known.expires = 0
  end
end

token.routes = {
  { method = "POST", path = "/{tenant}/oauth2/v2.0/token", handler = grant, open = true },
  { method = "POST", path = "/{tenant}/oauth2/token", handler = grant, open = true },
}

return token
