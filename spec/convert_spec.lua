-- Converting a cluster to API Server VNet Integration: what is refused, what happens, and how a conversion that was
-- interrupted is finished.
local aks = require "aks"
local azure = require "spec.support.azure"

local simulator, client, network

local function start(options)
  simulator, client = azure.start(options, { poll_interval = 1 })
end

local function codes(err)
  local list = {}
  for _, finding in ipairs(err.findings or {}) do
    if finding.severity == "error" then
      list[#list + 1] = finding.code
    end
  end
  table.sort(list)
  return list
end

-- A cluster in one's own network, without the integration.
local function plain(spec)
  local whole = { node_subnet = network.nodes, identity = network.identity }
  for name, value in pairs(spec or {}) do
    whole[name] = value
  end
  local cluster = network.group:cluster("demo", whole)
  cluster:create()
  return cluster
end

-- The same cluster for somebody who knows its name alone.
local function again()
  return client:resource_group("demo"):cluster("demo")
end

local function approved(options)
  local whole = { apiserver_subnet = network.apiserver, approve = true }
  for name, value in pairs(options or {}) do
    whole[name] = value
  end
  return whole
end

local function writes()
  local list = {}
  for _, request in ipairs(simulator:requests { path = "managedclusters" }) do
    local action = request.url:match("managedClusters/demo/(%w+)") or request.method
    if request.method ~= "GET" then
      list[#list + 1] = action
    end
  end
  return list
end

describe("a conversion", function()
  before_each(function()
    start()
    network = azure.create_network(client)
  end)
  after_each(function()
    client:close()
    simulator:stop()
  end)

  it("moves the API server into the subnet and restarts the cluster, in four writes", function()
    local cluster = plain { tags = { team = "a" } }
    local image = cluster.node_image_version
    simulator:clear_log()
    local result = cluster:convert(approved())
    assert.are.same({ "PUT", "stop", "start", "PATCH" }, writes())
    assert.is_true(result.converted)
    assert.is_true(result.restarted)
    assert.is_false(result.restart_required)
    assert.is_true(cluster.vnet_integration)
    assert.are.equal(network.apiserver.id:lower(), cluster.apiserver_subnet:lower())
    assert.are.equal("Running", cluster.power_state)
    assert.is_false(simulator:needs_restart(cluster.id))
    assert.are.same({ team = "a" }, cluster.tags)
    assert.are.equal(image, result.before.node_image_version)
    assert.are_not.equal(image, result.after.node_image_version)
    assert.matches("^172%.19%.0%.", result.after.apiserver_address)
  end)

  it("keeps a private cluster private, says so in the request, and tells both addresses", function()
    local cluster = plain { private = true }
    simulator:clear_log()
    local result = cluster:convert(approved())
    local body = simulator:requests({ method = "PUT", path = "managedclusters" })[1].body
    assert.is_true(body.properties.apiServerAccessProfile.enablePrivateCluster)
    assert.is_true(cluster.private)
    assert.matches("^172%.19%.1%.", result.before.apiserver_address)
    assert.matches("^172%.19%.0%.", result.after.apiserver_address)
  end)

  it("finds the security rules and authorised ranges that still name the old address", function()
    local guard = network.group:nsg("guard", { rules = {
      { name = "old", priority = 100, direction = "Outbound", access = "Allow", protocol = "Tcp", ports = 443,
        destination = { "172.19.1.4", "10.9.9.9" } },
      { name = "prefix", priority = 110, direction = "Outbound", access = "Allow", protocol = "Tcp",
        destination = "172.19.1.4/32" },
      { name = "other", priority = 120, direction = "Outbound", access = "Allow", protocol = "Tcp",
        destination = "172.19.1.40" },
    } })
    guard:create()
    network.vnet:subnet("elsewhere", { address_prefix = "172.19.7.0/24", nsg = guard }):create()
    local cluster = plain { private = true }
    local result = cluster:convert(approved())
    assert.are.equal("172.19.1.4", result.before.apiserver_address)
    assert.are.equal(2, #result.stale)
    assert.are.equal("old", result.stale[1].rule)
    assert.are.equal("destination", result.stale[1].field)
    assert.are.equal(guard.id:lower(), result.stale[1].resource:lower())
    assert.are.equal("prefix", result.stale[2].rule)
  end)

  it("of a cluster in a network that AKS made needs a subnet in that network", function()
    local cluster = network.group:cluster("demo", {})
    cluster:create()
    local err = azure.error_of(cluster.convert, cluster, approved())
    assert.are.same({ "apiserver_subnet_wrong_vnet" }, codes(err))
    local managed = client:resource_group(cluster.node_resource_group)
    for vnet in managed:vnets() do
      local subnet = vnet:subnet("aks-apiserver-subnet", {
        address_prefix = "10.226.0.0/28", delegation = "Microsoft.ContainerService/managedClusters" })
      subnet:create()
      assert.is_true(cluster:convert(approved { apiserver_subnet = subnet }).converted)
      assert.are.equal(subnet.id:lower(), cluster.apiserver_subnet:lower())
    end
  end)

  it("leaves the restart to whoever says so, keeps that in mind, and is finished by a second call", function()
    local cluster = plain()
    local result = cluster:convert(approved { restart = false })
    assert.is_true(result.restart_required)
    assert.is_false(result.restarted)
    assert.is_true(simulator:needs_restart(cluster.id))
    assert.is_string(cluster.tags["aks-restart-required"])
    simulator:clear_log()
    local second = again():convert(approved())
    assert.are.same({ "stop", "start", "PATCH" }, writes())
    assert.is_false(second.converted)
    assert.is_true(second.restarted)
    assert.is_false(simulator:needs_restart(cluster.id))
  end)

  it("is told as an operation with steps", function()
    client:close()
    local steps = {}
    client = aks.connect { endpoint = simulator.endpoint, subscription = simulator.subscription, poll_interval = 1,
      credential = aks.credential.token(simulator.token),
      on_event = function(event)
        if event.operation == "convert" and steps[#steps] ~= event.step then
          steps[#steps + 1] = event.step
        end
      end }
    network = azure.network(client)
    plain():convert(approved())
    assert.are.same({ "read", "look at network and roles", "convert", "stop", "start", "take the mark off", "read",
      "look for the old address", "report" }, steps)
  end)

  describe("that is killed", function()
    -- Runs a conversion until the simulator has seen `path`, drops it there, and finishes it with a second one.
    local function interrupted_at(method, path)
      plain()
      simulator:clear_log()
      local operation = again():convert(approved { wait = false })
      while simulator:count { method = method, path = path } == 0 do
        aks.loop:step(0.01)
      end
      operation:cancel()
      local cluster = again()
      local result = cluster:convert(approved())
      assert.is_true(cluster.vnet_integration)
      assert.are.equal("Running", cluster.power_state)
      assert.is_false(simulator:needs_restart(cluster.id))
      assert.is_nil(cluster.tags and cluster.tags["aks-restart-required"])
      return result
    end

    it("before its write begins anew", function()
      interrupted_at("GET", "virtualnetworks")
      assert.are.same({ "PUT", "stop", "start", "PATCH" }, writes())
    end)

    it("while it converts is waited for, and restarted", function()
      interrupted_at("PUT", "managedclusters")
      assert.are.same({ "PUT", "stop", "start", "PATCH" }, writes())
    end)

    it("while it stops is started", function()
      interrupted_at("POST", "/stop")
      assert.are.same({ "PUT", "stop", "start", "PATCH" }, writes())
    end)

    it("while it starts is not restarted a second time", function()
      interrupted_at("POST", "/start")
      assert.are.same({ "PUT", "stop", "start", "PATCH" }, writes())
    end)

    it("at its end changes nothing more", function()
      interrupted_at("GET", "loadbalancers") -- before the conversion: looked for there already
      local writes_before = #writes()
      local err = azure.error_of(function()
        again():convert(approved())
      end)
      assert.are.same({ "already_integrated" }, codes(err))
      assert.are.equal(writes_before, #writes())
    end)
  end)

  it("remembers the old address over an interruption", function()
    plain { private = true }
    local operation = again():convert(approved { wait = false })
    while simulator:count { method = "POST", path = "/stop" } == 0 do
      aks.loop:step(0.01)
    end
    operation:cancel()
    assert.are.equal("172.19.1.4", again():convert(approved()).before.apiserver_address)
  end)

  it("that failed at Azure is sent again", function()
    local cluster = plain()
    simulator:fault { method = "PUT", path = "managedclusters", count = 1, operation = {
      status = "Failed", error = { code = "AksCapacityHeavyUsage", message = "No capacity." } } }
    local err = azure.error_of(cluster.convert, cluster, approved())
    assert.are.equal("operation_failed", err.code)
    assert.matches("AksCapacityHeavyUsage", tostring(err))
    local other = again()
    other:convert(approved())
    assert.are.equal("Succeeded", other.provisioning_state)
    assert.is_false(simulator:needs_restart(other.id))
  end)

  it("whose cluster cannot be stopped says that it is converted, and what is left to do", function()
    local cluster = plain()
    simulator:fault { method = "POST", path = "/stop", count = 1, status = 400,
      body = { code = "ValidationError", message = "An admission webhook blocks the operation." } }
    local err = azure.error_of(cluster.convert, cluster, approved())
    assert.are.equal("ValidationError", err.code)
    assert.are.equal("stop", err.step)
    assert.matches("still needs a stop and a start", err.hint)
    again():convert(approved())
    assert.is_false(simulator:needs_restart(cluster.id))
  end)

  describe("is refused, and nothing is changed,", function()
    local function refused(cluster, options)
      local before = #writes()
      local err = azure.error_of(cluster.convert, cluster, options)
      assert.are.equal(before, #writes())
      return err
    end

    it("without approval, and says in full what would happen", function()
      local err = refused(plain { private = true }, { apiserver_subnet = network.apiserver })
      assert.are.equal("approval_required", err.code)
      local text = tostring(err)
      for _, part in ipairs { "cannot be undone", "node image of every pool", "nodepool1 %(3 nodes%)",
        "Every workload restarts", "in place of 172%.19%.1%.4", "host name stays", "stopped and started" } do
        assert.matches(part, text)
      end
    end)

    it("with everything that is wrong at once", function()
      local small = network.vnet:subnet("small", { address_prefix = "172.19.9.0/29" })
      small:create()
      local other = network.group:vnet("other", { address_prefixes = { "10.5.0.0/16" } })
      local far = other:subnet("far", { address_prefix = "10.5.0.0/29" })
      other:create()
      local cluster = plain()
      cluster:stop()
      assert.are.same({ "apiserver_subnet_not_delegated", "apiserver_subnet_too_small", "apiserver_subnet_wrong_vnet",
        "approval_required", "cluster_not_running", "permission_missing" },
        codes(refused(cluster, { apiserver_subnet = far })))
      assert.are.same({ "apiserver_subnet_not_delegated", "apiserver_subnet_too_small", "cluster_not_running",
        "permission_missing" }, codes(refused(cluster, approved { apiserver_subnet = small })))
    end)

    it("when the subnet is that of the nodes, or does not exist", function()
      local cluster = plain()
      local err = refused(cluster, approved { apiserver_subnet = network.nodes })
      assert.are.same({ "apiserver_subnet_is_node_subnet", "apiserver_subnet_not_delegated" }, codes(err))
      local missing = network.vnet:subnet "missing"
      assert.are.same({ "not_found" }, codes(refused(cluster, approved { apiserver_subnet = missing })))
    end)

    it("when other things live in the subnet, or too little room is left", function()
      local cluster = plain()
      local vnet = simulator:export()[network.vnet.id] or {}
      assert.is_table(vnet)
      simulator:put(network.vnet.id, { location = "westus2", properties = {
        addressSpace = { addressPrefixes = { "172.19.0.0/16" } },
        subnets = {
          { name = "nodes", properties = { addressPrefix = "172.19.1.0/24" } },
          { name = "apiserver", properties = { addressPrefix = "172.19.0.0/28",
            delegations = { { name = "aks", properties = {
              serviceName = "Microsoft.ContainerService/managedClusters" } } },
            ipConfigurations = { { id = network.group.id .. "/providers/Microsoft.Network/networkInterfaces/vm/"
              .. "ipConfigurations/one" }, { id = "/x/loadBalancers/kube-apiserver/ipConfigurations/1" },
              { id = "/x/loadBalancers/kube-apiserver/ipConfigurations/2" } } } },
        },
      } })
      assert.are.same({ "apiserver_subnet_capacity", "apiserver_subnet_in_use" }, codes(refused(cluster, approved())))
    end)

    it("when the cluster's identity may not use the subnet", function()
      local cluster = plain()
      local other = network.vnet:subnet("other", { address_prefix = "172.19.5.0/28",
        delegation = "Microsoft.ContainerService/managedClusters" })
      other:create()
      local err = refused(cluster, approved { apiserver_subnet = other })
      assert.are.same({ "permission_missing" }, codes(err))
      assert.matches("Microsoft.Network/virtualNetworks/subnets/join/action", err.message)
      other:role_assignment({ principal = network.identity, role = "Reader" }):create()
      assert.are.same({ "permission_missing" }, codes(refused(cluster, approved { apiserver_subnet = other })))
      network.group:role_assignment({ principal = network.identity, role = "Network Contributor" }):create()
      cluster:convert(approved { apiserver_subnet = other }) -- what is granted above holds below
      assert.is_true(cluster.vnet_integration)
    end)

    it("when security rules would keep the nodes from the API server's new address", function()
      local guard = network.group:nsg("guard", { rules = { { name = "deny", priority = 200, direction = "Inbound",
        access = "Deny", protocol = "Tcp", ports = { "443", "9988" } } } })
      guard:create()
      local cluster = plain()
      network.vnet:subnet("apiserver", { address_prefix = "172.19.0.0/28", nsg = guard,
        delegation = "Microsoft.ContainerService/managedClusters" }):create()
      local err = azure.error_of(cluster.convert, cluster, approved())
      assert.are.same({ "nsg_flow_denied", "nsg_flow_denied" }, codes(err))
      guard:add_missing_rules { apiserver_subnet = network.apiserver, node_subnet = network.nodes }
      assert.is_true(cluster:convert(approved()).converted)
    end)

    it("when the network is encrypted", function()
      local cluster = plain()
      client:resource(network.vnet.id, "2024-05-01"):put {
        location = "westus2", properties = {
          addressSpace = { addressPrefixes = { "172.19.0.0/16" } },
          encryption = { enabled = true, enforcement = "AllowUnencrypted" },
          subnets = network.vnet:get().properties.subnets,
        } }
      assert.are.same({ "vnet_encryption" }, codes(refused(cluster, approved())))
    end)

    it("when the cluster has IPv6 addresses too, or cannot be stopped", function()
      local cluster = plain { raw = { properties = {
        networkProfile = { ipFamilies = { "IPv4", "IPv6" } }, nodeProvisioningProfile = { mode = "Auto" } } } }
      assert.are.same({ "convert_dual_stack", "convert_restart_impossible" }, codes(refused(cluster, approved())))
      assert.are.same({ "convert_dual_stack" }, codes(refused(cluster, approved { restart = false })))
    end)

    it("when another operation is under way", function()
      plain()
      local writing = network.group:cluster("demo", { tags = { a = "b" } }):create { wait = false }
      while simulator:count { method = "PUT", path = "managedclusters" } < 2 do
        aks.loop:step(0.01)
      end
      assert.are.same({ "operation_in_flight" }, codes(refused(again(), approved())))
      writing:wait()
    end)

    it("when the cluster is integrated already, does not exist, or the options are wrong", function()
      local cluster = azure.cluster(network)
      cluster:create()
      assert.are.same({ "already_integrated" }, codes(refused(cluster, approved())))
      local absent = network.group:cluster "absent"
      assert.are.equal("ResourceNotFound", refused(absent, approved()).code)
      local err = refused(cluster, { aprove = true })
      assert.are.same({ "field_required", "unknown_field" }, codes(err))
      assert.matches("did you mean 'approve'", tostring(err))
    end)
  end)
end)
