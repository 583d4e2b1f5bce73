-- After the first day: tags, another node pool, a newer Kubernetes, a stop and a start, and the end of it all.
local aks = require "aks"

local azure = aks.connect {}
local group = azure:resource_group("aks-day-two", { location = "westus2" })
group:create()

local first = group:cluster("demo", { vnet_integration = true, kubernetes_version = "1.32" })
if first:exists() and first.provisioning_state ~= "Deleting" then -- this playbook was interrupted, after a stop maybe
  first:start()
else
  first:create()
end

local cluster = group:cluster("demo", { tags = { team = "platform" }, kubernetes_version = "1.33" })
local work = cluster:pool("work", { count = 2, node_labels = { workload = "batch" } })
cluster:create()
work:create()
cluster:stop()
cluster:start()

local pools = {}
for pool in cluster:pools() do
  pools[pool.name] = ("%s, %d nodes, %s"):format(pool.mode, pool.count, pool.current_kubernetes_version)
end
local result = { state = cluster.provisioning_state, power = cluster.power_state, tags = cluster.tags,
  kubernetes_version = cluster.current_kubernetes_version, pools = pools }

work:delete()
cluster:delete()
group:delete()

return result
