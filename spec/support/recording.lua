-- A recorded conversation with the real Azure, as the tests of the Azure CLI keep them (YAML), as a list of exchanges.
local json = require "dkjson"

local recording = {}

-- YAML is read by Python: { method, url, request (parsed), status, headers, body (parsed) } a line.
local READ = [[
import json, sys, yaml
def parsed(text):
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return None
for item in yaml.load(open(sys.argv[1]), getattr(yaml, "CSafeLoader", yaml.SafeLoader))["interactions"]:
    asked, answered = item["request"], item["response"]
    print(json.dumps({
        "method": asked["method"], "url": asked["uri"], "request": parsed(asked.get("body")),
        "asked_headers": {k.lower(): v[0] for k, v in asked["headers"].items()},
        "status": answered["status"]["code"], "body": parsed(answered["body"]["string"]),
        "headers": {k.lower(): v[0] for k, v in answered["headers"].items()}}))
]]

--- The exchanges of a file, in order.
function recording.read(path)
  local script = os.tmpname()
  local file = assert(io.open(script, "w"))
  file:write(READ)
  file:close()
  local pipe = assert(io.popen(("LD_PRELOAD= python3 '%s' '%s'"):format(script, path)))
  local exchanges = {}
  for line in pipe:lines() do
    exchanges[#exchanges + 1] = assert(json.decode(line, 1, json.null))
  end
  assert(pipe:close(), "cannot read " .. path)
  os.remove(script)
  return exchanges
end

return recording
