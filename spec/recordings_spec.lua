-- Conversations that Azure really had are had again, with our client: it must reach the recorded end.
local aks = require "aks"
local replay = require "spec.support.replay"

local server

local function connect(cassette, every, on_event)
  local reason
  server, reason = replay.start(cassette, every)
  if not server then
    pending(reason)
    return nil
  end
  return aks.connect {
    endpoint = server.endpoint,
    subscription = replay.subscription,
    credential = "recorded",
    poll_interval = 1,
    on_event = on_event,
  }
end

local function cluster_id(name)
  return ("/subscriptions/%s/resourceGroups/clitest000001/providers/Microsoft.ContainerService/managedClusters/%s")
    :format(replay.subscription, name)
end

describe("recorded traffic", function()
  after_each(function()
    if server then
      server:stop()
      server = nil
    end
  end)

  it("of creating a public cluster with API Server VNet Integration leads to the integrated cluster", function()
    local client = connect("test_aks_create_with_apiserver_vnet_integration_public", 6)
    if not client then
      return
    end
    local group = client:resource_group("clitest000001", { location = "centraluseuap" })
    local cluster = group:cluster("cliakstest000002", { vnet_integration = true, network_plugin = "kubenet" })

    cluster:create()

    assert.are.equal("Succeeded", cluster.provisioning_state)
    assert.is_true(cluster.vnet_integration)
    assert.are.equal("cliakstest-clitestvwmpmhdr4-79a739-n96n11p2.hcp.centraluseuap.azmk8s.io", cluster.fqdn)
    assert.is_nil(cluster.private_fqdn)
    assert.are.equal("", cluster.state.properties.apiServerAccessProfile.subnetId)
  end)

  it("of a cluster that exists leads to no second PUT", function()
    local writes = 0
    local client = connect("test_aks_create_again_should_fail", 6, function(event)
      writes = writes + (event.kind == "request" and event.method == "PUT" and 1 or 0)
    end)
    if not client then
      return
    end
    local group = client:resource_group("clitest000001", { location = "westus2" })

    group:cluster("cliakstest000002", { node_count = 3 }):create()
    assert.are.equal(1, writes)

    group:cluster("cliakstest000002", { node_count = 3 }):create()
    assert.are.equal(1, writes)
  end)

  it("of a private cluster whose public name is taken away leads to a cluster without fqdn", function()
    local client = connect("test_aks_create_private_cluster_public_fqdn", 5)
    if not client then
      return
    end
    local group = client:resource_group("clitest000001", { location = "westus2" })
    local cluster = group:cluster("cliakstest000001", { private = true, node_count = 1 })

    cluster:create()
    assert.is_string(cluster.fqdn)
    assert.matches("%.privatelink%.westus2%..*azmk8s%.io$", cluster.private_fqdn)

    cluster = group:cluster("cliakstest000001", { private = true, node_count = 1, public_fqdn = false })
    cluster:create()
    assert.is_nil(cluster.fqdn)
    assert.matches("%.privatelink%.westus2%..*azmk8s%.io$", cluster.private_fqdn)
  end)

  it("of an abort ends at a 204 that names another Location, and leaves the cluster Canceled", function()
    local client = connect("test_aks_abort")
    if not client then
      return
    end
    local cluster = client:resource(cluster_id("cliakstest000002"), "2026-05-01")
    cluster:put({ location = "centraluseuap", properties = { dnsPrefix = "x" } }, { wait = false }):cancel()

    cluster:post("abort")

    assert.are.equal("Canceled", cluster:get().properties.provisioningState)
  end)

  it("of an action on a node pool is followed to its end", function()
    local client = connect("test_aks_upgrade_node_image_only_cluster", 5)
    if not client then
      return
    end
    local cluster = client:resource(cluster_id("cliakstest000002"), "2026-05-01")
    cluster:put { location = "westus2", identity = { type = "SystemAssigned" }, properties = { dnsPrefix = "x" } }

    local pool = client:resource(cluster_id("cliakstest000002") .. "/agentPools/c000003", "2026-05-01")
    pool:post("upgradeNodeImageVersion")

    assert.are.equal("UpgradingNodeImageVersion", cluster:get().properties.agentPoolProfiles[1].provisioningState)
  end)
end)
