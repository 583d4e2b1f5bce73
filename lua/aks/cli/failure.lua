-- What ends a command early, and how it is told to the user: wrong usage, an interrupt, an error of aks or of the
-- playbook, or a bug of ours (the only kind that is shown with a traceback).

local failure = {}

local USAGE, QUIET = "aks.cli.usage", "aks.cli.quiet"

local RESUME = "aks: interrupted. What Azure has begun goes on there; the same command, run again, takes it up."

-- Where aks's own Lua files are.
local OURS = debug.getinfo(1, "S").source:match("^(.*)cli/failure%.lua$")

-- The playbook that runs, as its functions' source says it ("@deploy.lua").
local playbook_source

--- Raises wrong usage; `usage` is the parser's own text on what is right.
function failure.usage(message, usage)
  error({ kind = USAGE, message = message, usage = usage }, 0)
end

--- Ends the command as failed, when everything has been said.
function failure.quietly()
  error({ kind = QUIET }, 0)
end

--- Errors raised from here on are told by the lines of this playbook.
function failure.blame(path)
  playbook_source = "@" .. path
end

-- The line of the playbook that was running, innermost first; nil when none was.
local function playbook_line()
  local level = 3
  local frame = debug.getinfo(level, "Sl")
  while frame do
    if frame.source == playbook_source and frame.currentline > 0 then
      return ("%s:%d"):format(playbook_source:sub(2), frame.currentline)
    end
    level = level + 1
    frame = debug.getinfo(level, "Sl")
  end
end

local function is_interrupt(problem)
  if type(problem) == "string" then
    return problem:find("interrupted!$") ~= nil -- the words of lua5.4's handler of SIGINT
  end
  local ok, code = pcall(function()
    return problem.code
  end)
  return ok and code == "interrupted"
end

-- The file whose line the text names, when a function of it is running: its full name, as the text may have it cut.
local function source_of(text)
  local name, level = text:match("^([^\n]-):%d+: "), 3
  local frame = name and debug.getinfo(level, "S")
  while frame do
    if frame.short_src == name then
      return frame.source
    end
    level = level + 1
    frame = debug.getinfo(level, "S")
  end
end

local function describe_text(problem)
  local source = source_of(problem)
  if source and source:sub(1, #OURS) == OURS then
    return debug.traceback("aks: a bug in aks: " .. problem, 4)
  end
  return "aks: " .. problem
end

local function describe(problem)
  if type(problem) == "string" then
    return describe_text(problem)
  end
  local text, at = tostring(problem), playbook_line()
  local is_told = not at or text:find(at, 1, true)
  return ("aks: %s%s"):format(text, is_told and "" or "\n  at " .. at)
end

--- Whether what was raised is the user's wish to stop, which nobody goes on after.
failure.is_interrupt = is_interrupt

--- The message handler: turns whatever was raised into { status, text }.
function failure.handler(problem)
  if type(problem) == "table" and problem.kind == USAGE then
    local usage = problem.usage and problem.usage .. "\n\n" or ""
    return { status = "usage", text = ("%saks: %s"):format(usage, problem.message) }
  elseif type(problem) == "table" and problem.kind == QUIET then
    return { status = "failed" }
  elseif is_interrupt(problem) then
    return { status = "interrupted", text = RESUME }
  end
  return { status = "failed", text = describe(problem) }
end

return failure
