-- What an api-version knows of a cluster: members that came later are not shown, and stay as they are when it writes.
local http = require "aks.sim.http"

local shape = {}

-- Since when members are there: in stable versions, and in previews (nil: as long as anybody asks).
local INTEGRATION, ETAG, STATUS = { "2025-03-01", "2022-04-02-preview" }, { "2024-09-01" }, { "2025-05-01" }

local function knows(version, since)
  local first = version:find("preview", 1, true) and (since[2] or "") or since[1]
  return version >= first
end

--- Whether a version has the members of API Server VNet Integration.
function shape.knows_integration(version)
  return knows(version, INTEGRATION)
end

--- The document of a record as the request's api-version shows it.
function shape.show(context, record)
  local version = context.api_version
  if knows(version, STATUS) and knows(version, INTEGRATION) then
    return record.document
  end
  local shown = http.copy(record.document)
  local access = shown.properties.apiServerAccessProfile
  if not knows(version, ETAG) then
    shown.eTag = nil
    for _, pool in ipairs(shown.properties.agentPoolProfiles) do
      pool.eTag = nil
    end
  end
  if not knows(version, STATUS) then
    shown.properties.status = nil
  end
  if access and not knows(version, INTEGRATION) then
    access.enableVnetIntegration, access.subnetId = nil, nil
  end
  return shown
end

--- The body of a PUT with what its api-version does not know taken from the document that is there.
function shape.keep_unknown(context, body, old)
  local access = body.properties.apiServerAccessProfile
  local before = old.properties.apiServerAccessProfile
  if access and before and not knows(context.api_version, INTEGRATION) then
    if access.enableVnetIntegration == nil then
      access.enableVnetIntegration = before.enableVnetIntegration
    end
    access.subnetId = access.subnetId or before.subnetId
  end
  return body
end

return shape
