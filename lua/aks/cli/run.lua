-- aks run FILE: runs a playbook, against Azure or a simulated one, and prints what it returns.
local playbook = require "aks.cli.playbook"
local result = require "aks.cli.result"

local run = {}

local formats = { text = result.text, json = result.json }

function run.add_to_parser(parser)
  local command = parser:command("run", "Run a playbook and print what it returns.")
  playbook.add_to_command(command)
  command:option("--output", "How to print what the playbook returns."):choices { "text", "json" }:default("text")
end

local function print_result(value, format)
  local text = formats[format](value)
  if text then
    io.stdout:write(text, text:sub(-1) == "\n" and "" or "\n")
  end
end

function run.run(arguments)
  playbook.check_arguments(arguments)
  local scratch <close> = playbook.scratch_directory()
  local _ <close> = playbook.choose_azure(arguments, scratch.path)
  local value
  do
    local watcher <close> = playbook.watch(arguments)
    value = playbook.load(arguments, watcher)(table.unpack(arguments.args))
  end
  print_result(value, arguments.output)
end

return run
