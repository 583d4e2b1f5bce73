-- Opens the simulator's server: what runs in its thread, or in the foreground.
local http = require "aks.sim.http"
local httpd = require "aks.httpd"
local simulator = require "aks.sim.simulator"

-- Where the certificates of TLS are kept: https://specifications.freedesktop.org/basedir-spec/latest/
local function state_directory()
  local home = os.getenv("XDG_STATE_HOME")
  if not home or not home:find("^/") then -- a relative one is to be ignored
    home = assert(os.getenv("HOME"), "neither XDG_STATE_HOME nor HOME is set: name a directory for the certificates")
      .. "/.local/state"
  end
  return home .. "/aks/simulator"
end

--- Takes the options as JSON; returns the server, its handler and its control function.
return function(text)
  local options = assert(http.decode(text))
  local address = options.listen or "127.0.0.1"
  assert(not options.tls or address:find("^127%."), "the certificate of TLS is for loopback alone")
  local server = httpd.listen { address = address, port = options.port or 0, allow_remote = options.allow_remote,
    signals = options.signals, certificates = options.tls and (options.certificates or state_directory()) or nil }
  local sim = simulator.new(options)
  sim.ca_file = server:authority()
  sim.endpoint = ("%s://%s:%d"):format(sim.ca_file and "https" or "http", address, server:port())
  return server, simulator.handler(sim), simulator.control(sim)
end
