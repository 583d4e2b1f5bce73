-- Resource groups in their last hour, what goes with them, and where they may be.
local client = require "spec.sim.client"

local azure

local function refused(answer, status, code)
  assert.are.equal(status, answer.status, answer.text)
  assert.are.equal(code, answer.body.error.code)
end

describe("a group that is being deleted", function()
  local location

  before_each(function()
    azure = client.start { speed = 1 }
    azure:create_group()
    azure:create(client.IDENTITY, { location = "westus2" })
    location = azure:delete(client.GROUP).headers.location
  end)
  after_each(function()
    azure:stop()
  end)

  -- Lets the deletion end.
  local function finish()
    azure:get(location)
    azure.sim:advance(100)
    return azure:get(location)
  end

  it("is there until its operation ends, and says so", function()
    assert.are.equal("Deleting", azure:get(client.GROUP).body.properties.provisioningState)
    assert.are.equal(204, azure:head(client.GROUP).status)
    assert.are.equal(200, azure:get(client.IDENTITY).status)
    assert.are.equal(200, finish().status)
    assert.are.equal(404, azure:head(client.GROUP).status)
    refused(azure:get(client.IDENTITY), 404, "ResourceGroupNotFound")
  end)

  it("takes no writes any more, to itself or into it", function()
    refused(azure:put(client.GROUP, { location = "westus2" }), 409, "ResourceGroupBeingDeleted")
    refused(azure:put(client.IDENTITY, { location = "westus2" }), 409, "ResourceGroupBeingDeleted")
    refused(azure:put(client.CLUSTER, client.managed()), 409, "ResourceGroupBeingDeleted")
    finish()
    assert.are.equal(201, azure:put(client.GROUP, { location = "eastus" }).status)
  end)

  it("may be deleted a second time", function()
    assert.are.equal(202, azure:delete(client.GROUP).status)
    assert.are.equal(200, finish().status)
  end)

  it("is followed by any Location that was given out, since an answer may have been lost", function()
    local second = azure:get(location)
    assert.are.equal(202, second.status)
    assert.are_not.equal(location, second.headers.location)
    assert.are.equal(202, azure:get(location).status)
    azure.sim:advance(100)
    assert.are.equal(200, azure:get(location).status)
    assert.are.equal(200, azure:get(second.headers.location).status)
  end)

  it("is not found under a Location that was changed", function()
    assert.are.equal(404, azure:get((location:gsub("%?.*", "?api-version=2024-11-01"))).status)
    assert.are.equal(404, azure:get(location .. "&x=1").status)
    assert.are.equal(404, azure:get((location:gsub("operationresults/%x", "operationresults/z"))).status)
  end)

  it("fails as a fault says, and stays", function()
    azure:stop()
    azure = client.start { speed = 1 }
    azure:create_group()
    azure.sim:fault { method = "DELETE", operation = { status = "Failed",
      error = { code = "ScopeLocked", message = "there is a lock" } } }
    location = azure:delete(client.GROUP).headers.location
    local last = finish()
    assert.are.equal(409, last.status)
    assert.are.equal("ScopeLocked", last.body.error.code)
    assert.are.equal(200, azure:get(client.GROUP).status)
  end)
end)

describe("with a group", function()
  before_each(function()
    azure = client.start()
  end)
  after_each(function()
    azure:stop()
  end)

  it("its identities leave the directory", function()
    azure:create_group()
    local principal = azure:create(client.IDENTITY, { location = "westus2" }).properties.principalId
    local answer = azure:delete(client.GROUP)
    repeat
      answer = azure:get(answer.headers.location)
      azure.sim:advance(100)
    until answer.status ~= 202
    refused(azure:put("/providers/Microsoft.Authorization/roleAssignments/0a0a0a0a-0000-4000-8000-000000000001", {
      properties = { principalId = principal, roleDefinitionId = "/x/" .. client.NETWORK_CONTRIBUTOR } }), 400,
      "PrincipalNotFound")
  end)

  it("an absent one's deletion is refused", function()
    refused(azure:delete(client.GROUP), 404, "ResourceGroupNotFound")
    refused(azure:patch(client.GROUP, { tags = client.OBJECT }), 404, "ResourceGroupNotFound")
    refused(azure:get(client.GROUP), 404, "ResourceGroupNotFound")
  end)

  it("its name keeps the case that it was created with", function()
    azure:create_group()
    local answer = azure:put("/resourcegroups/DEMO", { location = "westus2" })
    assert.are.equal(200, answer.status)
    assert.are.equal("demo", answer.body.name)
    assert.matches("/resourceGroups/demo$", answer.body.id)
  end)

  it("its tags are replaced by a PUT, and lost when that has none", function()
    azure:put(client.GROUP, { location = "westus2", tags = { a = "1" } })
    assert.are.same({ b = "2" }, azure:put(client.GROUP, { location = "westus2", tags = { b = "2" } }).body.tags)
    assert.is_nil(azure:put(client.GROUP, { location = "westus2" }).body.tags)
  end)

  it("a name has up to 90 characters, of which not all may be any", function()
    local body = { location = "westus2" }
    assert.are.equal(201, azure:put("/resourceGroups/" .. ("g"):rep(90), body).status)
    assert.are.equal(201, azure:put("/resourceGroups/a_b-c.d(e)", body).status)
    refused(azure:put("/resourceGroups/" .. ("g"):rep(91), body), 400, "InvalidResourceGroupName")
    refused(azure:put("/resourceGroups/a%20b", body), 400, "InvalidResourceGroupName")
  end)

  it("locations are told with the names that people know", function()
    local found
    for _, location in ipairs(azure:get("/locations").body.value) do
      found = location.name == "westus2" and location or found
    end
    assert.are.equal("West US 2", found.displayName)
  end)
end)
