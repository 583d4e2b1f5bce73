-- Microsoft.ContainerService/managedClusters/agentPools: the pools of a cluster, one by one.
local containerservice = require "aks.sim.providers.containerservice"
local document = require "aks.sim.clusters.document"
local fields = require "aks.sim.clusters.fields"
local http = require "aks.sim.http"
local operation = require "aks.sim.operation"
local provision = require "aks.sim.clusters.provision"
local reach = require "aks.sim.clusters.reach"
local rules = require "aks.sim.clusters.rules"
local tracked = require "aks.sim.tracked"

local TYPE = document.TYPE .. "/agentPools"
-- Simulated seconds.
local SECONDS = { create = 176, update = 27, delete = 37, image = 176, abort = 5 }

-- A pool as a resource of its own; in the cluster's document it is a profile with its name inside.
local function show(cluster, pool)
  local properties = http.copy(pool)
  properties.name = nil
  return { id = cluster.document.id .. "/agentPools/" .. pool.name, name = pool.name, type = TYPE,
    properties = properties }
end

local function pools_of(cluster)
  return cluster.document.properties.agentPoolProfiles
end

local function find(context)
  local cluster = containerservice.find(context)
  local pool = document.pool_named(pools_of(cluster), context.parameters.pool)
  if not pool then
    http.raise_bare(404, "NotFound", ("The agent pool '%s' was not found."):format(context.parameters.pool))
  end
  return cluster, pool
end

-- Pools work side by side, but not while the cluster does.
local function begin(context, cluster, pool, kind, done)
  local work = { document = { properties = pool }, type = TYPE }
  cluster.pool_work[pool.name:lower()] = work
  local op = operation.start(context, {
    provider = "Microsoft.ContainerService", location = cluster.document.location, seconds = SECONDS[kind],
      record = work, kind = kind,
    statuses = kind == "create" and { "InProgress", ("CreatingAgentPool: 0/%d nodes completed"):format(pool.count) }
      or {},
    done = done or function()
      pool.provisioningState = "Succeeded"
    end,
    failed = function(_, status)
      pool.provisioningState = status
    end,
  })
  cluster.latest_operation = op
  return op
end

local function write(context, cluster, existing, wanted)
  local simulator, pool = context.sim, existing
  if existing then
    for name, value in pairs(wanted) do
      existing[name] = value
    end
  else
    pool = wanted
    table.insert(pools_of(cluster), pool)
  end
  document.complete_pool(simulator, pool, cluster.document.properties)
  pool.provisioningState = existing and "Updating" or "Creating"
  provision.hold(simulator, cluster)
  return pool
end

local function put(context)
  local cluster, name = context.sim.store:get(containerservice.id_of(context)), context.parameters.pool
  if not cluster then
    tracked.parent_not_found(TYPE, containerservice.id_of(context))
  end
  local existing = document.pool_named(pools_of(cluster), name)
  fields.check_pool(context.body)
  containerservice.check_etag(context, existing and existing.eTag)
  containerservice.check_idle(cluster, name)
  local wanted = fields.writable_pool(context.body.properties or {})
  wanted.name = existing and existing.name or name
  rules.check_pool(context, wanted, cluster)
  local pool = write(context, cluster, existing, wanted)
  local op = begin(context, cluster, pool, existing and "update" or "create")
  if not existing then
    containerservice.spoil(op, reach.problem(context.sim, cluster, { pool }))
  end
  return existing and 200 or 201, show(cluster, pool), operation.headers(context, op)
end

local function get(context)
  local cluster, pool = find(context)
  local work = cluster.pool_work[pool.name:lower()]
  operation.look(work)
  return 200, show(cluster, pool)
end

local function list(context)
  local cluster, value = containerservice.find(context), http.array()
  for _, pool in ipairs(pools_of(cluster)) do
    value[#value + 1] = show(cluster, pool)
  end
  return 200, { value = value }
end

local function is_last_system_pool(cluster, pool)
  local others = 0
  for _, other in ipairs(pools_of(cluster)) do
    others = others + (other ~= pool and other.mode == "System" and 1 or 0)
  end
  return pool.mode == "System" and others == 0
end

local function remove(cluster, pool)
  for index, other in ipairs(pools_of(cluster)) do
    if other == pool then
      table.remove(pools_of(cluster), index)
      return
    end
  end
end

local function delete(context)
  local cluster = containerservice.find(context)
  local pool = document.pool_named(pools_of(cluster), context.parameters.pool)
  if not pool then
    return 204
  end
  containerservice.check_etag(context, pool.eTag)
  local work = cluster.pool_work[pool.name:lower()]
  if work and work.operation and work.operation.kind == "delete" then -- asked for once more: the same deletion
    return 202, nil, operation.headers(context, work.operation, { location = true })
  end
  containerservice.check_idle(cluster, pool.name)
  if is_last_system_pool(cluster, pool) then
    http.raise_bare(400, "OperationNotAllowed", "There has to be at least one system agent pool.",
      { subcode = "SimulatorPlaceholder" })
  end
  pool.provisioningState = "Deleting"
  local op = begin(context, cluster, pool, "delete", function()
    remove(cluster, pool)
    provision.hold(context.sim, cluster)
  end)
  return 202, nil, operation.headers(context, op, { location = true })
end

local function upgrade_image(context)
  local cluster, pool = find(context)
  containerservice.check_idle(cluster, pool.name)
  pool.provisioningState = "UpgradingNodeImageVersion"
  local op = begin(context, cluster, pool, "image", function()
    document.upgrade_images { agentPoolProfiles = { pool } }
    pool.provisioningState = "Succeeded"
  end)
  return 202, show(cluster, pool), operation.headers(context, op, { location = true })
end

local function abort(context)
  local cluster, pool = find(context)
  local work = cluster.pool_work[pool.name:lower()]
  local running = work and work.operation
  if not running or running.kind == "abort" then
    http.raise_bare(409, "OperationNotAllowed", "There is no operation in progress that could be aborted.",
      { subcode = "SimulatorPlaceholder" })
  end
  operation.cancel(context.sim, running)
  pool.provisioningState, pool.eTag = "Canceling", context.sim.uuid()
  local op = begin(context, cluster, pool, "abort", function()
    pool.provisioningState = "Canceled"
  end)
  return 202, nil, operation.headers(context, op, { location = true })
end

local all = "/subscriptions/{subscription}/resourceGroups/{group}/providers/" .. document.TYPE
  .. "/{cluster}/agentPools"
local one = all .. "/{pool}"

return {
  { method = "PUT", path = one, handler = put },
  { method = "GET", path = one, handler = get },
  { method = "DELETE", path = one, handler = delete },
  { method = "GET", path = all, handler = list },
  { method = "POST", path = one .. "/upgradeNodeImageVersion", handler = upgrade_image },
  { method = "POST", path = one .. "/abort", handler = abort },
}
