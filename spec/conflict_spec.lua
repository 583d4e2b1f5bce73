-- Somebody else is at work on the same thing: writes wait, look again, and give up when it lasts.
local azure = require "spec.support.azure"

describe("a write", function()
  local simulator, client, group

  local function start(options)
    simulator, client = azure.start(nil, options)
    group = client:resource_group("demo", { location = "westus2" })
    group:create()
  end

  after_each(function()
    client:close()
    simulator:stop()
  end)

  local function refuse(method, code, count)
    simulator:fault { method = method, path = "virtualnetworks/network", count = count, status = 400,
      body = { error = { code = code, message = "Another write is in progress." } } }
  end

  local function count(method)
    return simulator:count { method = method, path = "virtualnetworks/network" }
  end

  local function vnet()
    return group:vnet("network", { address_prefixes = { "172.19.0.0/16" } })
  end

  it("that meets another one is begun again", function()
    start()
    refuse("PUT", "AnotherOperationInProgress", 1)
    vnet():create()
    assert.are.equal(2, count "PUT")
    refuse("DELETE", "AnotherOperationInProgress", 1)
    vnet():delete()
    assert.are.equal(2, count "DELETE")
    assert.is_false(vnet():exists())
  end)

  it("that is refused for a subnet, which parallel writes may be the reason of, is begun again once", function()
    start()
    refuse("PUT", "NetcfgInvalidSubnet", 1)
    vnet():create()
    assert.are.equal(2, count "PUT")
    vnet():delete()
    refuse("PUT", "NetcfgInvalidSubnet", 100)
    simulator:clear_log()
    assert.are.equal("NetcfgInvalidSubnet", azure.error_of(function()
      vnet():create()
    end).code)
    assert.are.equal(2, count "PUT")
  end)

  it("gives up when its time is over", function()
    start { operation_timeout = 3 }
    vnet():create()
    refuse("DELETE", "AnotherOperationInProgress", 100)
    local err = azure.error_of(function()
      vnet():delete()
    end)
    assert.are.equal("timeout", err.code)
    assert.matches("within 3 seconds %(another operation is in progress%)", tostring(err))
    assert.is_true(count "DELETE" >= 2)
    assert.is_true(vnet():exists())
  end)
end)
