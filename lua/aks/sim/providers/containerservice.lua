-- Microsoft.ContainerService: managed clusters from their creation to their end.
local document = require "aks.sim.clusters.document"
local fields = require "aks.sim.clusters.fields"
local http = require "aks.sim.http"
local kubeconfig = require "aks.sim.clusters.kubeconfig"
local operation = require "aks.sim.operation"
local provision = require "aks.sim.clusters.provision"
local reach = require "aks.sim.clusters.reach"
local rules = require "aks.sim.clusters.rules"
local shape = require "aks.sim.clusters.shape"

local containerservice = {}

local TYPE = document.TYPE
-- Simulated seconds, near the medians of Azure's public test recordings.
local SECONDS = { create = 308, create_integrated = 415, update = 114, convert = 600, delete = 240, stop = 105,
  start = 257, abort = 5, rotate = 600 }

-- This provider writes the segment in lower case, whatever was sent.
local function id_of(context)
  return ("/subscriptions/%s/resourcegroups/%s/providers/%s/%s"):format(context.sim.options.subscription,
    context.group.document.name, TYPE, context.parameters.cluster)
end

containerservice.id_of = id_of

--- The record of a request's cluster; 404 when there is none.
function containerservice.find(context)
  local record = context.sim.store:get(id_of(context))
  if not record then
    http.raise(404, "ResourceNotFound", ("The Resource '%s/%s' under resource group '%s' was not found. "
      .. "For more details please go to https://aka.ms/ARMResourceNotFoundFix"):format(TYPE, context.parameters.cluster,
        context.parameters.group))
  end
  return record
end

--- 409 while the cluster, or the pool of this name (nil: any), has something going on.
function containerservice.check_idle(record, pool_name)
  local busy = record.operation
  for name, pool in pairs(record.pool_work) do
    if not pool_name or name == pool_name:lower() then
      busy = busy or pool.operation
    end
  end
  if busy then
    http.raise_bare(409, "OperationNotAllowed", ("Another operation (%s) is in progress, please wait for it to finish "
      .. "before starting a new operation. See https://aka.ms/aks-pending-operation for more details"):format(
        record.document.properties.provisioningState))
  end
end

-- https://learn.microsoft.com/azure/aks/use-etags
function containerservice.check_etag(context, etag)
  local match, none = context.headers["if-match"], context.headers["if-none-match"]
  if match == "" then
    match = nil
  end
  if match and none and none ~= "" then
    http.raise_bare(400, "BadRequest", "If-Match and If-None-Match cannot be used together.")
  elseif none and none ~= "" and none ~= "*" then
    http.raise_bare(400, "BadRequest", "If-None-Match can only be * or empty.")
  elseif (none == "*" and etag) or (match and (not etag or (match ~= "*" and match ~= etag))) then
    http.raise_bare(412, "PreconditionFailed", "The precondition given in the request headers is not met.")
  end
end

-- Azure's own words for the stages of each kind of work.
local function stages(kind, pools)
  if kind == "update" then
    return { "InProgress", "ProvisioningControlPlane", "ReconcilingAddons" }
  elseif kind ~= "create" and kind ~= "convert" then
    return {}
  end
  local nodes = 0
  for _, pool in ipairs(pools) do
    nodes = nodes + (pool.count or 0)
  end
  local counted = "CreatingAgentPools: %d/%d nodes completed"
  return { "InProgress", "ProvisioningNetworkResources", "ProvisioningControlPlane", "ReconcilingDNS",
    counted:format(0, nodes),
    counted:format(nodes, nodes), "ReconcilingAddons" }
end

-- The error that is kept on a cluster that failed, for who has lost the operation's URL.
local function keep_error(record, problem)
  record.document.properties.status = { provisioningError = problem }
end

local function begin(context, record, kind, done)
  return operation.start(context, {
    provider = "Microsoft.ContainerService", location = record.document.location, seconds = SECONDS[kind],
    record = record,
    kind = kind, statuses = stages(kind:gsub("_.*", ""), record.document.properties.agentPoolProfiles),
    done = done or function()
      document.settle(context.sim, record)
      document.set_state(record, "Succeeded")
    end,
    failed = function(_, status, problem)
      document.set_state(record, status)
      keep_error(record, problem)
    end,
  })
