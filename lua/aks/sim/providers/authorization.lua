-- Microsoft.Authorization: role definitions, role assignments, and what a principal may do.
local http = require "aks.sim.http"

local authorization = {}

local TYPE = "Microsoft.Authorization/roleAssignments"

-- Built-in roles: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
local roles = {
  { "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", { "*" }, {} },
  { "b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", { "*" },
    { "Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write",
      "Microsoft.Authorization/elevateAccess/Action" } },
  { "acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", { "*/read" }, {} },
  { "4d97b98b-1d4f-4787-a291-c67834d212e7", "Network Contributor", {
    "Microsoft.Authorization/*/read", "Microsoft.Insights/alertRules/*", "Microsoft.Network/*",
    "Microsoft.ResourceHealth/availabilityStatuses/read", "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read", "Microsoft.Support/*" }, {} },
  { "b12aa53e-6015-4669-85d0-8515ebb3ae7f", "Private DNS Zone Contributor", {
    "Microsoft.Network/privateDnsZones/*", "Microsoft.Network/virtualNetworks/join/action",
    "Microsoft.Network/virtualNetworks/read", "Microsoft.Authorization/*/read" }, {} },
  { "f1a07417-d97a-45cb-824c-7a7467783830", "Managed Identity Operator", {
    "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
      "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
    "Microsoft.Authorization/*/read" }, {} },
}

local function role_document(simulator, role)
  return {
    id = ("/subscriptions/%s/providers/Microsoft.Authorization/roleDefinitions/%s"):format(
      simulator.options.subscription, role[1]),
    name = role[1], type = "Microsoft.Authorization/roleDefinitions",
    properties = { roleName = role[2], type = "BuiltInRole", description = role[2],
      assignableScopes = http.array { "/" },
      permissions = http.array { { actions = http.array(role[3]), notActions = http.array(role[4]),
        dataActions = http.array(), notDataActions = http.array() } } },
  }
end

local function role_of(definition_id)
  local uuid = tostring(definition_id):match("([%x%-]+)$") or ""
  for _, role in ipairs(roles) do
    if role[1] == uuid:lower() then
      return role
    end
  end
end

-- "*" stands for any characters, "/" included.
local function matches(pattern, action)
  local escaped = pattern:lower():gsub("[%-%.%+%(%)%%%[%]%^%$%?]", "%%%0"):gsub("%*", ".*")
  return action:lower():find("^" .. escaped .. "$") ~= nil
end

local function any_matches(patterns, action)
  for _, pattern in ipairs(patterns) do
    if matches(pattern, action) then
      return true
    end
  end
  return false
end

