-- Microsoft.Features and the registration of resource providers: both take a while until they are Registered.
local http = require "aks.sim.http"

local FEATURE = "Microsoft.Features/providers/features"
-- Simulated seconds from the request until Registered.
local REGISTERING = 120

local features = { ["microsoft.containerservice/enableapiservervnetintegrationpreview"] =
  "Microsoft.ContainerService/EnableAPIServerVnetIntegrationPreview" }

local namespaces = {}
for _, name in ipairs { "Microsoft.ContainerService", "Microsoft.Network", "Microsoft.ManagedIdentity", "Microsoft.Authorization",
  "Microsoft.Resources", "Microsoft.Compute", "Microsoft.Features" } do
  namespaces[name:lower()] = name
end

-- When something was asked to be registered; nil: never.
local function since(context, key)
  context.sim.registrations = context.sim.registrations or {}
  return context.sim.registrations[key]
end

local function state_of(context, key, unasked)
  local started = since(context, key)
  if not started then
    return unasked
  end
  return context.sim.clock:now() - started >= REGISTERING and "Registered" or "Registering"
end

local function register(context, key)
  if not since(context, key) then
    context.sim.registrations[key] = context.sim.clock:now()
  end
end

local function feature_key(context)
  local key = (context.parameters.namespace .. "/" .. context.parameters.feature):lower()
  if not features[key] then
    http.raise(404, "FeatureNotFound", ("The feature '%s' could not be found."):format(context.parameters.feature))
  end
  return key
end

local function show_feature(context, key)
  local namespace, name = features[key]:match("^([^/]+)/(.+)$")
  return 200, {
    id = ("/subscriptions/%s/providers/Microsoft.Features/providers/%s/features/%s"):format(context.sim.options.subscription,
      namespace, name),
    name = features[key], type = FEATURE, properties = { state = state_of(context, key, "NotRegistered") },
  }
end

local function provider_name(context)
  local name = namespaces[context.parameters.namespace:lower()]
  if not name then
    http.raise(404, "InvalidResourceNamespace", ("The resource namespace '%s' is invalid."):format(context.parameters.namespace))
  end
  return name
end

local function show_provider(context, name)
  return 200, {
    id = ("/subscriptions/%s/providers/%s"):format(context.sim.options.subscription, name), namespace = name,
    registrationPolicy = "RegistrationRequired", registrationState = state_of(context, name:lower(), "Registered"),
    authorizations = http.array(), resourceTypes = http.array(),
  }
end

local feature = "/subscriptions/{subscription}/providers/Microsoft.Features/providers/{namespace}/features/{feature}"
local provider = "/subscriptions/{subscription}/providers/{namespace}"

return {
  { method = "GET", path = feature, handler = function(context)
    return show_feature(context, feature_key(context))
  end },
  { method = "POST", path = feature .. "/register", handler = function(context)
    local key = feature_key(context)
    register(context, key)
    return show_feature(context, key)
  end },
  { method = "GET", path = provider, handler = function(context)
    return show_provider(context, provider_name(context))
  end },
  { method = "POST", path = provider .. "/register", handler = function(context)
    local name = provider_name(context)
    register(context, name:lower())
    return show_provider(context, name)
  end },
}
