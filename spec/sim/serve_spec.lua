-- The simulator in the foreground, for other programs.
local client = require "spec.sim.client"

describe("the simulator in the foreground", function()
  local pipe, pid, endpoint

  before_each(function()
    pipe = assert(io.popen([[echo $$; exec lua5.4 -e 'require("aks.sim").serve { speed = 60 } print("ended")']]))
    pid, endpoint = pipe:read("l", "l")
  end)

  local function stop(signal)
    os.execute(("kill -%s %s"):format(signal, pid))
    local rest = pipe:read("a")
    return rest, pipe:close()
  end

  it("prints its endpoint first, and serves there", function()
    assert.matches("^http://127%.0%.0%.1:%d+$", endpoint)
    local answer = client.send({}, "GET", endpoint .. "/metadata/endpoints")
    assert.are.equal(200, answer.status)
    stop("TERM")
  end)

  for _, signal in ipairs { "INT", "TERM" } do
    it("ends in good order by SIG" .. signal, function()
      local rest, ok = stop(signal)
      assert.are.equal("ended\n", rest)
      assert.is_true(ok)
    end)
  end
end)
