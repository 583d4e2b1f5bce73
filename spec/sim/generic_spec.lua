-- Resources of any type: lists with filters, tags as a resource of their own, whether something is there.
local client = require "spec.sim.client"

describe("resources of any type", function()
  local azure

  before_each(function()
    azure = client.start()
    azure:create_network()
    azure:create(client.CLUSTER, client.managed())
  end)
  after_each(function()
    azure:stop()
  end)

  local function encode(text)
    return (text:gsub("[^%w]", function(character)
      return ("%%%02X"):format(character:byte())
    end))
  end

  local function names(filter, prefix)
    local answer = azure:get((prefix or "") .. "/resources?api-version=2021-04-01"
      .. (filter and "&%24filter=" .. encode(filter) or ""))
    assert(answer.status == 200, answer.text)
    local list = {}
    for _, item in ipairs(answer.body.value) do
      list[#list + 1] = item.name:gsub("%d+", "N")
    end
    table.sort(list)
    return list
  end

  it("are listed by group and by subscription, without what lies below them or is about them", function()
    assert.are.same({ "cluster-identity", "demo", "network" }, names(nil, client.GROUP))
    assert.are.same({ "aks-vnet-N", "cluster-identity", "demo", "kube-apiserver", "network" }, names())
  end)

  it("are listed by type, name, part of a name, group, location and tag", function()
    assert.are.same({ "demo" }, names("resourceType eq 'microsoft.containerservice/managedclusters'"))
    assert.are.same({ "network" }, names "name eq 'network'")
    assert.are.same({ "aks-vnet-N" }, names "substringof('vnet', name)")
    assert.are.same({ "network" },
      names "resourceGroup eq 'demo' and resourceType eq 'Microsoft.Network/virtualNetworks'")
    assert.are.same({}, names "location eq 'eastus'")
    azure:patch(client.VNET, { tags = { team = "a" } })
    assert.are.same({ "network" }, names "tagName eq 'team' and tagValue eq 'a'")
    assert.are.same({}, names "tagName eq 'team' and tagValue eq 'b'")
  end)

  it("are not listed by a filter that is none", function()
    local answer = azure:get("/resources?api-version=2021-04-01&%24filter=colour")
    assert.are.equal("InvalidFilterInQueryString", answer.body.error.code)
  end)

  it("have tags that are merged, replaced and deleted", function()
    local path = client.VNET .. "/providers/Microsoft.Resources/tags/default"
    local function patch(operation, tags)
      return azure:patch(path, { operation = operation, properties = { tags = tags } }).body.properties.tags
    end
    assert.are.same({ a = "1", b = "2" }, patch("Merge", { a = "1", b = "2" }))
    assert.are.same({ a = "1", b = "3" }, patch("Merge", { b = "3" }))
    assert.are.same({ a = "1" }, patch("Delete", { b = "3" }))
    assert.are.same({ c = "4" }, patch("Replace", { c = "4" }))
    assert.are.same({ c = "4" }, azure:get(client.VNET).body.tags)
    assert.are.same({ d = "5" }, azure:put(path, { properties = { tags = { d = "5" } } }).body.properties.tags)
    azure:delete(path)
    assert.is_nil(azure:get(client.VNET).body.tags)
    assert.are.equal("InvalidRequestContent", azure:patch(path, { operation = "Double",
      properties = { tags = { a = "1" } } }).body.error.code)
    assert.are.equal(404, azure:get(client.VNET .. "x/providers/Microsoft.Resources/tags/default").status)
  end)

  it("are there or not, by HEAD", function()
    for _, path in ipairs { client.CLUSTER, client.VNET, client.IDENTITY, client.NODES } do
      local answer = azure:head(path)
      assert.are.equal(204, answer.status)
      assert.are.equal("", answer.text)
      assert.are.equal(404, azure:head(path .. "x").status)
    end
  end)

  it("of a namespace or a type that nobody has are refused as such", function()
    local base = client.GROUP .. "/providers/"
    assert.are.equal("InvalidResourceNamespace", azure:get(base .. "Contoso.Web/sites/x").body.error.code)
    assert.are.equal("InvalidResourceType", azure:get(base .. "Microsoft.Network/flying/x").body.error.code)
    assert.are.equal("MissingSubscription", azure:send("GET", "/somewhere?api-version=2024-11-01", nil,
      { authorization = "Bearer " .. azure.token }).body.error.code)
  end)

  it("lie in a region that there is", function()
    assert.are.equal("LocationNotAvailableForResourceGroup",
      azure:put("/resourceGroups/other", { location = "mars" }).body.error.code)
    assert.are.equal("LocationNotAvailableForResourceType",
      azure:put(client.IDENTITY .. "2", { location = "mars" }).body.error.code)
    local body = client.managed()
    body.location = "mars"
    assert.are.equal("LocationNotAvailableForResourceType", azure:put(client.CLUSTER .. "2", body).body.error.code)
  end)
end)
