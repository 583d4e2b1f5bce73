-- Serves a recorded conversation with the real Azure, for the client to have again.
local shared = require "spec.support.shared"

local replay = {}
replay.__index = replay

replay.subscription = "00000000-0000-0000-0000-000000000000"

--- Starts the server for a cassette; nil and a reason when the evidence is not here. `every`: serve each k-th poll.
function replay.start(cassette, every)
  local program, missing = shared.path("tools/replay.py")
  local recording = shared.path("recordings/" .. cassette .. ".yaml")
  if not program or not recording then
    return nil, missing or ("skipped: no recording " .. cassette)
  end
  local command = "echo $$; exec python3 %s %s --every %d --retry-after 1 2>/dev/null"
  local pipe = assert(io.popen(command:format(program, recording, every or 1)))
  local server = setmetatable({ pipe = pipe, pid = tonumber(pipe:read("l")), endpoint = pipe:read("l") }, replay)
  if not server.endpoint then
    pipe:close()
    return nil, "skipped: replay.py does not start (it needs python3-yaml)"
  end
  return server
end

function replay:stop()
  os.execute(("kill %d"):format(self.pid))
  self.pipe:close()
end

return replay
