-- Microsoft.Network: what subnets and clusters refer to: security groups, route tables, private DNS zones.
local http = require "aks.sim.http"
local rules = require "aks.sim.network_rules"
local tracked = require "aks.sim.tracked"

-- Simulated seconds that a write takes.
local SECONDS = 2

local function nothing()
end

local function check_zone(_, body)
  if body.location:lower() ~= "global" then
    http.raise(400, "LocationNotAvailableForResourceType", ("The provided location '%s' is not available for resource "
      .. "type 'Microsoft.Network/privateDnsZones'. List of available regions for the resource type is 'global'.")
      :format(body.location))
  end
end

local function guid_of(simulator, id)
  local record = simulator.store:get(id)
  return record and record.document.properties.resourceGuid or simulator.uuid()
end

local function group_properties(simulator, id, wanted)
  return { resourceGuid = guid_of(simulator, id), securityRules = rules.show_rules(id, wanted.securityRules or {}),
    defaultSecurityRules = rules.default_rules(id) }
end

local function table_properties(simulator, id, wanted)
  return { resourceGuid = guid_of(simulator, id), routes = http.copy(wanted.routes or http.array()),
    disableBgpRoutePropagation = wanted.disableBgpRoutePropagation or false }
end

local function zone_properties(_, _, wanted)
  local properties = http.copy(wanted)
  properties.maxNumberOfRecordSets, properties.numberOfRecordSets = 25000, 1
  return properties
end

local parts = {
  { type = "Microsoft.Network/networkSecurityGroups", seconds = SECONDS, check = rules.check_nsg,
    properties = group_properties, check_unused = rules.check_nsg_unused },
  { type = "Microsoft.Network/routeTables", seconds = SECONDS, check = nothing, properties = table_properties,
    check_unused = rules.check_route_table_unused },
  { type = "Microsoft.Network/privateDnsZones", seconds = SECONDS, check = check_zone, accepted = true,
    properties = zone_properties, check_unused = nothing },
}

local routes = {}
for _, part in ipairs(parts) do
  for _, route in ipairs(tracked.routes(part)) do
    routes[#routes + 1] = route
  end
end

return routes
