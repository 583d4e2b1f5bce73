-- The simulated subscription as a whole: its state, its routes, and what may be asked of it from outside Azure's API.
local apiserver = require "aks.sim.clusters.apiserver"
local clock = require "aks.sim.clock"
local clouds = require "aks.sim.clouds"
local fault = require "aks.sim.fault"
local front = require "aks.sim.front"
local http = require "aks.sim.http"
local identity_host = require "aks.sim.identity_host"
local log = require "aks.sim.log"
local operation = require "aks.sim.operation"
local quirks = require "aks.sim.quirks"
local roles = require "aks.sim.roles"
local router = require "aks.sim.router"
local seed = require "aks.sim.seed"
local store = require "aks.sim.store"
local token = require "aks.sim.token"

local simulator = {}

-- Made-up identifiers that look real; every client is given them.
simulator.defaults = {
  subscription = "5117ab1e-0000-4000-8000-000000000001",
  tenant = "5117ab1e-0000-4000-8000-000000000002",
  client_id = "5117ab1e-0000-4000-8000-000000000003",
  object_id = "5117ab1e-0000-4000-8000-000000000004",
  client_secret = "simulated-secret",
  identity_header = "simulated-identity-header", -- what App Service gives its apps to know them by
  speed = 60,
  replication = 0, -- simulated seconds until the directory knows a new identity
  propagation = 0, -- simulated seconds until a role assignment has effect
}

local providers = { "resources", "generic", "compute", "features", "network", "network_parts", "security_rules",
  "managed_identity", "authorization", "containerservice", "cluster_actions", "agent_pools", "graph" }

-- So many random hexadecimal digits.
local function random(count)
  local parts = {}
  for index = 1, (count + 15) // 16 do
    parts[index] = ("%016x"):format(math.random(0))
  end
  return table.concat(parts):sub(1, count)
end

local function uuid()
  return ("%s-%s-4%s-%x%s-%s"):format(random(8), random(4), random(3), math.random(8, 11), random(3), random(12))
end

-- Requests to the simulator itself, which Azure does not have.
local function own_routes(sim)
  return {
    { method = "GET", path = "/__sim/log", open = true, handler = function()
      return 200, { value = http.array(sim.log.entries) }
    end },
    { method = "POST", path = "/__sim/faults", open = true, handler = function(context)
      local spec, problem = http.decode(context.raw_body)
      local ok = type(spec) == "table"
      if ok then
        ok, problem = pcall(fault.add, sim, spec)
      end
      return ok and 204 or 400, not ok and { error = { code = "InvalidFault", message = tostring(problem) } } or nil
    end },
    { method = "DELETE", path = "/__sim/faults", open = true, handler = function()
      sim.faults = {}
      return 204
    end },
  }
end

--- A new simulated subscription with these options over the defaults.
function simulator.new(options)
  local settings = {}
  for name, value in pairs(simulator.defaults) do
    settings[name] = value
  end
  for name, value in pairs(options) do
    settings[name] = value
  end
  local sim = {
    options = settings, clock = clock.new(settings.speed), store = store.new(), log = log.new(settings.log),
    operations = {}, running = {}, results = {}, faults = {}, tokens = {}, pages = {}, used = {}, features = {},
    providers = {}, buckets = {}, principals = { [settings.object_id] = { since = 0 } }, random = random, uuid = uuid,
    quirks = quirks.choose(settings.quirks),
  }
  function sim.now()
    return os.time() + (settings.clock_ahead or 0)
  end
  local routes = { own_routes(sim), token.routes, identity_host.routes, clouds.routes, operation.routes,
    apiserver.routes }
  for _, name in ipairs(providers) do
    local provider = require("aks.sim.providers." .. name)
    routes[#routes + 1] = provider.routes or provider
  end
  sim.router = router.new(table.unpack(routes))
  roles.grant(sim, settings.roles or {})
  sim.first_token = token.issue(sim, settings.object_id)
  return sim
end

--- The handler of its server.
function simulator.handler(sim)
  return function(request)
    return front.respond(sim, request)
  end
end

-- What a test may ask: name -> function(simulator, argument) -> result.
local controls = {}

function controls.facts(sim)
  local facts = { token = sim.first_token, endpoint = sim.endpoint, authority = sim.endpoint, ca_file = sim.ca_file }
  for _, name in ipairs { "subscription", "tenant", "client_id", "client_secret", "object_id", "identity_header" } do
    facts[name] = sim.options[name]
  end
  return facts
end

function controls.requests(sim)
  return http.array(sim.log.entries)
end

function controls.clear_log(sim)
  sim.log:clear()
end

function controls.fault(sim, spec)
  fault.add(sim, spec)
end

function controls.clear_faults(sim)
  sim.faults = {}
end

function controls.expire_tokens(sim)
  token.expire(sim)
end

function controls.challenge(sim, argument)
  token.challenge(sim, argument.claims)
end

function controls.advance(sim, argument)
  sim.clock:advance(argument.seconds)
end

function controls.needs_restart(sim, argument)
  local record = sim.store:get(argument.id)
  return record ~= nil and record.restart_required ~= nil
end

function controls.put(sim, argument)
  seed.put(sim, argument.id, argument.document)
end

function controls.export(sim)
  local resources = http.object()
  for _, record in pairs(sim.store.records) do
    resources[record.id] = record.document
  end
  return resources
end

--- The control function of its server: JSON in, JSON out.
function simulator.control(sim)
  return function(name, argument)
    local control = assert(controls[name], "the simulator has no control '" .. name .. "'")
    local result = control(sim, argument ~= "" and assert(http.decode(argument)) or {})
    return http.encode { result = result }
  end
end

return simulator
