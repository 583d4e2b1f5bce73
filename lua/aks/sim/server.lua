-- Opens the simulator's server: what runs in its thread, or in the foreground.
local http = require "aks.sim.http"
local httpd = require "aks.httpd"
local simulator = require "aks.sim.simulator"

--- Takes the options as JSON; returns the server, its handler and its control function.
return function(text)
  local options = assert(http.decode(text))
  local server = httpd.listen { address = "127.0.0.1", port = options.port or 0, signals = options.signals }
  local sim = simulator.new(options)
  sim.endpoint = ("http://127.0.0.1:%d"):format(server:port())
  return server, simulator.handler(sim), simulator.control(sim)
end
