-- A simulated Azure for a spec, and a client of it.
local aks = require "aks"
local sim = require "aks.sim"

local azure = {}

--- Starts a simulator and connects to it. `options` go to the simulator, `connection` to aks.connect.
function azure.start(options, connection)
  local simulator = sim.start(options or {})
  local settings = {
    endpoint = simulator.endpoint,
    subscription = simulator.subscription,
    tenant = simulator.tenant,
    credential = aks.credential.client_secret {
      tenant = simulator.tenant,
      client_id = simulator.client_id,
      client_secret = simulator.client_secret,
    },
  }
  for name, value in pairs(connection or {}) do
    settings[name] = value
  end
  return simulator, aks.connect(settings)
end

--- Declares the network of the bring-your-own examples: a group, a VNet with both subnets, an identity.
function azure.network(client)
  local group = client:resource_group("demo", { location = "westus2" })
  local vnet = group:vnet("network", { address_prefixes = { "172.19.0.0/16" } })
  local apiserver = vnet:subnet("apiserver", {
    address_prefix = "172.19.0.0/28",
    delegation = "Microsoft.ContainerService/managedClusters",
  })
  local nodes = vnet:subnet("nodes", { address_prefix = "172.19.1.0/24" })
  local identity = group:identity("cluster-identity")
  return { group = group, vnet = vnet, apiserver = apiserver, nodes = nodes, identity = identity }
end

--- Creates that network, and lets the identity use both subnets.
function azure.create_network(client)
  local network = azure.network(client)
  network.group:create()
  network.vnet:create()
  network.identity:create()
  for _, subnet in ipairs { network.apiserver, network.nodes } do
    subnet:role_assignment({ principal = network.identity, role = "Network Contributor" }):create()
  end
  return network
end

--- The cluster that belongs there.
function azure.cluster(network, spec)
  local whole = {
    vnet_integration = true,
    apiserver_subnet = network.apiserver,
    node_subnet = network.nodes,
    identity = network.identity,
  }
  for name, value in pairs(spec or {}) do
    whole[name] = value
  end
  return network.group:cluster("demo", whole)
end

--- Calls and returns the error object that it must raise.
function azure.error_of(call, ...)
  local ok, err = pcall(call, ...)
  assert(not ok, "no error was raised")
  assert(aks.is_error(err), tostring(err))
  return err
end

return azure
