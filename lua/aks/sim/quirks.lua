-- Oddities that Azure's operations have been recorded with. Those that are frequent are always there; these are chosen
-- by name with the option `quirks`.
local http = require "aks.sim.http"

local quirks = {}

-- Name -> whether it is there without being asked for.
quirks.known = {
  transient_error = true, -- an error object on an operation that goes on, and succeeds later
  swapped_name = false, -- the name in the body is the id with its first three groups byte-swapped (until late 2023)
  no_end_time = false, -- an operation that has succeeded has no endTime
  early_end_time = false, -- one that goes on has an endTime already
  overcounted = false, -- a status counts more nodes than there are
  http_date = false, -- Retry-After is a date
  bad_gateway = false, -- the third look at an operation is answered 502
}

--- The quirks that an option asks for: true (all), a list of names, false (none), nil (the usual ones).
function quirks.choose(option)
  local chosen = {}
  for name, usual in pairs(quirks.known) do
    chosen[name] = option == true or (option == nil and usual)
  end
  for _, name in ipairs(type(option) == "table" and option or {}) do
    assert(quirks.known[name] ~= nil, "the option 'quirks' names none that is known: " .. tostring(name))
    chosen[name] = true
  end
  return chosen
end

-- .NET writes the first three groups of a UUID in the machine's byte order.
local function swap(uuid)
  local a, b, c, rest = uuid:match("^(%x+)%-(%x+)%-(%x+)(.*)$")
  local function turn(digits)
    local bytes = {}
    for pair in digits:gmatch("%x%x") do
      table.insert(bytes, 1, pair)
    end
    return table.concat(bytes)
  end
  return turn(a) .. "-" .. turn(b) .. "-" .. turn(c) .. rest
end

--- Changes the body of an operation of AKS as the chosen quirks do.
function quirks.bend(simulator, op, body)
  local chosen, going_on = simulator.quirks, op.status == "InProgress"
  if chosen.swapped_name and body.name then
    body.name = swap(body.name)
  end
  if chosen.no_end_time and op.status == "Succeeded" then
    body.endTime = nil
  elseif chosen.early_end_time and going_on and op.looks > 1 then
    body.endTime = simulator.clock:date(simulator.clock:now())
  end
  if chosen.overcounted and going_on then
    body.status = body.status:gsub("%d+/(%d+) nodes", function(total)
      return ("%d/%s nodes"):format(tonumber(total) + 1, total)
    end)
  end
  if chosen.transient_error and going_on and op.kind == "start" and op.looks == 1 then
    body.error = { code = "NotLatestOperation", message = "Cannot proceed with the operation. Either the operation has "
      .. "been preempted by another one, or the information needed by the operation failed to be saved (or hasn't been "
      .. "saved yet)." }
  end
  return body
end

--- A look at an operation that never reaches its provider.
function quirks.check_gateway(simulator, op)
  if simulator.quirks.bad_gateway and not op.lost and op.looks == 2 then
    op.lost = true
    http.raise(502, "BadGatewayConnection",
      "The network connectivity issue encountered for 'Microsoft.ContainerService'; cannot fulfill the request.")
  end
end

--- Retry-After, in whole seconds or as a date (RFC 9110 section 10.2.3).
function quirks.retry_after(simulator, seconds)
  return simulator.quirks.http_date and os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + seconds) or tostring(seconds)
end

return quirks
