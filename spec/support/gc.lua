-- For `busted --helper=spec/support/gc.lua`: the collector works all the time, so that what is used after it was
-- collected is found. AKS_GC=generational runs the other mode. (setstepmul above 1000 wraps to 0 in Lua 5.4.4.)
require "spec.support.hermetic"

if os.getenv("AKS_GC") == "generational" then
  collectgarbage("generational", 5, 20)
else
  collectgarbage("setpause", 0)
  collectgarbage("setstepmul", 1000)
end

-- Lua 5.4 does not collect at every allocation: a count hook makes it nearly so.
debug.sethook(function()
  collectgarbage("step", 0)
end, "", 1000)
