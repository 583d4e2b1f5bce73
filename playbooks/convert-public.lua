-- Converts a public cluster in your own virtual network to API Server VNet Integration, which cannot be undone, and
-- restarts it. The first lines make the network and the cluster where they do not exist yet.
local aks = require "aks"

local azure = aks.connect {}
local group = azure:resource_group("aks-convert-public", { location = "westus2" })
local vnet = group:vnet("network", { address_prefixes = { "172.19.0.0/16" } })
local nodes = vnet:subnet("nodes", { address_prefix = "172.19.1.0/24" })
local apiserver = vnet:subnet("apiserver", {
  address_prefix = "172.19.0.0/28",
  delegation = "Microsoft.ContainerService/managedClusters",
})
local identity = group:identity("demo-identity")
local cluster = group:cluster("demo", { node_subnet = nodes, identity = identity })

group:create()
aks.all { vnet:create { wait = false }, identity:create { wait = false } }
aks.all {
  apiserver:role_assignment({ principal = identity, role = "Network Contributor" }):create { wait = false },
  nodes:role_assignment({ principal = identity, role = "Network Contributor" }):create { wait = false },
}
cluster:create()

local ok, result = pcall(cluster.convert, cluster, { apiserver_subnet = apiserver, approve = true })
if not ok and result.code ~= "already_integrated" then
  error(result)
end

return { state = cluster.provisioning_state, vnet_integration = cluster.vnet_integration, fqdn = cluster.fqdn,
  apiserver_subnet = cluster.apiserver_subnet, conversion = ok and result or nil }
