-- aks sim: serves a simulated Azure on loopback until it is told to stop.

local sim = {}

local DESCRIPTION = "Serve a simulated Azure on loopback until interrupted. The first line on stdout is its endpoint, "
  .. "with --tls the second one the authority to trust; stderr tells how to sign in."

function sim.add_to_parser(parser)
  local command = parser:command("sim", DESCRIPTION):summary("Serve a simulated Azure on loopback.")
  command:option("--port", "The port; 0: any that is free."):argname("N"):convert(math.tointeger):default("0")
  command:flag("--tls", "Speak HTTPS, which other clients than this one insist on.")
  command:option("--certificates", "The directory that the authority and the certificate of --tls are kept in.")
    :argname("DIR")
  command:option("--speed", "How many times faster than Azure time runs."):argname("N"):convert(tonumber)
  command:option("--page-size", "How many items a page of a collection has."):target("page_size")
    :argname("N"):convert(math.tointeger)
  command:option("--log", "Append every request to this file, a JSON object a line."):argname("FILE")
end

local function tell(facts)
  for _, line in ipairs(require("aks.sim.guide").lines(facts)) do
    io.stderr:write(line, "\n")
  end
end

function sim.run(arguments)
  require("aks.sim").serve({
    port = arguments.port,
    tls = arguments.tls,
    certificates = arguments.certificates,
    speed = arguments.speed,
    page_size = arguments.page_size,
    log = arguments.log,
  }, tell)
end

return sim
