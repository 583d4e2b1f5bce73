-- What was asked: in memory, and as JSON lines in a file; without secrets.
local http = require "aks.sim.http"

local log = {}
log.__index = log

-- Older entries leave the memory; the file keeps all.
local KEPT = 20000

local secret_headers = { authorization = true, cookie = true, ["x-identity-header"] = true, secret = true }
local secret_fields = {}
for _, name in ipairs { "client_secret", "client_assertion", "assertion", "password", "secret", "access_token",
  "adminpassword", "serverappsecret", "clustertoken" } do
  secret_fields[name] = true
end

--- A log that is also written to a file, when one is named.
function log.new(path)
  local file
  if path then
    file = assert(io.open(path, "a"))
    file:setvbuf("line")
  end
  return setmetatable({ entries = {}, count = 0, file = file }, log)
end

local function safe_headers(headers)
  local result = {}
  for name, value in pairs(headers) do
    if not secret_headers[name] then
      result[name] = value
    end
  end
  return http.object(result)
end

-- The value with what is secret in it replaced, in place.
local function safe(value)
  if type(value) ~= "table" or value == http.null then
    return value
  end
  for name, member in pairs(value) do
    value[name] = type(name) == "string" and secret_fields[name:lower()] and "***" or safe(member)
  end
  return value
end

-- Whatever a client calls it: what is sent to a token endpoint is a form.
local function is_form(request)
  local kind = (request.headers["content-type"] or ""):lower()
  return kind:find("form-urlencoded", 1, true) or request.target:lower():match("^[^?]*/oauth2/[^?]*token")
end

local function safe_body(request)
  if request.body == "" then
    return http.null
  elseif is_form(request) then
    return safe(http.object(http.parse_form(request.body)))
  end
  local value = http.decode(request.body)
  return value == nil and request.body or safe(value)
end

--- Notes a request and the status that it was answered with (0: the connection was reset).
function log:add(request, status)
  self.count = self.count + 1
  local entry = {
    n = self.count,
    method = request.method,
    url = request.target,
    headers = safe_headers(request.headers),
    body = safe_body(request),
    status = status,
  }
  self.entries[#self.entries + 1] = entry
  if #self.entries > KEPT then
    table.remove(self.entries, 1)
  end
  if self.file then
    local ok, problem = self.file:write(http.encode(entry), "\n")
    if not ok then
      io.stderr:write(("aks sim: the log ends here: %s\n"):format(problem))
      self.file = nil
    end
  end
end

function log:clear()
  self.entries = {}
end

return log
