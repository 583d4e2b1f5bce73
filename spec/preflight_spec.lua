-- What is found before a cluster is created: by reads alone, and rightly, as the simulator, which decides for itself,
-- refuses what is found. A set-up in which nothing is wrong gives no finding.
local aks = require "aks"
local azure = require "spec.support.azure"

local simulator, client, network

local DELEGATION = "Microsoft.ContainerService/managedClusters"

-- A network as `azure.create_network` makes it, of the subnets that `changes` say.
local function create_network(changes)
  changes = changes or {}
  network = azure.network(client)
  network.group:create()
  -- Known by name alone, so that only Azure knows what is wrong with them.
  local vnet = network.group:vnet "network"
  client:resource(network.vnet.id, "2024-05-01"):put { location = "westus2", properties = {
    addressSpace = { addressPrefixes = changes.prefixes or { "172.19.0.0/16" } }, encryption = changes.encryption,
    subnets = {
      { name = "apiserver", properties = { addressPrefix = changes.apiserver or "172.19.0.0/28",
        delegations = changes.delegations or { { name = "aks", properties = { serviceName = DELEGATION } } } } },
      { name = "nodes", properties = { addressPrefix = changes.nodes or "172.19.1.0/24",
        delegations = changes.node_delegations } },
      changes.more,
    },
  } }
  network.vnet, network.apiserver, network.nodes = vnet, vnet:subnet "apiserver", vnet:subnet "nodes"
  network.identity:create()
  for _, name in ipairs(changes.granted or { "apiserver", "nodes" }) do
    network[name]:role_assignment({ principal = network.identity, role = "Network Contributor" }):create()
  end
end

