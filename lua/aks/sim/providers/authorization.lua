-- Microsoft.Authorization: role definitions, role assignments, and what a principal may do.
local http = require "aks.sim.http"
local roles = require "aks.sim.roles"

local TYPE, DEFINITION = roles.ASSIGNMENT, roles.DEFINITION

local function list_roles(context)
  local filter = context.query["$filter"] or ""
  local wanted = filter:match("roleName%s+eq%s+'(.-)'%s*$") or filter:match("roleName%s+eq%s+'([^']*)'")
  local kind = filter:match("type%s+eq%s+'([^']*)'")
  wanted = wanted and wanted:gsub("''", "'")
  local value = http.array()
  for _, role in ipairs(roles.all(context.sim)) do
    local shown = roles.show(context.sim, role)
    if (not wanted or role[2]:lower() == wanted:lower())
      and (not kind or shown.properties.type:lower() == kind:lower()) then
      value[#value + 1] = shown
    end
  end
  return 200, { value = value }
end

local function find_role(context)
  return roles.find(context.sim, context.parameters.role)
    or http.raise(404, "RoleDefinitionDoesNotExist",
      ("The specified role definition with ID '%s' does not exist."):format(context.parameters.role))
end

local function get_role(context)
  return 200, roles.show(context.sim, find_role(context))
end

local function check_role(context, properties)
  local existing = roles.find(context.sim, context.parameters.role)
  if type(properties) ~= "table" or type(properties.roleName) ~= "string" or type(properties.permissions) ~= "table"
    or type(properties.assignableScopes) ~= "table" or #properties.assignableScopes == 0 then
    http.raise(400, "InvalidRoleDefinition", "The role definition is not valid.")
  elseif existing and not existing.record then
    http.raise(400, "RoleDefinitionIsReadOnly", "A built-in role cannot be changed.")
  end
  for _, role in ipairs(roles.all(context.sim)) do
    if role[2]:lower() == properties.roleName:lower() and role[1]:lower() ~= context.parameters.role:lower() then
      http.raise(409, "RoleDefinitionWithSameNameExists",
        ("Cannot create a role with the same name. A custom role with the name '%s' already exists in this directory.")
        :format(properties.roleName))
    end
  end
end

-- A custom role.
local function put_role(context)
  local simulator, properties, name = context.sim, context.body.properties, context.parameters.role
  check_role(context, properties)
  local id = ("/subscriptions/%s/providers/%s/%s"):format(simulator.options.subscription, DEFINITION, name)
  local now = simulator.clock:date(simulator.clock:now())
  local shown = http.copy(properties)
  shown.type, shown.createdOn, shown.updatedOn = "CustomRole", now, now
  shown.description, shown.createdBy, shown.updatedBy = shown.description or "", context.caller, context.caller
  local document = { id = id, name = name, type = DEFINITION, properties = shown }
  simulator.store:put(id, { id = id, type = DEFINITION, document = document })
  return 201, document
end

local function delete_role(context)
  local role = roles.find(context.sim, context.parameters.role)
  if not role then
    return 204
  elseif not role.record then
    http.raise(400, "RoleDefinitionIsReadOnly", "A built-in role cannot be deleted.")
  end
  for _, record in ipairs(context.sim.store:of_type("", TYPE)) do
    if roles.find(context.sim, record.document.properties.roleDefinitionId) == role
      or record.document.properties.roleDefinitionId:lower():find(role[1]:lower(), 1, true) then
      http.raise(400, "RoleDefinitionHasAssignments", "There are existing role assignments referencing role.")
    end
  end
  context.sim.store:delete(role.record.id)
  return 200, role.record.document
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
  elseif not roles.find(context.sim, properties.roleDefinitionId) then
    http.raise(404, "RoleDefinitionDoesNotExist", "The specified role definition does not exist.")
  end
  check_scope(context)
  check_principal(context, properties)
end

local function role_name(properties)
  return properties.roleDefinitionId:match("[^/]*$"):lower()
end

local function same(a, b)
  return a.principalId == b.principalId and role_name(a) == role_name(b)
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
      and (roles.covers(properties.scope, scope) or (not at_scope and roles.covers(scope, properties.scope))) then
      value[#value + 1] = record.document
    end
  end
  return 200, { value = value }
end

return { routes = {
  { method = "GET", path = "{scope*}/providers/" .. DEFINITION, handler = list_roles },
  { method = "GET", path = "{scope*}/providers/" .. DEFINITION .. "/{role}", handler = get_role },
  { method = "PUT", path = "{scope*}/providers/" .. DEFINITION .. "/{role}", handler = put_role },
  { method = "DELETE", path = "{scope*}/providers/" .. DEFINITION .. "/{role}", handler = delete_role },
  { method = "PUT", path = "{scope*}/providers/" .. TYPE .. "/{assignment}", handler = put },
  { method = "GET", path = "{scope*}/providers/" .. TYPE .. "/{assignment}", handler = get },
  { method = "DELETE", path = "{scope*}/providers/" .. TYPE .. "/{assignment}", handler = delete },
  { method = "GET", path = "{scope*}/providers/" .. TYPE, handler = list },
} }
