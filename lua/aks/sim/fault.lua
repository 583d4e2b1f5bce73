-- Scripted failures: which requests they are for, and what becomes of those.
local http = require "aks.sim.http"

local fault = {}

-- What a fault may say, and the type of it.
local members = {
  method = "string", path = "string", skip = "number", count = "number", status = "number", headers = "table",
  truncate = "number", delay = "number", operation = "table", stuck = "boolean", malformed = "boolean",
  probability = "number", seed = "number", throttle = "number", expire_tokens = "boolean",
}

local function check(spec)
  for name, value in pairs(spec) do
    local wanted = members[name]
    if not wanted and name ~= "body" and name ~= "reset" then
      error(("a fault has no '%s'"):format(name), 0)
    elseif wanted and type(value) ~= wanted then
      error(("'%s' of a fault is a %s"):format(name, wanted), 0)
    end
  end
  if spec.path then
    string.find("", spec.path) -- raises what is wrong with the pattern
  end
end

-- What a fault says in one word, in its own terms.
local function complete(spec)
  spec.count = spec.count or (spec.probability and math.huge or 1)
  spec.skip = spec.skip or 0
  spec.chance = spec.seed or 1
  if spec.throttle then
    spec.status = spec.status or 429
    spec.headers = spec.headers or { ["Retry-After"] = tostring(spec.throttle) }
    spec.body = spec.body or { error = { code = "SubscriptionRequestsThrottled",
      message = "The request was throttled: try again later." } }
  end
end

--- Adds a fault: { method, path (Lua pattern on the lower-case path), skip, count (1; without end when a probability is
--- given), probability (0 to 1) and its seed, and what happens: status, headers, body; throttle (seconds: 429);
--- reset ("before" or true, "after"), truncate (bytes), malformed (the body is cut into no JSON), delay (real seconds),
--- expire_tokens, operation = { status, error }, stuck }.
function fault.add(simulator, spec)
  check(spec)
  complete(spec)
  table.insert(simulator.faults, spec)
end

local function concerns(spec, method, path)
  return (not spec.method or spec.method:upper() == method) and (not spec.path or path:lower():find(spec.path) ~= nil)
end

-- Whether chance strikes: a generator of its own, so that the same seed gives the same faults whatever else happens
-- (https://en.wikipedia.org/wiki/Linear_congruential_generator, the constants of POSIX's drand48).
local function strikes(spec)
  if not spec.probability then
    return true
  end
  spec.chance = (spec.chance * 0x5DEECE66D + 0xB) & 0xFFFFFFFFFFFF
  return spec.chance / 0x1000000000000 < spec.probability
end

--- The faults that are left, as they were given.
function fault.list(simulator)
  local list = http.array()
  for index, spec in ipairs(simulator.faults) do
    local shown = {}
    for name, value in pairs(spec) do
      if name ~= "chance" and value ~= math.huge then
        shown[name] = value
      end
    end
    list[index] = shown
  end
  return list
end

--- The fault for a request, which it uses up; nil for most.
function fault.take(simulator, method, path)
  for index, spec in ipairs(simulator.faults) do
    if concerns(spec, method, path) and strikes(spec) then
      if spec.skip > 0 then
        spec.skip = spec.skip - 1
      else
        spec.count = spec.count - 1
        if spec.count <= 0 then
          table.remove(simulator.faults, index)
        end
        return spec
      end
    end
  end
end

--- Whether the request is answered by the fault alone, without having an effect.
function fault.replaces(spec)
  return spec.status ~= nil or spec.reset == true or spec.reset == "before"
end

--- The answer of such a fault.
function fault.answer(spec)
  local body = spec.body
  if type(body) == "table" then
    body = http.encode(body)
  end
  return spec.status or 500, body, spec.headers or {}
end

return fault
