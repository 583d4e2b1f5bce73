-- What a client reads before it signs in: which cloud this is, and where tokens are to be had.
local http = require "aks.sim.http"

local function endpoints(context)
  local base = context.sim.endpoint
  local cloud = {
    name = "Simulated", portal = base, resourceManager = base .. "/", graph = base, microsoftGraphResourceId = base
      .. "/",
    authentication = { loginEndpoint = base, tenant = context.sim.options.tenant, identityProvider = "AAD",
      audiences = http.array { "https://management.core.windows.net/", "https://management.azure.com/", base .. "/" } },
    suffixes = { storage = "core.simulated.invalid" },
  }
  -- Versions from 2022 on answer with one cloud, older ones with a list.
  local version = context.query["api-version"] or ""
  return 200, version >= "2022" and cloud or http.array { cloud }
end

local function configuration(context)
  local base = context.sim.endpoint .. "/" .. context.parameters.tenant
  local adfs = context.parameters.tenant:lower() == "adfs"
  return 200, {
    issuer = adfs and base or base .. "/v2.0", jwks_uri = base .. "/discovery/v2.0/keys",
    token_endpoint = base .. (adfs and "/oauth2/token" or "/oauth2/v2.0/token"),
    authorization_endpoint = base .. (adfs and "/oauth2/authorize" or "/oauth2/v2.0/authorize"),
    device_authorization_endpoint = base .. "/oauth2/devicecode",
    token_endpoint_auth_methods_supported = http.array { "client_secret_post", "private_key_jwt" },
    response_types_supported = http.array { "code", "token" },
  }
end

-- What checks the signatures of tokens: nothing, since nobody signs them here.
local function keys()
  return 200, { keys = http.array() }
end

local function discovery(context)
  return 200, {
    tenant_discovery_endpoint = ("%s/%s/v2.0/.well-known/openid-configuration"):format(context.sim.endpoint,
      context.sim.options.tenant),
    metadata = http.array(),
  }
end

return {
  routes = {
    { method = "GET", path = "/metadata/endpoints", handler = endpoints, open = true },
    { method = "GET", path = "/common/discovery/instance", handler = discovery, open = true },
    { method = "GET", path = "/{tenant}/discovery/v2.0/keys", handler = keys, open = true },
    { method = "GET", path = "/{tenant}/.well-known/openid-configuration", handler = configuration, open = true },
    { method = "GET", path = "/{tenant}/v2.0/.well-known/openid-configuration", handler = configuration, open = true },
  },
}
