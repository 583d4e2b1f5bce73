-- The kinds of the members of network resources' bodies, as far as anything here reads them.
local kinds = require "aks.sim.kinds"
local http = require "aks.sim.http"

local texts, reference = { each = "s" }, { id = "s" }

local subnet = { name = "s", properties = {
  addressPrefix = "s", addressPrefixes = texts, networkSecurityGroup = reference, routeTable = reference,
  natGateway = reference, privateEndpointNetworkPolicies = "s", privateLinkServiceNetworkPolicies = "s",
  defaultOutboundAccess = "b", sharingScope = "s",
  delegations = { each = { name = "s", properties = { serviceName = "s" } } },
  serviceEndpoints = { each = { service = "s", locations = texts } },
} }

local rule = { name = "s", properties = {
  description = "s", protocol = "s", access = "s", direction = "s", priority = "n", sourcePortRange = "s",
  sourcePortRanges = texts, destinationPortRange = "s", destinationPortRanges = texts, sourceAddressPrefix = "s",
  sourceAddressPrefixes = texts, destinationAddressPrefix = "s", destinationAddressPrefixes = texts,
  sourceApplicationSecurityGroups = { each = reference }, destinationApplicationSecurityGroups = { each = reference },
} }

local shapes = {
  ["microsoft.network/virtualnetworks"] = { properties = {
    addressSpace = { addressPrefixes = texts }, dhcpOptions = { dnsServers = texts }, subnets = { each = subnet },
    encryption = { enabled = "b", enforcement = "s" }, virtualNetworkPeerings = { each = "o" },
    enableDdosProtection = "b", enableVmProtection = "b", flowTimeoutInMinutes = "i", ddosProtectionPlan = reference,
    privateEndpointVNetPolicies = "s", bgpCommunities = "o",
  } },
  ["microsoft.network/virtualnetworks/subnets"] = subnet,
  ["microsoft.network/networksecuritygroups"] = { properties = { securityRules = { each = rule },
    flushConnection = "b" } },
  ["microsoft.network/networksecuritygroups/securityrules"] = rule,
  ["microsoft.network/routetables"] = { properties = { disableBgpRoutePropagation = "b",
    routes = { each = { name = "s", properties = { addressPrefix = "s", nextHopType = "s",
      nextHopIpAddress = "s" } } } } },
  ["microsoft.network/privatednszones"] = { properties = "o" },
}

local network_shapes = {}

--- Refuses the body of a request for a network resource when a member of it is of another kind than it has to be.
function network_shapes.check(context)
  local shape = context.body and shapes[context.type:lower()]
  local problem = shape and kinds.problem(context.body, shape)
  if problem then
    http.raise(400, "InvalidRequestFormat", "Cannot parse the request.", { details = http.array { {
      code = "InvalidJson", message = ("Error converting value: %s."):format(problem) } } })
  end
end

return network_shapes
