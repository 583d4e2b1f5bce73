-- Runs the aks command as a user would, and tells its exit status and what it wrote where.
local program = {}

local function read_and_remove(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  os.remove(path)
  return text
end

local function quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

-- What keeps a program away from the identity of the machine that the specs run on.
local HERMETIC = "AZURE_POD_IDENTITY_AUTHORITY_HOST=http://127.0.0.1:1 AZURE_TOKEN_CREDENTIALS=prod "
  .. "AZURE_CONFIG_DIR=/nonexistent"

--- program.aks("run", "x.lua") -> { status, out, err }. A table as first argument has variables for its environment.
function program.aks(environment, ...)
  if type(environment) == "string" then
    return program.aks({}, environment, ...)
  end
  local out, err = os.tmpname(), os.tmpname()
  local words = { "env", HERMETIC }
  for name, value in pairs(environment) do
    words[#words + 1] = quote(name .. "=" .. value)
  end
  words[#words + 1] = "timeout 120 script/aks"
  for _, word in ipairs { ... } do
    words[#words + 1] = quote(word)
  end
  local command = ("%s >%s 2>%s </dev/null"):format(table.concat(words, " "), out, err)
  local _, _, status = os.execute(command)
  return { status = status, out = read_and_remove(out), err = read_and_remove(err) }
end

--- Runs the command with a terminal as its stdout and stderr; returns everything that was written to it.
function program.aks_on_terminal(variables, words)
  local out = os.tmpname()
  local command = ("env %s %s timeout 120 script/aks %s"):format(HERMETIC, variables, words)
  os.execute(("script --quiet --return --command %s /dev/null >%s </dev/null"):format(quote(command), out))
  return read_and_remove(out)
end

--- Writes a playbook to a file that the caller removes.
function program.playbook(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

local server = {}
server.__index = server

--- Starts `aks sim WORDS`, after the shell's commands `before`; keep it in a <close> variable.
function program.serve(words, before)
  local pipe = assert(io.popen(("echo $$; %s exec script/aks sim %s"):format(before or "", words or "")))
  local pid = pipe:read("l")
  return setmetatable({ pipe = pipe, pid = pid, endpoint = pipe:read("l") }, server)
end

--- Tells it to stop and waits; returns what io.popen's close does.
function server:stop()
  local pipe = self.pipe
  self.pipe = nil
  if pipe then
    os.execute("kill " .. self.pid)
    return pipe:close()
  end
end

server.__close = server.stop

return program