local function covers(scope, id)
  scope, id = scope:lower():gsub("/+$", ""), id:lower()
  return id == scope or id:sub(1, #scope + 1) == scope .. "/"
end

--- Whether a principal may do an action at a scope: by an assignment there or above.
function authorization.allows(simulator, principal, action, scope)
  local now = simulator.clock:now()
  for _, record in ipairs(simulator.store:of_type("", TYPE)) do
    local properties = record.document.properties
    local role = role_of(properties.roleDefinitionId)
    if properties.principalId == principal and covers(properties.scope, scope) and now >= (record.effective or 0)
      and role and any_matches(role[3], action) and not any_matches(role[4], action) then
      return true
    end
  end
  return false
end

local function list_roles(context)
  local wanted = (context.query["$filter"] or ""):match("^%s*roleName%s+eq%s+'(.*)'%s*$")
  wanted = wanted and wanted:gsub("''", "'")
  local value = http.array()
  for _, role in ipairs(roles) do
    if not wanted or role[2]:lower() == wanted:lower() then
      value[#value + 1] = role_document(context.sim, role)
    end
  end
  return 200, { value = value }
end

local function get_role(context)
  local role = role_of(context.parameters.role)
  if not role then
    http.raise(404, "RoleDefinitionDoesNotExist", "The specified role definition does not exist.")
  end
  return 200, role_document(context.sim, role)
end

local function id_of(context)
  return ("%s/providers/%s/%s"):format(context.parameters.scope, TYPE, context.parameters.assignment)
end

local function check_scope(context)
  local scope = context.parameters.scope
  if not scope:lower():match("^/subscriptions/[^/]+$") and not context.sim.store:get(scope) then
    http.raise(404, "ResourceNotFound", ("The Resource '%s' was not found."):format(scope))
  end
end

local function check_principal(context, properties)
  local simulator, known = context.sim, context.sim.principals[properties.principalId]
  local age = known and known.since and simulator.clock:now() - known.since or math.huge
  local new = not known or age < simulator.options.replication
  if new and properties.principalType == nil then
    http.raise(400, "PrincipalNotFound", ("Principal %s does not exist in the directory %s."):format(
      properties.principalId:gsub("-", ""), simulator.options.tenant))
  end
end

local function check(context, properties)
  if not context.parameters.assignment:match("^%x+%-%x+%-%x+%-%x+%-%x+$") or #context.parameters.assignment ~= 36 then
    http.raise(400, "InvalidRoleAssignmentId",
      ("The role assignment ID '%s' is not valid."):format(context.parameters.assignment))
  elseif type(properties) ~= "table" or type(properties.principalId) ~= "string"
    or type(properties.roleDefinitionId) ~= "string" then
    http.raise(400, "InvalidCreateRoleAssignmentRequest", "The request to create the role assignment is not valid.")
  elseif not role_of(properties.roleDefinitionId) then
    http.raise(404, "RoleDefinitionDoesNotExist", "The specified role definition does not exist.")
  end
  check_scope(context)
  check_principal(context, properties)
end

local function same(a, b)
  return a.principalId == b.principalId and role_of(a.roleDefinitionId) == role_of(b.roleDefinitionId)
end

-- The same principal, role and scope exist once, under whatever name.
local function check_twins(context, properties)
  for _, record in ipairs(context.sim.store:of_type("", TYPE)) do
    local other = record.document.properties
    if same(other, properties) and other.scope:lower() == context.parameters.scope:lower()
      and record.document.name:lower() ~= context.parameters.assignment:lower() then
      http.raise(409, "RoleAssignmentExists", "The role assignment already exists.")
    end
  end
end

local function put(context)
  local simulator, properties = context.sim, context.body.properties
  check(context, properties)
  local existing = simulator.store:get(id_of(context))
  if existing and not same(existing.document.properties, properties) then
    http.raise(400, "RoleAssignmentUpdateNotPermitted",
      "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
  elseif existing then
    return 200, existing.document
  end
  check_twins(context, properties)
  local now = simulator.clock:date(simulator.clock:now())
  local document = {
    id = id_of(context), name = context.parameters.assignment, type = TYPE,
    properties = {
      roleDefinitionId = properties.roleDefinitionId, principalId = properties.principalId,
      principalType = properties.principalType or "ServicePrincipal", scope = context.parameters.scope,
      description = properties.description or http.null, condition = properties.condition or http.null,
      conditionVersion = properties.conditionVersion or http.null, createdOn = now, updatedOn = now,
        createdBy = http.null,
      updatedBy = context.caller, delegatedManagedIdentityResourceId = http.null,
    },
  }
  simulator.store:put(document.id, { id = document.id, type = TYPE, document = document,
    effective = simulator.clock:now() + simulator.options.propagation })
  return 201, document
end

local function get(context)
  local record = context.sim.store:get(id_of(context))
  if not record then
    http.raise(404, "RoleAssignmentNotFound",
      ("The role assignment '%s' is not found."):format(context.parameters.assignment))
  end
  return 200, record.document
end

local function delete(context)
  local record = context.sim.store:get(id_of(context))
  if not record then
    return 204
  end
  context.sim.store:delete(record.id)
  return 200, record.document
end

-- Assignments at the scope and above are inherited; below it they are listed too, unless atScope() is asked for.
local function list(context)
  local filter, scope = context.query["$filter"] or "", context.parameters.scope
  local principal = filter:match("principalId%s+eq%s+'([^']+)'") or filter:match("assignedTo%('([^']+)'%)")
  local at_scope, value = filter:find("atScope()", 1, true) ~= nil, http.array()
  for _, record in ipairs(context.sim.store:of_type("", TYPE)) do
    local properties = record.document.properties
    if (not principal or properties.principalId == principal)
      and (covers(properties.scope, scope) or (not at_scope and covers(scope, properties.scope))) then
      value[#value + 1] = record.document
    end
  end
  return 200, { value = value }
end

authorization.routes = {
  { method = "GET", path = "{scope*}/providers/Microsoft.Authorization/roleDefinitions", handler = list_roles },
  { method = "GET", path = "{scope*}/providers/Microsoft.Authorization/roleDefinitions/{role}", handler = get_role },
  { method = "PUT", path = "{scope*}/providers/" .. TYPE .. "/{assignment}", handler = put },
  { method = "GET", path = "{scope*}/providers/" .. TYPE .. "/{assignment}", handler = get },
  { method = "DELETE", path = "{scope*}/providers/" .. TYPE .. "/{assignment}", handler = delete },
  { method = "GET", path = "{scope*}/providers/" .. TYPE, handler = list },
}

return authorization
