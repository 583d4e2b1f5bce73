-- Turns private mode of an integrated cluster on, then off again: no redeployment, and the host name stays.
local aks = require "aks"

local azure = aks.connect {}
local group = azure:resource_group("aks-toggle", { location = "westus2" })
local cluster = group:cluster("demo", { vnet_integration = true })

group:create()
cluster:create()

local on = cluster:toggle { private = true }
local off = cluster:toggle { private = false }

return { appeared = on.appeared, gone = off.gone, leftover_private_dns_zone = off.leftover_private_dns_zone,
  private = cluster.private, fqdn = cluster.fqdn }
