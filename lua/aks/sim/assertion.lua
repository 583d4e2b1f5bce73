-- Client assertions: JSON Web Tokens (RFC 7523) signed by a certificate that is registered with the application, or by
-- an issuer that the application has a federated credential for.
local base64 = require "aks.sim.base64"
local http = require "aks.sim.http"
local httpd = require "aks.httpd"

local assertion = {}

local TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

-- A refusal: AADSTS number, its text.
local function refused(code, text, ...)
  return { code = code, text = text:format(...) }
end

local function object_of(part)
  local text = base64.decode(part)
  local value = text and http.decode(text)
  return http.is_object(value) and value or nil
end

-- { header, claims, signed (text), signature }; nil when it is no such token. Some clients leave padding on the parts.
local function parse(text)
  local first, second, third = text:match("^([%w_%-]+=*)%.([%w_%-]+=*)%.([%w_%-]+=*)$")
  local header, claims = first and object_of(first), second and object_of(second)
  local signature = third and base64.decode(third)
  if header and claims and signature then
    return { header = header, claims = claims, signed = first .. "." .. second, signature = signature }
  end
end

local function is_signed_by(token, certificate)
  local algorithm = token.header.alg
  return (algorithm == "RS256" or algorithm == "PS256")
    and httpd.verify(algorithm, certificate, token.signed, token.signature)
end

-- By either thumbprint; a chain must begin with the certificate itself.
local function names(header, certificate)
  local chain = header.x5c
  if type(chain) == "table" then
    local first = type(chain[1]) == "string" and base64.decode(chain[1])
    return first ~= nil and first ~= false
      and httpd.thumbprint(first, "SHA256") == httpd.thumbprint(certificate, "SHA256")
  end
  local function is(thumbprint, digest)
    return type(thumbprint) == "string" and base64.decode(thumbprint) == httpd.thumbprint(certificate, digest)
  end
  return is(header["x5t#S256"], "SHA256") or is(header.x5t, "SHA1")
end

local function date(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(seconds))
end

local function check_time(simulator, claims)
  local now = simulator.now()
  local from, till = tonumber(claims.nbf) or 0, tonumber(claims.exp) or 0
  if now < from or now >= till then
    return refused(700024, "Client assertion is not within its valid time range. Current time: %s, assertion valid "
      .. "from %s, expiry time of assertion %s.", date(now), date(from), date(till))
  end
end

local function check_certificate(simulator, token, form, url)
  local known
  for _, certificate in ipairs(simulator.options.client_certificates or {}) do
    known = names(token.header, certificate) and certificate or known
  end
  if not known then
    return refused(700027, "The certificate with identifier used to sign the client assertion is not registered on "
      .. "application. [Reason - The key was not found., Thumbprint of key used by client: '%s']",
      token.header["x5t#S256"] or token.header.x5t or "none")
  elseif not is_signed_by(token, known) then
    return refused(700027, "Client assertion contains an invalid signature. [Reason - The provided signature value did "
      .. "not match the expected signature value.]")
  elseif token.claims.sub ~= form.client_id then
    return refused(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
  elseif token.claims.aud ~= url then
    return refused(700023, "Client assertion audience claim does not match Realm issuer.")
  end
  return check_time(simulator, token.claims)
end

local function contains(list, value)
  for _, item in ipairs(type(list) == "table" and list or { list }) do
    if item == value then
      return true
    end
  end
  return false
end

-- Federated credentials are tried by issuer, then by audience, then by subject, which are compared as they stand.
local function check_federated(simulator, token)
  local claims, found = token.claims, nil
  local seen = { issuer = false, audience = false }
  for _, credential in ipairs(simulator.options.federated or {}) do
    if credential.issuer == claims.iss then
      seen.issuer = true
      if contains(claims.aud, credential.audience or "api://AzureADTokenExchange") then
        seen.audience = true
        found = credential.subject == claims.sub and credential or found
      end
    end
  end
  if not seen.issuer then
    return refused(700211, "No matching federated identity record found for presented assertion issuer '%s'.",
      tostring(claims.iss))
  elseif not seen.audience then
    return refused(700212, "No matching federated identity record found for presented assertion audience '%s'.",
      tostring(type(claims.aud) == "table" and claims.aud[1] or claims.aud))
  elseif not found then
    return refused(700213, "No matching federated identity record found for presented assertion subject '%s'.",
      tostring(claims.sub))
  elseif not is_signed_by(token, found.certificate) then
    return refused(700027, "Client assertion contains an invalid signature.")
  end
  return check_time(simulator, claims)
end

--- What is wrong with the assertion of a form that was posted to `url`, as { code, text }; nil when it is good.
function assertion.check(simulator, form, url)
  local token = parse(form.client_assertion)
  if form.client_assertion_type ~= TYPE then
    return refused(700026, "The value of 'client_assertion_type' must be '%s'.", TYPE)
  elseif not token then
    return refused(50027, "JWT token is invalid or malformed.")
  elseif token.claims.iss == form.client_id then
    return check_certificate(simulator, token, form, url)
  end
  return check_federated(simulator, token)
end

return assertion
