-- Checks the network security group of an API server's subnet, and adds exactly the rules that are missing. The group
-- here denies everything that comes in, as a careful one does; the first lines make it where it does not exist yet.
local aks = require "aks"

local azure = aks.connect {}
local group = azure:resource_group("aks-nsg", { location = "westus2" })
local guard = group:nsg("guard", { rules = {
  { name = "DenyAll", priority = 4000, direction = "Inbound", access = "Deny", protocol = "*" },
} })
local vnet = group:vnet("network", { address_prefixes = { "172.19.0.0/16" } })
local apiserver = vnet:subnet("apiserver", {
  address_prefix = "172.19.0.0/28",
  delegation = "Microsoft.ContainerService/managedClusters",
  nsg = guard,
})
local nodes = vnet:subnet("nodes", { address_prefix = "172.19.1.0/24" })

group:create()
guard:create()
vnet:create()

return { required = apiserver:required_nsg_rules(nodes),
  added = guard:add_missing_rules { apiserver_subnet = apiserver, node_subnet = nodes } }
