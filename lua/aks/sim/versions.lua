-- Which api-versions each type takes, and what ARM says to the others.
local http = require "aks.sim.http"
local regions = require "aks.sim.regions"

local versions = {}

-- Type -> its first and its last version, and of which days they are (AKS: stable ones of the first of a month). The
-- longest row that a type begins with counts. All dates of these ranges are taken: the real lists have gaps, but what
-- clients get wrong is a version of another type, of another time, or of no form.
local LAST = "2027-12-31"
local rows = {
  ["microsoft.containerservice"] = { "2017-08-31", LAST },
  ["microsoft.containerservice/managedclusters"] = { "2017-08-31", LAST, days = {
    ["01"] = true, ["02-preview"] = true, ["01-preview"] = true, ["03-preview"] = true, ["15-preview"] = true,
    ["31"] = true } },
  ["microsoft.network"] = { "2014-12-01-preview", LAST },
  ["microsoft.network/privatednszones"] = { "2018-09-01", LAST },
  ["microsoft.managedidentity"] = { "2015-08-31-preview", LAST },
  ["microsoft.authorization"] = { "2014-04-01-preview", LAST },
  ["microsoft.features"] = { "2014-08-01-preview", LAST },
  ["microsoft.compute"] = { "2015-05-01-preview", LAST },
  ["microsoft.resources"] = { "2014-04-01-preview", LAST },
}

--- The type of a route: its provider, and each segment that a name follows or that ends a list. Of a POST also its
--- action.
function versions.type_of(route)
  local provider, rest = route.path:match(".*/providers/(Microsoft%.%w+)/?(.*)$")
  local parts, is_name = { provider or "Microsoft.Resources" }, false
  for segment in (provider and rest or ""):gmatch("[^/]+") do
    if not is_name then
      parts[#parts + 1] = segment
    end
    is_name = not is_name
  end
  local action
  if route.method == "POST" and #parts > 1 then
    action, parts[#parts] = parts[#parts], nil -- an action is no type
  end
  return table.concat(parts, "/"), action
end

local function row_of(resource_type)
  local key = resource_type:lower()
  while key do
    if rows[key] then
      return rows[key]
    end
    key = key:match("^(.*)/[^/]*$")
  end
end

local function is_supported(row, version)
  local day = version:sub(9)
  return version >= row[1] and version <= row[2] and (not row.days or row.days[day] == true)
end

local function refuse(context, resource_type, row)
  local version = context.api_version
  local supported = ("%s to %s"):format(row[1], row[2])
  if resource_type:lower():find("^microsoft%.resources") then
    http.raise(400, "InvalidApiVersionParameter", ("The api-version '%s' is invalid. The supported versions are '%s'.")
      :format(version, supported))
  end
  local group = context.group and context.group.document.location or regions.names[1]
  local kind, locations = resource_type:match("/(.+)$") or resource_type, table.concat(regions.names, ", ")
  http.raise(400, "NoRegisteredProviderFound", ("No registered resource provider found for location '%s' and API "
    .. "version '%s' for type '%s'. The supported api-versions are '%s'. The supported locations are '%s'."):format(
      group, version, kind, supported, locations))
end

--- Reads the api-version of a request; refuses one without, or whose is none.
function versions.read(context)
  local version = context.query["api-version"]
  if not version or version == "" then
    http.raise(400, "MissingApiVersionParameter",
      "The api-version query parameter (?api-version=) is required for all requests.")
  elseif not version:match("^%d%d%d%d%-[01]%d%-[0-3]%d$") and not version:match("^%d%d%d%d%-[01]%d%-[0-3]%d%-preview$")
  then
    http.raise(400, "InvalidApiVersionParameter", ("The api-version '%s' is invalid."):format(version))
  end
  context.api_version = version
end

--- Refuses an api-version that the type has not.
function versions.check(context)
  local row = row_of(context.type)
  if row and not is_supported(row, context.api_version) then
    refuse(context, context.type, row)
  end
end

return versions
