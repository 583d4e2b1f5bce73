-- Asynchronous operations: they take simulated time, are polled at opaque URLs, and change their resource at the end.
local http = require "aks.sim.http"
local quirks = require "aks.sim.quirks"

local operation = {}

-- The api-version that Azure puts into the URLs of AKS's operations, whatever the request's.
local POLL_VERSION = "2016-03-30"
-- The query of such a URL holds a signed certificate: its length is what breaks naive clients.
local CERTIFICATE_LENGTH, SIGNATURE_LENGTH = 3000, 342

local function opaque_query(simulator)
  local ticks = math.random(638000000000000000, 639999999999999999)
  return ("api-version=%s&t=%d&c=%s&s=%s&h=%s"):format(POLL_VERSION, ticks,
    simulator.random(CERTIFICATE_LENGTH), simulator.random(SIGNATURE_LENGTH), simulator.random(43))
end

--- Starts an operation on a record, which is busy until it ends.
---@param spec table { provider, location, seconds, statuses, record, kind, done = function(op),
--- failed = function(op, status, error) }
function operation.start(context, spec)
  local simulator = context.sim
  local scripted = context.fault or {}
  local now = simulator.clock:now()
  local op = {
    id = simulator.uuid(),
    provider = spec.provider,
    location = spec.location,
    subscription = context.parameters.subscription or simulator.options.subscription,
    statuses = spec.statuses or {},
    record = spec.record,
    done = spec.done,
    failed = spec.failed,
    kind = spec.kind,
    started = now,
    seconds = spec.seconds,
    ends = now + spec.seconds,
    status = "InProgress",
    looks = 0,
    stuck = scripted.stuck,
    outcome = scripted.operation,
    query = opaque_query(simulator),
  }
  simulator.operations[op.id] = op
  simulator.running[op.id] = op
  if spec.record then
    spec.record.operation = op
    spec.record.latest_operation = op
  end
  return op
end

local function release(simulator, op)
  simulator.running[op.id] = nil
  if op.record and op.record.operation == op then
    op.record.operation = nil
  end
end

local function fail(simulator, op, status, problem)
  op.status, op.error, op.ended = status, problem, simulator.clock:now()
  release(simulator, op)
  if op.failed then
    op.failed(op, status, problem)
  elseif op.record and op.record.document.properties then
    op.record.document.properties.provisioningState = status
  end
end

--- Ends a running operation as canceled.
function operation.cancel(simulator, op, problem)
  fail(simulator, op, "Canceled", problem or { code = "Canceled", message = "Operation is being canceled by user" })
end

local function finish(simulator, op)
  if op.outcome then
    local status = op.outcome.status
    return fail(simulator, op, status, op.outcome.error or { code = status, message = "The operation has ended so." })
  end
  op.status, op.ended = "Succeeded", simulator.clock:now()
  release(simulator, op)
  op.done(op)
end

