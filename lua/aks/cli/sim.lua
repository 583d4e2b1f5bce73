-- aks sim: serves a simulated Azure on loopback until it is told to stop.

local sim = {}

local DESCRIPTION = "Serve a simulated Azure on loopback until interrupted. The first line on stdout is its endpoint; "
  .. "stderr tells the variables that sign a client in."

function sim.add_to_parser(parser)
  local command = parser:command("sim", DESCRIPTION):summary("Serve a simulated Azure on loopback.")
  command:option("--port", "The port; 0: any that is free."):argname("N"):convert(math.tointeger):default("0")
  command:option("--speed", "How many times faster than Azure time runs."):argname("N"):convert(tonumber)
  command:option("--page-size", "How many items a page of a collection has."):target("page_size")
    :argname("N"):convert(math.tointeger)
  command:option("--log", "Append every request to this file, a JSON object a line."):argname("FILE")
end

-- The one service principal that a simulated Azure knows, as a shell takes it.
local function tell_credentials()
  local known = require("aks.sim.simulator").defaults
  io.stderr:write(
    ("export AZURE_SUBSCRIPTION_ID=%s AZURE_TENANT_ID=%s\n"):format(known.subscription, known.tenant),
    ("export AZURE_CLIENT_ID=%s AZURE_CLIENT_SECRET=%s\n"):format(known.client_id, known.client_secret))
end

function sim.run(arguments)
  tell_credentials()
  require("aks.sim").serve {
    port = arguments.port,
    speed = arguments.speed,
    page_size = arguments.page_size,
    log = arguments.log,
  }
end

return sim
