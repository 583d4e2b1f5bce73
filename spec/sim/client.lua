-- A plain HTTP client of the simulator for its specs, which share nothing with the client that is being simulated for.
local http = require "socket.http"
local json = require "dkjson"
local ltn12 = require "ltn12"
local sim = require "aks.sim"

local client = {}
client.__index = client

client.DELEGATION = "Microsoft.ContainerService/managedClusters"
client.OBJECT = setmetatable({}, { __jsontype = "object" }) -- {}, which as a bare table would be []
client.NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"

--- Starts a simulator and signs in.
function client.start(options)
  local simulator = sim.start(options)
  return setmetatable({ sim = simulator, token = simulator.token, root = "/subscriptions/" .. simulator.subscription },
    client)
end

function client:stop()
  self.sim:stop()
end

local function exchange(url, method, text, headers)
  local parts = {}
  local ok, status, answered = http.request {
    url = url, method = method, headers = headers, sink = ltn12.sink.table(parts), redirect = false,
    source = text and ltn12.source.string(text) or nil,
  }
  if not ok then
    return nil, status
  end
  local whole = table.concat(parts)
  return { status = status, headers = answered, text = whole, body = json.decode(whole) }
end

--- Sends a request as it is; returns { status, headers, text, body } or nil and why there was no answer.
function client:send(method, url, text, headers)
  local all = { ["content-length"] = text and #text or nil }
  for name, value in pairs(headers or {}) do
    all[name] = value
  end
  return exchange(url:find("^http") and url or self.sim.endpoint .. url, method, text, all)
end

--- A request with a token, an api-version unless there is one, and a table as body. Paths that do not begin with
--- "/subscriptions" lie in the subscription.
function client:call(method, path, body, headers)
  local all = { authorization = "Bearer " .. self.token, ["content-type"] = body and "application/json" or nil }
  for name, value in pairs(headers or {}) do
    all[name] = value
  end
  if not path:find("^http") and not path:find("^/subscriptions") then
    path = self.root .. path
  end
  if not path:find("?", 1, true) then
    path = path .. "?api-version=2025-05-01"
  end
  return self:send(method, path, body and json.encode(body), all)
end

for _, method in ipairs { "GET", "PUT", "PATCH", "POST", "DELETE", "HEAD" } do
  client[method:lower()] = function(self, ...)
    return self:call(method, ...)
  end
end

--- Polls the operation that an answer began; returns its last answer and the statuses on the way.
function client:wait(answer)
  local url, statuses = answer.headers["azure-asyncoperation"], {}
  assert(url, "no operation: " .. answer.status .. " " .. answer.text)
  for _ = 1, 10000 do
    local polled = self:get(url)
    local status = polled.body.status
    if status ~= statuses[#statuses] then
      statuses[#statuses + 1] = status
    end
    if status == "Succeeded" or status == "Failed" or status == "Canceled" then
      return polled, statuses
    end
    self.sim:advance(20)
  end
  error("the operation does not end")
end

--- PUTs and waits until it is done; returns the resource as it is then.
function client:create(path, body)
  local answer = self:put(path, body)
  assert(answer.status == 200 or answer.status == 201, answer.status .. " " .. answer.text)
  if answer.headers["azure-asyncoperation"] then
    local last = self:wait(answer)
    assert(last.body.status == "Succeeded", last.text)
  end
  return self:get(path).body
end

client.GROUP = "/resourceGroups/demo"
client.VNET = client.GROUP .. "/providers/Microsoft.Network/virtualNetworks/network"
client.APISERVER, client.NODES = client.VNET .. "/subnets/apiserver", client.VNET .. "/subnets/nodes"
client.IDENTITY = client.GROUP .. "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/cluster-identity"
client.CLUSTER = client.GROUP .. "/providers/Microsoft.ContainerService/managedClusters/demo"

function client:create_group()
  return self:create(client.GROUP, { location = "westus2" })
end

--- The properties of a subnet; `delegation`: the name of a service.
function client.subnet(prefix, delegation)
  return { addressPrefix = prefix, delegations = delegation
    and { { name = "0", properties = { serviceName = delegation } } } or nil }
end

--- Lets a principal do at a scope what a role allows.
function client:assign(scope, principal, role)
  local name = ("%08x-0000-4000-8000-%012x"):format(math.random(0, 0xffffffff), math.random(0, 0xffffffffffff))
  return self:put(scope .. "/providers/Microsoft.Authorization/roleAssignments/" .. name .. "?api-version=2022-04-01", {
    properties = { principalId = principal, principalType = "ServicePrincipal",
      roleDefinitionId = self.root .. "/providers/Microsoft.Authorization/roleDefinitions/"
        .. (role or client.NETWORK_CONTRIBUTOR) } })
end

--- A group, a VNet with both subnets, an identity that may use them. Returns the identity's document.
function client:create_network()
  self:create_group()
  self:create(client.VNET, { location = "westus2", properties = {
    addressSpace = { addressPrefixes = { "172.19.0.0/16" } },
    subnets = {
      { name = "apiserver", properties = client.subnet("172.19.0.0/28", client.DELEGATION) },
      { name = "nodes", properties = client.subnet("172.19.1.0/24") },
    },
  } })
  local identity = self:create(client.IDENTITY, { location = "westus2" })
  self:assign(client.APISERVER, identity.properties.principalId)
  self:assign(client.NODES, identity.properties.principalId)
  return identity
end

--- The body of a cluster in a managed VNet; with an empty table without any access profile.
function client.managed(access)
  access = access or { enableVnetIntegration = true }
  return { location = "westus2", identity = { type = "SystemAssigned" }, properties = {
    dnsPrefix = "demo", apiServerAccessProfile = next(access) and access or nil,
    agentPoolProfiles = { { name = "nodepool1", mode = "System", count = 3, vmSize = "Standard_D4s_v3" } },
  } }
end

--- The body of a cluster in the network of `create_network`.
function client:brought(access)
  local body = client.managed { enableVnetIntegration = true, subnetId = self.root .. client.APISERVER }
  for name, value in pairs(access or {}) do
    body.properties.apiServerAccessProfile[name] = value
  end
  body.identity = { type = "UserAssigned", userAssignedIdentities = {
    [self.root .. client.IDENTITY] = client.OBJECT } }
  body.properties.agentPoolProfiles[1].vnetSubnetID = self.root .. client.NODES
  return body
end

return client
