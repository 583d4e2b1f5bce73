-- Merges the credentials of a cluster into a kubeconfig: the file named behind the playbook, else $KUBECONFIG, else
-- ~/.kube/config.
local aks = require "aks"

local azure = aks.connect {}
local group = azure:resource_group("aks-connect", { location = "westus2" })
local cluster = group:cluster("demo", { vnet_integration = true })

group:create()
cluster:create()

local saved = cluster:credentials():save(arg[1], { overwrite = true })

return { context = saved.context, path = saved.path }
