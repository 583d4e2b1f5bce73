-- The regions of the simulated cloud: those of the public one.
-- https://learn.microsoft.com/azure/reliability/regions-list
local http = require "aks.sim.http"

local regions = {}

regions.shown = {
  "East US", "East US 2", "South Central US", "West US 2", "West US 3", "Australia East", "Southeast Asia",
  "North Europe", "Sweden Central", "UK South", "West Europe", "Central US", "South Africa North", "Central India",
  "East Asia", "Indonesia Central", "Japan East", "Japan West", "Korea Central", "Malaysia West", "New Zealand North",
  "Canada Central", "Austria East", "Belgium Central", "France Central", "Germany West Central", "Italy North",
  "Norway East", "Poland Central", "Spain Central", "Switzerland North", "Mexico Central", "UAE North", "Brazil South",
  "Chile Central", "Israel Central", "Qatar Central", "West US", "North Central US", "West Central US", "Canada East",
  "UK West", "Australia Southeast", "Australia Central", "South India", "West India", "Korea South",
  "Switzerland West", "Germany North", "Norway West", "France South", "South Africa West", "UAE Central",
  "Brazil Southeast", "Central US EUAP", "East US 2 EUAP",
}

--- "West US 2" -> "westus2"
function regions.normal(text)
  return (text:lower():gsub("%s", ""))
end

regions.names = {}
for index, shown in ipairs(regions.shown) do
  regions.names[index] = regions.normal(shown)
end

local known = { global = true }
for _, name in ipairs(regions.names) do
  known[name] = true
end

--- Whether a location, in any spelling, is one.
function regions.is_known(text)
  return known[regions.normal(text)] == true
end

--- Refuses a location that is none of the names in `list`.
function regions.refuse(resource_type, location, list)
  http.raise(400, "LocationNotAvailableForResourceType", ("The provided location '%s' is not available for resource "
    .. "type '%s'. List of available regions for the resource type is '%s'."):format(location, resource_type,
    table.concat(list, ",")))
end

--- The regions that have clusters, as they are shown: all but those of the option `without_clusters`.
function regions.with_clusters(simulator)
  local without, list = {}, {}
  for _, name in ipairs(simulator.options.without_clusters or {}) do
    without[regions.normal(name)] = true
  end
  for index, shown in ipairs(regions.shown) do
    list[#list + 1] = not without[regions.names[index]] and shown or nil
  end
  return list
end

--- The location of a resource's body as it is kept; refused when there is none, when it is none, and when the resource
--- (its document; nil: a new one) is elsewhere.
function regions.check(resource_type, location, existing)
  if type(location) ~= "string" or location == "" then
    http.raise(400, "LocationRequired", "The location property is required for this definition.")
  elseif not regions.is_known(location) then
    regions.refuse(resource_type, location, regions.names)
  elseif existing and regions.normal(location) ~= existing.location then
    http.raise(409, "InvalidResourceLocation", ("The resource '%s' already exists in location '%s' in resource group "
      .. "'%s'. A resource with the same name cannot be created in location '%s'. Please select a new resource name.")
      :format(existing.name, existing.location, existing.id:match("/[Rr]esource[Gg]roups/([^/]+)/"), location))
  end
  return regions.normal(location)
end

return regions
