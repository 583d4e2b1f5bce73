-- aks.cidr
local aks = require "aks"

describe("aks.cidr", function()
  it("has what a subnet of Azure needs to know", function()
    local cidr = aks.cidr "172.19.0.0/28"
    assert.are.equal(28, cidr.prefix)
    assert.are.equal(16, cidr.size)
    assert.are.equal("integer", math.type(cidr.size))
    assert.are.equal(11, cidr.usable)
    assert.are.equal("172.19.0.0", cidr.first)
    assert.are.equal("172.19.0.15", cidr.last)
    assert.are.equal(4, cidr.version)
    assert.are.equal("172.19.0.0/28", tostring(cidr))
  end)

  it("knows IPv6", function()
    local cidr = aks.cidr "fd00::/64"
    assert.are.equal(6, cidr.version)
    assert.are.equal(2.0 ^ 64, cidr.size)
  end)

  it("contains prefixes, addresses, objects and texts", function()
    local cidr = aks.cidr "172.19.0.0/16"
    assert.is_true(cidr:contains "172.19.0.0/28")
    assert.is_true(cidr:contains "172.19.255.255")
    assert.is_true(cidr:contains(aks.cidr "172.19.1.0/24"))
    assert.is_false(cidr:contains "172.20.0.1")
    assert.is_false(cidr:contains "172.0.0.0/8")
  end)

  it("overlaps where prefixes nest", function()
    local cidr = aks.cidr "172.19.0.0/16"
    assert.is_true(cidr:overlaps "172.0.0.0/8")
    assert.is_false(cidr:overlaps "10.0.0.0/8")
  end)

  it("iterates over its subnets", function()
    local subnets = {}
    for subnet in aks.cidr("10.0.0.0/29"):subnets(30) do
      subnets[#subnets + 1] = tostring(subnet)
    end
    assert.are.same({ "10.0.0.0/30", "10.0.0.4/30" }, subnets)
  end)

  it("refuses a length that is none", function()
    for _, length in ipairs { 8, 33, -1 } do
      local ok, err = pcall(function() return aks.cidr("10.0.0.0/29"):subnets(length) end)
      assert.is_false(ok)
      assert.are.equal("value_not_allowed", err.code)
    end
  end)

  it("has an order and an equality", function()
    assert.are.equal(aks.cidr "10.0.0.0/8", aks.cidr "10.0.0.0/8")
    assert.is_true(aks.cidr "10.0.0.0/8" < aks.cidr "11.0.0.0/8")
    assert.is_true(aks.cidr "10.0.0.0/8" <= aks.cidr "10.0.0.0/9")
  end)

  it("refuses host bits and what is no prefix", function()
    local _, err = pcall(aks.cidr, "172.19.0.1/28")
    assert.are.equal("cidr_host_bits", err.code)
    for _, wrong in ipairs { "", "x", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/8\0" } do
      local ok, other = pcall(aks.cidr, wrong)
      assert.is_false(ok)
      assert.are.equal("cidr_invalid", other.code)
    end
  end)
end)
