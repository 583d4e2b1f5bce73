-- Scripted failures: which requests they are for, and what becomes of those.
local http = require "aks.sim.http"

local fault = {}

-- What a fault may say, and the type of it.
local members = {
  method = "string", path = "string", skip = "number", count = "number", status = "number", headers = "table",
  truncate = "number", delay = "number", operation = "table", stuck = "boolean",
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

--- Adds a fault: { method, path (Lua pattern on the lower-case path), skip, count, and what happens: status, headers,
--- body,
--- reset ("before" or true, "after"), truncate, delay, operation = { status, error }, stuck }.
function fault.add(simulator, spec)
  check(spec)
  spec.count = spec.count or 1
  spec.skip = spec.skip or 0
  table.insert(simulator.faults, spec)
end

local function concerns(spec, method, path)
  return (not spec.method or spec.method:upper() == method) and (not spec.path or path:lower():find(spec.path) ~= nil)
end

--- The fault for a request, which it uses up; nil for most.
function fault.take(simulator, method, path)
  for index, spec in ipairs(simulator.faults) do
    if concerns(spec, method, path) then
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
