-- The page of the simulated subscription, and what it is made of.
local client = require "spec.sim.client"

local azure

local function have(command)
  return os.execute(("command -v %s >/dev/null 2>&1"):format(command)) and command
end

local browser = have "chromium" or have "chromium-browser" or have "google-chrome"

-- What the page has become after its script has run, as the browser writes it.
local function dump(url)
  local profile = os.tmpname()
  os.remove(profile)
  local command = ("env -u LD_PRELOAD timeout 60 %s --headless --no-sandbox --disable-gpu --disable-dev-shm-usage "
    .. "--user-data-dir=%s --proxy-server=direct:// --virtual-time-budget=5000 "
    .. "--dump-dom '%s' 2>/dev/null"):format(browser, profile, url)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  pipe:close()
  os.execute("rm -rf " .. profile)
  return text
end

describe("the overview of the simulated subscription", function()
  before_each(function()
    azure = client.start { speed = 0 }
    azure:put(client.GROUP, { location = "westus2" })
  end)
  after_each(function()
    azure:stop()
  end)

  local function overview()
    return azure:send("GET", "/__sim/overview").body
  end

  it("has groups, networks with what is in them, clusters with how far they are, and the last requests", function()
    azure:put(client.VNET, { location = "westus2", properties = {
      addressSpace = { addressPrefixes = { "10.1.0.0/16" } },
      subnets = { { name = "nodes", properties = { addressPrefix = "10.1.0.0/24" } } } } })
    azure.sim:advance(60)
    azure:get(client.VNET)
    azure:put(client.GROUP .. "/providers/Microsoft.ContainerService/managedClusters/demo", { location = "westus2",
      identity = { type = "SystemAssigned" }, properties = { dnsPrefix = "demo",
        agentPoolProfiles = { { name = "one", mode = "System", count = 2, vmSize = "Standard_D2s_v3",
          vnetSubnetID = azure.root .. "/resourceGroups/demo/providers/Microsoft.Network/virtualNetworks/network"
            .. "/subnets/nodes" } } } })
    azure.sim:advance(100)
    local now = overview()
    assert.are.equal("demo", now.groups[1].name)
    assert.are.equal("10.1.0.0/24", now.vnets[1].subnets[1].prefix)
    assert.are.equal(251, now.vnets[1].subnets[1].usable)
    assert.are.equal(2, now.vnets[1].subnets[1].used)
    local cluster = now.clusters[1]
    assert.are.equal("Creating", cluster.state)
    assert.are.equal(2, cluster.nodes)
    assert.is_true(cluster.progress > 0 and cluster.progress < 1)
    assert.is_string(cluster.step)
    assert.are.equal("PUT", now.requests[1].method)
    assert.are.equal(201, now.requests[1].status)
  end)

  it("needs no token, and counts as no request", function()
    local before = azure.sim:count()
    assert.are.equal(200, azure:send("GET", "/__sim/overview").status)
    assert.are.equal(200, azure:send("GET", "/__sim/").status)
    assert.are.equal(before, azure.sim:count())
  end)

  it("is shown by a page that asks nobody else for anything", function()
    local answer = azure:send("GET", "/__sim/")
    assert.matches("^text/html", answer.headers["content-type"])
    assert.matches("default%-src 'none'", answer.headers["content-security-policy"])
    for link in answer.text:gmatch("https?://[^%s\"']+") do
      error("the page names " .. link)
    end
    assert.is_nil(answer.text:find("innerHTML", 1, true))
  end)

  it("is shown live in a browser, names as text and never as markup", function()
    if not browser then
      pending("no browser is installed (chromium)")
      return
    end
    local evil = "<img src=x onerror=document.title='owned'>"
    azure.sim:put(azure.root .. "/resourceGroups/evil", { location = evil, properties = {} })
    local text = dump(azure.sim.endpoint .. "/__sim/")
    assert.matches("<td>demo</td>", text)
    assert.matches("&lt;img src=x", text)
    assert.is_nil(text:find("<img", 1, true))
    assert.matches("<title>Simulated Azure</title>", text)
    assert.matches('<table aria%-labelledby="groups%-title"', text)
  end)
end)

describe("the state over HTTP", function()
  it("is exported and imported", function()
    azure = client.start()
    azure:put(client.GROUP, { location = "westus2", tags = { team = "a" } })
    local text = azure:send("GET", "/__sim/state").text
    azure:stop()
    azure = client.start()
    local answer = azure:send("PUT", "/__sim/state", text, { ["content-type"] = "application/json" })
    assert.are.equal(204, answer.status, answer.text)
    assert.are.equal("a", azure:get(client.GROUP).body.tags.team)
    assert.are.equal(400, azure:send("PUT", "/__sim/state", "[]", { ["content-type"] = "application/json" }).status)
    assert.are.equal(400, azure:send("PUT", "/__sim/state", "{}", { ["content-type"] = "text/plain" }).status)
    azure:stop()
  end)
end)
