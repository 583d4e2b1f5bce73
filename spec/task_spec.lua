-- Tasks: aks.spawn, aks.all, aks.sleep.
local aks = require "aks"

describe("aks.spawn", function()
  it("begins in the next step, with its arguments", function()
    local seen
    local task = aks.spawn(function(...) seen = { ... } end, 1, nil, 3)
    assert.is_nil(seen)
    assert.are.equal("suspended", task:status())
    task:wait()
    assert.are.same({ 1, nil, 3 }, seen)
    assert.are.equal("done", task:status())
  end)

  it("returns what the function returned, each time it is asked", function()
    local task = aks.spawn(function() return 1, nil, "three" end)
    assert.are.same({ n = 3, 1, nil, "three" }, table.pack(task:wait()))
    assert.are.same({ n = 3, 1, nil, "three" }, table.pack(task:wait()))
  end)

  it("raises the function's error as it was, each time it is asked", function()
    local value = {}
    local task = aks.spawn(error, value)
    for _ = 1, 2 do
      local ok, err = pcall(task.wait, task)
      assert.is_false(ok)
      assert.are.equal(value, err)
    end
    assert.are.equal("failed", task:status())
  end)

  it("wants a function", function()
    assert.has_error(function() aks.spawn(1) end, "bad argument #1 to 'spawn' (function expected, got number)")
  end)

  it("knows that it runs", function()
    local task
    task = aks.spawn(function() return task:status() end)
    assert.are.equal("running", (task:wait()))
  end)

  it("lets others run while it sleeps", function()
    local order = {}
    local slow = aks.spawn(function()
      aks.sleep(0.004)
      order[#order + 1] = "slow"
    end)
    local quick = aks.spawn(function()
      aks.sleep(0.001)
      order[#order + 1] = "quick"
    end)
    slow:wait()
    quick:wait()
    assert.are.same({ "quick", "slow" }, order)
  end)

  it("fails when something else closes its coroutine", function()
    local coroutine_of
    local task = aks.spawn(function()
      coroutine_of = coroutine.running()
      aks.sleep(60)
    end)
    aks.loop:step(0)
    coroutine.close(coroutine_of)
    local ok, err = pcall(task.wait, task)
    assert.is_false(ok)
    assert.are.equal("the task's coroutine was ended by something else than the loop", err)
    assert.are.equal("failed", task:status())
  end)

  it("does not wait where something else resumed its coroutine", function()
    local coroutine_of
    local task = aks.spawn(function()
      coroutine_of = coroutine.running()
      aks.sleep(60)
    end)
    aks.loop:step(0)
    local ok, err = coroutine.resume(coroutine_of)
    assert.is_false(ok)
    assert.is_truthy(err:find("resumed by something else than the loop", 1, true))
    assert.is_false((pcall(task.wait, task)))
    assert.is_nil(aks.loop:timeout())
  end)

  it("has its turn after something else that resumed its coroutine", function()
    local coroutine_of, canceled
    local task
    task = aks.spawn(function()
      coroutine_of = coroutine.running()
      coroutine.yield()
      aks.loop:step(0) -- which would resume it, were it not running already
      canceled = pcall(task.cancel, task)
      coroutine.yield "elsewhere"
      return "back"
    end)
    aks.loop:step(0)
    local ok, value = coroutine.resume(coroutine_of)
    assert.are.same({ true, "elsewhere" }, { ok, value })
    assert.is_false(canceled)
    assert.are.equal("back", (task:wait()))
  end)

  it("gives way at a plain yield", function()
    local order = {}
    local first = aks.spawn(function()
      order[#order + 1] = 1
      coroutine.yield()
      order[#order + 1] = 3
    end)
    aks.spawn(function() order[#order + 1] = 2 end)
    first:wait()
    assert.are.same({ 1, 2, 3 }, order)
  end)

  it("waits for another task", function()
    local inner = aks.spawn(function()
      aks.sleep(0.001)
      return "inner"
    end)
    local outer = aks.spawn(function() return inner:wait() end)
    assert.are.equal("inner", (outer:wait()))
  end)

  it("drives the loop from a coroutine that is none of its tasks", function()
    local resumed = coroutine.wrap(function()
      aks.sleep(0.001)
      return "not yielded"
    end)
    assert.are.equal("not yielded", resumed())
  end)

  it("drives the loop from a stranger's coroutine inside a task", function()
    local task = aks.spawn(function()
      local generate = coroutine.wrap(function()
        for i = 1, 3 do
          aks.sleep(0.001)
          coroutine.yield(i)
        end
      end)
      return generate() + generate() + generate()
    end)
    assert.are.equal(6, (task:wait()))
  end)

  it("drives the loop where Lua cannot yield", function()
    local task = aks.spawn(function()
      local list = { 3, 1, 2 }
      table.sort(list, function(a, b)
        aks.sleep(0)
        return a < b
      end)
      return table.concat(list)
    end)
    assert.are.equal("123", (task:wait()))
  end)

  it("does so in many tasks at once", function()
    local functions = {}
    for i = 1, 100 do
      functions[i] = function()
        return coroutine.wrap(function()
          aks.sleep(0.001)
          return i
        end)()
      end
    end
    local results = aks.all(functions)
    for i = 1, 100 do
      assert.are.equal(i, results[i])
    end
  end)

  it("refuses to wait for itself", function()
    local task
    task = aks.spawn(function() task:wait() end)
    assert.has_error(function() task:wait() end, "a task cannot wait for itself")
  end)

  it("raises where every task waits for another", function()
    local one, two
    one = aks.spawn(function() return two:wait() end)
    two = aks.spawn(function() return one:wait() end)
    local ok, message = pcall(one.wait, one)
    assert.is_false(ok)
    assert.is_truthy(message:find("would never end", 1, true))
    one:cancel()
    two:cancel()
  end)

  it("can be canceled, which closes its variables", function()
    local closed = false
    local task = aks.spawn(function()
      local _ <close> = setmetatable({}, { __close = function() closed = true end })
      aks.sleep(60)
    end)
    aks.loop:step(0)
    assert.are.equal(task, task:cancel())
    assert.is_true(closed)
    assert.are.equal("failed", task:status())
    local _, err = pcall(task.wait, task)
    assert.are.equal("operation_canceled", err.code)
    assert.is_nil(aks.loop:timeout())
  end)

  it("wakes who waits for a canceled task", function()
    local sleeper = aks.spawn(aks.sleep, 60)
    local waiter = aks.spawn(function() return pcall(sleeper.wait, sleeper) end)
    aks.loop:step(0)
    sleeper:cancel()
    assert.is_false((waiter:wait()))
  end)

  it("closes the variables of a task that failed", function()
    local closed = false
    local task = aks.spawn(function()
      local _ <close> = setmetatable({}, { __close = function() closed = true end })
      error "oh"
    end)
    assert.is_false((pcall(task.wait, task)))
    assert.is_true(closed)
  end)

  it("warns of an error that nobody saw", function()
    local program = [[local aks = require "aks" aks.spawn(error, "lost") aks.loop:step(0)]]
    local pipe = assert(io.popen(("lua5.4 -W -e '%s' 2>&1"):format(program)))
    local output = pipe:read "a"
    pipe:close()
    assert.are.equal("Lua warning: aks: a task failed and nobody waited for it: lost\n", output)
  end)

  it("says what a task has no method for", function()
    local task = aks.spawn(function() end)
    local _, err = pcall(function() return task.wiat end)
    assert.are.equal("unknown_field", err.code)
    assert.is_truthy(err.message:find("did you mean 'wait'?", 1, true))
    task:wait()
  end)
end)

describe("aks.all", function()
  it("gives the first result of each, in order", function()
    local task = aks.spawn(function() return "task" end)
    local results = aks.all {
      function()
        aks.sleep(0.002)
        return 1, "more"
      end,
      task,
      function() end,
      function() return false end,
    }
    assert.are.same({ [1] = 1, [2] = "task", [4] = false }, results)
  end)

  it("is done at once with nothing", function()
    assert.are.same({}, aks.all {})
  end)

  it("raises the first error after all have ended", function()
    local ended = false
    local ok, err = pcall(aks.all, {
      function() error("first", 0) end,
      function()
        aks.sleep(0.002)
        ended = true
      end,
      function() error("second", 0) end,
    })
    assert.is_false(ok)
    assert.are.equal("first", err)
    assert.is_true(ended)
  end)

  it("says which element it cannot wait for", function()
    local _, err = pcall(aks.all, { function() end, 2 })
    assert.are.equal("type_mismatch", err.code)
    assert.is_truthy(err.message:find("element 2 of the table is a number", 1, true))
  end)

  it("nests", function()
    local results = aks.all {
      function()
        return aks.all {
          function()
            aks.sleep(0.001)
            return "deep"
          end,
        }[1]
      end,
    }
    assert.are.same({ "deep" }, results)
  end)

  it("cancels what it began when its own task is canceled", function()
    local closed = false
    local task = aks.spawn(aks.all, {
      function()
        local _ <close> = setmetatable({}, { __close = function() closed = true end })
        aks.sleep(60)
      end,
    })
    aks.loop:step(0)
    aks.loop:step(0)
    task:cancel()
    assert.is_true(closed)
    assert.is_nil(aks.loop:timeout())
  end)
end)

describe("aks.sleep", function()
  it("refuses what is no time", function()
    assert.has_error(function() aks.sleep(-1) end, "bad argument #1 to 'sleep' (seconds must not be negative)")
    assert.has_error(function() aks.sleep(0 / 0) end, "bad argument #1 to 'sleep' (seconds must not be negative)")
  end)

  it("gives way to a signal's hook, and leaves nothing behind", function()
    local program = [[
      local aks = require "aks"
      io.stdout:write("ready\n") io.stdout:flush()
      local ok, err = pcall(aks.sleep, 60)
      print(ok, err, aks.loop:timeout())
    ]]
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(program)
    file:close()
    local pipe = assert(io.popen(("timeout -s INT 0.2 lua5.4 %s 2>&1"):format(path)))
    local output = pipe:read "a"
    pipe:close()
    os.remove(path)
    assert.are.equal("ready\nfalse\tinterrupted!\tnil\n", output)
  end)
end)
