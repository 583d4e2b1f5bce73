-- The simulator is sent what was recorded of the real Azure, and its answers are compared with the recorded ones,
-- member by member. What is absent must be listed here with the reason, and what is listed must be absent.
local client = require "spec.sim.client"
local json = require "dkjson"
local recording = require "spec.support.recording"
local shared = require "spec.support.shared"

local PREVIEW = "a preview's member, in no stable version"
local INTERNAL = "an add-on that AKS switches on for itself, and shows in the answer to an abort alone"

-- Members of recorded answers that the simulator's do not have, and why.
local absent = {
  [".properties.controlPlanePluginProfiles"] = PREVIEW,
  [".properties.storageProfile.diskCSIDriver.version"] = PREVIEW,
  [".properties.addonProfiles"] = INTERNAL,
  [".properties.privateLinkResources[].privateLinkServiceID"] = "recorded once; there are no private endpoints here",
  [".properties.agentPoolProfiles[].nodeLabels"] = "an empty object, in answers to a PUT alone",
}
-- The same of headers. All others are compared.
local absent_headers = {
  ["server"] = "old answers name the server's software",
  ["transfer-encoding"] = "the simulator knows how long its answers are", ["content-length"] = "the counterpart",
  ["vary"] = "only of answers that were compressed", ["content-encoding"] = "not compressed",
  ["date"] = "libmicrohttpd writes it", ["x-msedge-ref"] = "a front door's mark", ["x-cache"] = "a front door's mark",
  ["x-ms-operation-identifier"] = "an identifier of the caller, which clients have no use for",
}

local ZERO = "00000000%-0000%-0000%-0000%-000000000000"

local function kind_of(value)
  local meta = type(value) == "table" and getmetatable(value)
  return meta and meta.__jsontype or math.type(value) or type(value)
end

-- path -> kind, of all members of a value.
local function members(value, path, found)
  local kind = kind_of(value)
  found[path] = kind
  for name, member in pairs((kind == "object" or kind == "array") and value or {}) do
    members(member, kind == "array" and path .. "[]" or path .. "." .. name, found)
  end
  return found
end

-- The longest row that a path begins with.
local function reason_of(path)
  while path ~= "" do
    if absent[path] then
      return path
    end
    path = path:match("^(.*)[%.%[][^%.%[]*$") or ""
  end
end

describe("the simulator's answers have every member of recorded ones:", function()
  local azure, used

  before_each(function()
    azure = client.start()
  end)
  after_each(function()
    azure:stop()
  end)
  setup(function()
    used = {}
  end)

  local function adapt(text)
    return (text:gsub(ZERO, azure.sim.subscription):gsub('"1%.2%d[%.%d]*"', '"1.33"')) -- the versions of today
  end

  local function compare(where, recorded, answered)
    local theirs, ours = members(recorded, "", {}), members(answered, "", {})
    for path, kind in pairs(theirs) do
      local reason = reason_of(path)
      if ours[path] == nil then
        assert(reason, ("%s: %s is absent"):format(where, path))
        used[reason] = true
      else
        assert.are.equal(kind, ours[path], where .. ": " .. path)
      end
    end
  end

  local function compare_headers(where, recorded, answered)
    for name in pairs(recorded) do
      assert(answered[name] or absent_headers[name], ("%s: the header %s is absent"):format(where, name))
    end
  end

  local function send(exchange)
    local path = adapt(exchange.url:gsub("^https?://[^/]+", ""))
    local text = exchange.method == "PUT" and adapt(json.encode(exchange.request)) or nil
    local location = exchange.method == "PUT" and exchange.request.location
    if location then
      azure:put(path:match("/resource[gG]roups/[^/]+"), { location = location })
    end
    return azure:send(exchange.method, path, text or (exchange.method == "POST" and "" or nil),
      { authorization = "Bearer " .. azure.token, ["content-type"] = "application/json" })
  end

  -- Requests to clusters; polls are the operations' own, which have other URLs here.
  local function concerns(exchange)
    return exchange.url:lower():find("/managedclusters/", 1, true) and not exchange.url:find("/operation", 1, true)
  end

  local function replay(exchanges)
    local wanted, compared = {}, 0
    for _, exchange in ipairs(exchanges) do
      wanted[#wanted + 1] = concerns(exchange) and exchange or nil
    end
    for index, exchange in ipairs(wanted) do
      local where = ("%d %s %s"):format(index, exchange.method, exchange.url:match("/([^/?]+)%?"))
      local answer, following = send(exchange), wanted[index + 1]
      local aborted = wanted[index + 2] and wanted[index + 2].url:find("/abort", 1, true)
        or following and following.url:find("/abort", 1, true)
      assert.are.equal(exchange.status, answer.status, where .. " " .. answer.text)
      if exchange.status < 300 and kind_of(exchange.body) == "object" then
        compare(where, exchange.body, answer.body and json.decode(answer.text, 1, json.null))
        compared = compared + 1
      end
      compare_headers(where, exchange.headers, answer.headers)
      if answer.headers["azure-asyncoperation"] and not aborted then
        azure:wait(answer)
      end
    end
    assert.is_true(compared > 0)
  end

  local names = { "test_aks_abort", "test_aks_create_again_should_fail", "test_aks_create_private_cluster_public_fqdn",
    "test_aks_create_with_apiserver_vnet_integration_public", "test_aks_upgrade_node_image_only_cluster" }

  for _, name in ipairs(names) do
    it(name, function()
      local path, skipped = shared.path("recordings/" .. name .. ".yaml")
      if not path then
        pending(skipped)
        return
      end
      replay(recording.read(path))
    end)
  end

  it("no more is listed as absent than is", function()
    local _, skipped = shared.path("recordings/" .. names[1] .. ".yaml")
    if skipped then
      pending(skipped)
      return
    end
    for path in pairs(absent) do
      assert(used[path], path .. " is not absent")
    end
  end)
end)
