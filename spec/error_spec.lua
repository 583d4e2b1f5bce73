-- Error objects: what they hold, and how they read.
local aks = require "aks"
local core = require "aks.core"

local function failure(f, ...)
  local ok, err = pcall(f, ...)
  assert.is_false(ok)
  return err
end

describe("an error object", function()
  it("is told from other values", function()
    assert.is_true(aks.is_error(failure(aks.cidr, "x")))
    assert.is_false(aks.is_error {})
    assert.is_false(aks.is_error(setmetatable({}, {})))
    assert.is_false(aks.is_error "x")
    assert.is_false(aks.is_error(nil))
  end)

  it("reads as one paragraph", function()
    local err = core.error {
      where = "demo.lua:12",
      message = "The subnet is full",
      operation = "create",
      resource = "subnet 'apiserver'",
      step = "write",
      code = "SubnetIsFull",
      hint = "use a larger one",
      request_id = "r",
      correlation_id = "c",
      status = 400,
    }
    assert.are.equal(
      "demo.lua:12: The subnet is full; in create of subnet 'apiserver', step 'write' [SubnetIsFull]; "
        .. "hint: use a larger one; request id r; correlation id c",
      tostring(err)
    )
  end)

  it("names the line that was wrong", function()
    local line = debug.getinfo(1, "l").currentline + 1
    local err = failure(function() aks.cidr "x" end)
    assert.is_truthy(err.where:find("error_spec.lua:" .. line, 1, true))
  end)

  it("names the caller of aks.connect", function()
    local err = failure(function()
      local client = aks.connect { credential = "token", timeout = "long" }
      return client
    end)
    assert.is_truthy(err.where:find("error_spec.lua:", 1, true))
  end)

  it("has all that is wrong with arguments, a line each", function()
    local err = failure(aks.connect, { credential = "token", subscriptoin = "x", timeout = 0, on_event = 1 })
    assert.are.equal(3, #err.findings)
    local fields = {}
    for _, finding in ipairs(err.findings) do
      fields[finding.field] = finding
      assert.are.equal("error", finding.severity)
    end
    assert.are.equal("did you mean 'subscription'?", fields.subscriptoin.remedy)
    assert.is_truthy(fields.on_event.message:find("on_event must be a function", 1, true))
    assert.is_truthy(fields.timeout)
    assert.are.equal(err.findings[1].code, err.code)
    local _, lines = tostring(err):gsub("\n", "")
    assert.are.equal(3, lines)
  end)

  it("can be shown by lua5.4 itself", function()
    local pipe = assert(io.popen [[lua5.4 -e 'require("aks").cidr "x"' 2>&1]])
    local output = pipe:read "a"
    pipe:close()
    assert.is_truthy(output:find("lua5.4: (command line):1: ", 1, true))
    assert.is_truthy(output:find("[cidr_invalid]", 1, true))
  end)
end)
