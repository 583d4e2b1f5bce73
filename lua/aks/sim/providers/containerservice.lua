-- Microsoft.ContainerService: managed clusters and their node pools.
local document = require "aks.sim.cluster.document"
local http = require "aks.sim.http"
local kubeconfig = require "aks.sim.cluster.kubeconfig"
local network = require "aks.sim.providers.network"
local operation = require "aks.sim.operation"
local rules = require "aks.sim.cluster.rules"

local PROVIDER, TYPE = "Microsoft.ContainerService", "Microsoft.ContainerService/managedClusters"
local POOL = TYPE .. "/agentPools"

-- Medians of recorded operations, in simulated seconds.
local seconds = { create = 308, create_integrated = 415, update = 114, convert = 600, delete = 240, stop = 105, start = 257,
  abort = 5, pool = 176 }

local function statuses(nodes)
  return { "InProgress", "ProvisioningNetworkResources", "ProvisioningControlPlane", "ReconcilingDNS",
    ("CreatingAgentPools: 0/%d nodes completed"):format(nodes), ("CreatingAgentPools: %d/%d nodes completed"):format(nodes, nodes),
    "ReconcilingAddons" }
end

-- AKS writes the segment in lower case, whatever was sent.
local function id_of(context)
  return ("/subscriptions/%s/resourcegroups/%s/providers/%s/%s"):format(context.sim.options.subscription,
    context.group.document.name, TYPE, context.parameters.cluster)
end

local function find(context)
  local record = context.sim.store:get(id_of(context))
  if not record then
    http.raise(404, "ResourceNotFound", ("The Resource '%s/%s' under resource group '%s' was not found."):format(TYPE,
      context.parameters.cluster, context.parameters.group))
  end
  return record
end

local function check_free(record)
  if record and record.operation then
    http.raise_bare(409, "OperationNotAllowed", ("Operation is not allowed: Another operation (%s) is in progress, please wait for it to finish before starting a new operation. See https://aka.ms/aks-pending-operation for more details")
      :format(record.document.properties.provisioningState))
  end
end

-- https://learn.microsoft.com/azure/aks/use-etags
local function check_tags(context, record)
  local match, none = context.headers["if-match"], context.headers["if-none-match"]
  local tag = record and record.document.eTag
  if match and match ~= "" and none then
    http.raise_bare(400, "BadRequest", "If-Match and If-None-Match cannot be used together.")
  elseif (none == "*" and record) or (match and match ~= "" and (not record or (match ~= "*" and match ~= tag))) then
    http.raise_bare(412, "PreconditionFailed", "The condition of the request's entity tag is not met.")
  end
end

local function set_states(record, state, power)
  local properties = record.document.properties
  properties.provisioningState = state
  record.document.eTag = record.document.eTag .. "x"
  for _, pool in ipairs(properties.agentPoolProfiles) do
    pool.provisioningState = state
    pool.powerState = power and { code = power } or pool.powerState
  end
  properties.powerState = power and { code = power } or properties.powerState
end

local function node_count(properties)
  local sum = 0
  for _, pool in ipairs(properties.agentPoolProfiles) do
    sum = sum + pool.count
  end
  return sum
end

local function node_group(context, record)
  local name, location = record.document.properties.nodeResourceGroup, record.document.location
  local id = ("/subscriptions/%s/resourceGroups/%s"):format(context.sim.options.subscription, name)
  if not context.sim.store:get(id) then
    context.sim.store:put(id, { id = id, type = "Microsoft.Resources/resourceGroups", document = { id = id, name = name,
      type = "Microsoft.Resources/resourceGroups", location = location, managedBy = record.id,
      properties = { provisioningState = "Succeeded" } } })
  end
  return id
end

-- The API server's balancer and pods take addresses, the nodes one each.
local function occupy(context, record)
  local simulator, properties = context.sim, record.document.properties
  local access = properties.apiServerAccessProfile or {}
  local apiserver, nodes = access.subnetId ~= "" and access.subnetId or record.managed_apiserver, record.node_subnet
  for _, subnet in ipairs { apiserver or false, nodes or false } do
    if subnet then
      network.vacate(simulator, subnet, record.id)
    end
  end
  if access.enableVnetIntegration and apiserver then
    network.occupy(simulator, apiserver, record.id .. "/kube-apiserver", 9)
    network.link(simulator, apiserver, "AzureKubernetesService", TYPE)
  end
  if nodes then
    network.occupy(simulator, nodes, record.id .. "/nodes", node_count(properties))
  end
end

local function vacate(context, record)
  local access = record.document.properties.apiServerAccessProfile or {}
  for _, subnet in ipairs { access.subnetId or "", record.managed_apiserver or "", record.node_subnet or "" } do
    if subnet ~= "" then
      network.vacate(context.sim, subnet, record.id)
    end
  end
