-- The aks command: parses arguments, runs one command, prints its error. The only place that ends the program.
local argparse = require "argparse"
local failure = require "aks.cli.failure"

local cli = {}

cli.exit_codes = { done = 0, failed = 1, usage = 2, interrupted = 130 }

-- Each is a module aks.cli.NAME with add_to_parser(parser) and run(arguments).
local COMMANDS = { "run", "check", "explain", "sim", "whoami" }

local EPILOG = [[
To try it without an Azure account:  aks run --simulate playbooks/byo-private.lua
Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.]]

local function print_version()
  print("aks " .. require("aks")._VERSION)
  os.exit(cli.exit_codes.done, true)
end

local function new_parser()
  local parser = argparse("aks", "Provisions and operates Azure Kubernetes Service clusters from Lua.", EPILOG)
  parser:command_target("command")
  parser:help_max_width(100)
  parser:flag("--version", "Print the version and exit."):action(print_version)
  for _, name in ipairs(COMMANDS) do
    require("aks.cli." .. name).add_to_parser(parser)
  end
  -- argparse would end the program itself; `active` is the parser of the command in question.
  function parser.error(active, message)
    failure.usage(message, active:get_usage())
  end
  return parser
end

local function run(words)
  local arguments = new_parser():parse(words)
  require("aks.cli." .. arguments.command).run(arguments)
end

--- Runs the command that the words (as in `arg`) say, and ends the program.
function cli.main(words)
  local ok, fault = xpcall(run, failure.handler, words)
  local status = "done"
  if not ok then
    status = fault.status
    io.stderr:write(fault.text or "", fault.text and "\n" or "")
  end
  os.exit(cli.exit_codes[status], true)
end

return cli