end


local function place_of(context, location)
  return { id = id_of(context), group = context.group.document.name, name = context.parameters.cluster,
    location = location }
end

local function check_body(context)
  fields.check(context.body)
  return fields.writable(context.body)
end

local function works_of(record)
  local list = {}
  for _, work in pairs(record.pool_work) do
    list[#list + 1] = work
  end
  return list
end

local function needs_running(record)
  if record.document.properties.powerState.code == "Stopped" then
    http.raise_bare(400, "OperationNotAllowed",
      "managed cluster is in stopped state, no operations except for start and "
      .. "delete are allowed", { subcode = "SimulatorPlaceholder" })
  end
end

--- An operation ends with the problem, if there is one that its own fate does not forestall.
function containerservice.spoil(op, problem)
  if problem and not op.outcome then
    op.outcome = { status = "Failed", error = problem }
  end
end

-- What is wrong with the network is met by the nodes that come up, not by the request.
local function bring_up_nodes(context, record, op, is_encrypted)
  local problem = is_encrypted and { code = "NodesNotReady", message = "Internal server error" }
    or reach.problem(context.sim, record, record.document.properties.agentPoolProfiles)
  record.lacks_nodes = problem ~= nil
  containerservice.spoil(op, problem)
end

local function create(context, body)
  local simulator, merged = context.sim, document.merge(nil, body)
  local facts = rules.check(context, merged, body, nil)
  local place = place_of(context, merged.location:lower():gsub("%s", ""))
  place.location = merged.location:lower():gsub("%s", "")
  local record = {
    id = place.id, type = TYPE, names = document.new_names(simulator), pool_work = {},
    authority = kubeconfig.authority(simulator), document = document.complete(simulator, merged, place),
  }
  record.removed = function()
    provision.release(simulator, record)
  end
  document.set_names(record)
  document.set_state(record, "Creating")
  simulator.store:put(record.id, record)
  provision.hold(simulator, record)
  local access = record.document.properties.apiServerAccessProfile or {}
  local op = begin(context, record, access.enableVnetIntegration and "create_integrated" or "create")
  bring_up_nodes(context, record, op, facts.encrypted)
  return 201, shape.show(context, record), operation.headers(context, op)
end

local function kind_of_update(before, after)
  return after.enableVnetIntegration and not before.enableVnetIntegration and "convert" or "update"
end

local function update(context, body, record)
  local simulator, old = context.sim, record.document
  local merged = document.merge(old, shape.keep_unknown(context, body, old))
  local facts = rules.check(context, merged, body, record)
  record.document = document.complete(simulator, merged, place_of(context, old.location), old)
  record.document.properties.status = nil
  record.document.id, record.document.name = old.id, old.name
  document.set_names(record)
  provision.hold(simulator, record)
  local kind = kind_of_update(old.properties.apiServerAccessProfile or {},
    record.document.properties.apiServerAccessProfile or {})
  document.set_state(record, "Updating", kind == "convert" and "UpgradingNodeImageVersion" or nil)
  local op = begin(context, record, kind, function()
    if kind == "convert" then
      document.upgrade_images(record.document.properties)
      record.restart_required = true -- until it is stopped and started
    end
    document.settle(simulator, record)
    document.set_state(record, "Succeeded")
  end)
  if kind == "convert" or record.lacks_nodes then
    bring_up_nodes(context, record, op, facts.encrypted)
  end
  return 200, shape.show(context, record), operation.headers(context, op)
end

local function put(context)
  local record = context.sim.store:get(id_of(context))
  containerservice.check_etag(context, record and record.document.eTag)
  if not record then
    return create(context, check_body(context))
  end
  containerservice.check_idle(record)
  needs_running(record)
  return update(context, check_body(context), record)
end

local function get(context)
  return 200, shape.show(context, containerservice.find(context))
end

local function patch(context)
  local record = containerservice.find(context)
  containerservice.check_etag(context, record.document.eTag)
  containerservice.check_idle(record)
  record.document.tags = context.body and context.body.tags or record.document.tags
  record.document.eTag = context.sim.uuid()
  return 200, shape.show(context, record)
end

local function list(context)
  local value = http.array()
  local scope = context.group and context.group.id or "/subscriptions/" .. context.sim.options.subscription
  for _, record in ipairs(context.sim.store:of_type(scope, TYPE)) do
    operation.look(record) -- who watches many clusters reads the list, not their operations
    value[#value + 1] = shape.show(context, record)
  end
  return 200, { value = value }
end

-- A deletion wins over what is going on.
local function preempt(simulator, record)
  local works = { record, table.unpack(works_of(record)) }
  for _, work in ipairs(works) do
    if work.operation then
      operation.cancel(simulator, work.operation, { code = "AKSOperationPreemptedByDelete",
        message = "The operation was preempted by a delete operation." })
    end
  end
end

local function delete(context)
  local simulator, record = context.sim, context.sim.store:get(id_of(context))
  if not record then
    return 204
  end
  containerservice.check_etag(context, record.document.eTag)
  if record.operation and record.operation.kind == "delete" then -- asked for once more: the same deletion
    return 202, nil, operation.headers(context, record.operation, { location = true })
  end
  preempt(simulator, record)
  document.set_state(record, "Deleting")
  local op = begin(context, record, "delete", function()
    provision.release(simulator, record)
    simulator.store:delete_tree(record.id)
  end)
  return 202, nil, operation.headers(context, op, { location = true })
end

-- stop and start: from one power state to the other.
local function power(kind, during, from, to)
  return function(context)
    local record = containerservice.find(context)
    local properties = record.document.properties
    containerservice.check_idle(record)
    if properties.powerState.code ~= from then
      http.raise_bare(400, "OperationNotAllowed", ("managed cluster is in Provisioning State(%s) and Power State(%s), "
        .. "%s cannot be performed"):format(properties.provisioningState, properties.powerState.code, during:lower()))
    end
    document.set_state(record, during)
    document.renew(context.sim, record)
    local op = begin(context, record, kind, function()
      for _, pool in ipairs(properties.agentPoolProfiles) do
        pool.powerState = { code = to }
      end
      properties.powerState = { code = to }
      if kind == "start" then -- which only a stop can have preceded
        record.restart_required = nil
      end
      document.set_state(record, "Succeeded")
    end)
    if kind == "start" then
      bring_up_nodes(context, record, op)
    end
    return 202, nil, operation.headers(context, op, { location = true })
  end
end

local function rotate(context)
  local record = containerservice.find(context)
  containerservice.check_idle(record)
  needs_running(record)
  document.set_state(record, "RotatingClusterCertificates")
  document.renew(context.sim, record)
  local op = begin(context, record, "rotate", function()
    record.authority = kubeconfig.authority(context.sim)
    document.set_state(record, "Succeeded")
  end)
  return 202, nil, operation.headers(context, op, { location = true })
end

local function abort(context)
  local record = containerservice.find(context)
  if not record.operation or record.operation.kind == "abort" then
    http.raise_bare(409, "OperationNotAllowed", "There is no operation in progress that could be aborted.",
      { subcode = "SimulatorPlaceholder" })
  end
  local shown = http.copy(shape.show(context, record))
  operation.cancel(context.sim, record.operation)
  document.set_state(record, "Canceling")
  document.renew(context.sim, record)
  local op = begin(context, record, "abort", function()
    document.set_state(record, "Canceled")
  end)
  return 202, shown, operation.headers(context, op, { location = true })
end

local group = "/subscriptions/{subscription}/resourceGroups/{group}/providers/" .. TYPE
local one = group .. "/{cluster}"

containerservice.routes = {
  { method = "PUT", path = one, handler = put },
  { method = "GET", path = one, handler = get },
  { method = "PATCH", path = one, handler = patch },
  { method = "DELETE", path = one, handler = delete },
  { method = "GET", path = group, handler = list },
  { method = "GET", path = "/subscriptions/{subscription}/providers/" .. TYPE, handler = list },
  { method = "POST", path = one .. "/stop", handler = power("stop", "Stopping", "Running", "Stopped") },
  { method = "POST", path = one .. "/start", handler = power("start", "Starting", "Stopped", "Running") },
  { method = "POST", path = one .. "/abort", handler = abort },
  { method = "POST", path = one .. "/rotateClusterCertificates", handler = rotate },
}

return containerservice
