-- Runs one of our playbooks as a user would, and tells what it asked the simulator for.
local json = require "dkjson"

local playbook = {}

local function lines_of(path)
  local entries = {}
  for line in io.lines(path) do
    entries[#entries + 1] = assert(json.decode(line, 1, json.null))
  end
  return entries
end

--- Runs playbooks/NAME.lua in a simulated Azure; returns the requests it sent and what it printed.
function playbook.run(name)
  local log, output = os.tmpname(), os.tmpname()
  local command = ("script/aks run --simulate --log %s playbooks/%s.lua >%s 2>&1"):format(log, name, output)
  local ok = os.execute(command)
  local file = assert(io.open(output))
  local printed = file:read("a")
  file:close()
  assert(ok, printed)
  local requests = lines_of(log)
  os.remove(log)
  os.remove(output)
  return requests, printed
end

return playbook