local function codes(findings)
  local list = {}
  for _, finding in ipairs(findings) do
    if finding.severity == "error" then
      list[#list + 1] = finding.code
    end
  end
  return list
end

local function puts()
  return simulator:count { method = "PUT", path = "managedclusters/demo$" }
end

-- Whatever is found is what stops a creation, before anything is sent.
local function found(cluster)
  local writes = simulator:count { method = "PUT" }
  local findings = cluster:check()
  assert.are.equal(writes, simulator:count { method = "PUT" })
  local list = codes(findings)
  if #list > 0 then
    assert.is_false(findings.ok)
    local before = puts()
    local err = azure.error_of(cluster.create, cluster)
    assert.are.same(list, codes(err.findings))
    assert.are.equal(list[1], err.code)
    assert.are.equal(before, puts())
  end
  return list
end

-- The same cluster, sent unchecked, is refused or fails.
local function fails(cluster)
  local err = azure.error_of(cluster.create, cluster, { check = false })
  assert.is_true(puts() > 0)
  return err
end

describe("a check of a cluster", function()
  before_each(function()
    simulator, client = azure.start(nil, { poll_interval = 1 })
  end)
  after_each(function()
    client:close()
    simulator:stop()
  end)

  it("finds nothing where nothing is wrong, and then it can be created", function()
    create_network()
    local cluster = azure.cluster(network, { private = true, kubernetes_version = "1.33" })
    local findings = cluster:check()
    assert.are.equal("nothing was found", tostring(findings))
    assert.is_true(findings.ok)
    cluster:create()
    assert.are.equal("nothing was found", tostring(cluster:check()))
    local managed = network.group:cluster("managed", { vnet_integration = true })
    assert.are.equal(0, #managed:check())
    managed:create()
  end)

  it("only reads, each thing once", function()
    create_network()
    simulator:clear_log()
    azure.cluster(network):check()
    local seen = {}
    for _, request in ipairs(simulator:requests {}) do
      assert.are.equal("GET", request.method)
      assert.is_nil(seen[request.url], request.url)
      seen[request.url] = true
    end
  end)

  it("counts what is declared and does not exist yet", function()
    local declared = azure.network(client)
    declared.apiserver:role_assignment { principal = declared.identity, role = "Network Contributor" }
    local grants = { declared.nodes:role_assignment { principal = declared.identity, role = "Network Contributor" },
      declared.vnet:role_assignment { principal = declared.identity, role = "Network Contributor" } }
    declared.group:create()
    local findings = azure.cluster(declared):check()
    assert.are.equal(0, #findings, tostring(findings))
    assert.are.equal(2, #grants)
    assert.are.equal("not_found", azure.error_of(function()
      azure.cluster(declared):create()
    end).code)
  end)

  it("misses the roles of what does not exist yet when nobody declares them", function()
    local declared = azure.network(client)
    declared.group:create()
    assert.are.same({ "permission_missing", "permission_missing" }, codes(azure.cluster(declared):check()))
  end)

  it("finds a subnet for the API server that is too small", function()
    create_network { apiserver = "172.19.0.0/29" }
    assert.are.same({ "apiserver_subnet_too_small" }, found(azure.cluster(network)))
    fails(azure.cluster(network))
  end)

  it("finds one that is not delegated, or to another service", function()
    create_network { delegations = aks.array {} }
    assert.are.same({ "apiserver_subnet_not_delegated" }, found(azure.cluster(network)))
    fails(azure.cluster(network))
  end)

  it("finds one that other clusters have filled", function()
    create_network()
    network.group:cluster("first", { vnet_integration = true, apiserver_subnet = network.apiserver,
      node_subnet = network.nodes, identity = network.identity }):create()
    assert.are.same({ "apiserver_subnet_capacity" }, found(azure.cluster(network)))
    assert.are.equal("InsufficientSubnetSize", fails(azure.cluster(network)).code)
  end)

  it("finds a subnet for the nodes that is delegated", function()
    create_network { node_delegations = { { name = "x", properties = { serviceName = DELEGATION } } } }
    assert.are.same({ "node_subnet_delegated" }, found(azure.cluster(network)))
    assert.are.equal("SubnetIsDelegated", fails(azure.cluster(network)).code)
  end)

  it("finds one that is too small for the nodes", function()
    create_network { nodes = "172.19.1.0/29" }
    assert.are.same({ "node_subnet_capacity" }, found(azure.cluster(network, { node_count = 4 })))
    assert.are.equal("InsufficientSubnetSize", fails(azure.cluster(network, { node_count = 4 })).code)
  end)

  it("warns when only an upgrade would not fit", function()
    create_network { nodes = "172.19.1.0/29" }
    local findings = azure.cluster(network, { node_count = 3 }):check()
    assert.are.equal("node_subnet_surge", findings[1].code)
    assert.are.equal("warning", findings[1].severity)
    assert.is_true(findings.ok)
    azure.cluster(network, { node_count = 3 }):create()
  end)

  it("finds an identity without permission on either subnet", function()
    for _, granted in ipairs { "apiserver", "nodes" } do
      client:close()
      simulator:stop()
      simulator, client = azure.start(nil, { poll_interval = 1 })
      create_network { granted = { granted } }
      assert.are.same({ "permission_missing" }, found(azure.cluster(network)))
      fails(azure.cluster(network))
    end
  end)

  it("accepts permission that is inherited, and none that does not say enough", function()
    create_network { granted = {} }
    network.group:role_assignment({ principal = network.identity, role = "Reader" }):create()
    assert.are.same({ "permission_missing", "permission_missing" }, found(azure.cluster(network)))
    network.group:role_assignment({ principal = network.identity, role = "Contributor" }):create()
    assert.are.same({}, found(azure.cluster(network)))
  end)

  it("finds what does not exist", function()
    create_network()
    local missing = network.vnet:subnet "missing"
    assert.are.same({ "not_found" }, found(azure.cluster(network, { node_subnet = missing })))
    assert.are.equal("SubnetNotFound", fails(azure.cluster(network, { node_subnet = missing })).code)
    local other = network.group:identity "other"
    assert.are.same({ "not_found" }, codes(azure.error_of(function()
      azure.cluster(network, { identity = other }):create()
    end).findings))
  end)

  it("finds an encrypted network", function()
    create_network { encryption = { enabled = true, enforcement = "AllowUnencrypted" } }
    assert.are.same({ "vnet_encryption" }, found(azure.cluster(network)))
    assert.matches("NodesNotReady", tostring(fails(azure.cluster(network))))
  end)

  it("finds services that overlap the network, those that Azure would choose too", function()
    create_network { prefixes = { "10.0.0.0/8" }, apiserver = "10.0.1.0/28", nodes = "10.0.2.0/24" }
    local list = found(azure.cluster(network))
    assert.are.equal("cidr_overlap", list[1])
    assert.are.equal("ServiceCidrOverlapExistingSubnetsCidr", fails(azure.cluster(network)).code)
  end)

  it("finds pods that overlap a subnet, and warns of those that only overlap the network", function()
    create_network { more = { name = "other", properties = { addressPrefix = "172.19.128.0/24" } } }
    local cluster = azure.cluster(network, { pod_cidr = "172.19.128.0/18" })
    assert.are.same({ "cidr_overlap" }, found(cluster))
    fails(cluster)
    cluster = azure.cluster(network, { pod_cidr = "172.19.192.0/18" })
    local findings = cluster:check()
    assert.are.equal("pod_cidr_in_vnet", findings[1].code)
    assert.is_true(findings.ok)
    cluster:create()
  end)

  it("finds providers that are not registered", function()
    client:close()
    simulator:stop()
    simulator, client = azure.start({ unregistered = true }, { poll_interval = 1 })
    local group = client:resource_group("demo", { location = "westus2" })
    group:create()
    local cluster = group:cluster("demo", { vnet_integration = true })
    local list = found(cluster)
    assert.are.equal("provider_not_registered", list[1])
    assert.are.equal("MissingSubscriptionRegistration", fails(cluster).code)
  end)

  it("finds a region that has no clusters, and a version that it does not have", function()
    client:close()
    simulator:stop()
    simulator, client = azure.start({ without_clusters = { "West India" } }, { poll_interval = 1 })
    local group = client:resource_group("demo", { location = "westus2" })
    group:create()
    local elsewhere = group:cluster("demo", { vnet_integration = true, location = "westindia" })
    assert.are.same({ "region_unavailable" }, found(elsewhere))
    assert.are.equal("LocationNotAvailableForResourceType", fails(elsewhere).code)
    elsewhere = group:cluster("demo", { location = "qatarcentral" })
    assert.are.same({}, found(elsewhere))
    assert.are.equal("InvalidParameter", azure.error_of(function() -- what its constructor refuses
      client:resource(elsewhere.id, "2026-05-01"):put { location = "qatarcentral",
        identity = { type = "SystemAssigned" },
        properties = { dnsPrefix = "demo", apiServerAccessProfile = { enableVnetIntegration = true },
          agentPoolProfiles = { { name = "system", mode = "System", count = 1, vmSize = "Standard_D4s_v3" } } } }
    end).code)
    local cluster = group:cluster("demo", { vnet_integration = true, kubernetes_version = "1.12" })
    assert.are.same({ "kubernetes_version_unavailable" }, found(cluster))
    assert.are.equal("K8sVersionNotSupported", fails(cluster).code)
  end)

  it("finds a quota that is too small", function()
    client:close()
    simulator:stop()
    simulator, client = azure.start({ cores = 10 }, { poll_interval = 1 })
    local group = client:resource_group("demo", { location = "westus2" })
    group:create()
    local cluster = group:cluster("demo", { vnet_integration = true }) -- 3 nodes of 4 cores
    assert.are.same({ "quota_exceeded" }, found(cluster))
    assert.matches("QuotaExceeded", tostring(fails(cluster)))
    assert.are.same({}, found(group:cluster("small", { vnet_integration = true, node_count = 2 })))
  end)

  it("finds a quota of a family that is too small", function()
    client:close()
    simulator:stop()
    simulator, client = azure.start({ family_cores = { standardDSv3Family = 8 } }, { poll_interval = 1 })
    local group = client:resource_group("demo", { location = "westus2" })
    group:create()
    local cluster = group:cluster("demo", { vnet_integration = true }) -- 3 nodes of 4 cores
    assert.are.same({ "quota_exceeded" }, found(cluster))
    assert.matches("standardDSv3Family", cluster:check()[1].message)
    assert.matches("QuotaExceeded", tostring(fails(cluster)))
    assert.are.same({}, found(group:cluster("other", { vnet_integration = true, vm_size = "Standard_E4s_v3" })))
    assert.are.same({}, found(group:cluster("small", { vnet_integration = true, node_count = 2 })))
  end)

  it("finds security rules that keep the nodes from the API server, as Azure evaluates them", function()
    create_network()
    local guard = network.group:nsg("guard", { rules = {
      { name = "deny", priority = 200, direction = "Inbound", access = "Deny", protocol = "*" } } })
    guard:create()
    network.vnet:subnet("apiserver", { address_prefix = "172.19.0.0/28", delegation = DELEGATION,
      nsg = guard }):create()
    assert.are.same({ "nsg_flow_denied", "nsg_flow_denied", "nsg_flow_denied" }, found(azure.cluster(network)))
    assert.matches("K8SAPIServerConnFail", tostring(fails(azure.cluster(network))))
    azure.cluster(network):delete()
    guard:add_missing_rules { apiserver_subnet = network.apiserver, node_subnet = network.nodes }
    assert.are.same({}, codes(azure.cluster(network):check()))
    azure.cluster(network):create()
  end)

  it("finds a subnet without routes where the outbound type needs them", function()
    create_network()
    local cluster = azure.cluster(network, { outbound_type = "userDefinedRouting" })
    assert.are.same({ "route_table_required" }, found(cluster))
    fails(cluster)
  end)

  it("warns of routes that lead to no way out", function()
    create_network()
    local cluster = azure.cluster(network, { outbound_type = "userDefinedRouting" })
    local function route(prefix)
      local path = network.group.id .. "/providers/Microsoft.Network/routeTables/routes"
      local routes = client:resource(path, "2024-05-01"):put { location = "westus2", properties = { routes = {
        { name = "out", properties = { addressPrefix = prefix, nextHopType = "VirtualAppliance",
          nextHopIpAddress = "172.19.2.4" } } } } }
      client:resource(network.nodes.id, "2024-05-01"):put { properties = { addressPrefix = "172.19.1.0/24",
        routeTable = { id = routes.id } } }
    end
    route "10.1.0.0/16"
    local findings = cluster:check()
    assert.are.equal("default_route_missing", findings[1].code)
    assert.is_true(findings.ok)
    route "0.0.0.0/0"
    assert.are.equal(0, #cluster:check())
    cluster:create()
  end)

  describe("whose pools have subnets of their own", function()
    -- The cluster with a pool in the subnet "gpu".
    local function with_pool(changes)
      local pools = { { name = "system", mode = "System", count = 1 },
        { name = "gpu", mode = "User", count = 4, subnet = network.vnet:subnet "gpu" } }
      return azure.cluster(network, { pools = pools, table.unpack(changes or {}) })
    end

    local function gpu(prefix, delegations)
      return { name = "gpu", properties = { addressPrefix = prefix or "172.19.2.0/24", delegations = delegations } }
    end

    local function grant()
      local subnet = network.vnet:subnet "gpu"
      subnet:role_assignment({ principal = network.identity, role = "Network Contributor" }):create()
    end

    it("finds nothing where nothing is wrong with any", function()
      create_network { more = gpu() }
      grant()
      local cluster = with_pool()
      assert.are.equal(0, #cluster:check(), tostring(cluster:check()))
      cluster:create()
    end)

    it("finds one that is too small, one that is delegated, one that the identity may not use", function()
      create_network { more = gpu "172.19.2.0/29" } -- 3 addresses
      assert.are.same({ "node_subnet_capacity", "permission_missing" }, found(with_pool()))
      assert.are.equal("pools", with_pool():check()[1].field)
      assert.are.equal("InsufficientSubnetSize", fails(with_pool()).code)
      grant()
      assert.are.same({ "node_subnet_capacity" }, found(with_pool()))
      client:resource(network.vnet:subnet("gpu").id, "2024-05-01"):put(gpu("172.19.2.0/24",
        { { name = "x", properties = { serviceName = DELEGATION } } }))
      assert.are.same({ "node_subnet_delegated" }, found(with_pool()))
      assert.are.equal("SubnetIsDelegated", fails(with_pool()).code)
    end)

    it("finds one that does not exist", function()
      create_network()
      assert.are.same({ "not_found" }, found(with_pool()))
      assert.are.equal("SubnetNotFound", fails(with_pool()).code)
    end)

    it("finds security rules that keep the nodes of one of them from the API server", function()
      create_network { more = gpu() }
      grant()
      local guard = network.group:nsg("guard", { rules = { { name = "deny", priority = 200, direction = "Outbound",
        access = "Deny", protocol = "Tcp", ports = { "443" } } } })
      guard:create()
      network.vnet:subnet("gpu", { address_prefix = "172.19.2.0/24", nsg = guard }):create()
      assert.are.same({ "nsg_flow_denied" }, found(with_pool()))
      assert.matches("K8SAPIServerConnFail", tostring(fails(with_pool())))
    end)

    it("finds one in another network, and a pool that has none", function()
      create_network()
      local far = network.group:vnet("far", { address_prefixes = { "172.20.0.0/16" } })
      far:create()
      local subnet = far:subnet("gpu", { address_prefix = "172.20.0.0/24" })
      subnet:create()
      subnet:role_assignment({ principal = network.identity, role = "Network Contributor" }):create()
      local refused = azure.error_of(azure.cluster, network, { pools = { { name = "system", mode = "System" },
        { name = "gpu", subnet = subnet } } })
      assert.are.same({ "node_subnet_wrong_vnet" }, codes(refused.findings))
      local cluster = network.group:cluster("demo", { pools = { { name = "system", mode = "System" },
        { name = "gpu", subnet = network.nodes } }, identity = network.identity })
      assert.are.same({ "node_subnet_required" }, found(cluster))
      fails(cluster)
    end)
  end)

  it("finds a private DNS zone that does not exist", function()
    create_network()
    local zone = network.group.id .. "/providers/Microsoft.Network/privateDnsZones/private.westus2.azmk8s.io"
    local cluster = azure.cluster(network, { private = true, private_dns_zone = zone })
    assert.are.same({ "private_dns_zone_missing" }, found(cluster))
    fails(cluster)
  end)

  it("warns of what may not be read, and goes on", function()
    create_network()
    collectgarbage() -- the declared role assignments, which would count as if they were read
    simulator:fault { method = "GET", path = "roleassignments", status = 403,
      body = { error = { code = "AuthorizationFailed", message = "The client may not read this." } } }
    local findings = azure.cluster(network):check()
    assert.are.equal("check_forbidden", findings[1].code)
    assert.are.equal("warning", findings[1].severity)
    assert.is_true(findings.ok)
    simulator:clear_faults()
    simulator:fault { method = "GET", path = "virtualnetworks/network$", status = 403,
      body = { error = { code = "AuthorizationFailed", message = "The client may not read this." } } }
    assert.are.equal("check_forbidden", azure.cluster(network):check()[1].code)
  end)

  it("is a report for people, and a list for programs", function()
    create_network { apiserver = "172.19.0.0/29", granted = { "apiserver" } }
    local findings = azure.cluster(network):check()
    local text = tostring(findings)
    assert.matches("error apiserver_subnet_too_small: cluster 'demo': .-172.19.0.0/29", text)
    assert.matches("\n    make one of at least /28, better /27\n", text)
    assert.matches("\n2 findings$", text)
    assert.are.equal("apiserver_subnet", findings[1].field)
    assert.is_string(findings[1].remedy)
  end)

  it("of other resources tells what cannot be changed", function()
    create_network()
    local group = client:resource_group("demo", { location = "eastus" })
    assert.are.same({ "field_create_only" }, codes(group:check()))
    assert.are.same({}, codes(network.nodes:check()))
    assert.are.same({}, codes(network.group:nsg("absent", {}):check()))
  end)
end)
