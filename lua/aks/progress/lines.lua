-- Progress as plain lines, for logs and pipes: one when an operation begins, changes or ends.
local progress = require "aks.progress"

local lines = {}

local methods = {}
local metatable = { __name = "aks.progress.lines", __index = methods }

--- `write` is called with whole lines.
function lines.new(write)
  return setmetatable({ write = write }, metatable)
end

local function say(self, operation, text)
  self.write(("%s: %s\n"):format(operation.title, text))
end

function methods:begun(operation)
  if not operation.minor then
    say(self, operation, progress.standing(operation) or "begins")
  end
end

function methods:changed(operation)
  local ending = operation.detail == "Succeeded" -- the end has a line of its own
  if not operation.minor and not ending then
    local seconds = progress.duration(operation.seconds)
    say(self, operation, ("%s (%s)"):format(progress.standing(operation) or operation.status, seconds))
  end
end

function methods:ended(operation)
  if not operation.minor or operation.status ~= "succeeded" then
    local ending = operation.failure or operation.detail
    say(self, operation, ("%s%s (%s)"):format(operation.status, ending and ": " .. ending or "",
      progress.duration(operation.seconds)))
  end
end

function methods:note(text)
  self.write(text .. "\n")
end

-- Lines that are written stay, and time that passes makes none.
function methods.tick() end

function methods.clear() end

return lines
