-- ARM's front door: finds the route, checks what ARM checks for every provider, and gives answers their headers.
local access = require "aks.sim.access"
local fault = require "aks.sim.fault"
local http = require "aks.sim.http"
local kinds = require "aks.sim.kinds"
local network_shapes = require "aks.sim.network_shapes"
local operation = require "aks.sim.operation"
local throttle = require "aks.sim.throttle"
local token = require "aks.sim.token"
local versions = require "aks.sim.versions"

local front = {}

-- What the counters of remaining requests start from: for one principal, and for the subscription as a whole. Answers
-- of 2025 show 799 and 11999 for writes, 16499 for all reads; the documentation says that the second is 15 times the
-- first.
local reads, writes = { "reads", 1099, 16499 }, { "writes", 799, 11999 }
local counters = { GET = reads, HEAD = reads, DELETE = { "deletes", 799, 11999 } }

-- Members of a query, whose names have no case in ARM.
local function parse_query(text)
  local values = {}
  for name, value in pairs(http.parse_form(text)) do
    values[name:lower()] = value
  end
  return values
end

local function parse(simulator, request)
  local path, query = request.target:match("^([^?]*)%??(.*)$")
  return {
    sim = simulator,
    method = request.method,
    target = request.target,
    path = path,
    id = http.decode_percent(path),
    raw_query = query,
    raw_body = request.body,
    query = parse_query(query),
    headers = request.headers,
    parameters = {},
  }
end

local function check_subscription(context)
  local wanted = context.parameters.subscription or context.id:lower():match("^/subscriptions/([^/]+)")
  local options = context.sim.options
  if wanted and wanted:lower() ~= options.subscription:lower() then
    http.raise(404, "SubscriptionNotFound", ("The subscription '%s' could not be found."):format(wanted))
  end
end

local function check_group(context, route)
  local first, last = context.id:lower():find("^/subscriptions/[^/]+/resourcegroups/[^/]+/")
  local group = context.parameters.group or first and context.id:sub(first, last - 1):match("[^/]+$")
  if not group or route.makes_group then
    return
  end
  local id = ("/subscriptions/%s/resourceGroups/%s"):format(context.sim.options.subscription, group)
  context.group = context.sim.store:get(id)
  if not context.group then
    http.raise(404, "ResourceGroupNotFound", ("Resource group '%s' could not be found."):format(group))
  elseif context.method ~= "GET" and context.method ~= "DELETE"
    and context.group.document.properties.provisioningState == "Deleting" then
    http.raise(409, "ResourceGroupBeingDeleted",
      ("The resource group '%s' is in deprovisioning state and cannot perform "
      .. "this operation."):format(group))
  end
end

-- A subscription may write only to providers that it has registered.
local function check_registration(context)
  local namespace = context.id:match("/[Pp]roviders/([^/]+)/[^/]+/[^/]+")
  local simulator = context.sim
  if context.method ~= "PUT" or not namespace or not simulator.options.unregistered
    or namespace:lower() == "microsoft.authorization" then -- which every subscription has
    return
  end
  local known = simulator.providers[namespace:lower()]
  if not known or known.state ~= "Registered" then
    http.raise(409, "MissingSubscriptionRegistration",
      ("The subscription is not registered to use namespace '%s'. See https://aka.ms/rps-not-found for how to register "
        .. "subscriptions."):format(namespace), { details = http.array { { code = "MissingSubscriptionRegistration",
        target = namespace, message = "The subscription is not registered to use this namespace." } } })
  end
end

-- What ARM itself reads of a resource.
local envelope = { location = "s", tags = { values = "s" }, managedBy = "s", kind = "s", identity = "o", sku = "o",
  properties = "o" }

local function check_envelope(context)
  local is_resource = context.method == "PUT" or context.method == "PATCH"
  local problem = is_resource and kinds.problem(context.body, envelope)
  if problem then
    http.raise(400, "InvalidRequestContent",
      ("The request content was invalid and could not be deserialized: '%s'."):format(problem))
  end
  network_shapes.check(context)
end

