-- A public cluster with API Server VNet Integration in your own virtual network.
local aks = require "aks"

local azure = aks.connect {}
local group = azure:resource_group("aks-byo-public", { location = "westus2" })
local vnet = group:vnet("network", { address_prefixes = { "172.19.0.0/16" } })
local apiserver = vnet:subnet("apiserver", {
  address_prefix = "172.19.0.0/28",
  delegation = "Microsoft.ContainerService/managedClusters",
})
local nodes = vnet:subnet("nodes", { address_prefix = "172.19.1.0/24" })
local identity = group:identity("demo-identity")
local cluster = group:cluster("demo", {
  vnet_integration = true,
  apiserver_subnet = apiserver,
  node_subnet = nodes,
  identity = identity,
})

group:create()
aks.all { vnet:create { wait = false }, identity:create { wait = false } }
aks.all {
  apiserver:role_assignment({ principal = identity, role = "Network Contributor" }):create { wait = false },
  nodes:role_assignment({ principal = identity, role = "Network Contributor" }):create { wait = false },
}
cluster:create()

return {
  state = cluster.provisioning_state,
  fqdn = cluster.fqdn,
  vnet_integration = cluster.vnet_integration,
  apiserver_subnet = cluster.apiserver_subnet,
}
