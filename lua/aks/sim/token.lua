-- The Entra token endpoint, and which bearer tokens are good.
local assertion = require "aks.sim.assertion"
local base64 = require "aks.sim.base64"
local http = require "aks.sim.http"

local token = {}

local LIFETIME = 3599

--- The headers of an answer by a clock that differs from this machine's; none otherwise.
function token.date(simulator)
  if simulator.options.clock_ahead then
    return { Date = os.date("!%a, %d %b %Y %H:%M:%S GMT", simulator.now()) }
  end
end

local function entra_error(simulator, status, code, name, text)
  local trace, correlation, now = simulator.uuid(), simulator.uuid(), os.date("!%Y-%m-%d %H:%M:%SZ")
  http.answer(status, {
    error = name,
    error_description = ("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s"):format(code, text, trace,
      correlation, now),
    error_codes = http.array { code },
    timestamp = now, trace_id = trace, correlation_id = correlation,
    error_uri = ("%s/error?code=%d"):format(simulator.endpoint, code),
  }, token.date(simulator))
end

--- Issues a token of the form of Entra's (a JWT whose signature nobody checks here) for the application's principal, or
--- for another one, whose client id is given then. `claims` are those that the request asked for.
function token.issue(simulator, principal, client_id, claims)
  local options = simulator.options
  local header = base64.encode_url(http.encode { typ = "JWT", alg = "RS256" })
  local payload = base64.encode_url(http.encode {
    aud = "https://management.azure.com", tid = options.tenant, appid = client_id or options.client_id,
    oid = principal, iat = os.time(), exp = os.time() + LIFETIME, jti = simulator.random(16),
  })
  local text = header .. "." .. payload .. "." .. simulator.random(64)
  simulator.tokens[text] = { expires = os.time() + LIFETIME, principal = principal, claims = claims }
  return text
end

local function check_client(simulator, form, url)
  local wrong = form.client_assertion and assertion.check(simulator, form, url)
  if form.client_id:lower() ~= simulator.options.client_id:lower() then
    entra_error(simulator, 400, 700016, "unauthorized_client",
      "Application with identifier '" .. form.client_id .. "' was not found in the directory.")
  elseif wrong then
    entra_error(simulator, 401, wrong.code, "invalid_client", wrong.text)
  elseif form.client_assertion then
    return
  elseif not form.client_secret then
    entra_error(simulator, 401, 7000216, "invalid_client",
      "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.")
  elseif form.client_secret ~= simulator.options.client_secret then
    entra_error(simulator, 401, 7000215, "invalid_client", "Invalid client secret provided. Ensure the secret being "
      .. "sent in the request is the client secret value, not the client secret ID.")
  elseif simulator.options.secret_expired then
    entra_error(simulator, 401, 7000222, "invalid_client", "The provided client secret keys for app '"
      .. simulator.options.client_id .. "' are expired.")
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
    check_client(simulator, form, simulator.endpoint .. context.path)
    check_audience(simulator, form, newer)
    local body = { token_type = "Bearer", expires_in = LIFETIME, ext_expires_in = LIFETIME,
      access_token = token.issue(simulator, simulator.options.object_id, nil, form.claims) }
    if not newer and form.resource then -- the older endpoint writes numbers as texts
      body.expires_in, body.ext_expires_in = tostring(LIFETIME), tostring(LIFETIME)
      body.expires_on, body.resource = tostring(os.time() + LIFETIME), form.resource
    end
    return 200, body, token.date(simulator)
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

-- Whether the token has what is asked of every token now (`token.challenge`).
local function satisfies(simulator, known)
  return not simulator.wanted_claims or known.claims == simulator.wanted_claims
end

local function demand_claims(simulator)
  local challenge = ('Bearer realm="", authorization_uri="%s/common/oauth2/authorize", error="insufficient_claims", '
    .. 'claims="%s"'):format(simulator.endpoint, base64.encode(simulator.wanted_claims))
  http.answer(401, { error = { code = "InvalidAuthenticationToken",
    message = "The access token does not have the claims that a policy demands." } },
    { ["WWW-Authenticate"] = challenge })
end

--- The principal of a request's bearer token; answers 401 when it has no good one.
function token.check(simulator, headers)
  local header = headers.authorization
  local text = header and header:match("^[Bb]earer%s+(%S+)$")
  local known = text and simulator.tokens[text]
  if known and known.expires > os.time() then
    return satisfies(simulator, known) and known.principal or demand_claims(simulator)
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

--- From now on every token must have been asked for with these claims (JSON); nil: any will do.
function token.challenge(simulator, claims)
  simulator.wanted_claims = claims
end

token.routes = {
  { method = "POST", path = "/{tenant}/oauth2/v2.0/token", handler = grant(true), open = true },
  { method = "POST", path = "/{tenant}/oauth2/token", handler = grant(false), open = true },
}

return token
