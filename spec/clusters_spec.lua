-- Creating clusters, in the four variants; what Azure refuses; what is kept when one is changed.
local aks = require "aks"
local azure = require "spec.support.azure"

local simulator, client

describe("a cluster", function()
  before_each(function()
    simulator, client = azure.start()
  end)
  after_each(function()
    client:close()
    simulator:stop()
  end)

  local function managed(spec)
    local group = client:resource_group("demo", { location = "westus2" })
    group:create()
    return group:cluster("demo", spec)
  end

  it("in a managed VNet, public, has a public name and no private one", function()
    local cluster = managed { vnet_integration = true }
    assert.are.equal(cluster, cluster:create())
    assert.are.equal("Succeeded", cluster.provisioning_state)
    assert.is_true(cluster.vnet_integration)
    assert.is_false(cluster.private)
    assert.matches("%.hcp%.westus2%.azmk8s%.io$", cluster.fqdn)
    assert.is_nil(cluster.private_fqdn)
  end)

  it("in a managed VNet, private, has a private name", function()
    local cluster = managed { vnet_integration = true, private = true }
    cluster:create()
    assert.is_true(cluster.private)
    assert.matches("%.private%.westus2%.azmk8s%.io$", cluster.private_fqdn)
  end)

  it("in one's own VNet, public, has its API server in the subnet", function()
    local network = azure.create_network(client)
    local cluster = azure.cluster(network)
    cluster:create()
    assert.are.equal(network.apiserver.id:lower(), cluster.apiserver_subnet:lower())
    assert.are.equal(network.nodes.id:lower(), cluster.node_subnet:lower())
    assert.is_false(cluster.private)
  end)

  it("in one's own VNet, private, has both", function()
    local network = azure.create_network(client)
    local cluster = azure.cluster(network, { private = true })
    cluster:create()
    assert.are.equal(network.apiserver.id:lower(), cluster.apiserver_subnet:lower())
    assert.matches("%.private%.westus2%.azmk8s%.io$", cluster.private_fqdn)
    assert.are.equal("cluster 'demo' (Succeeded)", tostring(cluster))
  end)

  it("that exists as declared is not written again", function()
    local cluster = managed { vnet_integration = true, private = true, node_count = 2 }
    cluster:create()
    cluster:create()
    client:resource_group("demo"):cluster("demo", { private = true, vnet_integration = true, node_count = 2 }):create()
    assert.are.equal(1, simulator:count { method = "PUT", path = "managedclusters" })
  end)

  it("keeps a node pool and tags that the change does not name", function()
    managed({
      vnet_integration = true,
      tags = { a = "1" },
      pools = { { name = "system", mode = "System", count = 1 }, { name = "work", mode = "User", count = 2 } },
    }):create()
    local cluster = client:resource_group("demo"):cluster("demo", {
      pools = { { name = "system", mode = "System", count = 3 } },
    })
    cluster:create()

    local counts = {}
    for _, pool in ipairs(cluster.state.properties.agentPoolProfiles) do
      counts[pool.name] = pool.count
    end
    assert.are.same({ system = 3, work = 2 }, counts)
    assert.are.equal("1", cluster.state.tags.a)
  end)

  it("that is being created is waited for, not created again", function()
    client:close()
    simulator:stop()
    simulator, client = azure.start(nil, { poll_interval = 1 })
    local cluster = managed { vnet_integration = true }
    cluster:create({ wait = false })
    while simulator:count { method = "PUT", path = "managedclusters" } == 0 do
      aks.loop:step(0.01)
    end
    client:resource_group("demo"):cluster("demo", { vnet_integration = true }):create()
    assert.are.equal(1, simulator:count { method = "PUT", path = "managedclusters" })
  end)

  describe("that is waited for", function()
    it("is as Azure left it when nothing is under way any more", function()
      client:close()
      simulator:stop()
      simulator, client = azure.start(nil, { poll_interval = 1 })
      local cluster = managed { vnet_integration = true }
      local creation = cluster:create { wait = false }
      while simulator:count { method = "PUT", path = "managedclusters" } == 0 do
        aks.loop:step(0.01)
      end
      creation:cancel()
      assert.are.equal("canceled", creation.status)

      local same = client:resource_group("demo"):cluster("demo")
      assert.are.equal(same, same:wait())
      assert.are.equal("Succeeded", same.provisioning_state)
    end)

    it("and does not exist is an error", function()
      local cluster = managed()
      assert.are.equal("not_found", azure.error_of(cluster.wait, cluster).code)
    end)

    it("and has failed says why", function()
      local cluster = managed { vnet_integration = true }
      simulator:fault { method = "PUT", path = "managedclusters", operation = {
        status = "Failed", error = { code = "QuotaExceeded", message = "No cores left." } } }
      azure.error_of(cluster.create, cluster)
      local err = azure.error_of(cluster.wait, cluster)
      assert.are.equal("operation_failed", err.code)
      assert.matches("QuotaExceeded", tostring(err))
    end)
  end)

  it("that has failed is brought to its spec by creating it again", function()
    local cluster = managed { vnet_integration = true }
    simulator:fault { method = "PUT", path = "managedclusters", operation = {
      status = "Failed", error = { code = "InternalError", message = "Something went wrong." } } }
    azure.error_of(cluster.create, cluster)
    cluster:create()
    assert.are.equal("Succeeded", cluster.provisioning_state)
  end)

  it("is not turned into an integrated one by a spec: that is a conversion", function()
    managed({ network_plugin = "azure" }):create()
    local cluster = client:resource_group("demo"):cluster("demo", { vnet_integration = true })
    local err = azure.error_of(cluster.create, cluster)
    assert.are.equal("field_create_only", err.code)
    assert.are.equal("vnet_integration", err.findings[1].field)
    assert.are.equal(1, simulator:count { method = "PUT", path = "managedclusters" })
  end)

  describe("that runs", function()
    local function posts()
      return simulator:count { method = "POST", path = "managedclusters" }
    end

    it("is stopped and started, and neither twice", function()
      local cluster = managed { vnet_integration = true }
      cluster:create()
      assert.are.equal(cluster, cluster:stop())
      assert.are.equal("Stopped", cluster.power_state)
      cluster:stop()
      assert.are.equal(1, posts())
      cluster:start()
      assert.are.equal("Running", cluster.power_state)
      assert.are.equal("Succeeded", cluster.provisioning_state)
      cluster:start()
      assert.are.equal(2, posts())
    end)

    it("is stopped although the answer was lost, and stopped once", function()
      local cluster = managed { vnet_integration = true }
      cluster:create()
      for _, moment in ipairs { "before", "after" } do
        simulator:fault { method = "POST", path = "/stop", count = 1, reset = moment }
        cluster:stop()
        assert.are.equal("Stopped", cluster.power_state)
        cluster:start()
      end
      assert.are.equal(2 + 1 + 2, posts())
    end)

    it("is told what is wrong when it does not exist", function()
      local cluster = managed()
      assert.are.equal("ResourceNotFound", azure.error_of(cluster.stop, cluster).code)
    end)

    it("has what is under way aborted, and nothing under way is success", function()
      local cluster = managed { vnet_integration = true }
      local creation = cluster:create { wait = false }
      while simulator:count { method = "PUT", path = "managedclusters" } == 0 do
        aks.loop:step(0.01)
      end
      cluster:abort()
      assert.are.equal("Canceled", cluster.provisioning_state)
      assert.are.equal("operation_canceled", azure.error_of(creation.wait, creation).code)
      cluster:abort()
      assert.are.equal(1, posts())
      cluster:create()
      assert.are.equal("Succeeded", cluster.provisioning_state)
    end)
  end)

  it("is deleted, and deleting what is gone is success", function()
    local network = azure.create_network(client)
    local cluster = azure.cluster(network)
    cluster:create()
    local err = azure.error_of(network.apiserver.delete, network.apiserver)
    assert.are.equal("InUseSubnetCannotBeDeleted", err.code)
    cluster:delete()
    assert.is_false(cluster:exists())
    cluster:delete()
    network.apiserver:delete()
  end)

  it("is created although its identity's roles have no effect yet", function()
    client:close()
    simulator:stop()
    local waits = 0
    simulator, client = azure.start({ propagation = 1000, speed = 1000 }, { on_event = function(event)
      if event.detail == "a new role assignment has no effect yet" then
        waits = waits + 1
      end
    end })
    local cluster = azure.cluster(azure.create_network(client))
    cluster:create()
    assert.are.equal("Succeeded", cluster.provisioning_state)
    assert.is_true(waits > 0)
  end)

  it("whose operation fails raises operation_failed with Azure's reason", function()
    local cluster = managed { vnet_integration = true }
    simulator:fault { method = "PUT", path = "managedclusters", operation = {
      status = "Failed", error = { code = "AksCapacityHeavyUsage", message = "No capacity in westus2." } } }
    local err = azure.error_of(cluster.create, cluster)
    assert.are.equal("operation_failed", err.code)
    assert.matches("AksCapacityHeavyUsage", err.message)
    assert.matches("No capacity in westus2", tostring(err))
  end)
end)