end

-- A cluster without subnets of its own gets a VNet beside its nodes.
local function make_network(context, record)
  local properties = record.document.properties
  record.node_subnet = properties.agentPoolProfiles[1].vnetSubnetID
  local group = node_group(context, record)
  if record.node_subnet then
    return
  end
  local vnet = network.create_managed(context.sim, {
    group = group, vnet = "aks-vnet-" .. ("%08d"):format(math.random(0, 99999999)), prefix = "10.224.0.0/12",
    location = record.document.location,
    subnets = { { "aks-subnet", "10.224.0.0/16" }, { "aks-apiserver-subnet", "10.226.0.0/28", TYPE } },
  })
  record.managed_vnet = vnet
  record.node_subnet = vnet .. "/subnets/aks-subnet"
  record.managed_apiserver = vnet .. "/subnets/aks-apiserver-subnet"
end

local function duration(existing, before, after)
  local integrated = (after.apiServerAccessProfile or {}).enableVnetIntegration
  local was = existing and (before.properties.apiServerAccessProfile or {}).enableVnetIntegration
  if not existing then
    return integrated and seconds.create_integrated or seconds.create, false
  end
  return integrated and not was and seconds.convert or seconds.update, integrated and not was
end

local function random_names(simulator)
  return { public = simulator.random(8), private = simulator.random(8), zone = simulator.uuid(), portal = simulator.random(32) }
end

local function put(context)
  local simulator, id = context.sim, id_of(context)
  local existing = simulator.store:get(id)
  context.existing, context.cluster_id = existing, id
  check_tags(context, existing)
  check_free(existing)
  rules.check(context)
  local before = existing and existing.document
  local record = existing or { id = id, type = TYPE, names = random_names(simulator) }
  local built = document.build(context, record, before)
  local time, converts = duration(existing, before, built.properties)
  record.document = built
  if not existing then
    simulator.store:put(id, record)
    make_network(context, record)
  end
  set_states(record, existing and "Updating" or "Creating")
  record.removed = function()
    vacate(context, record)
  end
  occupy(context, record)
  local op = operation.start(context, {
    provider = PROVIDER, location = built.location, seconds = time, record = record, kind = "put",
    statuses = statuses(node_count(built.properties)),
    done = function()
      if converts then
        document.reimage(built.properties)
        record.restart_required = true
      end
      set_states(record, "Succeeded")
    end,
    failed = function(_, status, problem)
      set_states(record, status)
      built.properties.status = { provisioningError = problem }
    end,
  })
  return existing and 200 or 201, http.copy(built), operation.headers(context, op)
end

local function get(context)
  return 200, find(context).document
end

local function patch(context)
  local record = find(context)
  check_tags(context, record)
  record.document.tags = context.body.tags or record.document.tags
  return 200, record.document
end

