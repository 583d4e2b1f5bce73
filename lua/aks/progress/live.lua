-- Progress on a terminal: a line for each operation under way, drawn again in place; what is over leaves its line.
local progress = require "aks.progress"

local live = {}

local methods = {}
local metatable = { __name = "aks.progress.live", __index = methods }

local UNICODE = {
  spinner = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" },
  succeeded = "✓", failed = "✗", canceled = "✗", more = "…",
}
local ASCII = { spinner = { "|", "/", "-", "\\" }, succeeded = "+", failed = "x", canceled = "x", more = "..." }

local COLOURS = { succeeded = "32", failed = "31", canceled = "33", running = "36", dim = "2" }

-- The terminal does not wrap while we draw: it may have become narrower than it was, and a wrapped line could not be
-- taken back.
local NO_WRAP, WRAP = "\27[?7l", "\27[?7h"
local CLEAR_BELOW = "\27[J"

--- `write` is called with text to send at once; `terminal` is what aks.terminal.inspect tells.
function live.new(write, terminal)
  return setmetatable({
    write = write,
    terminal = terminal,
    signs = terminal.unicode and UNICODE or ASCII,
    running = {}, -- in the order in which they began
    drawn = 0,    -- lines of ours above the cursor
    frame = 1,
  }, metatable)
end

local function coloured(self, name, text)
  if not self.terminal.colour then
    return text
  end
  return ("\27[%sm%s\27[0m"):format(COLOURS[name], text)
end

-- The first `columns` characters of the text.
local function cut(text, columns)
  local stop = utf8.len(text) and utf8.offset(text, columns + 1) or columns + 1
  return stop and text:sub(1, stop - 1) or text
end

local function fit(self, text, columns)
  local length = utf8.len(text) or #text
  if length <= columns then
    return text
  end
  local room = columns - utf8.len(self.signs.more)
  return room > 0 and cut(text, room) .. self.signs.more or cut(text, math.max(columns, 0))
end

-- A sign, the text as far as there is room, and the time that must not be cut off.
local function line(self, state, sign, text, seconds)
  local duration = progress.duration(seconds)
  local room = self.terminal.columns - #duration - 5
  return ("%s %s  %s"):format(coloured(self, state, sign), fit(self, text, room), coloured(self, "dim", duration))
end

local function running_line(self, operation)
  local standing = progress.standing(operation)
  local text = standing and ("%s: %s"):format(operation.title, standing) or operation.title
  return line(self, "running", self.signs.spinner[self.frame], text, operation.seconds)
end

-- Everything that is under way, as far as the screen is high.
local function rows(self)
  local shown, limit = {}, math.max(self.terminal.rows - 2, 1)
  for index, operation in ipairs(self.running) do
    if index == limit and #self.running > limit then
      shown[index] = ("%s and %d more"):format(self.signs.more, #self.running - limit + 1)
      break
    end
    shown[index] = running_line(self, operation)
  end
  return shown
end

local function take_back(self)
  local up = self.drawn > 0 and ("\27[%dA\r"):format(self.drawn) or ""
  self.drawn = 0
  return up .. CLEAR_BELOW
end

-- Draws what is under way below `above` (whole lines that stay), in place of what was drawn before.
local function draw(self, above)
  local parts = { NO_WRAP, take_back(self), above or "" }
  local shown = rows(self)
  for _, row in ipairs(shown) do
    parts[#parts + 1] = row .. "\n"
  end
  self.drawn = #shown
  parts[#parts + 1] = WRAP
  self.write(table.concat(parts))
end

function methods:begun(operation)
  self.running[#self.running + 1] = operation
  draw(self)
end

function methods:changed()
  draw(self)
end

function methods:ended(operation)
  for index, other in ipairs(self.running) do
    if other == operation then
      table.remove(self.running, index)
      break
    end
  end
  if operation.minor and operation.status == "succeeded" then
    return draw(self)
  end
  local sign = self.signs[operation.status] or self.signs.failed
  local ending = operation.failure or operation.detail
  local text = ending and ("%s: %s"):format(operation.title, ending) or operation.title
  draw(self, line(self, operation.status, sign, text, operation.seconds) .. "\n")
end

function methods:note(text)
  draw(self, fit(self, text, self.terminal.columns) .. "\n")
end

function methods:tick()
  self.frame = self.frame % #self.signs.spinner + 1
  if #self.running > 0 or self.drawn > 0 then
    draw(self)
  end
end

function methods:clear()
  if self.drawn > 0 then
    self.write(take_back(self))
  end
end

return live
