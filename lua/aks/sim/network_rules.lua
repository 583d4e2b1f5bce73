-- What Azure's network provider refuses, with its codes.
local cidr = require "aks.sim.cidr"
local http = require "aks.sim.http"
local regions = require "aks.sim.regions"

local rules = {}

-- Services that a subnet can be delegated to, as far as anything here knows them.
local services = {
  ["microsoft.containerservice/managedclusters"] = "Microsoft.ContainerService/managedClusters",
  ["microsoft.containerinstance/containergroups"] = "Microsoft.ContainerInstance/containerGroups",
  ["microsoft.netapp/volumes"] = "Microsoft.Netapp/volumes",
  ["microsoft.web/serverfarms"] = "Microsoft.Web/serverFarms",
}

local subnet_members = {}
for _, name in ipairs { "addressPrefix", "addressPrefixes", "delegations", "networkSecurityGroup", "routeTable",
  "natGateway",
  "serviceEndpoints", "serviceEndpointPolicies", "privateEndpointNetworkPolicies", "privateLinkServiceNetworkPolicies",
  "defaultOutboundAccess", "sharingScope", "ipAllocations", "applicationGatewayIPConfigurations",
  "ipamPoolPrefixAllocations",
  -- read-only: ignored
  "provisioningState", "purpose", "ipConfigurations", "ipConfigurationProfiles", "privateEndpoints",
  "serviceAssociationLinks", "resourceNavigationLinks" } do
  subnet_members[name] = true
end

local function check_name(name, least, most)
  if type(name) ~= "string" or #name < least or #name > most or not name:match("^%w[%w_%.%-]*$")
    or not name:match("[%w_]$") then
    http.raise(400, "InvalidResourceName", ("Resource name %s is invalid."):format(tostring(name)))
  end
end

local function parse(text)
  local prefix = cidr.parse(text)
  if not prefix then
    http.raise(400, "InvalidCIDRNotation",
      ("The address prefix %s has an invalid CIDR notation."):format(tostring(text)))
  end
  return prefix
end

--- The body of a VNet's PUT.
function rules.check_vnet(context, body, existing)
  check_name(context.parameters.vnet, 2, 64)
  local properties = body.properties
  local prefixes = type(properties) == "table" and type(properties.addressSpace) == "table"
    and properties.addressSpace.addressPrefixes
  regions.check("Microsoft.Network/virtualNetworks", body.location, existing and existing.document)
  if type(prefixes) ~= "table" or #prefixes == 0 then
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
      http.raise(400, "InvalidServiceNameInSubnetDelegation",
        ("Subnet %s has a delegation to an unknown service %s."):format(name,
        tostring(service)))
    end
    delegated = delegated or service:lower() == "microsoft.containerservice/managedclusters"
  end
  local link = record and record.service_links[1]
  if link and not delegated then
    http.raise(400, "SubnetMissingRequiredDelegation",
      ("Subnet %s requires any of the following delegation(s) [%s] to reference service association link "
        .. "%s/serviceAssociationLinks/%s."):format(name, link.type, record.id, link.name))
  end
end

local function check_properties(subnet)
  if type(subnet) ~= "table" or type(subnet.properties) ~= "table" then
    http.raise(400, "InvalidRequestFormat", "Cannot parse the request: a subnet has no properties.")
  end
  check_name(subnet.name, 1, 80)
  for member in pairs(subnet.properties) do
    if not subnet_members[member] then
      http.raise(400, "InvalidRequestFormat",
        ("Cannot parse the request: could not find member '%s' on object of type 'Subnet'.")
        :format(member))
    end
  end
end

local function prefix_of(subnet)
  local one = subnet.properties.addressPrefix
  return parse(one ~= http.null and one or (subnet.properties.addressPrefixes or {})[1])
end

local function check_place(prefix, subnet, vnet_prefixes)
  for _, text in ipairs(vnet_prefixes) do
    if cidr.contains(parse(text), prefix) then
      return
    end
  end
  http.raise(400, "NetcfgSubnetRangeOutsideVnet",
    ("Subnet '%s' is not valid because its IP address range is outside the IP address range of virtual network.")
    :format(subnet.name))
