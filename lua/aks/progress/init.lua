-- Follows the events of clients: keeps which operations are under way and how each stands, and tells a presenter (live
-- lines on a terminal, plain lines elsewhere) what changed. Knows nothing of terminals itself.

local progress = {}

local methods = {}
local metatable = { __name = "aks.progress", __index = methods }

-- What is over in one short request is shown only where it costs no line, or when it failed.
local MINOR = { read = true, list = true }

-- What each level shows; a level shows what those before it show.
local LEVELS = { quiet = 0, progress = 1, requests = 2 }
progress.levels = { "quiet", "progress", "requests" }

--- "12 s", "4 min 12 s", "1 h 3 min".
function progress.duration(seconds)
  local whole = math.floor(seconds + 0.5)
  if whole < 60 then
    return ("%d s"):format(whole)
  elseif whole < 3600 then
    return ("%d min %d s"):format(whole // 60, whole % 60)
  end
  return ("%d h %d min"):format(whole // 3600, whole % 3600 // 60)
end

--- How a running operation stands: in Azure's words ("ReconcilingDNS") when it has told any, else by our step.
function progress.standing(operation)
  return operation.detail or operation.step
end

-- Texts come from Azure: nothing in them may move the cursor.
local function printable(text)
  return text and text:gsub("%c", " ") or nil
end

--- `presenter` is what aks.progress.live or aks.progress.lines made. `level` is one of progress.levels. `tick`, if
--- given, is called when there is something under way to have it call the :tick method from time to time.
function progress.new(presenter, options)
  options = options or {}
  return setmetatable({
    presenter = presenter,
    level = LEVELS[options.level or "progress"],
    clock = options.clock or os.time,
    start_ticking = options.tick,
    operations = {}, -- by id
    count = 0,
  }, metatable)
end

local function title_of(event)
  return ("%s: %s"):format(printable(event.resource) or "request", event.operation)
end

local function begin(self, event)
  local operation = {
    id = event.id,
    title = title_of(event),
    minor = MINOR[event.operation] or false,
    began = self.clock() - (event.seconds or 0),
    seconds = event.seconds or 0,
    step = printable(event.step),
    detail = printable(event.detail),
    status = event.status,
  }
  self.operations[event.id] = operation
  self.count = self.count + 1
  self.presenter:begun(operation)
  if self.start_ticking and not self.ticking then
    self.ticking = true -- until a tick finds nothing under way, also when another operation begins before it
    self.start_ticking(self)
  end
end

local function finish(self, operation, event)
  operation.failure = event.error and printable(event.error.code or tostring(event.error))
  self.operations[operation.id] = nil
  self.count = self.count - 1
  self.presenter:ended(operation)
end

local function go_on(self, operation, event)
  local step, detail = printable(event.step), printable(event.detail)
  local changed = step ~= operation.step or detail ~= operation.detail
  operation.step, operation.detail, operation.status = step, detail, event.status
  operation.seconds = event.seconds or operation.seconds
  if event.status ~= "running" then
    finish(self, operation, event)
  elseif changed then
    self.presenter:changed(operation)
  end
end

local function request_text(event)
  if event.kind == "retry" then
    return ("%s %s: again in %.1f s (HTTP %d, try %d)"):format(event.method, event.url, event.seconds or 0,
      event.http_status or 0, event.attempt or 1)
  end
  return ("%s %s: HTTP %d (%.2f s)"):format(event.method, event.url, event.http_status or 0, event.seconds or 0)
end

--- The listener: takes one event of a client.
function methods:observe(event)
  if event.kind == "operation" then
    if self.level < LEVELS.progress then
      return
    end
    if not self.operations[event.id] then
      if event.status ~= "running" and not event.error then
        return -- over before it was seen
      end
      begin(self, event)
    end
    go_on(self, self.operations[event.id], event)
  elseif self.level >= LEVELS.requests then
    self.presenter:note(printable(request_text(event)))
  end
end

--- Time has passed: what shows elapsed time is shown anew. False when nothing is under way any more.
function methods:tick()
  self.ticking = self.count > 0
  if not self.ticking then
    return false
  end
  local now = self.clock()
  for _, operation in pairs(self.operations) do
    operation.seconds = math.max(operation.seconds, now - operation.began)
  end
  self.presenter:tick()
  return true
end

--- Calls f(...) with nothing of ours in its way, such as a print.
function methods:aside(f, ...)
  self.presenter:clear()
  f(...)
  self.presenter:tick()
end

--- Nothing more will come; lines of what was still under way go.
function methods:close()
  self.presenter:clear()
  self.level = LEVELS.quiet
end

metatable.__close = methods.close

return progress
