-- A simulated Azure: started in this process for tests and tries, or served in the foreground for other programs.
local http = require "aks.sim.http"
local httpd = require "aks.httpd"

---@class aks.sim A simulated Azure Resource Manager on loopback, in a thread of its own.
---@field endpoint string its URL, for aks.connect's `endpoint`
---@field ca_file? string with the option `tls`: whom a client must trust, a PEM file for aks.connect's `ca_file`
---@field authority string where tokens are to be had: the same server
---@field subscription string
---@field tenant string
---@field client_id string of the one service principal that it knows
---@field client_secret string
---@field token string a bearer token that it accepts
local sim = {}
sim.__index = sim

-- How fast tests want Azure to be.
local FAST = 2000

local function ask(self, name, argument)
  local text = self.thread:call(name, argument and http.encode(argument) or "")
  return assert(http.decode(text)).result
end

---Starts a simulator. It ends with `stop`, with a `<close>` variable, or when it is collected.
---@param options? table port (any free one), tls (true: HTTPS), certificates (the directory that those are kept in),
---speed (how many times faster than Azure), page_size, log (a file), state (a file that keeps everything),
---subscription, tenant, client_id, client_secret, replication (seconds until the directory knows a new identity),
---propagation (seconds until a role assignment has effect), client_certificates (PEM texts that the application has),
---federated ({ issuer, subject, audience, certificate } each), secret_expired, clock_ahead (seconds that Entra's clock
---is ahead), machine_identity (false: none), identity_header, arc_directory, ci_job ({ request_token,
---token, service_connection }), throttle, unregistered, require_feature, orphan_links, roles (names; what the caller
---may do), cores, family_cores, without_capacity and without_clusters (regions), quirks: see doc/simulator.md
---@return aks.sim
function sim.start(options)
  local settings = { speed = FAST }
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  local thread = httpd.start("aks.sim.server", http.encode(settings))
  local self = setmetatable({ thread = thread }, sim)
  for name, value in pairs(ask(self, "facts")) do
    self[name] = value
  end
  return self
end

---Serves in the foreground until SIGINT or SIGTERM. The first line of stdout is the endpoint, with the option `tls` the
---second one the file of the authority to trust.
---@param options table as for `start`
---@param tell? fun(facts: table) called before anything is printed, with what `start` returns as fields
function sim.serve(options, tell)
  local settings = { signals = true }
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  local server, handler, control = require("aks.sim.server")(http.encode(settings))
  local facts = http.decode(control("facts", "")).result
  if tell then
    tell(facts)
  end
  io.stdout:write(facts.endpoint, "\n", facts.ca_file and facts.ca_file .. "\n" or "")
  io.stdout:flush()
  server:serve(handler)
  server:close()
end

local function concerns(entry, filter)
  local path = entry.url:match("^[^?]*"):lower()
  return (not filter.method or entry.method == filter.method)
    and (not filter.path or path:find(filter.path) ~= nil)
    and (not filter.status or entry.status == filter.status)
end

---The requests that were answered, in order: { n, method, url, headers, body, status }, without secrets.
---@param filter? table method, path (a Lua pattern on the lower-case path), status
function sim:requests(filter)
  local found = {}
  for _, entry in ipairs(ask(self, "requests")) do
    if concerns(entry, filter or {}) then
      found[#found + 1] = entry
    end
  end
  return found
end

---How many requests were answered.
function sim:count(filter)
  return #self:requests(filter)
end

function sim:clear_log()
  ask(self, "clear_log")
end

---Scripts a failure: { method, path (Lua pattern on the lower-case path), count (1), skip (0) } and what happens:
---status, headers, body; or reset ("before" or "after" its effect), truncate (bytes), delay (real seconds),
---operation = { status, error }, stuck.
function sim:fault(spec)
  ask(self, "fault", spec)
end

function sim:clear_faults()
  ask(self, "clear_faults")
end

---Lets all tokens that were given out expire.
function sim:expire_tokens()
  ask(self, "expire_tokens")
end

---From now on ARM takes only tokens that were asked for with these claims, and challenges for them; nil: any token.
---@param claims? string JSON
function sim:challenge(claims)
  ask(self, "challenge", { claims = claims })
end

---Lets simulated time jump by so many seconds.
function sim:advance(seconds)
  ask(self, "advance", { seconds = seconds })
end

---Whether a cluster has been converted and not been stopped and started since, which Azure asks for but does not show.
---@param id string
---@return boolean
function sim:needs_restart(id)
  return ask(self, "needs_restart", { id = id })
end

---Puts a resource there as it stands, without any check.
function sim:put(id, document)
  ask(self, "put", { id = id, document = document })
end

---All resources: id -> document.
function sim:export()
  return ask(self, "export")
end

---Puts all of these resources there, as `export` gave them: id -> document.
function sim:import(resources)
  ask(self, "import", resources)
end

function sim:stop()
  self.thread:stop()
end

sim.__close = sim.stop

return sim