end

local function check_overlap(name, prefix, others)
  for other_name, other in pairs(others) do
    if other_name ~= name:lower() and cidr.overlap(prefix, other) then
      http.raise(400, "NetcfgSubnetRangesOverlap",
        ("Subnet '%s' is not valid because its IP address range overlaps with that of an existing subnet in virtual "
          .. "network."):format(name))
    end
  end
end

-- Where a subnet lies cannot change while something lives there.
local function check_move(record, prefix)
  local old = record and record.document.properties
  local before = old and cidr.parse(old.addressPrefix or old.addressPrefixes[1])
  if before and record.ip_configurations[1] and not cidr.contains(prefix, before) then
    http.raise(400, "InUsePrefixCannotBeDeleted",
      ("IpPrefix %s on Subnet %s has active allocations and cannot be deleted."):format(old.addressPrefix,
        record.document.name))
  end
end

-- What a subnet refers to must be there.
local function check_references(simulator, subnet)
  for _, member in ipairs { "networkSecurityGroup", "routeTable" } do
    local reference = subnet.properties[member]
    if type(reference) == "table" and reference ~= http.null and not simulator.store:get(tostring(reference.id)) then
      http.raise(400, "InvalidResourceReference",
        ("Resource %s referenced by resource %s was not found."):format(tostring(reference.id), subnet.name))
    end
  end
end

local function check_subnet(simulator, vnet, vnet_prefixes, subnet, others)
  check_properties(subnet)
  local record = vnet and simulator.store:get(vnet.id .. "/subnets/" .. subnet.name)
  local prefix = prefix_of(subnet)
  check_references(simulator, subnet)
  check_delegations(record, subnet.name, subnet.properties.delegations)
  check_place(prefix, subnet, vnet_prefixes)
  check_overlap(subnet.name, prefix, others)
  check_move(record, prefix)
  others[subnet.name:lower()] = prefix
end

--- All subnets that a VNet (its record; nil: a new one) is to have.
function rules.check_subnets(simulator, vnet, vnet_prefixes, wanted)
  local others = {}
  for _, subnet in ipairs(wanted) do
    check_subnet(simulator, vnet, vnet_prefixes, subnet, others)
  end
end

--- One subnet that is to be written beside those that a VNet has.
function rules.check_subnet(simulator, vnet, subnet)
  local others = {}
  for _, record in ipairs(simulator.store:of_type(vnet.id, "Microsoft.Network/virtualNetworks/subnets")) do
    others[record.document.name:lower()] = prefix_of(record.document)
  end
  check_subnet(simulator, vnet, vnet.document.properties.addressSpace.addressPrefixes, subnet, others)
end

--- A subnet that something still uses cannot go.
function rules.check_unused(record)
  local user = record.ip_configurations[1]
    or record.service_links[1] and record.id .. "/serviceAssociationLinks/" .. record.service_links[1].name
  if user then
    http.raise(400, "InUseSubnetCannotBeDeleted",
      ("Subnet %s is in use by %s and cannot be deleted. In order to delete the subnet, delete all the resources in "
        .. "the subnet."):format(record.document.name, user))
  end
end

-- Members of a rule and what they may be.
local choices = {
  protocol = { tcp = true, udp = true, icmp = true, esp = true, ah = true, ["*"] = true },
  access = { allow = true, deny = true },
  direction = { inbound = true, outbound = true },
}

local function check_ports(rule, text)
  local first, last = tostring(text):match("^(%d+)%-?(%d*)$")
  first, last = tonumber(first), tonumber(last ~= "" and last or first)
  if text ~= "*" and not (first and last and first <= last and last <= 65535) then
    http.raise(400, "SecurityRuleInvalidPortRange",
      ("Security rule has invalid Port range. Value provided: %s. Value should "
      .. "be an integer OR integer range with '-' delimiter. Valid range 0-65535."):format(tostring(text)),
        { target = rule })
  end
end

