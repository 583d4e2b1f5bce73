-- What Azure's network provider refuses, with its codes.
local cidr = require "aks.sim.cidr"
local http = require "aks.sim.http"

local rules = {}

-- Services that a subnet can be delegated to, as far as anything here knows them.
local services = {
  ["microsoft.containerservice/managedclusters"] = "Microsoft.ContainerService/managedClusters",
  ["microsoft.containerinstance/containergroups"] = "Microsoft.ContainerInstance/containerGroups",
  ["microsoft.netapp/volumes"] = "Microsoft.Netapp/volumes",
  ["microsoft.web/serverfarms"] = "Microsoft.Web/serverFarms",
}

local subnet_members = {}
for _, name in ipairs { "addressPrefix", "addressPrefixes", "delegations", "networkSecurityGroup", "routeTable", "natGateway",
  "serviceEndpoints", "serviceEndpointPolicies", "privateEndpointNetworkPolicies", "privateLinkServiceNetworkPolicies",
  "defaultOutboundAccess", "sharingScope", "ipAllocations", "applicationGatewayIPConfigurations", "ipamPoolPrefixAllocations",
  -- read-only: ignored
  "provisioningState", "purpose", "ipConfigurations", "ipConfigurationProfiles", "privateEndpoints",
  "serviceAssociationLinks", "resourceNavigationLinks" } do
  subnet_members[name] = true
end

local function check_name(name, least, most)
  if type(name) ~= "string" or #name < least or #name > most or not name:match("^%w[%w_%.%-]*$") or not name:match("[%w_]$") then
    http.raise(400, "InvalidResourceName", ("Resource name %s is invalid."):format(tostring(name)))
  end
end

local function parse(text)
  local prefix = cidr.parse(text)
  if not prefix then
    http.raise(400, "InvalidCIDRNotation", ("The address prefix %s has an invalid CIDR notation."):format(tostring(text)))
  end
  return prefix
end

--- The body of a VNet's PUT.
function rules.check_vnet(context, body, existing)
  check_name(context.parameters.vnet, 2, 64)
  local properties = body.properties
  local prefixes = type(properties) == "table" and type(properties.addressSpace) == "table" and properties.addressSpace.addressPrefixes
  if type(body.location) ~= "string" then
    http.raise(400, "LocationRequired", "The location property is required for this definition.")
  elseif existing and body.location:lower():gsub("%s", "") ~= existing.document.location then
    http.raise(409, "InvalidResourceLocation", ("The resource '%s' already exists in location '%s'."):format(existing.id,
      existing.document.location))
  elseif type(prefixes) ~= "table" or #prefixes == 0 then
    http.raise(400, "InvalidRequestFormat", "Required parameter addressSpace.addressPrefixes is missing.")
  end
  for _, text in ipairs(prefixes) do
    parse(text)
  end
end

local function check_delegations(record, name, delegations)
  local delegated = false
  for _, delegation in ipairs(delegations or {}) do
    local service = type(delegation.properties) == "table" and delegation.properties.serviceName
    if not service or not services[tostring(service):lower()] then
      http.raise(400, "InvalidServiceNameInSubnetDelegation", ("Subnet %s has a delegation to an unknown service %s."):format(name,
        tostring(service)))
    end
    delegated = delegated or service:lower() == "microsoft.containerservice/managedclusters"
  end
  local link = record and record.service_links[1]
  if link and not delegated then
    http.raise(400, "SubnetMissingRequiredDelegation",
      ("Subnet %s requires any of the following delegation(s) [%s] to reference service association link %s/serviceAssociationLinks/%s.")
        :format(name, link.type, record.id, link.name))
  end
end

local function check_properties(subnet)
  if type(subnet) ~= "table" or type(subnet.properties) ~= "table" then
    http.raise(400, "InvalidRequestFormat", "Cannot parse the request: a subnet has no properties.")
  end
  check_name(subnet.name, 1, 80)
  for member in pairs(subnet.properties) do
    if not subnet_members[member] then
      http.raise(400, "InvalidRequestFormat", ("Cannot parse the request: could not find member '%s' on object of type 'Subnet'.")
        :format(member))
    end
  end
end

local function prefix_of(subnet)
  return parse(subnet.properties.addressPrefix or (subnet.properties.addressPrefixes or {})[1])
end

local function check_place(prefix, subnet, vnet_prefixes)
  for _, text in ipairs(vnet_prefixes) do
    if cidr.contains(parse(text), prefix) then
      return
    end
  end
  http.raise(400, "NetcfgSubnetRangeOutsideVnet", ("Subnet '%s' is not valid because its IP address range is outside the IP address range of virtual network.")
    :format(subnet.name))
end

