-- Microsoft.Features and the registration of resource providers.
local http = require "aks.sim.http"
local regions = require "aks.sim.regions"

-- Simulated seconds that a registration takes.
local FEATURE_SECONDS, PROVIDER_SECONDS = 300, 60

-- Preview features that are known, by namespace; all others are not found.
local known = {
  ["microsoft.containerservice/enableapiservervnetintegrationpreview"] =
    "Microsoft.ContainerService/EnableAPIServerVnetIntegrationPreview",
}

-- Resource providers, and what they have here.
local namespaces = {
  ["microsoft.containerservice"] = { "Microsoft.ContainerService", { "managedClusters",
    "managedClusters/agentPools" } },
  ["microsoft.network"] = { "Microsoft.Network", { "virtualNetworks", "networkSecurityGroups" } },
  ["microsoft.managedidentity"] = { "Microsoft.ManagedIdentity", { "userAssignedIdentities" } },
  ["microsoft.authorization"] = { "Microsoft.Authorization", { "roleAssignments", "roleDefinitions" } },
  ["microsoft.resources"] = { "Microsoft.Resources", { "resourceGroups" } },
  ["microsoft.features"] = { "Microsoft.Features", { "features" } },
  ["microsoft.compute"] = { "Microsoft.Compute", { "virtualMachineScaleSets" } },
}

-- A registration goes from `during` to `to` when its simulated time is over; it is looked at once in between at least.
local function settle(context, entry)
  if entry.until_time and entry.looks > 0 and context.sim.clock:now() >= entry.until_time then
    entry.state, entry.until_time = entry.to, nil
  elseif entry.until_time then
    entry.looks = entry.looks + 1
  end
  return entry.state
end

local function turn(context, entry, during, to, seconds)
  if entry.state ~= to then
    entry.state, entry.to, entry.until_time, entry.looks = during, to, context.sim.clock:now() + seconds, 0
  end
end

local function feature_of(context)
  local key = (context.parameters.namespace .. "/" .. context.parameters.feature):lower()
  if not known[key] then
    http.raise(404, "FeatureNotFound", ("The feature '%s' could not be found."):format(context.parameters.feature))
  end
  local features = context.sim.features
  features[key] = features[key] or { state = "NotRegistered" }
  return features[key], known[key]
end

local function show_feature(context, entry, name)
  return {
    id = ("/subscriptions/%s/providers/Microsoft.Features/providers/%s/features/%s"):format(
      context.sim.options.subscription, name:match("^[^/]+"), name:match("[^/]+$")),
    name = name, type = "Microsoft.Features/providers/features", properties = { state = entry.state },
  }
end

local function get_feature(context)
  local entry, name = feature_of(context)
  settle(context, entry)
  return 200, show_feature(context, entry, name)
end

local function change_feature(during, to)
  return function(context)
    local entry, name = feature_of(context)
    turn(context, entry, during, to, FEATURE_SECONDS)
    return 200, show_feature(context, entry, name)
  end
end

local function list_features(context)
  local value = http.array()
  for key, name in pairs(known) do
    if key:match("^[^/]+") == context.parameters.namespace:lower() then
      value[#value + 1] = show_feature(context, context.sim.features[key] or { state = "NotRegistered" }, name)
    end
  end
  return 200, { value = value }
end

local function provider_of(context)
  local key = context.parameters.namespace:lower()
  if not namespaces[key] then
    http.raise(404, "InvalidResourceNamespace", ("The resource namespace '%s' is invalid."):format(
      context.parameters.namespace))
  end
  local providers = context.sim.providers
  providers[key] = providers[key] or { state = context.sim.options.unregistered and "NotRegistered" or "Registered" }
  return providers[key], namespaces[key]
end

local function locations_of(context, name)
  return name:find "^managedClusters" and regions.with_clusters(context.sim) or http.copy(regions.shown)
end

local function show_provider(context, entry, facts)
  local types = http.array()
  for _, name in ipairs(facts[2]) do
    types[#types + 1] = { resourceType = name, locations = http.array(locations_of(context, name)),
      apiVersions = http.array { "2026-05-01", "2025-03-01" }, capabilities = "None" }
  end
  return {
    id = ("/subscriptions/%s/providers/%s"):format(context.sim.options.subscription, facts[1]), namespace = facts[1],
    registrationPolicy = "RegistrationRequired", registrationState = entry.state, authorizations = http.array(),
    resourceTypes = types,
  }
end

local function get_provider(context)
  local entry, facts = provider_of(context)
  settle(context, entry)
  return 200, show_provider(context, entry, facts)
end

-- A feature's flag reaches its provider when that is registered after the feature.
local function tell_flags(context)
  for key, entry in pairs(context.sim.features) do
    if key:match("^[^/]+") == context.parameters.namespace:lower() then
      entry.known = settle(context, entry) == "Registered"
    end
  end
end

local function change_provider(during, to)
  return function(context)
    local entry, facts = provider_of(context)
    turn(context, entry, during, to, PROVIDER_SECONDS)
    tell_flags(context)
    return 200, show_provider(context, entry, facts)
  end
end

local function list_providers(context)
  local value = http.array()
  for key in pairs(namespaces) do
    context.parameters.namespace = key
    value[#value + 1] = show_provider(context, provider_of(context))
  end
  table.sort(value, function(a, b)
    return a.namespace < b.namespace
  end)
  return 200, { value = value }
end

local subscription = "/subscriptions/{subscription}/providers"
local features = subscription .. "/Microsoft.Features/providers/{namespace}/features"

return {
  { method = "GET", path = features, handler = list_features },
  { method = "GET", path = features .. "/{feature}", handler = get_feature, lasting = true }, -- a look lets it go on
  { method = "POST", path = features .. "/{feature}/register", handler = change_feature("Registering", "Registered") },
  { method = "POST", path = features .. "/{feature}/unregister", handler = change_feature("Unregistering",
    "Unregistered") },
  { method = "GET", path = subscription, handler = list_providers },
  { method = "GET", path = subscription .. "/{namespace}", handler = get_provider, lasting = true },
  { method = "POST", path = subscription .. "/{namespace}/register",
    handler = change_provider("Registering", "Registered") },
  { method = "POST", path = subscription .. "/{namespace}/unregister",
    handler = change_provider("Unregistering", "Unregistered") },
}