local function check_address(rule, text)
  local is_tag = tostring(text):match("^%a[%w%.]*$")
  if text ~= "*" and not is_tag and not cidr.parse(text) and not cidr.address(tostring(text)) then
    http.raise(400, "SecurityRuleInvalidAddressPrefix",
      ("Security rule %s has invalid Address prefix. Value provided: %s"):format(rule, tostring(text)))
  end
end

-- A rule names each of these once or as a list.
local ends = {
  { "sourcePortRange", "sourcePortRanges", check_ports },
  { "destinationPortRange", "destinationPortRanges", check_ports },
  { "sourceAddressPrefix", "sourceAddressPrefixes", check_address },
  { "destinationAddressPrefix", "destinationAddressPrefixes", check_address },
}

local function check_ends(rule)
  for _, row in ipairs(ends) do
    local one, many, check = rule.properties[row[1]], rule.properties[row[2]], row[3]
    local list = type(many) == "table" and many or {}
    local groups = rule.properties[row[1]:gsub("AddressPrefix", "ApplicationSecurityGroups")]
    if one == nil and #list == 0 and not groups then
      http.raise(400, "SecurityRuleParameterMissing", ("Security rule %s has no %s."):format(rule.name, row[1]))
    end
    for _, text in ipairs(one and { one } or list) do
      check(rule.name, text)
    end
  end
end

local function check_priority(rule, seen)
  local properties, priority = rule.properties, rule.properties.priority
  if math.type(priority) ~= "integer" or priority < 100 or priority > 4096 then
    http.raise(400, "SecurityRuleInvalidPriority",
      ("Security rule has invalid Priority. Value provided: %s Allowed range "
      .. "100-4096."):format(tostring(priority)))
  end
  local key = properties.direction:lower() .. priority
  if seen[key] or seen["name " .. rule.name:lower()] then
    http.raise(400, "SecurityRuleConflict",
      ("Security rule %s conflicts with rule %s. Rules cannot have the same Priority "
      .. "and Direction."):format(rule.name, seen[key] or rule.name))
  end
  seen[key], seen["name " .. rule.name:lower()] = rule.name, true
end

local function check_rule(rule, seen)
  local properties = type(rule) == "table" and type(rule.properties) == "table" and rule.properties or {}
  check_name(type(rule) == "table" and rule.name, 1, 80)
  for member, allowed in pairs(choices) do
    if not allowed[tostring(properties[member]):lower()] then
      http.raise(400, "SecurityRuleInvalid", ("Security rule %s has an invalid %s."):format(rule.name, member))
    end
  end
  check_priority(rule, seen)
  check_ends(rule)
end

--- All rules that an NSG is to have.
function rules.check_rules(list)
  local seen = {}
  for _, rule in ipairs(list) do
    check_rule(rule, seen)
  end
end

--- The body of an NSG's PUT.
function rules.check_nsg(context, body)
  check_name(context.parameters.name, 1, 80)
  rules.check_rules((body.properties or {}).securityRules or {})
end

local function check_unreferenced(simulator, record, member, code, kind)
  for _, other in ipairs(simulator.store:of_type("", "Microsoft.Network/virtualNetworks/subnets")) do
    local reference = other.document.properties[member]
    if type(reference) == "table" and tostring(reference.id):lower() == record.id:lower() then
      http.raise(400, code,
        ("%s %s cannot be deleted because it is in use by the following resources: %s."):format(kind,
        record.id, other.id))
    end
  end
end

--- An NSG that a subnet refers to cannot go.
function rules.check_nsg_unused(simulator, record)
  check_unreferenced(simulator, record, "networkSecurityGroup", "InUseNetworkSecurityGroupCannotBeDeleted",
    "Network security group")
end

--- Nor can a route table.
function rules.check_route_table_unused(simulator, record)
  check_unreferenced(simulator, record, "routeTable", "InUseRouteTableCannotBeDeleted", "Route table")
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
        priority = rule[2], direction = rule[3], access = rule[4], sourceAddressPrefix = rule[5],
        destinationAddressPrefix = rule[6] },
    }
  end
  return list
end

return rules