local function list(context)
  local value = http.array()
  local scope = context.group and context.group.id or "/subscriptions/" .. context.sim.options.subscription
  for _, record in ipairs(context.sim.store:of_type(scope, TYPE)) do
    value[#value + 1] = record.document
  end
  return 200, { value = value }
end

local function remove_group(simulator, record)
  local id = ("/subscriptions/%s/resourceGroups/%s"):format(simulator.options.subscription,
    record.document.properties.nodeResourceGroup)
  for _, below in ipairs(simulator.store:below(id)) do
    simulator.store:delete(below.id)
  end
  simulator.store:delete(id)
end

local function delete(context)
  local simulator, record = context.sim, context.sim.store:get(id_of(context))
  check_tags(context, record)
  if not record then
    return 204
  end
  if record.operation then
    operation.cancel(simulator, record.operation, { code = "AKSOperationPreemptedByDelete", message = "Preempted by delete." })
  end
  set_states(record, "Deleting")
  local op = operation.start(context, {
    provider = PROVIDER, location = record.document.location, seconds = seconds.delete, record = record, kind = "delete",
    done = function()
      vacate(context, record)
      remove_group(simulator, record)
      simulator.store:delete(record.id)
    end,
  })
  return 202, nil, operation.headers(context, op, { location = true })
end

-- stop and start: power states that an operation leads to.
local function power(name, busy, code)
  return function(context)
    local record = find(context)
    check_free(record)
    set_states(record, busy)
    local op = operation.start(context, {
      provider = PROVIDER, location = record.document.location, seconds = seconds[name], record = record, kind = name,
      done = function()
        set_states(record, "Succeeded", code)
        record.restart_required = record.restart_required and name ~= "start"
      end,
    })
    return 202, nil, operation.headers(context, op, { location = true })
  end
end

local function abort(context)
  local record = find(context)
  local running = record.operation
  if not running then
    http.raise_bare(409, "OperationNotAllowed", "There is no operation in progress that could be aborted.")
  end
  local shown = http.copy(record.document)
  operation.cancel(context.sim, running)
  set_states(record, "Canceling")
  local op = operation.start(context, {
    provider = PROVIDER, location = record.document.location, seconds = seconds.abort, record = record, kind = "abort",
    done = function()
      set_states(record, "Canceled")
    end,
  })
  return 202, shown, operation.headers(context, op, { location = true })
end

local function credentials(kind)
  return function(context)
    local record = find(context)
    if record.document.properties.disableLocalAccounts then
      http.raise_bare(400, "BadRequest",
        "Getting static credential is not allowed because this cluster is set to disable local accounts.")
    end
    return 200, kubeconfig.answer(context, record, kind)
  end
end

local function latest(context)
  local op = find(context).latest_operation
  return 200, {
    id = ("%s/operations/%s"):format(id_of(context), op.id), name = op.id, status = op.status,
    startTime = context.sim.clock:date(op.started), endTime = op.ended and context.sim.clock:date(op.ended) or nil,
    error = op.error,
  }
end

local function show_pool(record, pool)
  local properties = http.copy(pool)
  properties.name = nil
  return { id = record.id .. "/agentPools/" .. pool.name, name = pool.name, type = POOL, properties = properties }
end

local function find_pool(context, record)
  for index, pool in ipairs(record.document.properties.agentPoolProfiles) do
    if pool.name == context.parameters.pool then
      return pool, index
    end
  end
end

local function get_pool(context)
  local record = find(context)
  local pool = find_pool(context, record)
  if not pool then
    http.raise_bare(404, "NotFound", ("Could not find the agent pool %s."):format(context.parameters.pool))
  end
  return 200, show_pool(record, pool)
end

local function list_pools(context)
  local record, value = find(context), http.array()
  for _, pool in ipairs(record.document.properties.agentPoolProfiles) do
    value[#value + 1] = show_pool(record, pool)
  end
  return 200, { value = value }
end

local function put_pool(context)
  local record = find(context)
  local wanted = http.copy(context.body.properties or {})
  wanted.name = context.parameters.pool
  context.is_pool = true
  check_free(record)
  rules.check_shape { properties = { agentPoolProfiles = { wanted } } }
  local before, index = find_pool(context, record)
  local pools = record.document.properties.agentPoolProfiles
  local pool = document.pool(context.sim, wanted, record.document.properties.kubernetesVersion, before)
  pools[index or #pools + 1] = pool
  pool.provisioningState = before and "Updating" or "Creating"
  local op = operation.start(context, {
    provider = PROVIDER, location = record.document.location, seconds = seconds.pool, record = record, kind = "pool",
    done = function()
      pool.provisioningState = "Succeeded"
      occupy(context, record)
    end,
  })
  return before and 200 or 201, show_pool(record, pool), operation.headers(context, op)
end

local function delete_pool(context)
  local record = find(context)
  local pool, index = find_pool(context, record)
  check_free(record)
  if not pool then
    return 204
  elseif #record.document.properties.agentPoolProfiles == 1 then
    http.raise_bare(400, "OperationNotAllowed", "There has to be at least one system pool.")
  end
  pool.provisioningState = "Deleting"
  local op = operation.start(context, {
    provider = PROVIDER, location = record.document.location, seconds = seconds.pool, record = record, kind = "pool",
    done = function()
      table.remove(record.document.properties.agentPoolProfiles, index)
      occupy(context, record)
    end,
  })
  return 202, nil, operation.headers(context, op, { location = true })
end

local group = "/subscriptions/{subscription}/resourceGroups/{group}/providers/" .. TYPE
local one = group .. "/{cluster}"

return {
  { method = "PUT", path = one, handler = put },
  { method = "GET", path = one, handler = get },
  { method = "PATCH", path = one, handler = patch },
  { method = "DELETE", path = one, handler = delete },
  { method = "GET", path = group, handler = list },
  { method = "GET", path = "/subscriptions/{subscription}/providers/" .. TYPE, handler = list },
  { method = "POST", path = one .. "/stop", handler = power("stop", "Stopping", "Stopped") },
  { method = "POST", path = one .. "/start", handler = power("start", "Starting", "Running") },
  { method = "POST", path = one .. "/abort", handler = abort },
  { method = "POST", path = one .. "/listClusterUserCredential", handler = credentials("clusterUser") },
  { method = "POST", path = one .. "/listClusterAdminCredential", handler = credentials("clusterAdmin") },
  { method = "GET", path = one .. "/operations/latest", handler = latest },
  { method = "GET", path = one .. "/agentPools", handler = list_pools },
  { method = "GET", path = one .. "/agentPools/{pool}", handler = get_pool },
  { method = "PUT", path = one .. "/agentPools/{pool}", handler = put_pool },
  { method = "DELETE", path = one .. "/agentPools/{pool}", handler = delete_pool },
}
