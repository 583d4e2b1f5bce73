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
  return self.held or self.started + (httpd.now() - self.real) * self.speed + self.skipped
end

--- Lets simulated time jump.
function clock:advance(seconds)
  self.skipped = self.skipped + seconds
end

--- Holds time at a moment, for repeating what was done then.
function clock:hold(moment)
  self.held = moment
end

--- Lets time go on from a moment `moment`, `real` seconds of this machine ago.
function clock:go_on(moment, real)
  self.held = nil
  self.started, self.real, self.skipped = moment + math.max(0, real) * self.speed, httpd.now(), 0
end

--- A moment as ARM writes it.
function clock.date(_, seconds)
  local fraction = math.floor(seconds % 1 * 1e7)
  return os.date("!%Y-%m-%dT%H:%M:%S", math.floor(seconds)) .. (".%07dZ"):format(fraction)
end

return clock
