-- Role definitions, built in and custom, and what their assignments allow a principal to do.
local http = require "aks.sim.http"

local roles = {}

roles.ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
roles.DEFINITION = "Microsoft.Authorization/roleDefinitions"

-- https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
local built_in = {
  { "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", { "*" }, {} },
  { "b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", { "*" },
    { "Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write",
      "Microsoft.Authorization/elevateAccess/Action" } },
  { "acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", { "*/read" }, {} },
  { "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator",
    { "*/read", "Microsoft.Authorization/*", "Microsoft.Support/*" }, {} },
  { "4d97b98b-1d4f-4787-a291-c67834d212e7", "Network Contributor", {
    "Microsoft.Authorization/*/read", "Microsoft.Insights/alertRules/*", "Microsoft.Network/*",
    "Microsoft.ResourceHealth/availabilityStatuses/read", "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read", "Microsoft.Support/*" }, {} },
  { "b12aa53e-6015-4669-85d0-8515ebb3ae7f", "Private DNS Zone Contributor", {
    "Microsoft.Network/privateDnsZones/*", "Microsoft.Network/virtualNetworks/join/action",
    "Microsoft.Network/virtualNetworks/read", "Microsoft.Authorization/*/read" }, {} },
  { "f1a07417-d97a-45cb-824c-7a7467783830", "Managed Identity Operator", {
    "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
    "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action", "Microsoft.Authorization/*/read" }, {} },
  { "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59", "Managed Identity Contributor", {
    "Microsoft.ManagedIdentity/userAssignedIdentities/read", "Microsoft.ManagedIdentity/userAssignedIdentities/write",
    "Microsoft.ManagedIdentity/userAssignedIdentities/delete", "Microsoft.Authorization/*/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read" }, {} },
  { "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8", "Azure Kubernetes Service Contributor Role", {
    "Microsoft.Authorization/*/read", "Microsoft.ContainerService/locations/*",
    "Microsoft.ContainerService/managedClusters/*", "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read" }, {} },
  { "4abbcc35-e782-43d8-92c5-2d3f1bd2253f", "Azure Kubernetes Service Cluster User Role", {
    "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
    "Microsoft.ContainerService/managedClusters/read" }, {} },
}

local function names_of(permission, member)
  local list = type(permission) == "table" and permission[member]
  return type(list) == "table" and list or {}
end

-- A role as this file uses it: { uuid, name, actions, not_actions, record (of a custom one) }.
local function custom(record)
  local permission = (record.document.properties.permissions or {})[1]
  return { record.document.name, record.document.properties.roleName, names_of(permission, "actions"),
    names_of(permission, "notActions"), record = record }
end

--- All roles, by name.
function roles.all(simulator)
  local list = {}
  for _, role in ipairs(built_in) do
    list[#list + 1] = role
  end
  for _, record in ipairs(simulator.store:of_type("", roles.DEFINITION)) do
    list[#list + 1] = custom(record)
  end
  return list
end

--- The role of a definition's id, or of its last segment alone; nil when there is none.
function roles.find(simulator, definition_id)
  local uuid = (tostring(definition_id):match("([%x%-]+)$") or ""):lower()
  for _, role in ipairs(roles.all(simulator)) do
    if role[1]:lower() == uuid then
      return role
    end
  end
end

--- A role as an answer shows it.
function roles.show(simulator, role)
  if role.record then
    return role.record.document
  end
  return {
    id = ("/subscriptions/%s/providers/%s/%s"):format(simulator.options.subscription, roles.DEFINITION, role[1]),
    name = role[1], type = roles.DEFINITION,
    properties = { roleName = role[2], type = "BuiltInRole", description = role[2],
      assignableScopes = http.array { "/" }, createdOn = "2015-02-02T21:55:09.8806423Z",
      updatedOn = "2021-11-11T20:13:41.2138660Z", createdBy = http.null, updatedBy = http.null,
      permissions = http.array { { actions = http.array(http.copy(role[3])), dataActions = http.array(),
        notActions = http.array(http.copy(role[4])), notDataActions = http.array() } } },
  }
end

local function matches_text(pattern, action)
  local escaped = pattern:lower():gsub("[%-%.%+%(%)%%%[%]%^%$%?]", "%%%0"):gsub("%*", ".*")
  return action:lower():find("^" .. escaped .. "$") ~= nil
end

-- "*" stands for any characters, "/" included, and "/*/" also for nothing between: the built-in role Managed Identity
-- Operator has "userAssignedIdentities/*/assign/action", and may do "userAssignedIdentities/assign/action".
local function matches(pattern, action)
  return matches_text(pattern, action) or matches_text((pattern:gsub("/%*/", "/")), action)
end

local function any_matches(patterns, action)
  for _, pattern in ipairs(patterns) do
    if matches(pattern, action) then
      return true
    end
  end
  return false
end

--- Whether a scope is another one or lies above it.
function roles.covers(scope, id)
  scope, id = scope:lower():gsub("/+$", ""), id:lower()
  return id == scope or id:sub(1, #scope + 1) == scope .. "/"
end

--- Whether a principal may do an action at a scope: by an assignment there or above, which has taken effect.
function roles.allows(simulator, principal, action, scope)
  local now = simulator.clock:now()
  for _, record in ipairs(simulator.store:of_type("", roles.ASSIGNMENT)) do
    local properties = record.document.properties
    if properties.principalId == principal and roles.covers(properties.scope, scope)
      and now >= (record.effective or 0) then
      local role = roles.find(simulator, properties.roleDefinitionId)
      if role and any_matches(role[3], action) and not any_matches(role[4], action) then
        return true
      end
    end
  end
  return false
end

--- Gives the signed-in principal these roles, by name, on the subscription.
function roles.grant(simulator, names)
  local scope = "/subscriptions/" .. simulator.options.subscription
  for _, name in ipairs(names) do
    local found
    for _, role in ipairs(built_in) do
      found = role[2]:lower() == name:lower() and role or found
    end
    assert(found, "the option 'roles' names no built-in role that is known here: " .. name)
    local id = ("%s/providers/%s/%s"):format(scope, roles.ASSIGNMENT, simulator.uuid())
    local now = simulator.clock:date(simulator.clock:now())
    simulator.store:put(id, { id = id, type = roles.ASSIGNMENT, document = { id = id, name = id:match("[^/]+$"),
      type = roles.ASSIGNMENT, properties = { scope = scope, principalId = simulator.options.object_id,
        principalType = "ServicePrincipal", createdOn = now, updatedOn = now,
        roleDefinitionId = ("%s/providers/%s/%s"):format(scope, roles.DEFINITION, found[1]) } } })
  end
end

return roles