--- Ends what has had its time. However fast the clock, an operation is seen in progress at least once.
function operation.settle(simulator)
  local now, over = simulator.clock:now(), {}
  for _, op in pairs(simulator.running) do
    if now >= op.ends and op.looks > 0 and not op.stuck then
      over[#over + 1] = op
    end
  end
  table.sort(over, function(a, b)
    return a.ends < b.ends
  end)
  for _, op in ipairs(over) do
    if op.status == "InProgress" then -- the end of another may have canceled it
      finish(simulator, op)
    end
  end
end

--- Notes that somebody read the resource of a running operation.
function operation.look(record)
  if record and record.operation then
    record.operation.looks = record.operation.looks + 1
  end
end

-- Azure's own words for how far it is, in proportion to the time.
local function words(simulator, op)
  local passed = (simulator.clock:now() - op.started) / op.seconds
  if op.status ~= "InProgress" or #op.statuses == 0 or op.looks == 0 then
    return op.status
  end
  return op.statuses[math.min(#op.statuses, 1 + math.floor(passed * #op.statuses))]
end

--- How soon to look again: whole seconds for everybody, milliseconds for who understands them.
function operation.pace(simulator, op, headers)
  local speed = simulator.clock.speed
  local real = (speed > 0 and op.seconds / speed or math.huge) / 8
  local seconds = math.max(1, math.min(30, math.ceil(real)))
  headers["Retry-After"] = quirks.retry_after(simulator, seconds)
  headers["x-ms-retry-after-ms"] = tostring(math.max(5, math.min(seconds * 1000, math.floor(real * 1000))))
  headers["retry-after-ms"] = headers["x-ms-retry-after-ms"]
  return headers
end

local function url(simulator, op, what)
  return ("%s/subscriptions/%s/providers/%s/locations/%s/%s/%s?%s"):format(simulator.endpoint, op.subscription,
    op.provider, op.location, what, op.id, op.query)
end

--- Where an operation is polled.
function operation.url(simulator, op)
  return url(simulator, op, "operations")
end

--- The headers of the answer that starts an operation. `wanted.location`: a Location too.
function operation.headers(context, op, wanted)
  local headers = { ["Azure-AsyncOperation"] = url(context.sim, op, "operations") }
  if wanted and wanted.location then
    headers.Location = url(context.sim, op, "operationresults")
  end
  if op.provider == "Microsoft.Network" then
    headers["Azure-AsyncNotification"] = "Enabled"
    headers["x-ms-arm-service-request-id"] = context.sim.uuid()
  end
  return operation.pace(context.sim, op, headers)
end

-- The operation of a URL: every character of its query must be as it was given out.
local function find(context)
  local op = context.sim.operations[context.parameters.operation:lower()]
  if not op or context.raw_query ~= op.query then
    http.raise(404, "NotFound", "The operation '" .. context.parameters.operation .. "' was not found.")
  end
  return op
end

--- The body that tells an operation's status.
function operation.show(simulator, op, id)
  local body = { id = id, status = words(simulator, op), error = op.error }
  if op.provider ~= "Microsoft.Network" then
    body.name = op.id
    body.startTime = simulator.clock:date(op.started)
    body.endTime = op.ended and simulator.clock:date(op.ended) or nil
    quirks.bend(simulator, op, body)
  end
  return body
end

local function show(context)
  local simulator, op = context.sim, find(context)
  quirks.check_gateway(simulator, op)
  local body, headers = operation.show(simulator, op), {}
  if op.status == "InProgress" then
    op.looks = op.looks + 1
    operation.pace(simulator, op, headers)
  end
  return 200, body, headers
end

local function result(context)
  local simulator, op = context.sim, find(context)
  local again = { Location = url(simulator, op, "operationresults") }
  if op.status == "InProgress" then
    op.looks = op.looks + 1
    return 202, nil, operation.pace(simulator, op, again)
  elseif op.status == "Failed" then
    http.answer(409, { error = op.error })
  end
  return 204, nil, again -- with a Location that must not be followed any more
end

local ROLLING_QUERY = "api-version=2021-04-01"

--- A Location on its own that changes with every look, as the deletion of a resource group has it. Those that were
--- given out before stay good: an answer may have been lost.
function operation.rolling_location(context, op)
  local simulator = context.sim
  local mark = simulator.random(60)
  simulator.results[mark] = op
  local location = ("%s/subscriptions/%s/operationresults/%s?%s"):format(simulator.endpoint, op.subscription, mark,
    ROLLING_QUERY)
  return operation.pace(simulator, op, { Location = location })
end

local function rolling_result(context)
  local op = context.sim.results[context.parameters.token]
  if not op or context.raw_query ~= ROLLING_QUERY then
    http.raise(404, "NotFound", "The operation result was not found.")
  elseif op.status == "Failed" or op.status == "Canceled" then
    http.answer(409, { error = op.error })
  elseif op.status ~= "InProgress" then
    return 200, nil, {}
  end
  op.looks = op.looks + 1
  return 202, nil, operation.rolling_location(context, op)
end

local base = "/subscriptions/{subscription}/providers/{provider}/locations/{location}"

operation.routes = {
  { method = "GET", path = base .. "/operations/{operation}", handler = show, any_version = true },
  { method = "GET", path = base .. "/operationresults/{operation}", handler = result, any_version = true },
  { method = "GET", path = "/subscriptions/{subscription}/operationresults/{token}", handler = rolling_result,
    any_version = true },
}

return operation
