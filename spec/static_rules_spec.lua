-- What is wrong with objects is told when they are declared, before anything is sent: all of it at once.
local aks = require "aks"

local client, group, vnet, identity

-- Nothing listens there, and nothing is asked.
local function connect()
  client = aks.connect { endpoint = "http://127.0.0.1:1", subscription = "5117ab1e-0000-4000-8000-000000000001",
    credential = aks.credential.token "token" }
  group = client:resource_group("demo", { location = "westus2" })
  vnet = group:vnet("network", { address_prefixes = { "172.19.0.0/16" } })
  identity = group:identity "identity"
end

local DELEGATION = "Microsoft.ContainerService/managedClusters"

local function apiserver(prefix, delegation)
  return vnet:subnet("apiserver", { address_prefix = prefix or "172.19.0.0/28", delegation = delegation or DELEGATION })
end

local function nodes(changes)
  local spec = { address_prefix = "172.19.1.0/24" }
  for name, value in pairs(changes or {}) do
    spec[name] = value
  end
  return vnet:subnet("nodes", spec)
end

-- The codes of what is wrong with declaring it, in order; none when nothing is.
local function codes(declare, ...)
  local ok, err = pcall(declare, ...)
  local list = {}
  for _, finding in ipairs(not ok and err.findings or {}) do
    list[#list + 1] = finding.code
  end
  assert(ok or #list > 0, not ok and tostring(err))
  return list
end

local function of_cluster(changes)
  local spec = { vnet_integration = true, apiserver_subnet = apiserver(), node_subnet = nodes(), identity = identity }
  for name, value in pairs(changes or {}) do
    if value == "absent" then
      spec[name] = nil
    else
      spec[name] = value
    end
  end
  return codes(group.cluster, group, "demo", spec)
end

describe("declaring", function()
  before_each(connect)
  after_each(function()
    client:close()
  end)

  it("with a dot in the place of the colon is told so", function()
    assert.has_error(function()
      group.cluster("demo", {})
    end, "a resource or a client expected, got string: call methods with a colon, object:method(...)")
  end)

  describe("a subnet", function()
    it("is fine inside its virtual network, apart from its siblings", function()
      assert.are.same({}, codes(apiserver))
      assert.are.same({}, codes(nodes))
    end)

    it("outside its virtual network is refused", function()
      assert.are.same({ "cidr_outside_vnet" }, codes(apiserver, "10.0.0.0/28"))
      assert.are.same({}, codes(apiserver, "172.19.255.240/28"))
    end)

    it("over a sibling is refused, over its own earlier declaration not", function()
      nodes()
      assert.are.same({ "cidr_overlap" }, codes(apiserver, "172.19.1.240/28"))
      assert.are.same({}, codes(apiserver, "172.19.2.0/28"))
      assert.are.same({}, codes(nodes, { address_prefix = "172.19.1.0/25" }))
    end)
  end)

  describe("a cluster", function()
    it("in its own network is fine as the documentation has it", function()
      assert.are.same({}, of_cluster())
      assert.are.same({}, of_cluster { private = true })
      assert.are.same({}, codes(group.cluster, group, "managed", { vnet_integration = true }))
    end)

    it("is refused when the API server's subnet is too small, not delegated, or that of the nodes", function()
      assert.are.same({ "apiserver_subnet_too_small" }, of_cluster { apiserver_subnet = apiserver "172.19.0.0/29" })
      assert.are.same({}, of_cluster { apiserver_subnet = apiserver "172.19.0.0/28" })
      assert.are.same({ "apiserver_subnet_not_delegated" },
        of_cluster { apiserver_subnet = apiserver("172.19.0.0/28", "Microsoft.Web/serverFarms") })
      local one = nodes { delegation = DELEGATION }
      assert.are.same({ "apiserver_subnet_is_node_subnet", "node_subnet_delegated" },
        of_cluster { apiserver_subnet = one, node_subnet = one })
    end)

    it("is refused when the nodes' subnet is delegated, or has no room for the nodes", function()
      assert.are.same({ "node_subnet_delegated" }, of_cluster { node_subnet = nodes { delegation = DELEGATION } })
      assert.are.same({ "node_subnet_capacity" },
        of_cluster { node_subnet = nodes { address_prefix = "172.19.1.0/29" }, node_count = 4 })
      assert.are.same({}, of_cluster { node_subnet = nodes { address_prefix = "172.19.1.0/29" }, node_count = 3 })
    end)

    it("has every pool in its own subnet looked at", function()
      local small, far = vnet:subnet("gpu", { address_prefix = "172.19.2.0/29" }), group:vnet("far", {
        address_prefixes = { "10.7.0.0/16" } })
      local function of_pool(subnet, count)
        return of_cluster { pools = { { name = "system", mode = "System" },
          { name = "gpu", subnet = subnet, count = count } } }
      end
      assert.are.same({}, of_pool(small, 3))
      assert.are.same({ "node_subnet_capacity" }, of_pool(small, 4))
      assert.are.same({}, of_pool(small.id, 4)) -- of which nothing is known but its name
      assert.are.same({ "apiserver_subnet_is_node_subnet", "node_subnet_delegated" }, of_pool(apiserver()))
      assert.are.same({ "node_subnet_wrong_vnet" }, of_pool(far:subnet("gpu", { address_prefix = "10.7.0.0/24" })))
    end)

    it("has no integration where the region does not offer it", function()
      assert.are.same({ "region_unavailable" }, of_cluster { location = "qatarcentral" })
      assert.are.same({}, codes(group.cluster, group, "plain", { location = "Qatar Central" }))
    end)

    it("counts pods where they are in the nodes' subnet", function()
      assert.are.same({}, of_cluster { network_plugin = "azure", node_count = 8 }) -- 8 * 31 = 248 of 251
      assert.are.same({ "node_subnet_capacity" }, of_cluster { network_plugin = "azure", node_count = 9 })
      assert.are.same({}, of_cluster { network_plugin = "azure", network_plugin_mode = "overlay", node_count = 100 })
    end)

    it("needs both subnets and an identity, and both in one network", function()
      assert.are.same({ "apiserver_subnet_required" }, of_cluster { apiserver_subnet = "absent" })
      assert.are.same({ "node_subnet_required" }, of_cluster { node_subnet = "absent" })
      assert.are.same({ "identity_required" }, of_cluster { identity = "absent" })
      local far = group:vnet("far", { address_prefixes = { "10.7.0.0/16" } })
      assert.are.same({ "apiserver_subnet_wrong_vnet" },
        of_cluster { node_subnet = far:subnet("nodes", { address_prefix = "10.7.0.0/24" }) })
    end)

    it("shares the API server's subnet with as many others as it has room for", function()
      local shared, others = apiserver "172.19.0.0/27", {} -- 27 addresses for 3 clusters of 9
      for index = 1, 4 do
        local declared = { pcall(group.cluster, group, "c" .. index, { vnet_integration = true,
          apiserver_subnet = shared, node_subnet = nodes(), identity = identity }) }
        assert.are.equal(index < 4, declared[1])
        others[index] = declared[2]
      end
      assert.are.equal("apiserver_subnet_capacity", others[4].code)
      assert.are.same({}, codes(group.cluster, group, "c1", { vnet_integration = true, apiserver_subnet = shared,
        node_subnet = nodes(), identity = identity }))
    end)

    it("has pods and services apart from each other and from the network", function()
      assert.are.same({ "cidr_overlap" }, of_cluster { service_cidr = "172.19.64.0/24",
        dns_service_ip = "172.19.64.10" })
      assert.are.same({ "cidr_overlap" }, of_cluster { pod_cidr = "172.19.1.128/25" })
      assert.are.same({}, of_cluster { pod_cidr = "172.19.128.0/17" }) -- of which no subnet has a part
      assert.are.same({ "cidr_overlap" }, of_cluster { pod_cidr = "10.2.0.0/16", service_cidr = "10.2.3.0/24",
        dns_service_ip = "10.2.3.10" })
      assert.are.same({}, of_cluster { pod_cidr = "10.2.0.0/16", service_cidr = "10.3.0.0/24",
        dns_service_ip = "10.3.0.10" })
    end)

    it("does not use what AKS keeps for itself", function()
      assert.are.same({ "cidr_reserved" }, of_cluster { pod_cidr = "172.30.4.0/24" })
      assert.are.same({ "cidr_reserved" }, of_cluster { pod_cidr = "192.0.0.0/16" })
      assert.are.same({}, of_cluster { pod_cidr = "172.29.0.0/16" })
    end)

    it("has its DNS at an address of service_cidr after the first", function()
      for address, expected in pairs {
        ["10.3.0.0"] = { "dns_service_ip" }, ["10.3.0.1"] = { "dns_service_ip" }, ["10.3.0.2"] = {},
        ["10.3.0.255"] = {}, ["10.3.1.0"] = { "dns_service_ip" },
      } do
        assert.are.same(expected, of_cluster { service_cidr = "10.3.0.0/24", dns_service_ip = address }, address)
      end
    end)

    it("says of private mode only what goes with it", function()
      assert.are.same({ "private_field_without_private" }, of_cluster { private_dns_zone = "none" })
      assert.are.same({ "private_field_without_private" }, of_cluster { public_fqdn = false, private = false })
      assert.are.same({ "private_field_without_private" },
        of_cluster { private = true, authorized_ip_ranges = { "203.0.113.0/24" } })
      assert.are.same({}, of_cluster { private = true, authorized_ip_ranges = {} })
      assert.are.same({}, of_cluster { authorized_ip_ranges = { "203.0.113.0/24" } })
      assert.are.same({}, codes(group.cluster, group, "existing", { public_fqdn = false })) -- of which nothing is known
    end)

    it("has a private DNS zone of the right name, and then an identity", function()
      local function zone(name)
        return group.id .. "/providers/Microsoft.Network/privateDnsZones/" .. name
      end
      local function of_zone(name, changes)
        local spec = changes or {}
        spec.private, spec.private_dns_zone = true, name
        return of_cluster(spec)
      end
      assert.are.same({}, of_zone(zone "private.westus2.azmk8s.io"))
      assert.are.same({}, of_zone(zone "mine.private.westus2.azmk8s.io"))
      assert.are.same({ "private_dns_zone" }, of_zone(zone "privatelink.westus2.azmk8s.io"))
      assert.are.same({ "private_dns_zone" }, of_zone(zone "private.eastus.azmk8s.io"))
      assert.are.same({ "private_dns_zone" }, of_zone(zone "xprivate.westus2.azmk8s.io"))
      assert.are.same({ "private_dns_zone" }, of_zone("none", { public_fqdn = false }))
      assert.are.same({}, of_zone "none")
      assert.are.same({ "private_dns_zone" }, codes(group.cluster, group, "managed", { vnet_integration = true,
        private = true, private_dns_zone = zone "private.westus2.azmk8s.io" }))
    end)

    it("has at most so many authorised ranges", function()
      local ranges = {}
      for index = 1, 201 do
        ranges[index] = ("198.51.%d.0/24"):format(index)
      end
      assert.are.same({}, of_cluster { authorized_ip_ranges = ranges })
      assert.are.same({ "authorized_ranges_limit" }, codes(group.cluster, group, "plain", {
        private = false, authorized_ip_ranges = ranges }))
    end)

    it("is told everything that is wrong at once", function()
      local small = apiserver("172.19.0.0/29", "Microsoft.Web/serverFarms")
      assert.are.same({ "identity_required", "apiserver_subnet_too_small", "apiserver_subnet_not_delegated",
        "node_subnet_capacity", "cidr_reserved", "private_field_without_private" }, of_cluster {
          identity = "absent", apiserver_subnet = small, node_count = 300, pod_cidr = "172.31.0.0/16",
          public_fqdn = true })
    end)
  end)
end)
