-- Each kind of object: create, read, exist, delete; what is created twice; what is kept; what is refused.
local aks = require "aks"
local azure = require "spec.support.azure"

local simulator, client

local function writes()
  return simulator:count { method = "PUT" }
end

describe("an object", function()
  before_each(function()
    simulator, client = azure.start()
  end)
  after_each(function()
    client:close()
    simulator:stop()
  end)

  describe("of a resource group", function()
    it("is created, read back and shown", function()
      local group = client:resource_group("demo", { location = "West US 2", tags = { team = "platform" } })
      assert.is_nil(group:get())
      assert.is_false(group:exists())

      assert.are.equal(group, group:create())

      assert.is_true(group:exists())
      assert.are.equal("westus2", group.location)
      assert.are.equal("platform", group.state.tags.team)
      assert.are.equal("Succeeded", group:get().properties.provisioningState)
      assert.are.equal("resource group 'demo' (Succeeded)", tostring(group))
    end)

    it("is not written again when it is as declared", function()
      local group = client:resource_group("demo", { location = "westus2" })
      group:create()
      group:create()
      client:resource_group("demo", { location = "westus2" }):create()
      assert.are.equal(1, writes())
    end)

    it("keeps tags that nobody declared", function()
      client:resource_group("demo", { location = "westus2", tags = { a = "1", b = "2" } }):create()
      local group = client:resource_group("demo", { location = "westus2", tags = { b = "3" } })
      group:create()
      assert.are.same({ a = "1", b = "3" }, group:get().tags)
    end)

    it("refuses to move", function()
      client:resource_group("demo", { location = "westus2" }):create()
      local moved = client:resource_group("demo", { location = "eastus" })
      local err = azure.error_of(moved.create, moved)
      assert.are.equal("field_create_only", err.code)
      assert.are.equal("location", err.findings[1].field)
      assert.are.equal(1, writes())
    end)

    it("is deleted with all that is in it, and deleting what is gone is success", function()
      local network = azure.create_network(client)
      network.group:delete()
      assert.is_false(network.group:exists())
      assert.is_false(network.vnet:exists())
      network.group:delete()
    end)
  end)

  describe("of a virtual network", function()
    it("is created with its subnets in one PUT", function()
      local network = azure.network(client)
      network.group:create()
      network.vnet:create()

      assert.are.equal(1, simulator:count { method = "PUT", path = "virtualnetworks" })
      assert.are.equal("Succeeded", network.vnet.provisioning_state)
      assert.are.equal("172.19.0.0/28", network.apiserver.state.properties.addressPrefix)
      assert.are.equal("Microsoft.ContainerService/managedClusters", network.apiserver.delegation)
    end)

    it("keeps a subnet that nobody declared", function()
      local network = azure.network(client)
      network.group:create()
      network.vnet:create()
      local again = network.group:vnet("network", { address_prefixes = { "172.19.0.0/16" } })
      again:subnet("extra", { address_prefix = "172.19.2.0/24" })
      again:create()

      local names = {}
      for subnet in again:subnets() do
        names[#names + 1] = subnet.name
      end
      table.sort(names)
      assert.are.same({ "apiserver", "extra", "nodes" }, names)
    end)

    it("is told apart by what it may not be called", function()
      local group = client:resource_group("demo", { location = "westus2" })
      local err = azure.error_of(group.vnet, group, "-bad-", { address_prefix = { "172.19.0.0/33" } })
      local codes = {}
      for _, finding in ipairs(err.findings) do
        codes[finding.code] = true
      end
      assert.is_true(codes.name_invalid)
      assert.is_true(codes.unknown_field)
      assert.is_true(codes.field_required)
      assert.matches("did you mean 'address_prefixes'", tostring(err), 1, true)
      assert.are.equal(0, #simulator:requests {})
    end)
  end)

  describe("of a subnet", function()
    it("is changed without dropping its delegation or its neighbours", function()
      local network = azure.network(client)
      network.group:create()
      network.vnet:create()
      local subnet = client:resource_group("demo"):vnet("network"):subnet("apiserver", {
        address_prefix = "172.19.0.0/28",
        service_endpoints = { "Microsoft.Storage" },
      })
      subnet:create()

      local state = subnet:get()
      assert.are.equal("Microsoft.Storage", state.properties.serviceEndpoints[1].service)
      local delegation = state.properties.delegations[1]
      assert.are.equal("Microsoft.ContainerService/managedClusters", delegation.properties.serviceName)
      assert.is_true(network.nodes:exists())
    end)

    it("outside its virtual network is refused with Azure's words", function()
      local network = azure.network(client)
      network.group:create()
      network.vnet:create()
      local stray = network.group:vnet("network"):subnet("stray", { address_prefix = "10.0.0.0/24" })
      local err = azure.error_of(stray.create, stray)
      assert.are.equal("NetcfgSubnetRangeOutsideVnet", err.code)
      assert.are.equal(400, err.status)
      assert.are.equal("create", err.operation)
      assert.is_string(err.request_id)
      assert.is_string(err.correlation_id)
    end)

    it("is deleted, and deleting what is gone is success", function()
      local network = azure.network(client)
      network.group:create()
      network.vnet:create()
      network.nodes:delete()
      assert.is_false(network.nodes:exists())
      network.nodes:delete()
    end)
  end)

  describe("of an identity", function()
    it("is created in the group's location and tells its two ids apart", function()
      local network = azure.network(client)
      network.group:create()
      network.identity:create()
      assert.matches("^%x+%-%x+%-%x+%-%x+%-%x+$", network.identity.principal_id)
      assert.matches("^%x+%-%x+%-%x+%-%x+%-%x+$", network.identity.client_id)
      assert.are_not.equal(network.identity.principal_id, network.identity.client_id)
      assert.are.equal("westus2", network.identity.state.location)
    end)

    it("finds out the location of a group that was not declared here", function()
      client:resource_group("demo", { location = "westus2" }):create()
      local identity = client:resource_group("demo"):identity("someone")
      identity:create()
      assert.are.equal("westus2", identity.state.location)
    end)

    it("without its group says what to do", function()
      local identity = client:resource_group("nowhere"):identity("someone", { location = "westus2" })
      local err = azure.error_of(identity.create, identity)
      assert.are.equal("ResourceGroupNotFound", err.code)
      assert.matches("create the resource group first", err.hint)
    end)
  end)

  describe("of a subnet", function()
    it("is absent where its virtual network is", function()
      local network = azure.network(client)
      network.group:create()
      assert.is_nil(network.nodes:get())
      assert.is_false(network.nodes:exists())
      network.nodes:delete()
    end)

    it("without its virtual network says what to do, and is not written", function()
      local network = azure.network(client)
      network.group:create()
      local before = writes()
      simulator:fault { method = "GET", path = "subnets/nodes", status = 404, body = { error = {
        code = "ParentResourceNotFound", message = "Parent resource 'network' not found." } } }
      local err = azure.error_of(network.nodes.create, network.nodes)
      assert.are.equal("ParentResourceNotFound", err.code)
      assert.matches("create the resource that it is a part of first", err.hint)
      assert.are.equal(before, writes())
    end)
  end)

  describe("of a role assignment", function()
    local function network_with_identity()
      local network = azure.network(client)
      network.group:create()
      network.vnet:create()
      network.identity:create()
      return network
    end

    local function assign(network, role)
      return network.apiserver:role_assignment { principal = network.identity, role = role }
    end

    it("has the same name whenever it is made", function()
      local network = network_with_identity()
      local first = assign(network, "Network Contributor")
      local second = assign(network, "network contributor")
      first:create()
      second:create()
      assert.are.equal(first.id, second.id)
      assert.are.equal(network.identity.principal_id, second.state.properties.principalId)
      assert.is_true(first:exists())
      first:delete()
      assert.is_false(second:exists())
    end)

    -- Network Contributor, as tools assign it that make up a name.
    local function assigned_by_others(network)
      local id = network.apiserver.id
        .. "/providers/Microsoft.Authorization/roleAssignments/11111111-2222-4333-8444-555555555555"
      local other = client:resource(id, "2022-04-01")
      other:put { properties = { principalId = network.identity.principal_id, principalType = "ServicePrincipal",
        roleDefinitionId = "/subscriptions/" .. simulator.subscription
          .. "/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7" } }
      return other
    end

    it("is success when somebody made it under another name", function()
      local network = network_with_identity()
      local other = assigned_by_others(network)
      local assignment = assign(network, "Network Contributor")
      assignment:create()
      assert.are.equal(other.id:lower(), assignment.id:lower())
    end)

    it("that somebody made under another name is found, read and deleted, on whatever page it is listed", function()
      client:close()
      simulator:stop()
      simulator, client = azure.start { page_size = 1 }
      local network = network_with_identity()
      assign(network, "Reader"):create()
      network.vnet:role_assignment({ principal = network.identity, role = "Network Contributor" }):create()
      local other = assigned_by_others(network)
      local assignment = assign(network, "Network Contributor")
      assert.is_true(assignment:exists())
      assert.are.equal(other.id:lower(), assignment.id:lower())
      local created = assign(network, "Network Contributor")
      created:create()
      assert.are.equal(other.id:lower(), created.id:lower())
      assign(network, "Network Contributor"):delete()
      assert.is_nil(other:get())
      assert.is_true(assign(network, "Reader"):exists())
    end)

    it("is read by its own name when the list may not be", function()
      local network = network_with_identity()
      assign(network, "Network Contributor"):create()
      simulator:fault { method = "GET", path = "roleassignments$", status = 403,
        body = { error = { code = "AuthorizationFailed", message = "The client may not list them." } } }
      assert.is_true(assign(network, "Network Contributor"):exists())
      assign(network, "Network Contributor"):delete()
      assert.is_false(assign(network, "Network Contributor"):exists())
    end)

    it("looks a role up that is not built in, by its name", function()
      local network = network_with_identity()
      local assignment = assign(network, "No Such Role")
      local err = azure.error_of(assignment.create, assignment)
      assert.are.equal("role_not_found", err.code)
    end)

    it("reads an identity that was given by its id", function()
      local network = network_with_identity()
      local assignment = network.apiserver:role_assignment { principal = network.identity.id, role = "Reader" }
      assignment:create()
      assert.are.equal(network.identity.principal_id, assignment.principal_id)
    end)

    it("waits while the directory does not know a new identity", function()
      local network = network_with_identity()
      simulator:fault { method = "PUT", path = "roleassignments", count = 1, status = 400, body = {
        error = { code = "PrincipalNotFound", message = "Principal does not exist in the directory." } } }
      local assignment = assign(network, "Network Contributor")
      assignment:create()
      assert.are.equal(2, simulator:count { method = "PUT", path = "roleassignments" })
    end)
  end)

  describe("of any type", function()
    it("is read, written, listed and deleted with plain tables", function()
      client:resource_group("demo", { location = "westus2" }):create()
      local id = "/subscriptions/" .. simulator.subscription
        .. "/resourceGroups/demo/providers/Microsoft.ManagedIdentity/userAssignedIdentities/plain"
      local resource = client:resource(id, "2023-01-31")
      assert.is_nil(resource:get())
      assert.are.equal("plain", resource:put({ location = "westus2" }).name)
      assert.are.equal("blue", resource:patch({ tags = { colour = "blue" } }).tags.colour)
      assert.are.equal("blue", resource:get().tags.colour)
      resource:delete()
      assert.is_nil(resource:get())
      resource:delete()
    end)
  end)

  it("of any type lists what is below it, and only lists", function()
    client:resource_group("demo", { location = "westus2" }):create()
    local group = client:resource("/subscriptions/" .. simulator.subscription .. "/resourceGroups/demo", "2024-11-01")
    local function list(path)
      for _ in group:list(path) do end
    end
    list "providers/Microsoft.Network/virtualNetworks"
    assert.are.equal("response_invalid", azure.error_of(list).code)
  end)

  describe("in a collection", function()
    it("comes page by page", function()
      client:close()
      simulator:stop()
      simulator, client = azure.start { page_size = 2 }
      local names = {}
      for _, name in ipairs { "a", "b", "c", "d", "e" } do
        client:resource_group(name, { location = "westus2" }):create()
      end
      for group in client:resource_groups() do
        names[#names + 1] = group.name
        assert.are.equal("westus2", group.state.location)
      end
      assert.are.same({ "a", "b", "c", "d", "e" }, names)
      assert.are.equal(3, simulator:count { method = "GET", path = "/resourcegroups" } - 5)
    end)
  end)

  it("says which fields it has when one does not exist", function()
    local group = client:resource_group("demo", { location = "westus2" })
    local ok, message = pcall(function()
      return group.loction
    end)
    assert.is_false(ok)
    assert.matches("did you mean 'location'", tostring(message), 1, true)
  end)

  it("is equal to another of the same id, whatever its case", function()
    local group = client:resource_group("demo")
    assert.are.equal(group:vnet("network"), client:resource_group("DEMO"):vnet("Network"))
    assert.are_not.equal(group:vnet("network"), group:vnet("other"))
  end)

  it("of null and empty lists keeps them apart from nothing", function()
    assert.are_not.equal(nil, aks.null)
  end)
end)
