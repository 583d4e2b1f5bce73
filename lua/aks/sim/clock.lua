-- Time that runs faster than Azure's.
local httpd = require "aks.httpd"

local clock = {}
clock.__index = clock

--- A clock that starts now and runs `speed` times as fast as the real one.
function clock.new(speed)
  return setmetatable({ speed = speed, started = os.time(), real = httpd.now(), skipped = 0 }, clock)
end

--- Simulated seconds since 1970.
function clock:now()
  return self.started + (httpd.now() - self.real) * self.speed + self.skipped
end

--- Lets simulated time jump.
function clock:advance(seconds)
  self.skipped = self.skipped + seconds
end

--- A moment as ARM writes it.
function clock.date(_, seconds)
  local fraction = math.floor(seconds % 1 * 1e7)
  return os.date("!%Y-%m-%dT%H:%M:%S", math.floor(seconds)) .. (".%07dZ"):format(fraction)
end

return clock