local function check_overlap(name, prefix, others)
  for other_name, other in pairs(others) do
    if other_name ~= name:lower() and cidr.overlap(prefix, other) then
      http.raise(400, "NetcfgSubnetRangesOverlap", ("Subnet '%s' is not valid because its IP address range overlaps with that of an existing subnet in virtual network.")
        :format(name))
    end
  end
end

--- Subnets that are to be written into a VNet (nil: a new one).
function rules.check_subnets(simulator, vnet, vnet_prefixes, wanted)
  local others = {}
  for _, record in ipairs(vnet and simulator.store:of_type(vnet.id, "Microsoft.Network/virtualNetworks/subnets") or {}) do
    if #wanted == 1 then
      others[record.document.name:lower()] = prefix_of(record.document)
    end
  end
  for _, subnet in ipairs(wanted) do
    check_properties(subnet)
    local record = vnet and simulator.store:get(vnet.id .. "/subnets/" .. subnet.name)
    local prefix = prefix_of(subnet)
    check_delegations(record, subnet.name, subnet.properties.delegations)
    check_place(prefix, subnet, vnet_prefixes)
    check_overlap(subnet.name, prefix, others)
    others[subnet.name:lower()] = prefix
  end
end

--- A subnet that something still uses cannot go.
function rules.check_unused(record)
  local user = record.ip_configurations[1]
    or record.service_links[1] and record.id .. "/serviceAssociationLinks/" .. record.service_links[1].name
  if user then
    http.raise(400, "InUseSubnetCannotBeDeleted",
      ("Subnet %s is in use by %s and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet.")
        :format(record.document.name, user))
  end
end

-- Members of a rule and what they may be.
local choices = {
  protocol = { tcp = true, udp = true, icmp = true, esp = true, ah = true, ["*"] = true },
  access = { allow = true, deny = true },
  direction = { inbound = true, outbound = true },
}

local function check_rule(rule, seen)
  local properties = type(rule) == "table" and rule.properties or {}
  for member, allowed in pairs(choices) do
    if not allowed[tostring(properties[member]):lower()] then
      http.raise(400, "SecurityRuleInvalid", ("Security rule %s has an invalid %s."):format(tostring(rule.name), member))
    end
  end
  local priority = properties.priority
  if math.type(priority) ~= "integer" or priority < 100 or priority > 4096 then
    http.raise(400, "SecurityRuleInvalidPriority", ("Security rule %s has an invalid priority."):format(tostring(rule.name)))
  end
  local key = properties.direction:lower() .. priority
  if seen[key] then
    http.raise(400, "SecurityRuleConflict", ("Security rule %s conflicts with rule %s: same priority and direction."):format(rule.name,
      seen[key]))
  end
  seen[key] = rule.name
end

--- The body of an NSG's PUT.
function rules.check_nsg(body)
  local seen = {}
  if type(body.location) ~= "string" then
    http.raise(400, "LocationRequired", "The location property is required for this definition.")
  end
  for _, rule in ipairs((body.properties or {}).securityRules or {}) do
    check_rule(rule, seen)
  end
end

--- An NSG that a subnet refers to cannot go.
function rules.check_nsg_unused(simulator, record)
  for _, other in pairs(simulator.store.records) do
    local reference = other.document.properties and other.document.properties.networkSecurityGroup
    if type(reference) == "table" and tostring(reference.id):lower() == record.id:lower() then
      http.raise(400, "InUseNetworkSecurityGroupCannotBeDeleted",
        ("Network security group %s cannot be deleted because it is in use by %s."):format(record.id, other.id))
    end
  end
end

--- Rules as an answer shows them.
function rules.show_rules(id, wanted)
  local list = http.array()
  for _, rule in ipairs(wanted) do
    local properties = http.copy(rule.properties)
    properties.provisioningState = "Succeeded"
    list[#list + 1] = { id = id .. "/securityRules/" .. rule.name, name = rule.name, properties = properties,
      type = "Microsoft.Network/networkSecurityGroups/securityRules" }
  end
  return list
end

-- https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules
local defaults = {
  { "AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork" },
  { "AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*" },
  { "DenyAllInBound", 65500, "Inbound", "Deny", "*", "*" },
  { "AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork" },
  { "AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet" },
  { "DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*" },
}

--- The rules that every NSG has.
function rules.default_rules(id)
  local list = http.array()
  for _, rule in ipairs(defaults) do
    list[#list + 1] = {
      id = id .. "/defaultSecurityRules/" .. rule[1], name = rule[1],
      type = "Microsoft.Network/networkSecurityGroups/defaultSecurityRules",
      properties = { provisioningState = "Succeeded", protocol = "*", sourcePortRange = "*", destinationPortRange = "*",
        priority = rule[2], direction = rule[3], access = rule[4], sourceAddressPrefix = rule[5], destinationAddressPrefix = rule[6] },
    }
  end
  return list
end

return rules
