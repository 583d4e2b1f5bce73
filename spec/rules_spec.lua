-- The table of rules as users see it, and planning addresses.
local aks = require "aks"
local azure = require "spec.support.azure"

describe("the table of rules", function()
  it("is what doc/rules.md shows", function()
    local pipe = assert(io.popen(("%s script/rules-doc.lua"):format(arg and arg[-1] or "lua5.4")))
    local generated = pipe:read("a")
    pipe:close()
    assert.are.equal(generated, assert(io.open("doc/rules.md")):read("a"), "run script/rules-doc")
  end)

  it("has a sentence for each rule, and most tell why or what to do", function()
    for _, rule in ipairs(aks.rules.list()) do
      assert.matches("%.$", rule.rule)
      assert.is_truthy(({ error = true, warning = true, info = true })[rule.severity])
    end
  end)
end)

describe("planning addresses", function()
  it("tells how many clusters a subnet holds, and what is left", function()
    assert.are.same({ usable = 27, clusters = 3, left = 0 }, aks.rules.capacity { subnet = "/27" })
    assert.are.same({ usable = 11, clusters = 1, left = 2 }, aks.rules.capacity { subnet = "172.19.0.0/28" })
    assert.are.same({ usable = 27, clusters = 2, left = 0 }, aks.rules.capacity { subnet = "/27", used = 9 })
    assert.are.same({ usable = 3, clusters = 0, left = 3 }, aks.rules.capacity { subnet = "/29" })
  end)

  it("tells the smallest subnets for so many clusters and nodes", function()
    assert.are.same({ apiserver_subnet = "/28" }, aks.rules.capacity { clusters = 1 })
    assert.are.same({ apiserver_subnet = "/26" }, aks.rules.capacity { clusters = 6 })
    assert.are.same({ node_subnet = "/25", addresses = 110 }, aks.rules.capacity { nodes = 100 })
    assert.are.same({ node_subnet = "/21", addresses = 1054 },
      aks.rules.capacity { nodes = 30, surge = 4, max_pods = 30 })
  end)

  it("finds the next free block in a network", function()
    local network = aks.cidr "172.19.0.0/16"
    assert.are.equal("172.19.0.0/24", tostring(network:next_free(24)))
    assert.are.equal("172.19.2.0/24", tostring(network:next_free(24, { "172.19.0.0/28", aks.cidr "172.19.1.0/24" })))
    assert.are.equal("172.19.0.16/28", tostring(network:next_free(28, { "172.19.0.0/28", "172.19.1.0/24" })))
    assert.is_nil(network:next_free(24, { "172.19.0.0/16" }))
    assert.is_nil(network:next_free(8))
  end)

  it("says what is wrong with what it is asked", function()
    assert.are.equal("cidr_invalid", azure.error_of(aks.rules.capacity, { subnet = "/99" }).code)
    assert.are.equal("cidr_invalid", azure.error_of(aks.rules.capacity, { subnet = "fd00::/64" }).code)
    assert.are.equal("cidr_host_bits", azure.error_of(aks.rules.capacity, { subnet = "172.19.0.1/27" }).code)
    assert.are.equal("field_required", azure.error_of(aks.rules.capacity, { used = 3 }).code)
    assert.are.equal("unknown_field", azure.error_of(aks.rules.capacity, { subnets = "/27" }).code)
    assert.has_error(function()
      aks.cidr("10.0.0.0/8"):next_free(33)
    end)
  end)
end)
