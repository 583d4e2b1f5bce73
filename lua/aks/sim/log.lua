-- What was asked: in memory, and as JSON lines in a file; without secrets.
local http = require "aks.sim.http"

local log = {}
log.__index = log

-- Older entries leave the memory; the file keeps all.
local KEPT = 20000

local secret_headers = { authorization = true, cookie = true, ["x-identity-header"] = true, secret = true }
local secret_fields = { client_secret = true, client_assertion = true, password = true, assertion = true }

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

local function safe_body(request)
  local kind = request.headers["content-type"] or ""
  if request.body == "" then
    return http.null
  elseif kind:find("form-urlencoded", 1, true) then
    local form = http.object(http.parse_form(request.body))
    for name in pairs(form) do
      form[name] = secret_fields[name] and "***" or form[name]
    end
    return form
  end
  local value = http.decode(request.body)
  return value == nil and request.body or value
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
    self.file:write(http.encode(entry), "\n")
  end
end

function log:clear()
  self.entries = {}
end

return log
