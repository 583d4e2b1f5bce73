-- aks.loop: the protocol that outer loops drive it by.
local aks = require "aks"

describe("aks.loop", function()
  local loop = aks.loop

  it("is one object", function()
    assert.are.equal(loop, require("aks.core").loop)
    assert.are.equal("aks.loop", tostring(loop))
  end)

  it("speaks cqueues' protocol and LuaSocket's names", function()
    assert.are.equal("integer", math.type(loop:pollfd()))
    assert.are.equal(loop:pollfd(), loop:getfd())
    assert.are.equal("r", loop:events())
  end)

  it("has no timeout while nothing is due", function()
    loop:step(0)
    loop:step(0)
    assert.is_nil(loop:timeout())
    assert.is_false(loop:dirty())
  end)

  it("has a timeout of 0 when a task is ready, and does its work in a step", function()
    local ran = false
    aks.spawn(function() ran = true end)
    assert.are.equal(0, loop:timeout())
    assert.is_true(loop:dirty())
    assert.is_false(ran)
    assert.is_true(loop:step(0))
    assert.is_true(ran)
  end)

  it("says when a sleeping task is due", function()
    local task = aks.spawn(aks.sleep, 30)
    loop:step(0)
    loop:step(0)
    local timeout = loop:timeout()
    assert.is_true(timeout > 1 and timeout <= 30)
    task:cancel()
    assert.is_nil(loop:timeout())
  end)

  it("waits no longer than it is told", function()
    assert.is_true(loop:step(0.001))
  end)

  it("refuses a negative time", function()
    assert.has_error(function() loop:step(-1) end, "bad argument #1 to 'step' (seconds must not be negative)")
  end)

  it("may be stepped from inside a task", function()
    local order = {}
    local outer = aks.spawn(function()
      aks.spawn(function() order[#order + 1] = "inner" end)
      loop:step(0)
      order[#order + 1] = "outer"
    end)
    outer:wait()
    assert.are.same({ "inner", "outer" }, order)
  end)

  it("is driven by cqueues", function()
    local found, cqueues = pcall(require, "cqueues")
    if not found then
      pending("lua-cqueues is not installed")
      return
    end
    local queue, done = cqueues.new(), false
    aks.spawn(function()
      aks.sleep(0.005)
      done = true
    end)
    queue:wrap(function()
      while not done do
        cqueues.poll(loop)
        loop:step(0)
      end
      cqueues.cancel(loop:pollfd())
    end)
    assert(queue:loop(5))
    assert.is_true(done)
  end)

  it("is driven by luv", function()
    local found, uv = pcall(require, "luv")
    if not found then
      pending("lua-luv is not installed")
      return
    end
    local poll, done = uv.new_poll(loop:pollfd()), false
    aks.spawn(function()
      aks.sleep(0.005)
      done = true
    end)
    poll:start("r", function()
      loop:step(0)
      if done then
        poll:close()
      end
    end)
    uv.run()
    assert.is_true(done)
  end)
end)