local function parse_body(context)
  if context.raw_body == "" then
    if context.method == "PUT" or context.method == "PATCH" then
      http.raise(400, "InvalidRequestContent",
        "The request content was invalid and could not be deserialized: it is empty.")
    end
    return
  end
  local value, problem = http.decode(context.raw_body)
  if not http.is_object(value) then
    http.raise(400, "InvalidRequestContent",
      "The request content was invalid and could not be deserialized: '" .. tostring(problem or "not an object")
        .. "'.")
  end
  context.body = http.without_nulls(value)
  check_envelope(context)
end

-- Cuts a list into pages whose next link is opaque.
local function page(context, body)
  local simulator, size = context.sim, context.sim.options.page_size
  if context.method ~= "GET" or not context.api_version or not size or type(body) ~= "table"
    or type(body.value) ~= "table" or #body.value <= size then
    return body
  end
  local now, rest = http.array(), http.array()
  for index, item in ipairs(body.value) do
    table.insert(index <= size and now or rest, item)
  end
  local mark = simulator.random(24)
  simulator.pages[mark] = rest
  return { value = now, nextLink = ("%s%s?api-version=%s&%%24skiptoken=%s"):format(simulator.endpoint, context.path,
    context.api_version, mark) }
end

local function next_page(context)
  local mark = context.query["$skiptoken"]
  local rest = mark and context.sim.pages[mark]
  if mark and not rest then
    http.raise(400, "InvalidSkipToken", "The skip token is invalid.")
  end
  return rest and { value = rest }
end

-- What of a scripted failure has an effect later on.
local function kept_fault(scripted)
  return (scripted.operation or scripted.stuck) and { operation = scripted.operation, stuck = scripted.stuck } or nil
end

-- Whether the answer to a request changes something that must last.
local function is_lasting(context, route)
  return route.lasting or context.method ~= "GET"
end

local function handle(context, route)
  if context.sim.journal then
    context.sim.journal:check()
  end
  context.caller = context.caller or token.check(context.sim, context.headers)
  context.type, context.action = versions.type_of(route)
  if not route.any_version then
    versions.read(context)
  end
  check_subscription(context)
  if not (context.sim.journal and context.sim.journal.repeating) then
    throttle.check(context)
  end
  access.check(context, route)
  check_group(context, route)
  if not route.any_version then
    versions.check(context)
  end
  check_registration(context)
  parse_body(context)
  operation.settle(context.sim)
  local rest = next_page(context)
  if rest then
    return 200, page(context, rest), {}
  end
  context.answered = true
  local journal = is_lasting(context, route) and context.sim.journal
  if journal then
    journal:chance()
  end
  local now = context.sim.clock:now()
  local status, body, headers = route.handler(context)
  if journal then
    journal:note(now, { kind = "request", method = context.method, target = context.target, body = context.raw_body,
      caller = context.caller, if_match = context.headers["if-match"], if_none_match = context.headers["if-none-match"],
      fault = kept_fault(context.fault) })
  end
  if context.method == "GET" then
    operation.look(context.sim.store:get(context.id))
  end
  return status, page(context, body), headers
end

-- What there is no route for: nothing that Azure has, something that is not simulated, or another method.
local function unknown(context, known)
  token.check(context.sim, context.headers)
  local namespace, kind = context.id:match("/[Pp]roviders/([^/]+)/?([^/]*)")
  if not context.id:lower():find("^/subscriptions/[^/]") and not namespace then
    http.raise(404, "MissingSubscription",
      "The request did not have a subscription or a valid tenant level resource provider.")
  end
  versions.read(context)
  check_subscription(context)
  if known then
    http.raise(405, "MethodNotAllowed", ("The method %s is not allowed for this resource."):format(context.method))
  elseif namespace and not namespace:find("^[Mm]icrosoft%.%w+$") then
    http.raise(404, "InvalidResourceNamespace", ("The resource namespace '%s' is invalid."):format(namespace))
  end
  http.raise(404, "InvalidResourceType", ("The resource type '%s' could not be found in the namespace '%s' for api "
    .. "version '%s'. It is not simulated."):format(kind or context.id, namespace or "Microsoft.Resources",
    context.api_version))
end

local dispatch

-- HEAD asks whether there is what a GET would show.
local function exists(context)
  context.method = "GET"
  local status, _, headers = dispatch(context)
  return status == 200 and 204 or status, nil, headers
end

