-- A public cluster with API Server VNet Integration in a virtual network that AKS manages.
local aks = require "aks"

local azure = aks.connect {}
local group = azure:resource_group("aks-managed-public", { location = "westus2" })
local cluster = group:cluster("demo", {
  vnet_integration = true,
})

group:create()
cluster:create()

return {
  state = cluster.provisioning_state,
  fqdn = cluster.fqdn,
  vnet_integration = cluster.vnet_integration,
}
