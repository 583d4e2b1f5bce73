-- What the caller may do, with the option `roles`.
local client = require "spec.sim.client"

describe("the caller's roles", function()
  local azure

  after_each(function()
    azure:stop()
  end)

  local function start(...)
    azure = client.start { roles = { ... } }
    azure.sim:put(azure.root .. client.GROUP, { location = "westus2" })
  end

  local function refused(answer, code)
    assert.are.equal(403, answer.status, answer.text)
    assert.are.equal(code or "AuthorizationFailed", answer.body.error.code)
    return answer.body.error.message
  end

  local VNET = { location = "westus2", properties = { addressSpace = { addressPrefixes = { "10.1.0.0/16" } } } }

  it("of a Reader let it read, and tell which action it lacks on what", function()
    start "Reader"
    assert.are.equal(200, azure:get(client.GROUP).status)
    local message = refused(azure:put(client.VNET, VNET))
    assert.matches(("The client '%s' with object id '%s' does not have authorization to perform action "
      .. "'Microsoft.Network/virtualNetworks/write' over scope '%s' or the scope is invalid."):format(
        azure.sim.client_id, azure.sim.object_id, azure.root .. client.VNET), message, 1, true)
    assert.matches("'Microsoft.Resources/subscriptions/resourceGroups/delete' over scope '" .. azure.root
      .. client.GROUP, refused(azure:delete(client.GROUP)), 1, true)
    assert.matches("'Microsoft.ContainerService/managedClusters/stop/action' over scope '" .. azure.root
      .. client.CLUSTER, refused(azure:post(client.CLUSTER .. "/stop")), 1, true)
  end)

  it("are needed before anything is told about what is there", function()
    start()
    refused(azure:get("/resourceGroups/absent"))
    refused(azure:get(client.VNET .. "/subnets/a"))
  end)

  it("of a Contributor do not let it assign roles", function()
    start "Contributor"
    local identity = azure:create(client.IDENTITY, { location = "westus2" })
    assert.matches("'Microsoft.Authorization/roleAssignments/write' over scope '" .. azure.root .. client.IDENTITY,
      refused(azure:assign(client.IDENTITY, identity.properties.principalId)), 1, true)
  end)

  it("of an Owner let it do everything", function()
    start "Owner"
    azure:create_network()
    azure:create(client.CLUSTER, azure:brought())
  end)

  it("on a group alone do not reach beside it", function()
    start()
    local scope = azure.root .. client.GROUP
    azure.sim:put(scope .. "/providers/Microsoft.Authorization/roleAssignments/" .. azure.sim.tenant, { properties = {
      principalId = azure.sim.object_id, scope = scope, roleDefinitionId = azure.root
        .. "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7" } })
    assert.are.equal(200, azure:get(client.GROUP).status)
    refused(azure:get("/resourceGroups"))
  end)

  it("must cover what a cluster refers to: subnets and identities", function()
    start()
    azure.sim:put(azure.root .. client.VNET, { location = "westus2", properties = {
      addressSpace = { addressPrefixes = { "172.19.0.0/16" } }, subnets = {
        { name = "apiserver", properties = client.subnet("172.19.0.0/28", client.DELEGATION) },
        { name = "nodes", properties = client.subnet("172.19.1.0/24") } } } })
    azure.sim:put(azure.root .. client.IDENTITY, { location = "westus2" })
    local name = 0
    local function grant(role)
      name = name + 1
      azure.sim:put(("%s/providers/Microsoft.Authorization/roleAssignments/%08d-0000-4000-8000-000000000000"):format(
        azure.root .. client.GROUP, name), { properties = { principalId = azure.sim.object_id, scope = azure.root
          .. client.GROUP, roleDefinitionId = azure.root .. "/providers/Microsoft.Authorization/roleDefinitions/"
          .. role } })
    end
    grant "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8" -- Azure Kubernetes Service Contributor Role
    local message = refused(azure:put(client.CLUSTER, azure:brought()), "LinkedAuthorizationFailed")
    assert.matches("has permission to perform action 'Microsoft.ContainerService/managedClusters/write' on scope",
      message, 1, true)
    assert.matches("action(s) 'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) '"
      .. azure.root .. client.NODES .. "'", message, 1, true)
    grant(client.NETWORK_CONTRIBUTOR)
    message = refused(azure:put(client.CLUSTER, azure:brought()), "LinkedAuthorizationFailed")
    assert.matches("'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action' on the linked scope(s) '"
      .. azure.root .. client.IDENTITY, message, 1, true)
    grant "f1a07417-d97a-45cb-824c-7a7467783830" -- Managed Identity Operator
    -- Now the cluster's own identity is what lacks permission.
    assert.are.equal("ResourceMissingPermissionError", azure:put(client.CLUSTER, azure:brought()).body.code)
  end)

  it("are a mistake when they name a role that nobody knows", function()
    local ok, problem = pcall(client.start, { roles = { "King" } })
    assert.is_false(ok)
    assert.matches("names no built-in role that is known here: King", tostring(problem), 1, true)
    azure = client.start()
  end)
end)