--- The answer to a request as status, body table or text, headers.
function dispatch(context)
  local route, parameters = context.sim.router:find(context.method, context.path)
  if not route and context.method == "HEAD" then
    return exists(context)
  elseif not route then
    return unknown(context, parameters)
  end
  context.parameters = parameters
  if route.open then
    return route.handler(context)
  end
  context.pretty = route.path:find("Microsoft.ContainerService/managedClusters", 1, true) ~= nil
  return handle(context, route)
end

local function protected(context)
  local ok, status, body, headers = xpcall(dispatch, function(problem)
    return http.is_answer(problem) and problem or debug.traceback(tostring(problem), 2)
  end, context)
  if ok then
    return status, body, headers
  elseif http.is_answer(status) then
    return status.status, status.body, status.headers
  end
  error(status, 0)
end

-- What every recorded answer has.
local constant = { ["Cache-Control"] = "no-cache", Pragma = "no-cache", Expires = "-1",
  ["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains", ["X-Content-Type-Options"] = "nosniff" }

local function standard_headers(context, headers)
  local simulator = context.sim
  local name, one, all = table.unpack(counters[context.method] or writes)
  local used = simulator.used[name] or 0
  simulator.used[name] = used + 1
  headers["x-ms-ratelimit-remaining-subscription-" .. name] = math.max(0, one - used)
  headers["x-ms-ratelimit-remaining-subscription-global-" .. name] = math.max(0, all - used)
  for header, value in pairs(constant) do
    headers[header] = value
  end
  headers["x-ms-request-id"] = simulator.uuid()
  headers["x-ms-correlation-request-id"] = context.headers["x-ms-correlation-request-id"] or simulator.uuid()
  headers["x-ms-routing-request-id"] = "SIMULATED:" .. headers["x-ms-request-id"]
  if (context.headers["x-ms-return-client-request-id"] or ""):lower() == "true" then
    headers["x-ms-client-request-id"] = context.headers["x-ms-client-request-id"]
  end
end

local function to_list(headers)
  local list = {}
  for name, value in pairs(headers) do
    list[#list + 1] = { name, tostring(value) }
  end
  return list
end

-- Who refused: the gateway knows itself which resources there are.
local function failure_cause(context, body)
  local problem = type(body) == "table" and body.error
  local absent = type(problem) == "table" and problem.code == "ResourceNotFound"
  return context.answered and not absent and "service" or "gateway"
end

--- Repeats a request of the state file, whose answer nobody waits for.
function front.repeat_request(simulator, entry)
  local context = parse(simulator, { method = entry.method, target = entry.target, body = entry.body,
    headers = { ["if-match"] = entry.if_match, ["if-none-match"] = entry.if_none_match } })
  context.caller, context.fault = entry.caller, entry.fault or {}
  protected(context)
end

--- Answers one request of aks.httpd.
function front.respond(simulator, request)
  local context = parse(simulator, request)
  local scripted = context.path:sub(1, 7) ~= "/__sim/" and fault.take(simulator, context.method, context.path) or {}
  context.fault = scripted
  local status, body, headers
  if scripted.expire_tokens then
    token.expire(simulator)
  end
  if fault.replaces(scripted) then
    status, body, headers = fault.answer(scripted)
  else
    status, body, headers = protected(context)
  end
  local answer = {}
  local typed = false
  for name, value in pairs(headers or {}) do
    answer[name], typed = value, typed or name:lower() == "content-type"
  end
  standard_headers(context, answer)
  if status >= 400 then
    answer["x-ms-failure-cause"] = answer["x-ms-failure-cause"] or failure_cause(context, body)
  end
  if type(body) == "table" then
    body = http.encode(body, context.pretty)
  end
  if scripted.malformed and body then
    body = body:sub(1, #body // 2)
  end
  if body and not typed then
    answer["Content-Type"] = context.pretty and "application/json" or "application/json; charset=utf-8"
  end
  if context.path:sub(1, 7) ~= "/__sim/" then
    simulator.log:add(request, scripted.reset and 0 or status)
  end
  return {
    status = status, body = request.method ~= "HEAD" and body or nil, headers = to_list(answer),
    delay = scripted.delay, reset = scripted.reset and true or false, truncate = scripted.truncate,
  }
end

return front
