-- A private cluster with API Server VNet Integration in a virtual network that AKS manages.
local aks = require "aks"

local azure = aks.connect {}
local group = azure:resource_group("aks-managed-private", { location = "westus2" })
local cluster = group:cluster("demo", {
  private = true,
  vnet_integration = true,
})

group:create()
cluster:create()

return {
  state = cluster.provisioning_state,
  private_fqdn = cluster.private_fqdn,
  vnet_integration = cluster.vnet_integration,
}
