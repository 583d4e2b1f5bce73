-- Requests to the simulator itself, below /__sim/, which Azure does not have. They need no token: whoever reaches
-- loopback may make them; browsers' other pages may not, as they cannot send JSON here without being asked first.
local fault = require "aks.sim.fault"
local http = require "aks.sim.http"
local overview = require "aks.sim.overview"
local page = require "aks.sim.page"

local PAGE_HEADERS = { ["Content-Type"] = "text/html; charset=utf-8", ["Referrer-Policy"] = "no-referrer",
  ["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    .. "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" }

-- A body that is an object, given to `use`; 400 says what is wrong with it.
local function with_body(context, use)
  local value, problem = http.decode(context.raw_body)
  local ok = http.is_object(value)
  if (context.headers["content-type"] or ""):lower():match("^[^;]*") ~= "application/json" then
    ok, problem = false, "the body must be application/json"
  elseif ok then
    ok, problem = pcall(use, value)
  end
  return ok and 204 or 400, not ok and { error = { code = "InvalidRequest", message = tostring(problem) } } or nil
end

--- The routes of a simulator; `controls` are what tests may ask it.
return function(sim, controls)
  local function route(method, path, handler)
    return { method = method, path = "/__sim" .. path, open = true, handler = handler }
  end
  return {
    route("GET", "", function()
      return 200, page, PAGE_HEADERS
    end),
    route("GET", "/overview", function()
      return 200, overview.read(sim)
    end),
    route("GET", "/log", function()
      return 200, { value = http.array(sim.log.entries) }
    end),
    route("GET", "/faults", function()
      return 200, { value = fault.list(sim) }
    end),
    route("POST", "/faults", function(context)
      return with_body(context, function(spec)
        fault.add(sim, spec)
      end)
    end),
    route("DELETE", "/faults", function()
      sim.faults = {}
      return 204
    end),
    route("GET", "/state", function()
      return 200, controls.export(sim)
    end),
    route("PUT", "/state", function(context)
      return with_body(context, function(resources)
        controls.import(sim, resources)
      end)
    end),
  }
end
