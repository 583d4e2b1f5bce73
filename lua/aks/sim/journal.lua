-- The state file: a journal of everything that changed the simulated subscription, gone through when it is opened.
-- An entry is written before the change is acknowledged, so that what a client was told is there after a kill -9; what
-- was half written when that came is cut off. Chance is seeded for each change, and so repeats itself.
local http = require "aks.sim.http"
local httpd = require "aks.httpd"

local journal = {}
journal.__index = journal

local VERSION = 1

-- Options that are the subscription's own: those of the file hold.
local KEPT = { "subscription", "tenant", "client_id", "client_secret", "object_id" }

-- The whole lines of a file, and how many bytes they are.
local function read_lines(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  local lines, whole = {}, 0
  for line, stop in text:gmatch("([^\n]*)\n()") do
    lines[#lines + 1], whole = line, stop - 1
  end
  return lines, whole, #text
end

local function decode(path, number, line)
  local entry = http.decode(line)
  if not http.is_object(entry) then
    error(("%s: line %d is no entry of a simulator's state"):format(path, number), 0)
  end
  return entry
end

local function read(path)
  local lines, whole, size = read_lines(path)
  if whole < size then
    httpd.truncate(path, whole)
  end
  local entries = {}
  for number, line in ipairs(lines) do
    entries[number] = decode(path, number, line)
  end
  local head = table.remove(entries, 1)
  if head and head.version ~= VERSION then
    error(("%s is the state of another version of the simulator, or of something else"):format(path), 0)
  end
  return head, entries
end

--- Opens the state file of the options, or makes it. Returns the journal and what is to be repeated; the options take
--- over what is the subscription's own.
function journal.open(options)
  local path = options.state
  local head, entries
  if not httpd.private_file(path) then
    head, entries = read(path)
  end
  local self = setmetatable({ file = assert(io.open(path, "ab")), count = #(entries or {}) }, journal)
  if head then
    for _, name in ipairs(KEPT) do
      options[name] = head.options[name]
    end
  else
    head = { version = VERSION, seed = math.random(0), options = {} }
    for _, name in ipairs(KEPT) do
      head.options[name] = options[name]
    end
    self:write(head)
  end
  self.seed = head.seed
  return self, entries or {}
end

--- Writes an entry. Once that has failed (a full disk) nothing more is written, as the file's end may be half an entry.
function journal:write(entry)
  local ok, problem = self.file:write(http.encode(entry), "\n")
  if ok then
    ok, problem = self.file:flush()
  end
  self.problem = not ok and problem or nil
  self:check()
end

--- Refuses a request when what is in memory is not what the file has: it would be gone with the next start.
function journal:check()
  if self.problem then
    http.raise(507, "InsufficientStorage", ("The simulator's state file cannot be written (%s): start it again when "
      .. "there is room."):format(self.problem))
  end
end

--- Seeds chance for the next change.
function journal:chance()
  math.randomseed(self.seed, self.count)
end

--- Writes that something changed at simulated time `at`; nothing while it is being repeated.
function journal:note(at, entry)
  self.count = self.count + 1
  if not self.repeating then
    entry.at, entry.real = at, os.time()
    self:write(entry)
  end
end

return journal
