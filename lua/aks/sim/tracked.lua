-- What the network provider's resources have in common: etags, one write at a time, PUT, GET, PATCH of tags, DELETE,
-- lists.
local http = require "aks.sim.http"
local operation = require "aks.sim.operation"
local regions = require "aks.sim.regions"

local tracked = {}

local PROVIDER = "Microsoft.Network"

function tracked.new_etag(simulator)
  return ('W/"%s"'):format(simulator.uuid())
end

--- The id of a request's resource of a type, whose name is the parameter `parameter` of the route.
function tracked.id(context, resource_type, parameter)
  return ("/subscriptions/%s/resourceGroups/%s/providers/%s/%s"):format(context.sim.options.subscription,
    context.group.document.name, resource_type, context.parameters[parameter])
end

--- 404 as the gateway words it.
function tracked.not_found(context, resource_type, name)
  http.raise(404, "ResourceNotFound", ("The Resource '%s/%s' under resource group '%s' was not found. For more details "
    .. "please go to https://aka.ms/ARMResourceNotFoundFix"):format(resource_type, name, context.parameters.group))
end

--- 404 of a write below something that is not there.
function tracked.parent_not_found(resource_type, parent_id)
  http.raise(404, "ParentResourceNotFound", ("Failed to perform 'write' on resource(s) of type '%s', because the "
    .. "parent resource '%s' could not be found."):format(resource_type:match("/(.+)$"), parent_id))
end

--- The answer of a deletion that was asked for once more while it goes on: the same operation. Nil when none does.
function tracked.deleting(context, record)
  local op = record and record.operation
  if op and op.kind == "delete" then
    return operation.headers(context, op, { location = true })
  end
end

-- Another write is under way: to the resource itself, or to the one that it lies in.
local function refuse_busy(context, record)
  if context.id:lower():gsub("/+$", "") == record.id:lower() then
    http.raise(409, "AnotherOperationInProgress", ("Another operation on this or dependent resource is in progress. To "
      .. "retrieve status of the operation use uri: %s."):format(operation.url(context.sim, record.operation)),
      { details = http.array() })
  end
  http.raise(429, "RetryableError", "A retryable error occurred.", { details = http.array { {
      code = "RetryableErrorDueToAnotherOperation",
      message = ("Operation on resource %s is blocked by another operation."):format(record.id) } } })
end

--- Refuses a write while another one is under way, or when the etag that it asks for is not the resource's.
function tracked.check_free(context, record)
  local expected = context.headers["if-match"]
  if record and record.operation then
    refuse_busy(context, record)
  elseif record and expected and expected ~= "*" and expected ~= record.document.etag then
    http.raise(412, "PreconditionFailed",
      ("Precondition failed. Etag provided in if-match header %s does not match etag %s of resource %s."):format(
        expected, record.document.etag, record.id))
  end
end

--- A handler that lists the resources of a type in the request's group or subscription.
function tracked.lister(resource_type, show)
  return function(context)
    local value = http.array()
    local scope = context.group and context.group.id or "/subscriptions/" .. context.sim.options.subscription
    for _, record in ipairs(context.sim.store:of_type(scope, resource_type)) do
      value[#value + 1] = show(context.sim, record)
    end
    return 200, { value = value }
  end
end

local function plain(_, record)
  return record.document
end

local function begin(context, spec, record, done, kind)
  return operation.start(context, { provider = PROVIDER, location = record.document.location, seconds = spec.seconds,
    record = record, done = done, kind = kind })
end

local function putter(spec)
  return function(context)
    local simulator, id, body = context.sim, tracked.id(context, spec.type, "name"), context.body
    local existing = simulator.store:get(id)
    tracked.check_free(context, existing)
    local location = regions.check(spec.type, body.location, existing and existing.document)
    spec.check(context, body, existing)
    local properties = spec.properties(simulator, existing and existing.id or id, body.properties or {})
    properties.provisioningState = "Updating"
    local document = { id = existing and existing.id or id, name = existing and existing.document.name
      or context.parameters.name, type = spec.type, location = location, tags = body.tags,
      etag = tracked.new_etag(simulator), properties = properties }
    local record = existing or simulator.store:put(id, { id = id, type = spec.type })
    record.document = document
    local op = begin(context, spec, record, function()
      record.document.properties.provisioningState = "Succeeded"
      record.document.etag = tracked.new_etag(simulator)
    end)
    if spec.accepted then
      return 202, nil, operation.headers(context, op, { location = true })
    end
    return existing and 200 or 201, document, operation.headers(context, op)
  end
end

local function finder(spec, act)
  return function(context)
    local record = context.sim.store:get(tracked.id(context, spec.type, "name"))
    return act(context, record or tracked.not_found(context, spec.type, context.parameters.name))
  end
end

local function get(_, record)
  return 200, record.document, { ETag = record.document.etag }
end

local function patch(context, record)
  record.document.tags = context.body.tags or record.document.tags
  return 200, record.document
end

local function deleter(spec)
  return function(context)
    local simulator, record = context.sim, context.sim.store:get(tracked.id(context, spec.type, "name"))
    local again = tracked.deleting(context, record)
    if not record then
      return 204
    elseif again then
      return 202, nil, again
    end
    tracked.check_free(context, record)
    spec.check_unused(simulator, record)
    record.document.properties.provisioningState = "Deleting"
    local op = begin(context, spec, record, function()
      simulator.store:delete_tree(record.id)
    end, "delete")
    return 202, nil, operation.headers(context, op, { location = true })
  end
end

--- The routes of a simple type: { type, seconds, check = function(context, body, existing), properties =
--- function(simulator, id, wanted) -> properties, check_unused = function(simulator, record) }.
function tracked.routes(spec)
  local all = "/subscriptions/{subscription}/resourceGroups/{group}/providers/" .. spec.type
  local one, list = all .. "/{name}", tracked.lister(spec.type, plain)
  return {
    { method = "PUT", path = one, handler = putter(spec) },
    { method = "GET", path = one, handler = finder(spec, get) },
    { method = "PATCH", path = one, handler = finder(spec, patch) },
    { method = "DELETE", path = one, handler = deleter(spec) },
    { method = "GET", path = all, handler = list },
    { method = "GET", path = "/subscriptions/{subscription}/providers/" .. spec.type, handler = list },
  }
end

return tracked
