-- aks.id
local aks = require "aks"

local text = "/subscriptions/sub/resourceGroups/group/providers/Microsoft.Network/virtualNetworks/network/subnets/one"

describe("aks.id", function()
  it("has the parts of an id", function()
    local id = aks.id(text)
    assert.are.equal("sub", id.subscription)
    assert.are.equal("group", id.resource_group)
    assert.are.equal("Microsoft.Network/virtualNetworks/subnets", id.type)
    assert.are.equal("one", id.name)
    assert.are.equal((text:gsub("/subnets/one$", "")), id.parent)
    assert.are.equal(text, tostring(id))
  end)

  it("has nil for what an id does not have", function()
    local id = aks.id "/subscriptions/sub"
    assert.is_nil(id.resource_group)
    assert.is_nil(id.parent)
  end)

  it("compares without case", function()
    assert.are.equal(aks.id(text), aks.id(text:upper()))
    assert.are_not.equal(aks.id(text), aks.id "/subscriptions/sub")
  end)

  it("refuses what is no id", function()
    for _, wrong in ipairs { "", "name", "/subscriptions//resourceGroups/g", text .. "?x=1", "/subscriptions/s\0" } do
      local ok, err = pcall(aks.id, wrong)
      assert.is_false(ok)
      assert.are.equal("id_invalid", err.code)
    end
  end)

  it("names the nearest part for a wrong one", function()
    local _, err = pcall(function() return aks.id(text).resourcegroup end)
    assert.is_truthy(err.message:find("did you mean 'resource_group'?", 1, true))
  end)

  it("cannot be changed", function()
    local _, err = pcall(function() aks.id(text).name = "x" end)
    assert.are.equal("field_read_only", err.code)
  end)
end)
