-- Role assignments at work: what they allow, from when on, and where.
local client = require "spec.sim.client"

local azure, principal

local OWNER, CONTRIBUTOR, READER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "b24988ac-6180-42a0-ab88-20f7382dd24c",
  "acdd72a7-3385-48ef-bd42-f606fba81ae7"

local function start(options)
  azure = client.start(options)
  azure:create_group()
  azure:create(client.VNET, { location = "westus2", properties = {
    addressSpace = { addressPrefixes = { "172.19.0.0/16" } },
    subnets = {
      { name = "apiserver", properties = client.subnet("172.19.0.0/28", client.DELEGATION) },
      { name = "nodes", properties = client.subnet("172.19.1.0/24") },
    },
  } })
  principal = azure:create(client.IDENTITY, { location = "westus2" }).properties.principalId
end

-- Whether AKS lets the identity use both subnets.
local function is_allowed()
  local answer = azure:put(client.CLUSTER, azure:brought())
  if answer.status == 201 then
    return true
  end
  assert.are.equal(400, answer.status)
  assert.are.equal("ResourceMissingPermissionError", answer.body.code)
  return false
end

describe("an identity may use subnets", function()
  after_each(function()
    azure:stop()
  end)

  it("by no right of its own", function()
    start()
    assert.is_false(is_allowed())
  end)

  it("when it has the role on both, not on one", function()
    start()
    azure:assign(client.NODES, principal)
    assert.is_false(is_allowed())
    azure:assign(client.APISERVER, principal)
    assert.is_true(is_allowed())
  end)

  for _, row in ipairs { { "their virtual network", client.VNET }, { "their group", client.GROUP },
    { "the subscription", "" } } do
    it("by a role on " .. row[1], function()
      start()
      assert.are.equal(201, azure:assign(row[2], principal).status)
      assert.is_true(is_allowed())
    end)
  end

  it("by a role on their network whose path is written in another case", function()
    start()
    assert.are.equal(201, azure:assign(client.VNET:upper(), principal).status)
    assert.is_true(is_allowed())
  end)

  it("by a role that includes it", function()
    for _, role in ipairs { OWNER, CONTRIBUTOR } do
      start()
      azure:assign(client.GROUP, principal, role)
      assert.is_true(is_allowed())
      azure:stop()
    end
    start()
  end)

  it("not by a role that only reads, nor by another's role, nor by one elsewhere", function()
    start()
    azure:assign(client.GROUP, principal, READER)
    azure:assign(client.GROUP, azure.sim.object_id)
    azure:create("/resourceGroups/dem", { location = "westus2" })
    azure:assign("/resourceGroups/dem", principal)
    assert.is_false(is_allowed())
  end)

  it("no longer when the assignment is deleted", function()
    start()
    local answer = azure:assign(client.VNET, principal)
    assert.are.equal(200, azure:delete(answer.body.id).status)
    assert.is_false(is_allowed())
  end)

  it("only when the assignment has reached everybody", function()
    start { propagation = 600, speed = 1 }
    azure:assign(client.VNET, principal)
    assert.is_false(is_allowed())
    azure.sim:advance(601)
    assert.is_true(is_allowed())
  end)
end)

describe("a principal", function()
  local ASSIGNMENT = "/providers/Microsoft.Authorization/roleAssignments/0a0a0a0a-0000-4000-8000-000000000001"

  before_each(function()
    azure = client.start()
    azure:create_group()
  end)
  after_each(function()
    azure:stop()
  end)

  local function put(id, kind)
    return azure:put(client.GROUP .. ASSIGNMENT, { properties = { principalId = id, principalType = kind,
      roleDefinitionId = azure.root .. "/providers/Microsoft.Authorization/roleDefinitions/" .. READER } })
  end

  it("that is signed in itself is known", function()
    assert.are.equal(201, put(azure.sim.object_id).status)
  end)

  it("that nobody knows is looked for unless its type is told", function()
    local nobody = "00000000-1111-4222-8333-444444444444"
    local answer = put(nobody)
    assert.are.equal(400, answer.status)
    assert.are.equal("PrincipalNotFound", answer.body.error.code)
    assert.matches("00000000111142228333444444444444 does not exist in the directory", answer.body.error.message, 1,
      true)
    assert.are.equal(201, put(nobody, "ServicePrincipal").status)
  end)
end)

describe("role definitions", function()
  before_each(function()
    azure = client.start()
  end)
  after_each(function()
    azure:stop()
  end)

  local function names(filter)
    local found = {}
    local answer = azure:get("/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01" .. filter)
    for _, role in ipairs(answer.body.value) do
      found[#found + 1] = role.properties.roleName
    end
    return found
  end

  it("are all listed without a filter", function()
    assert.is_true(#names("") > 3)
  end)

  it("are found by name without regard to case, and not by a part of it", function()
    assert.are.same({ "Network Contributor" }, names("&%24filter=roleName%20eq%20'network%20contributor'"))
    assert.are.same({}, names("&$filter=roleName%20eq%20'Network'"))
  end)
end)
