-- Microsoft.Resources: subscriptions, locations, resource groups.
local http = require "aks.sim.http"
local operation = require "aks.sim.operation"
local regions = require "aks.sim.regions"

local TYPE = "Microsoft.Resources/resourceGroups"

local function id_of(context)
  return ("/subscriptions/%s/resourceGroups/%s"):format(context.sim.options.subscription, context.parameters.group)
end

local function find(context)
  local record = context.sim.store:get(id_of(context))
  if not record then
    http.raise(404, "ResourceGroupNotFound",
      ("Resource group '%s' could not be found."):format(context.parameters.group))
  end
  return record
end

local function check(context, existing)
  local name, body = context.parameters.group, context.body
  if #name > 90 or not name:match("^[%w%._%-%(%)]+$") or name:sub(-1) == "." then
    http.raise(400, "InvalidResourceGroupName", ("The resource group name '%s' is invalid."):format(name))
  elseif type(body.location) ~= "string" or body.location == "" then
    http.raise(400, "LocationRequired", "The location property is required for this definition.")
  elseif not regions.is_known(body.location) then
    http.raise(400, "LocationNotAvailableForResourceGroup", ("The provided location '%s' is not available for resource "
      .. "group. List of available regions is '%s'."):format(body.location, table.concat(regions.names, ",")))
  elseif existing and regions.normal(body.location) ~= existing.document.location then
    http.raise(409, "InvalidResourceGroupLocation",
      ("Invalid resource group location '%s'. The Resource group already exists in location '%s'."):format(
        body.location, existing.document.location))
  end
end

local function put_group(context)
  local existing = context.sim.store:get(id_of(context))
  check(context, existing)
  if existing and existing.document.properties.provisioningState == "Deleting" then
    http.raise(409, "ResourceGroupBeingDeleted",
      ("The resource group '%s' is in deprovisioning state and cannot perform "
      .. "this operation."):format(context.parameters.group))
  end
  local document = {
    id = existing and existing.id or id_of(context),
    name = existing and existing.document.name or context.parameters.group,
    type = TYPE,
    location = regions.normal(context.body.location),
    tags = context.body.tags,
    managedBy = context.body.managedBy or existing and existing.document.managedBy,
    properties = { provisioningState = "Succeeded" },
  }
  context.sim.store:put(document.id, { id = document.id, type = TYPE, document = document })
  return existing and 200 or 201, document
end

local function get_group(context)
  return 200, find(context).document
end

local function head_group(context)
  return context.sim.store:get(id_of(context)) and 204 or 404
end

local function patch_group(context)
  local record = find(context)
  record.document.tags = context.body.tags or record.document.tags
  return 200, record.document
end

local function list_groups(context)
  local value = http.array()
  for _, record in ipairs(context.sim.store:of_type("/subscriptions/" .. context.sim.options.subscription, TYPE)) do
    value[#value + 1] = record.document
  end
  return 200, { value = value }
end

-- A subnet of the group that a cluster elsewhere lives in.
local function in_use(simulator, record)
  for _, below in ipairs(simulator.store:below(record.id)) do
    if below.service_links and (below.service_links[1] or below.ip_configurations[1]) then
      return below
    end
  end
end

-- Deletes all that is in a group, and the group unless something of it is in use.
local function empty(simulator, record, op)
  for _, below in ipairs(simulator.store:below(record.id)) do
    if below.removed then
      below.removed()
      simulator.store:delete_tree(below.id)
    end
  end
  local used = in_use(simulator, record)
  if used then
    record.document.properties.provisioningState = "Succeeded"
    op.status = "Failed"
    op.error = { code = "ResourceGroupDeletionBlocked",
      message = ("Deletion of resource group '%s' failed as resources "
      .. "with identifiers '%s' could not be deleted."):format(record.document.name, used.id),
      details = http.array { { code = "InUseSubnetCannotBeDeleted", target = used.id,
        message = ("Subnet %s is in use and cannot be deleted."):format(used.document.name) } } }
    return
  end
  simulator.store:delete_tree(record.id)
end

local function delete_group(context)
  local record, simulator = find(context), context.sim
  if record.operation then -- asked for once more: the same deletion
    return 202, nil, operation.rolling_location(context, record.operation)
  end
  record.document.properties.provisioningState = "Deleting"
  local op = operation.start(context, {
    provider = "Microsoft.Resources", location = record.document.location, seconds = 60, record = record,
    done = function(op)
      empty(simulator, record, op)
    end,
  })
  return 202, nil, operation.rolling_location(context, op)
end

local function subscription(context)
  local options = context.sim.options
  return {
    id = "/subscriptions/" .. options.subscription, subscriptionId = options.subscription, tenantId = options.tenant,
    displayName = "Simulated", state = "Enabled", managedByTenants = http.array(),
    subscriptionPolicies = { quotaId = "PayAsYouGo_2014-09-01", spendingLimit = "Off",
      locationPlacementId = "Public_2014-09-01" },
  }
end

local function list_tenants(context)
  local tenant = context.sim.options.tenant
  return 200, { value = http.array { {
    id = "/tenants/" .. tenant, tenantId = tenant, countryCode = "US", displayName = "Simulated", tenantType = "AAD",
    tenantCategory = "Home", defaultDomain = "simulated.invalid", domains = http.array { "simulated.invalid" },
  } } }
end

local function list_locations(context)
  local value = http.array()
  for index, shown in ipairs(regions.shown) do
    local name = regions.names[index]
    value[#value + 1] = { name = name, displayName = shown, regionalDisplayName = shown, type = "Region",
      metadata = { regionType = "Physical", regionCategory = "Recommended" },
      id = ("/subscriptions/%s/locations/%s"):format(context.sim.options.subscription, name) }
  end
  return 200, { value = value }
end

local group = "/subscriptions/{subscription}/resourceGroups/{group}"

return {
  { method = "GET", path = "/subscriptions", handler = function(context)
    return 200, { value = http.array { subscription(context) } }
  end },
  { method = "GET", path = "/tenants", handler = list_tenants },
  { method = "GET", path = "/subscriptions/{subscription}", handler = function(context)
    return 200, subscription(context)
  end },
  { method = "GET", path = "/subscriptions/{subscription}/locations", handler = list_locations },
  { method = "GET", path = "/subscriptions/{subscription}/resourceGroups", handler = list_groups },
  { method = "PUT", path = group, handler = put_group, makes_group = true },
  { method = "GET", path = group, handler = get_group, makes_group = true },
  { method = "HEAD", path = group, handler = head_group, makes_group = true },
  { method = "PATCH", path = group, handler = patch_group, makes_group = true },
  { method = "DELETE", path = group, handler = delete_group, makes_group = true },
}