describe("a custom role", function()
  local azure
  local NAME = "aaaaaaaa-0000-4000-8000-000000000001"
  local ROLE = "/providers/Microsoft.Authorization/roleDefinitions/" .. NAME

  before_each(function()
    azure = client.start()
  end)
  after_each(function()
    azure:stop()
  end)

  local function role(actions)
    return { properties = { roleName = "Subnet Joiner", type = "CustomRole", assignableScopes = { azure.root },
      permissions = { { actions = actions, notActions = { "Microsoft.Network/virtualNetworks/subnets/delete" } } } } }
  end

  it("is made, listed by its name, and lets an identity use subnets", function()
    azure:create_group()
    azure:create(client.VNET, { location = "westus2", properties = {
      addressSpace = { addressPrefixes = { "172.19.0.0/16" } }, subnets = {
        { name = "apiserver", properties = client.subnet("172.19.0.0/28", client.DELEGATION) },
        { name = "nodes", properties = client.subnet("172.19.1.0/24") } } } })
    local identity = azure:create(client.IDENTITY, { location = "westus2" })
    assert.are.equal(201, azure:put(ROLE, role { "Microsoft.Network/virtualNetworks/subnets/read" }).status)
    local listed = azure:get(ROLE:match("^(.*)/")
      .. "?api-version=2022-04-01&$filter=roleName%20eq%20'Subnet%20Joiner'")
    assert.are.equal(NAME, listed.body.value[1].name)
    assert.are.equal("CustomRole", listed.body.value[1].properties.type)
    azure:assign(client.VNET, identity.properties.principalId, NAME)
    assert.are.equal("ResourceMissingPermissionError", azure:put(client.CLUSTER, azure:brought()).body.code)
    azure:put(ROLE, role { "Microsoft.Network/virtualNetworks/subnets/*" })
    azure:create(client.CLUSTER, azure:brought())
  end)

  it("cannot go while it is assigned, nor can a built-in one change", function()
    local identity = azure:create_network()
    azure:put(ROLE, role { "*" })
    azure:assign(client.VNET, identity.properties.principalId, NAME)
    assert.are.equal("RoleDefinitionHasAssignments", azure:delete(ROLE).body.error.code)
    local built_in = ROLE:gsub("[^/]+$", client.NETWORK_CONTRIBUTOR)
    assert.are.equal("RoleDefinitionIsReadOnly", azure:delete(built_in).body.error.code)
    assert.are.equal("RoleDefinitionIsReadOnly", azure:put(built_in, role { "*" }).body.error.code)
    assert.are.equal("RoleDefinitionWithSameNameExists",
      azure:put(ROLE:gsub("1$", "2"), role { "*" }).body.error.code)
    assert.are.equal("InvalidRoleDefinition", azure:put(ROLE, { properties = { roleName = "x" } }).body.error.code)
  end)

  it("goes when nothing is assigned to it", function()
    azure:put(ROLE, role { "*" })
    assert.are.equal(200, azure:delete(ROLE).status)
    assert.are.equal(204, azure:delete(ROLE).status)
    assert.are.equal("RoleDefinitionDoesNotExist", azure:get(ROLE).body.error.code)
  end)
end)
