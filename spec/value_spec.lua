-- Lua values and JSON: what can be said in a document, and what comes back.
local aks = require "aks"

describe("a body from Lua", function()
  local client = aks.connect { credential = "token", endpoint = "http://127.0.0.1:1" }
  local resource = client:resource("/subscriptions/s/resourceGroups/g", "2024-01-01")

  teardown(function() client:close() end)

  local function refusal(body)
    local ok, err = pcall(resource.put, resource, body, { wait = false })
    assert.is_false(ok)
    assert.are.equal("type_mismatch", err.code)
    return err.message
  end

  local function accept(body)
    resource:put(body, { wait = false }):cancel()
  end

  it("takes tables, texts, numbers, booleans and null", function()
    accept { a = { 1, 2.5, "three", true, aks.null }, b = {}, c = aks.array {}, d = math.mininteger }
  end)

  it("names where keys are mixed", function()
    local message = refusal { pools = { { a = 1 }, { 1, x = 2 } } }
    assert.is_truthy(message:find("body.pools[2]: keys must be all names", 1, true))
  end)

  it("refuses holes", function()
    assert.is_truthy(refusal({ a = { 1, nil, 3, nil } }):find("body.a", 1, true))
    assert.is_truthy(refusal({ a = aks.array { 1, nil, 3, nil, nil, 6 } }):find("body.a", 1, true))
  end)

  it("refuses a table that contains itself", function()
    local body = { a = {} }
    body.a.b = { body }
    assert.are.equal("body.a.b[1]: the table contains itself", refusal(body))
  end)

  it("takes one table in two places", function()
    local shared = { 1 }
    accept { a = shared, b = shared }
  end)

  it("refuses more than 64 levels", function()
    local body = {}
    for _ = 1, 70 do
      body = { body }
    end
    assert.is_truthy(refusal({ a = body }):find("nested too deep", 1, true))
  end)

  it("refuses what JSON cannot say", function()
    assert.is_truthy(refusal({ a = 0 / 0 }):find("body.a: JSON has no such number", 1, true))
    assert.is_truthy(refusal({ a = math.huge }):find("body.a: JSON has no such number", 1, true))
    assert.are.equal("body.a: a function cannot stand here", refusal { a = print })
    assert.is_truthy(refusal({ a = "\xff" }):find("body.a: is not valid UTF-8", 1, true))
    assert.is_truthy(refusal({ ["a\0b"] = 1 }):find("a key contains a NUL byte", 1, true))
    assert.are.equal("body.a: this object cannot stand here", refusal { a = client })
  end)

  it("takes resources, ids and prefixes for their texts", function()
    accept { a = resource, b = aks.id "/subscriptions/s", c = aks.cidr "10.0.0.0/8" }
  end)
end)

describe("a value from a document", function()
  local client = aks.connect {
    credential = "token",
    endpoint = "http://127.0.0.1:1",
    subscription = "11111111-2222-3333-4444-555555555555",
  }
  local group = client:resource_group("group", { location = "westus2", tags = { team = "a\0b" } })

  teardown(function() client:close() end)

  it("is a fresh table each time", function()
    group.tags.team = "changed"
    assert.are.equal("a\0b", group.tags.team)
  end)

  it("keeps an array an array", function()
    local network = group:vnet("network", { address_prefixes = { "10.0.0.0/8" } })
    assert.are.same(getmetatable(aks.array {}), getmetatable(network.address_prefixes))
    assert.are.equal("10.0.0.0/8", network.address_prefixes[1])
  end)
end)
