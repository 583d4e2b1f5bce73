-- Playbooks as commands run them: with which Azure, how progress is shown, in which environment.
local failure = require "aks.cli.failure"
local progress = require "aks.progress"

local playbook = {}

local TICK = 0.1 -- seconds between two drawings of elapsed time

--- Adds the arguments that every command with a playbook has.
function playbook.add_to_command(command)
  command:argument("file", "The playbook, a Lua file.")
  command:argument("args", "For the playbook, in the table arg; after -- they may begin with a dash."):args("*")
  command:mutex(
    command:flag("--simulate", "Run in a simulated Azure, made for this run and gone after it."),
    command:option("--endpoint", "The Azure Resource Manager to use, such as the one 'aks sim' prints."):argname("URL")
  )
  command:option("--subscription", "The subscription to use, before the environment's."):argname("ID")
  command:option("--speed", "With --simulate: how many times faster than Azure time runs.")
    :argname("N"):convert(tonumber)
  command:option("--log", "With --simulate: append every request to this file, a JSON object a line."):argname("FILE")
  command:option("--log-level", "What to tell on stderr."):choices(progress.levels):default("progress")
  command:flag("--no-color", "No colours."):target("no_color")
end

--- Refuses options that do not go together.
function playbook.check_arguments(arguments)
  local simulated = { "speed", "log" }
  for _, name in ipairs(simulated) do
    if arguments[name] and not arguments.simulate then
      failure.usage(("--%s goes with --simulate"):format(name))
    end
  end
  if arguments.simulate and arguments.subscription then
    failure.usage("--simulate brings its own subscription: leave out --subscription")
  end
end

--- A place for an SSH key pair of the simulated run: it must not leave one in the user's home.
function playbook.scratch_directory()
  local path = os.tmpname()
  os.remove(path)
  return setmetatable({ path = path }, {
    __close = function()
      os.remove(path .. "/id_rsa")
      os.remove(path .. "/id_rsa.pub")
      os.remove(path)
    end,
  })
end

-- Every aks.connect of the playbook gets this client, whatever it says itself and whatever the environment says.
-- Returns the simulator, which lives as long as somebody holds it.
local function simulate(arguments, ssh_directory, more)
  local aks, settings = require "aks", require "aks.settings"
  local azure = require("aks.sim").start { speed = arguments.speed, log = arguments.log }
  assert(azure.endpoint:find("^https?://127%.0%.0%.1:%d+$"), "the simulator must be on loopback")
  local options = {
    endpoint = azure.endpoint,
    authority = azure.endpoint,
    proxy = "", -- none, also when the environment names one
    ssh_directory = ssh_directory,
    subscription = azure.subscription,
    tenant = azure.tenant,
    credential = aks.credential.client_secret {
      tenant = azure.tenant,
      client_id = azure.client_id,
      client_secret = azure.client_secret,
    },
  }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  settings.impose(options)
  return azure
end

--- Chooses the Azure that the playbook's clients connect to; `more`: further options for all of them. Keep what is
--- returned while the playbook runs, and close it then.
function playbook.choose_azure(arguments, ssh_directory, more)
  if arguments.simulate then
    return simulate(arguments, ssh_directory, more)
  end
  local options = { endpoint = arguments.endpoint, subscription = arguments.subscription }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  require("aks.settings").impose(options)
end

local function write(text)
  io.stderr:write(text)
  io.stderr:flush()
end

-- A task that draws while something is under way; it runs while the playbook waits, and keeps nothing alive.
local function keep_ticking(watcher)
  local aks = require "aks"
  aks.spawn(function()
    repeat
      aks.sleep(TICK)
    until not watcher:tick()
  end)
end

--- Shows progress on stderr; close what is returned.
function playbook.watch(arguments)
  local terminal = require("aks.terminal").inspect(io.stderr, arguments.no_color)
  local style = terminal.live and "live" or "lines"
  local presenter = require("aks.progress." .. style).new(write, terminal)
  local watcher = progress.new(presenter, {
    level = arguments.log_level,
    tick = terminal.live and keep_ticking or nil,
  })
  require("aks.settings").observe(function(event)
    watcher:observe(event)
  end)
  return watcher
end

-- The playbook's globals: reads go through to ours, writes stay with it.
local function environment_of(arguments, watcher)
  local words = table.move(arguments.args, 1, #arguments.args, 1, { [0] = arguments.file })
  local environment = {
    arg = words,
    print = function(...)
      watcher:aside(print, ...)
    end,
  }
  environment._G = environment
  return setmetatable(environment, { __index = _G })
end

--- The playbook as a function; an error when the file cannot be read or is no Lua.
function playbook.load(arguments, watcher)
  failure.blame(arguments.file)
  local chunk, problem = loadfile(arguments.file, "t", environment_of(arguments, watcher))
  if not chunk then
    error(problem, 0)
  end
  return chunk
end

return playbook
