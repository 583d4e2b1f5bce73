-- Microsoft.Network: virtual networks and their subnets, and what occupies a subnet.
local access = require "aks.sim.access"
local http = require "aks.sim.http"
local operation = require "aks.sim.operation"
local regions = require "aks.sim.regions"
local rules = require "aks.sim.network_rules"
local tracked = require "aks.sim.tracked"

local network = {}

local VNET, SUBNET = "Microsoft.Network/virtualNetworks", "Microsoft.Network/virtualNetworks/subnets"
-- Simulated seconds that a write takes.
local VNET_SECONDS, SUBNET_SECONDS = 12, 2

local function vnet_id(context)
  return tracked.id(context, VNET, "vnet")
end

local function find_vnet(context)
  return context.sim.store:get(vnet_id(context)) or tracked.not_found(context, VNET, context.parameters.vnet)
end

local function subnets_of(simulator, vnet)
  return simulator.store:of_type(vnet.id, SUBNET)
end

local function references(ids)
  local list = http.array()
  for _, id in ipairs(ids) do
    list[#list + 1] = { id = id }
  end
  return #list > 0 and list or nil
end

local function show_links(record)
  local list = http.array()
  for _, link in ipairs(record.service_links) do
    list[#list + 1] = {
      id = record.id .. "/serviceAssociationLinks/" .. link.name, name = link.name,
      properties = { provisioningState = "Succeeded", linkedResourceType = link.type, allowDelete = link.allow_delete },
    }
  end
  return #list > 0 and list or nil
end

local function show_subnet(record)
  local document = http.copy(record.document)
  document.properties.ipConfigurations = references(record.ip_configurations)
  document.properties.serviceAssociationLinks = show_links(record)
  return document
end

local function show_vnet(simulator, record)
  local document = http.copy(record.document)
  document.properties.subnets = http.array()
  for _, subnet in ipairs(subnets_of(simulator, record)) do
    table.insert(document.properties.subnets, show_subnet(subnet))
  end
  return document
end

local function delegations(simulator, id, wanted)
  local list = http.array()
  for index, delegation in ipairs(wanted or {}) do
    local name = delegation.name or tostring(index - 1)
    list[#list + 1] = {
      id = id .. "/delegations/" .. name, name = name, etag = tracked.new_etag(simulator),
      type = "Microsoft.Network/virtualNetworks/subnets/delegations",
      properties = { provisioningState = "Succeeded", serviceName = delegation.properties.serviceName,
        actions = http.array { "Microsoft.Network/virtualNetworks/subnets/join/action" } },
    }
  end
  return list
end

-- What a subnet's document takes over from the body as it stands.
local taken_over = { "addressPrefix", "addressPrefixes", "networkSecurityGroup", "routeTable", "natGateway",
  "serviceEndpoints", "serviceEndpointPolicies", "defaultOutboundAccess", "sharingScope", "ipAllocations",
  "applicationGatewayIPConfigurations", "ipamPoolPrefixAllocations" }

-- The same of a virtual network.
local vnet_taken_over = { "addressSpace", "encryption", "flowTimeoutInMinutes", "bgpCommunities", "ddosProtectionPlan",
  "ipAllocations", "privateEndpointVNetPolicies", "enableVmProtection" }

-- Members that a document takes from a body; null says that there is none.
local function take_over(document, body, members)
  for _, member in ipairs(members) do
    document[member] = body[member] ~= http.null and body[member] or document[member]
    if body[member] == false then
      document[member] = false
    end
  end
end

local function write_subnet(simulator, id, name, body)
  local old = simulator.store:get(id)
  local properties = {
    provisioningState = "Updating",
    delegations = delegations(simulator, id, body.delegations),
    privateEndpointNetworkPolicies = body.privateEndpointNetworkPolicies or "Disabled",
    privateLinkServiceNetworkPolicies = body.privateLinkServiceNetworkPolicies or "Enabled",
  }
  take_over(properties, body, taken_over)
  return simulator.store:put(id, {
    id = old and old.id or id, type = SUBNET,
    document = { id = old and old.id or id, name = name, type = SUBNET, etag = tracked.new_etag(simulator),
      properties = properties },
    ip_configurations = old and old.ip_configurations or {}, service_links = old and old.service_links or {},
  })
end

-- A write to a VNet or a subnet: busy until it ends, then everything in it has Succeeded.
local function begin(context, vnet, seconds)
  local simulator = context.sim
  local function finish(state)
    vnet.document.properties.provisioningState = state
    vnet.document.etag = tracked.new_etag(simulator)
    for _, subnet in ipairs(subnets_of(simulator, vnet)) do
      subnet.document.properties.provisioningState = state
    end
  end
  vnet.document.properties.provisioningState = "Updating"
  return operation.start(context, {
    provider = "Microsoft.Network", location = vnet.document.location, seconds = seconds, record = vnet,
    done = function()
      finish("Succeeded")
    end,
    failed = function(_, status)
      finish(status)
    end,
  })
end

-- PUT replaces: a subnet that the body leaves out is deleted, if it can be.
local function remove_missing(simulator, vnet, wanted)
  local kept = {}
  for _, subnet in ipairs(wanted) do
    kept[subnet.name:lower()] = true
  end
  local missing = {}
  for _, record in ipairs(subnets_of(simulator, vnet)) do
    if not kept[record.document.name:lower()] then
      rules.check_unused(record)
      missing[#missing + 1] = record
    end
  end
  for _, record in ipairs(missing) do -- all of them can go
    simulator.store:delete_tree(record.id)
  end
end

-- What a subnet refers to, and what its writer must be allowed to do there.
local joins = { networkSecurityGroup = "Microsoft.Network/networkSecurityGroups/join/action",
  routeTable = "Microsoft.Network/routeTables/join/action", natGateway = "Microsoft.Network/natGateways/join/action" }

local function check_joins(context, properties)
  for member, action in pairs(joins) do
    local reference = properties[member]
    if type(reference) == "table" and type(reference.id) == "string" then
      access.check_linked(context, action, reference.id)
    end
  end
end

local function put_vnet(context)
  local simulator, body = context.sim, context.body
  local id, existing = vnet_id(context), context.sim.store:get(vnet_id(context))
  rules.check_vnet(context, body, existing)
  tracked.check_free(context, existing)
  local properties = body.properties
  local wanted = properties.subnets or {}
  rules.check_subnets(simulator, existing, properties.addressSpace.addressPrefixes, wanted)
  for _, subnet in ipairs(wanted) do
    check_joins(context, subnet.properties)
  end
  local document = {
    id = existing and existing.id or id, name = existing and existing.document.name or context.parameters.vnet,
      type = VNET,
    location = regions.normal(body.location), tags = body.tags, etag = tracked.new_etag(simulator),
    properties = {
      provisioningState = "Updating", resourceGuid = existing and existing.document.properties.resourceGuid
        or simulator.uuid(),
      dhcpOptions = properties.dhcpOptions or { dnsServers = http.array() },
        virtualNetworkPeerings = properties.virtualNetworkPeerings or http.array(),
      enableDdosProtection = properties.enableDdosProtection or false,
    },
  }
  take_over(document.properties, properties, vnet_taken_over)
  if existing then
    remove_missing(simulator, existing, wanted)
  end
  local record = existing or simulator.store:put(id, { id = id, type = VNET })
  record.document = document
  for _, subnet in ipairs(wanted) do
    write_subnet(simulator, record.id .. "/subnets/" .. subnet.name, subnet.name, subnet.properties)
  end
  local op = begin(context, record, VNET_SECONDS)
  return existing and 200 or 201, show_vnet(simulator, record), operation.headers(context, op)
end

local function get_vnet(context)
  local record = find_vnet(context)
  return 200, show_vnet(context.sim, record), { ETag = record.document.etag }
end

local function patch_vnet(context)
  local record = find_vnet(context)
  record.document.tags = context.body.tags or record.document.tags
  return 200, show_vnet(context.sim, record)
end

local function delete_vnet(context)
  local simulator, record = context.sim, context.sim.store:get(vnet_id(context))
  local again = tracked.deleting(context, record)
  if not record then
    return 204
  elseif again then
    return 202, nil, again
  end
  tracked.check_free(context, record)
  for _, subnet in ipairs(subnets_of(simulator, record)) do
    rules.check_unused(subnet)
  end
  record.document.properties.provisioningState = "Deleting"
  local op = operation.start(context, {
    provider = "Microsoft.Network", location = record.document.location, seconds = VNET_SECONDS, record = record,
    kind = "delete",
    done = function()
      simulator.store:delete_tree(record.id)
    end,
  })
  return 202, nil, operation.headers(context, op, { location = true })
end

local function find_subnet(context)
  local vnet = find_vnet(context)
  local record = context.sim.store:get(vnet.id .. "/subnets/" .. context.parameters.subnet)
  if not record then
    http.raise(404, "NotFound", ("Resource %s/subnets/%s not found."):format(vnet.id, context.parameters.subnet))
  end
  return record, vnet
end

local function put_subnet(context)
  local simulator, vnet = context.sim, context.sim.store:get(vnet_id(context))
  if not vnet then
    tracked.parent_not_found(SUBNET, vnet_id(context))
  end
  local id, name = vnet.id .. "/subnets/" .. context.parameters.subnet, context.parameters.subnet
  local existing = simulator.store:get(id)
  tracked.check_free(context, vnet.operation and vnet or existing)
  name = existing and existing.document.name or name
  rules.check_subnet(simulator, vnet, { name = name, properties = context.body.properties })
  check_joins(context, context.body.properties)
  local record = write_subnet(simulator, id, name, context.body.properties)
  local op = begin(context, vnet, SUBNET_SECONDS)
  return existing and 200 or 201, show_subnet(record), operation.headers(context, op)
end

local function get_subnet(context)
  local record = find_subnet(context)
  operation.look(find_vnet(context))
  return 200, show_subnet(record), { ETag = record.document.etag }
end

local function delete_subnet(context)
  local simulator, vnet = context.sim, context.sim.store:get(vnet_id(context))
  local record = vnet and simulator.store:get(vnet.id .. "/subnets/" .. context.parameters.subnet)
  if not record then
    return 204
  elseif vnet.operation and vnet.operation.deletes == record then
    return 202, nil, operation.headers(context, vnet.operation, { location = true })
  end
  tracked.check_free(context, vnet)
  rules.check_unused(record)
  record.document.properties.provisioningState = "Deleting"
  local op = begin(context, vnet, SUBNET_SECONDS)
  local finish = op.done
  op.deletes = record
  op.done = function()
    simulator.store:delete_tree(record.id)
    finish()
  end
  return 202, nil, operation.headers(context, op, { location = true })
end

local function list_subnets(context)
  local value = http.array()
  for _, record in ipairs(subnets_of(context.sim, find_vnet(context))) do
    value[#value + 1] = show_subnet(record)
  end
  return 200, { value = value }
end

--- The record of a subnet by its id; nil when there is none.
function network.subnet(simulator, id)
  local record = simulator.store:get(id)
  return record and record.type == SUBNET and record or nil
end

--- The (first) prefix of a subnet's record.
function network.prefix(record)
  local properties = record.document.properties
  return properties.addressPrefix or properties.addressPrefixes[1]
end

--- The VNet that a subnet's id lies in.
function network.vnet_of(simulator, subnet_id)
  return simulator.store:get((subnet_id:gsub("/[^/]+/[^/]+/*$", "")))
end

--- Puts `count` addresses of a resource into a subnet.
function network.occupy(simulator, subnet_id, resource_id, count)
  local record = network.subnet(simulator, subnet_id)
  for index = 1, count do
    table.insert(record.ip_configurations, ("%s/ipConfigurations/%d"):format(resource_id, index))
  end
end

--- Ties a subnet to a service.
function network.link(simulator, subnet_id, name, resource_type)
  local record = network.subnet(simulator, subnet_id)
  table.insert(record.service_links, { name = name, type = resource_type, allow_delete = false })
end

--- Takes a resource's addresses out of a subnet, and the service link when nothing is left.
function network.vacate(simulator, subnet_id, resource_id)
  local record, kept = network.subnet(simulator, subnet_id), {}
  if not record then
    return
  end
  local prefix = resource_id:lower() .. "/"
  for _, id in ipairs(record.ip_configurations) do
    if id:lower():sub(1, #prefix) ~= prefix then
      kept[#kept + 1] = id
    end
  end
  record.ip_configurations = kept
  if #kept == 0 then
    record.service_links = {}
  end
end

--- Makes a VNet as AKS does in a node resource group: { group = id, vnet =, prefix =, location =, subnets = { { name,
--- prefix,
--- delegation } } }.
function network.create_managed(simulator, spec)
  local id = ("%s/providers/%s/%s"):format(spec.group, VNET, spec.vnet)
  simulator.store:put(id, { id = id, type = VNET, document = {
    id = id, name = spec.vnet, type = VNET, location = spec.location, etag = tracked.new_etag(simulator),
    properties = { provisioningState = "Succeeded", resourceGuid = simulator.uuid(),
      addressSpace = { addressPrefixes = http.array { spec.prefix } }, virtualNetworkPeerings = http.array(),
      enableDdosProtection = false },
  } })
  for _, subnet in ipairs(spec.subnets) do
    local delegation = subnet[3] and { { name = "aks-delegation", properties = { serviceName = subnet[3] } } } or nil
    local record = write_subnet(simulator, id .. "/subnets/" .. subnet[1], subnet[1],
      { addressPrefix = subnet[2], delegations = delegation })
    record.document.properties.provisioningState = "Succeeded"
  end
  return id
end

local base = "/subscriptions/{subscription}/resourceGroups/{group}/providers/"
local vnet = base .. VNET .. "/{vnet}"
local subnet = vnet .. "/subnets/{subnet}"

network.routes = {
  { method = "PUT", path = vnet, handler = put_vnet },
  { method = "GET", path = vnet, handler = get_vnet },
  { method = "PATCH", path = vnet, handler = patch_vnet },
  { method = "DELETE", path = vnet, handler = delete_vnet },
  { method = "GET", path = base .. VNET, handler = tracked.lister(VNET, show_vnet) },
  { method = "GET", path = "/subscriptions/{subscription}/providers/" .. VNET, handler = tracked.lister(VNET,
    show_vnet) },
  { method = "PUT", path = subnet, handler = put_subnet },
  { method = "GET", path = subnet, handler = get_subnet },
  { method = "DELETE", path = subnet, handler = delete_subnet },
  { method = "GET", path = vnet .. "/subnets", handler = list_subnets },
}

return network
