-- Time that runs faster than Azure's.
local clock = {}
clock.__index = clock

--- A clock that starts now and runs `speed` times as fast as the real one.
function clock.new(speed)
  return setmetatable({ speed = speed, started = os.time(), real = clock.real(), skipped = 0 }, clock)
end

--- Real seconds, with fractions, from some moment.
function clock.real()
  local file = io.open("/proc/uptime")
  if not file then
    return os.time()
  end
  local seconds = file:read("n")
  file:close()
  return seconds
end

--- Simulated seconds since 1970.
function clock:now()
  return self.started + (clock.real() - self.real) * self.speed + self.skipped
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
