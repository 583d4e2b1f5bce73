-- Whether the nodes reach their API server through the network security groups on the way: decided for each packet that
-- would be sent, by the first rule that matches it.
-- https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#security-rules
local apiserver = require "aks.sim.clusters.apiserver"
local cidr = require "aks.sim.cidr"
local http = require "aks.sim.http"
local network = require "aks.sim.providers.network"

local reach = {}

-- Where the platform's health probes come from.
local PROBES = cidr.address "168.63.129.16"
-- Azure keeps the first four addresses of a subnet.
local FIRST = 4
-- A port that a client may be given.
local CLIENT_PORT = 50000

local function in_network(address, vnet)
  if address == PROBES then
    return true
  end
  for _, text in ipairs(vnet.document.properties.addressSpace.addressPrefixes) do
    local prefix = cidr.parse(text)
    if prefix.first <= address and address <= prefix.last then
      return true
    end
  end
  return false
end

local tags = {
  ["*"] = function()
    return true
  end,
  virtualnetwork = in_network,
  azureloadbalancer = function(address)
    return address == PROBES
  end,
  internet = function(address, vnet)
    return not in_network(address, vnet)
  end,
}

-- Other tags are of services elsewhere, and no address here is one of theirs.
local function is_address(text, address, vnet)
  local tag, prefix = tags[text:lower()], cidr.parse(text)
  return tag and tag(address, vnet) or prefix and prefix.first <= address and address <= prefix.last
    or cidr.address(text) == address
end

local function is_port(text, port)
  local first, last = text:match "^(%d+)%-?(%d*)$"
  return text == "*" or first and tonumber(first) <= port and port <= tonumber(last ~= "" and last or first)
end

-- Whether one of the texts of a rule, given as one or as a list, is about the value.
local function names(properties, one, several, is, ...)
  local single = properties[one]
  if single ~= nil and single ~= http.null and single ~= "" then
    return is(single, ...)
  end
  for _, text in ipairs(properties[several] or {}) do
    if is(text, ...) then
      return true
    end
  end
  return false
end

local function matches(properties, packet, vnet)
  local protocol = properties.protocol:lower()
  return (protocol == "*" or protocol == "tcp")
    and names(properties, "sourcePortRange", "sourcePortRanges", is_port, CLIENT_PORT)
    and names(properties, "destinationPortRange", "destinationPortRanges", is_port, packet.port)
    and names(properties, "sourceAddressPrefix", "sourceAddressPrefixes", is_address, packet.source, vnet)
    and names(properties, "destinationAddressPrefix", "destinationAddressPrefixes", is_address, packet.destination,
      vnet)
end

-- Whether the group on a subnet, if there is one, lets the packet through.
local function passes(simulator, subnet, direction, packet)
  local reference = subnet.document.properties.networkSecurityGroup
  local group = type(reference) == "table" and reference.id and simulator.store:get(reference.id)
  if not group then
    return true
  end
  local first
  for _, list in ipairs { "securityRules", "defaultSecurityRules" } do
    for _, rule in ipairs(group.document.properties[list]) do
      local properties = rule.properties
      if properties.direction == direction and (not first or properties.priority < first.priority)
        and matches(properties, packet, network.vnet_of(simulator, subnet.id)) then
        first = properties
      end
    end
  end
  return first.access == "Allow" -- the default rules match everything
end

-- Every packet from one node that must arrive.
local function node_reaches(simulator, subnet, source, target)
  for _, port in ipairs { 443, 4443 } do
    local packet = { source = source, destination = target.address, port = port }
    if not passes(simulator, subnet, "Outbound", packet) or not passes(simulator, target.subnet, "Inbound", packet) then
      return false
    end
  end
  return true
end

local function all_reach(simulator, target, pools)
  local probe = { source = PROBES, destination = target.address, port = 9988 }
  if not passes(simulator, target.subnet, "Inbound", probe) then
    return false
  end
  for _, pool in ipairs(pools) do
    local subnet = pool.vnetSubnetID and network.subnet(simulator, pool.vnetSubnetID)
    local prefix = subnet and cidr.parse(network.prefix(subnet))
    for node = 1, prefix and pool.count or 0 do
      if not node_reaches(simulator, subnet, prefix.first + FIRST + node - 1, target) then
        return false
      end
    end
  end
  return true
end

--- The error of nodes that come up and do not reach the API server in its subnet; nil when they do. `pools`: those
--- whose nodes come up.
function reach.problem(simulator, record, pools)
  local subnet = record.joined and network.subnet(simulator, record.joined)
  local target = subnet and { subnet = subnet, address = cidr.address(apiserver.address(simulator, record)) }
  if target and not all_reach(simulator, target, pools) then
    return { code = "VMExtensionProvisioningError", message =
      "CSE failed with 'VMExtensionError_K8SAPIServerConnFail'. "
      .. "Agents are unable to establish connection to the Kubernetes API server." }
  end
end

return reach
