-- Microsoft.ManagedIdentity and Microsoft.Authorization: who there is, and what they may do.
local client = require "spec.sim.client"

local azure

local function refused(answer, status, code)
  assert.are.equal(status, answer.status, answer.text)
  assert.are.equal(code, answer.body.error.code)
end

describe("a user-assigned identity", function()
  before_each(function()
    azure = client.start()
    azure:create_group()
  end)
  after_each(function()
    azure:stop()
  end)

  it("is there at once, although the answer has a Location, which is relative", function()
    local answer = azure:put(client.IDENTITY, { location = "West US 2" })
    assert.are.equal(201, answer.status)
    assert.matches("^/subscriptions/.*/userAssignedIdentities/cluster%-identity$", answer.headers.location)
    assert.is_nil(answer.headers["azure-asyncoperation"])
    assert.matches("/resourcegroups/demo/", answer.body.id)
    assert.are.equal("westus2", answer.body.location)
    assert.are_not.equal(answer.body.properties.principalId, answer.body.properties.clientId)
    assert.are.equal(azure.sim.tenant, answer.body.properties.tenantId)
  end)

  it("keeps its principal when it is put again", function()
    local first = azure:create(client.IDENTITY, { location = "westus2" })
    local answer = azure:put(client.IDENTITY, { location = "westus2", tags = { a = "1" } })
    assert.are.equal(200, answer.status)
    assert.is_nil(answer.headers.location)
    assert.are.same(first.properties, answer.body.properties)
  end)

  it("is listed, takes tags, and is deleted", function()
    azure:create(client.IDENTITY, { location = "westus2" })
    assert.are.equal(1, #azure:get("/providers/Microsoft.ManagedIdentity/userAssignedIdentities").body.value)
    assert.are.same({ a = "1" }, azure:patch(client.IDENTITY, { tags = { a = "1" } }).body.tags)
    assert.are.equal(200, azure:delete(client.IDENTITY).status)
    assert.are.equal(204, azure:delete(client.IDENTITY).status)
    assert.are.equal(404, azure:get(client.IDENTITY).status)
  end)

  it("is found in Graph by its client id", function()
    local identity = azure:create(client.IDENTITY, { location = "westus2" }).properties
    local answer = azure:get(azure.sim.endpoint
      .. "/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(c:c%20eq%20'"
      .. identity.clientId .. "')")
    assert.are.equal(identity.principalId, answer.body.value[1].id)
  end)
end)

describe("a role definition", function()
  before_each(function()
    azure = client.start()
  end)
  after_each(function()
    azure:stop()
  end)

  it("is found by its name", function()
    local answer = azure:get("/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01"
      .. "&$filter=roleName%20eq%20'Network%20Contributor'")
    assert.are.equal(1, #answer.body.value)
    local role = answer.body.value[1]
    assert.are.equal(client.NETWORK_CONTRIBUTOR, role.name)
    assert.are.equal(7, #role.properties.permissions[1].actions)
    assert.are.same({}, role.properties.permissions[1].notActions)
  end)

  it("is read by its id, at any scope", function()
    azure:create_group()
    local answer = azure:get(client.GROUP .. "/providers/Microsoft.Authorization/roleDefinitions/"
      .. client.NETWORK_CONTRIBUTOR)
    assert.are.equal("Network Contributor", answer.body.properties.roleName)
    refused(azure:get("/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-0000-0000-000000000000"), 404,
      "RoleDefinitionDoesNotExist")
  end)
end)

describe("a role", function()
  local roles = require "aks.sim.roles"
  local simulator

  before_each(function()
    simulator = require("aks.sim.simulator").new {}
  end)

  local function allows(role, action, scope)
    local id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Authorization/roleAssignments/" .. role
    local properties = { principalId = "p", roleDefinitionId = "/x/" .. role,
      scope = "/subscriptions/S/resourceGroups/g" }
    simulator.store:put(id, { id = id, type = "Microsoft.Authorization/roleAssignments",
      document = { properties = properties } })
    return roles.allows(simulator, "p", action, scope or "/subscriptions/s/resourceGroups/G/x/y")
  end

  local CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"

  it("allows what its actions say, whatever the case", function()
    assert.is_true(allows(client.NETWORK_CONTRIBUTOR, "microsoft.network/virtualNetworks/subnets/join/action"))
    assert.is_false(allows(client.NETWORK_CONTRIBUTOR, "Microsoft.Compute/disks/write"))
  end)

  it("does not allow what its notActions take away", function()
    assert.is_true(allows(CONTRIBUTOR, "Microsoft.Compute/disks/write"))
    assert.is_false(allows(CONTRIBUTOR, "Microsoft.Authorization/roleAssignments/write"))
  end)

  it("reaches below its scope, not beside it", function()
    assert.is_true(allows(CONTRIBUTOR, "Microsoft.Compute/disks/write", "/subscriptions/s/resourceGroups/g"))
    assert.is_false(allows(CONTRIBUTOR, "Microsoft.Compute/disks/write", "/subscriptions/s/resourceGroups/g2"))
    assert.is_false(allows(CONTRIBUTOR, "Microsoft.Compute/disks/write", "/subscriptions/s"))
  end)
end)

describe("a role assignment", function()
  local NAME = "/providers/Microsoft.Authorization/roleAssignments/0a0a0a0a-0000-4000-8000-000000000001"
  local identity

  local function start(options)
    azure = client.start(options)
    azure:create_group()
    identity = azure:create(client.IDENTITY, { location = "westus2" }).properties
  end

  after_each(function()
    azure:stop()
  end)

  local function put(scope, changes, name)
    local properties = { principalId = identity.principalId, principalType = "ServicePrincipal",
      roleDefinitionId = azure.root .. "/providers/Microsoft.Authorization/roleDefinitions/"
        .. client.NETWORK_CONTRIBUTOR }
    for field, value in pairs(changes or {}) do
      properties[field] = value or nil
    end
    return azure:put(scope .. (name or NAME), { properties = properties })
  end

  it("is created once, under the scope that it is for", function()
    start()
    local answer = put(client.GROUP)
    assert.are.equal(201, answer.status)
    assert.are.equal(azure.root .. client.GROUP, answer.body.properties.scope)
    assert.are.equal(azure.root .. client.GROUP .. NAME, answer.body.id)
    assert.are.equal(200, put(client.GROUP).status)
    assert.are.equal(200, azure:get(client.GROUP .. NAME).status)
  end)

  it("exists once, under whatever name", function()
    start()
    put(client.GROUP)
    refused(put(client.GROUP, nil, (NAME:gsub("1$", "2"))), 409, "RoleAssignmentExists")
    assert.are.equal(201, put("", nil, (NAME:gsub("1$", "2"))).status)
  end)

  it("does not change", function()
    start()
    put(client.GROUP)
    local other = azure.root
      .. "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    refused(put(client.GROUP, { roleDefinitionId = other }), 400, "RoleAssignmentUpdateNotPermitted")
  end)

  it("refuses what is no assignment", function()
    start()
    refused(put(client.GROUP, nil, (NAME:gsub("[^/]+$", "no-guid"))), 400, "InvalidRoleAssignmentId")
    refused(put(client.GROUP, { principalId = false }), 400, "InvalidCreateRoleAssignmentRequest")
    refused(put(client.GROUP, { roleDefinitionId = "/x/00000000-0000-0000-0000-000000000000" }), 404,
      "RoleDefinitionDoesNotExist")
    refused(put(client.VNET), 404, "ResourceNotFound")
  end)

  it("of an identity that the directory does not know yet needs its type", function()
    start { replication = 60, speed = 1 }
    refused(put(client.GROUP, { principalType = false }), 400, "PrincipalNotFound")
    assert.are.equal(201, put(client.GROUP).status)
  end)

  it("of an identity that has replicated does not", function()
    start { replication = 60, speed = 1 }
    azure.sim:advance(61)
    assert.are.equal(201, put(client.GROUP, { principalType = false }).status)
  end)

  it("meets PrincipalNotFound whatever it says when a fault wants that", function()
    start()
    azure.sim:fault { method = "PUT", path = "roleassignments", status = 400,
      body = { error = { code = "PrincipalNotFound", message = "not yet" } } }
    refused(put(client.GROUP), 400, "PrincipalNotFound")
    assert.are.equal(201, put(client.GROUP).status)
  end)

  it("is listed at its scope and below, and by its principal", function()
    start()
    put(client.GROUP)
    local function count(scope, filter)
      return #azure:get(scope .. "/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01"
        .. (filter and "&$filter=" .. filter or "")).body.value
    end
    assert.are.equal(1, count(client.GROUP, "atScope()"))
    assert.are.equal(1, count(client.IDENTITY, "atScope()"))
    assert.are.equal(0, count("", "atScope()"))
    assert.are.equal(1, count(""))
    assert.are.equal(1, count("", "principalId%20eq%20'" .. identity.principalId .. "'"))
    assert.are.equal(1, count(client.GROUP, "assignedTo('" .. identity.principalId .. "')"))
    assert.are.equal(0, count("", "principalId%20eq%20'" .. identity.clientId .. "'"))
  end)

  it("is deleted, also with what it is for", function()
    start()
    put(client.GROUP)
    assert.are.equal(200, azure:delete(client.GROUP .. NAME).status)
    assert.are.equal(204, azure:delete(client.GROUP .. NAME).status)
    put(client.IDENTITY)
    azure:delete(client.IDENTITY)
    refused(azure:get(client.IDENTITY .. NAME), 404, "RoleAssignmentNotFound")
  end)
end)
