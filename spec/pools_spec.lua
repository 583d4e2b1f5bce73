-- Node pools as objects of their own.
local azure = require "spec.support.azure"

local simulator, client, cluster

describe("a node pool", function()
  before_each(function()
    simulator, client = azure.start(nil, { poll_interval = 1 })
  end)
  after_each(function()
    client:close()
    simulator:stop()
  end)

  local function managed()
    local group = client:resource_group("demo", { location = "westus2" })
    group:create()
    cluster = group:cluster("demo", { vnet_integration = true, vm_size = "Standard_D2s_v3" })
    cluster:create()
  end

  local function puts()
    return simulator:count { method = "PUT", path = "agentpools" }
  end

  it("is added to a cluster, in the size and subnet of its System pool unless it says otherwise", function()
    local network = azure.create_network(client)
    cluster = azure.cluster(network, { vm_size = "Standard_D2s_v3" })
    cluster:create()
    local pool = cluster:pool("work", { count = 2 })
    assert.are.equal(pool, pool:create())
    assert.are.equal("Succeeded", pool.provisioning_state)
    assert.are.equal("User", pool.mode)
    assert.are.equal(2, pool.count)
    assert.are.equal("Standard_D2s_v3", pool.vm_size)
    assert.are.equal(network.nodes.id:lower(), pool.subnet:lower())
    assert.are.equal("Standard_D4s_v3", (function()
      local big = cluster:pool("big", { vm_size = "Standard_D4s_v3" })
      big:create()
      return big.vm_size
    end)())
  end)

  it("that is as declared is not written again", function()
    managed()
    cluster:pool("work", { count = 2 }):create()
    cluster:pool("work", { count = 2 }):create()
    assert.are.equal(1, puts())
  end)

  it("is scaled, keeps what is not named, and cannot change its size", function()
    managed()
    cluster:pool("work", { count = 2, node_labels = { team = "a" } }):create()
    local pool = cluster:pool("work", { count = 4 })
    pool:create()
    assert.are.equal(4, pool.count)
    assert.are.equal("a", pool.node_labels.team)
    local other = cluster:pool("work", { vm_size = "Standard_D8s_v3" })
    local err = azure.error_of(other.create, other)
    assert.are.equal("field_create_only", err.code)
    assert.are.equal("vm_size", err.findings[1].field)
  end)

  it("of a cluster that does not exist is refused by Azure, with what to do first", function()
    local group = client:resource_group("demo", { location = "westus2" })
    group:create()
    local pool = group:cluster("demo"):pool("work", {})
    local err = azure.error_of(pool.create, pool)
    assert.are.equal(404, err.status)
    assert.matches("create the cluster first", err.hint)
  end)

  it("is listed, is deleted, and deleting what is gone is success", function()
    managed()
    cluster:pool("work", {}):create()
    local names = {}
    for pool in cluster:pools() do
      names[#names + 1] = pool.name .. " " .. pool.mode
    end
    assert.are.same({ "nodepool1 System", "work User" }, names)
    local pool = cluster:pool "work"
    pool:delete()
    assert.is_false(pool:exists())
    pool:delete()
  end)

  it("has a name by the rules of pools", function()
    managed()
    local err = azure.error_of(cluster.pool, cluster, "Work-1", {})
    assert.are.equal("name_invalid", err.code)
  end)
end)
