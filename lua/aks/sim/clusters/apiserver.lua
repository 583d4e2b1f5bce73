-- Where a cluster's API server listens, as its node resource group shows it: the load balancer "kube-apiserver" of an
-- integrated cluster, the private endpoint of the same name of a private one without integration. (What a public
-- API server without integration listens on is Microsoft's, and no resource shows it.)
local cidr = require "aks.sim.cidr"
local http = require "aks.sim.http"
local network = require "aks.sim.providers.network"
local tracked = require "aks.sim.tracked"

local apiserver = {}

local BALANCER, ENDPOINT = "Microsoft.Network/loadBalancers", "Microsoft.Network/privateEndpoints"
local NAME = "kube-apiserver"

-- Azure keeps the first four addresses of a subnet.
local FIRST = 4

local function id_of(record, kind)
  return ("%s/providers/%s/%s"):format(record.node_group, kind, NAME)
end

local function put(simulator, record, kind, properties)
  local id = id_of(record, kind)
  properties.provisioningState = "Succeeded"
  simulator.store:put(id, { id = id, type = kind, document = { id = id, name = NAME, type = kind,
    etag = tracked.new_etag(simulator), location = record.document.location, properties = properties } })
end

local function address_in(simulator, subnet_id, offset)
  return cidr.nth(cidr.parse(network.prefix(network.subnet(simulator, subnet_id))), FIRST + offset)
end

--- Listens in the subnet `subnet_id`, `offset` addresses from its first.
function apiserver.balance(simulator, record, subnet_id, offset)
  local frontend = id_of(record, BALANCER) .. "/frontendIPConfigurations/kube-apiserver-frontend"
  put(simulator, record, BALANCER, { frontendIPConfigurations = http.array { {
    id = frontend, name = "kube-apiserver-frontend", type = BALANCER .. "/frontendIPConfigurations",
    properties = { provisioningState = "Succeeded", privateIPAllocationMethod = "Dynamic",
      privateIPAddress = address_in(simulator, subnet_id, offset), subnet = { id = subnet_id } },
  } } })
  simulator.store:delete(id_of(record, ENDPOINT))
end

--- The address in its subnet at which it listens; nil when it is not in one.
function apiserver.address(simulator, record)
  local balancer = simulator.store:get(id_of(record, BALANCER))
  return balancer and balancer.document.properties.frontendIPConfigurations[1].properties.privateIPAddress
end

--- Is reached by a private endpoint in the subnet of the nodes.
function apiserver.link(simulator, record, subnet_id)
  put(simulator, record, ENDPOINT, { subnet = { id = subnet_id }, customDnsConfigs = http.array { {
    fqdn = record.document.properties.privateFQDN, ipAddresses = http.array { address_in(simulator, subnet_id, 0) },
  } } })
end

local group = "/subscriptions/{subscription}/resourceGroups/{group}/providers/"

local function plain(_, record)
  return record.document
end

local function getter(kind)
  return function(context)
    local record = context.sim.store:get(tracked.id(context, kind, "name"))
      or tracked.not_found(context, kind, context.parameters.name)
    return 200, record.document, { ETag = record.document.etag }
  end
end

apiserver.routes = {}
for _, kind in ipairs { BALANCER, ENDPOINT } do
  table.insert(apiserver.routes, { method = "GET", path = group .. kind .. "/{name}", handler = getter(kind) })
  table.insert(apiserver.routes, { method = "GET", path = group .. kind, handler = tracked.lister(kind, plain) })
end

return apiserver
