/* The type "subnet". https://learn.microsoft.com/azure/templates/microsoft.network/virtualnetworks/subnets */
#include <string.h>

#include "arm/document.h"
#include "base/text.h"
#include "resources/cluster_view.h"
#include "resources/type.h"

#define AKS_SERVICE "Microsoft.ContainerService/managedClusters"

static const char prefix_path[] = "properties.addressPrefix";
static const char prefixes_path[] = "properties.addressPrefixes";
static const char delegations_path[] = "properties.delegations";
static const char endpoints_path[] = "properties.serviceEndpoints";

/* A subnet has its one prefix as a text, or in a list of one. Borrowed. */
static json_t *prefix_of(const json_t *document)
{
    json_t *prefix = aks_document_get(document, prefix_path), *list = aks_document_get(document, prefixes_path);

    if (!json_is_string(prefix) && json_array_size(list) == 1)
        prefix = json_array_get(list, 0);
    return json_is_string(prefix) ? prefix : NULL;
}

static json_t *read_prefix(const struct aks_field *field, const json_t *document)
{
    (void)field;
    return json_deep_copy(prefix_of(document));
}

static bool prefix_agrees(const struct aks_field *field, const json_t *wanted, const json_t *document)
{
    return aks_field_equal(field, wanted, prefix_of(document));
}

static bool write_prefix(const struct aks_field *field, const json_t *value, json_t *document, struct aks_error *error)
{
    (void)field;
    aks_document_delete(document, prefixes_path);
    return aks_field_put(document, prefix_path, json_deep_copy(value), error);
}

static const struct aks_field_codec prefix_codec = {
    .write = write_prefix, .read = read_prefix, .agrees = prefix_agrees};

static json_t *read_delegation(const struct aks_field *field, const json_t *document)
{
    const json_t *service = aks_document_get(document, "properties.delegations[0].properties.serviceName");

    (void)field;
    return json_is_string(service) ? json_deep_copy(service) : NULL;
}

static bool write_delegation(const struct aks_field *field, const json_t *value, json_t *document,
                             struct aks_error *error)
{
    const char *service = json_string_value(value);
    const char *name = aks_text_equal_fold(service, AKS_SERVICE) ? "aks" : "delegation";

    (void)field;
    return aks_field_put(document, delegations_path,
                         json_pack("[{s:s, s:{s:s}}]", "name", name, "properties", "serviceName", service), error);
}

static bool delegation_agrees(const struct aks_field *field, const json_t *wanted, const json_t *document)
{
    const json_t *list = aks_document_get(document, delegations_path);
    const char *service = json_string_value(wanted);

    (void)field;
    for (size_t i = 0; service && i < json_array_size(list); i++) {
        const char *other = aks_document_text_at(json_array_get(list, i), "properties.serviceName");

        if (other && aks_text_equal_fold(other, service))
            return true;
    }
    return false;
}

static const struct aks_field_codec delegation_codec = {
    .write = write_delegation, .read = read_delegation, .agrees = delegation_agrees};

/* A list of texts in the spec is a list of {"service": text} in the document. */
static json_t *read_endpoints(const struct aks_field *field, const json_t *document)
{
    const json_t *list = aks_document_get(document, endpoints_path);
    json_t *services = json_is_array(list) ? json_array() : NULL;
    bool done = services;

    (void)field;
    for (size_t i = 0; done && i < json_array_size(list); i++) {
        json_t *service = json_object_get(json_array_get(list, i), "service");

        if (json_is_string(service))
            done = json_array_append(services, service) == 0;
    }
    if (done)
        return services;
    json_decref(services);
    return NULL;
}

/* New object of a service: the one that is there, as Azure has told its locations, or one of the name alone. */
static json_t *endpoint(const json_t *list, const char *service)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *other = aks_document_text_at(json_array_get(list, i), "service");

        if (other && aks_text_equal_fold(other, service))
            return json_deep_copy(json_array_get(list, i));
    }
    return json_pack("{s:s}", "service", service);
}

static bool write_endpoints(const struct aks_field *field, const json_t *value, json_t *document,
                            struct aks_error *error)
{
    const json_t *list = aks_document_get(document, endpoints_path);
    json_t *endpoints = json_array();
    bool done = endpoints;

    (void)field;
    for (size_t i = 0; done && i < json_array_size(value); i++)
        done = json_array_append_new(endpoints, endpoint(list, json_string_value(json_array_get(value, i)))) == 0;
    if (done)
        return aks_field_put(document, endpoints_path, endpoints, error);
    json_decref(endpoints);
    return aks_error_set_no_memory(error);
}

static const struct aks_field_codec endpoints_codec = {.write = write_endpoints, .read = read_endpoints};

static const struct aks_field fields[] = {
    {.name = "address_prefix",
     .path = prefix_path,
     .type = AKS_FIELD_CIDR,
     .flags = AKS_FIELD_REQUIRED,
     .codec = &prefix_codec,
     .documentation = "address range, such as \"172.19.0.0/28\": within the virtual network, apart from other subnets"},
    {.name = "delegation",
     .path = delegations_path,
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_FOLD,
     .minimum = 1,
     .maximum = 260,
     .codec = &delegation_codec,
     .documentation = "service that the subnet is for: \"" AKS_SERVICE "\" for an API server"},
    {.name = "nsg",
     .path = "properties.networkSecurityGroup.id",
     .type = AKS_FIELD_REFERENCE,
     .target = "Microsoft.Network/networkSecurityGroups",
     .documentation = "network security group whose rules hold for the subnet"},
    {.name = "route_table",
     .path = "properties.routeTable.id",
     .type = AKS_FIELD_REFERENCE,
     .target = "Microsoft.Network/routeTables",
     .documentation = "route table of the subnet"},
    {.name = "nat_gateway",
     .path = "properties.natGateway.id",
     .type = AKS_FIELD_REFERENCE,
     .target = "Microsoft.Network/natGateways",
     .documentation = "NAT gateway for traffic to the internet"},
    {.name = "service_endpoints",
     .path = endpoints_path,
     .type = AKS_FIELD_STRINGS,
     .flags = AKS_FIELD_FOLD,
     .codec = &endpoints_codec,
     .documentation = "Azure services reached without leaving Azure's network, such as { \"Microsoft.Storage\" }"},
    {.name = "private_endpoint_network_policies",
     .path = "properties.privateEndpointNetworkPolicies",
     .type = AKS_FIELD_CHOICE,
     .choices = "Enabled|Disabled|NetworkSecurityGroupEnabled|RouteTableEnabled",
     .documentation = "which network policies hold for private endpoints in the subnet"},
    {.name = "private_link_service_network_policies",
     .path = "properties.privateLinkServiceNetworkPolicies",
     .type = AKS_FIELD_CHOICE,
     .choices = "Enabled|Disabled",
     .documentation = "whether network policies hold for private link services in the subnet"},
    {.name = "default_outbound_access",
     .path = "properties.defaultOutboundAccess",
     .type = AKS_FIELD_BOOLEAN,
     .flags = AKS_FIELD_CREATE_ONLY,
     .absent = "true",
     .documentation = "false: machines in the subnet have no way to the internet unless they are given one"},
    {.name = "provisioning_state",
     .path = "properties.provisioningState",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "state of the last operation: \"Succeeded\", \"Updating\", \"Failed\", ..."},
};

static const char *const stripped[] = {
    "id",
    "name",
    "type",
    "etag",
    "properties.provisioningState",
    "properties.purpose",
    "properties.ipConfigurations",
    "properties.ipConfigurationProfiles",
    "properties.privateEndpoints",
    "properties.serviceAssociationLinks",
    "properties.resourceNavigationLinks",
    "properties.delegations[*].id",
    "properties.delegations[*].etag",
    "properties.delegations[*].type",
    "properties.delegations[*].properties.actions",
    "properties.delegations[*].properties.provisioningState",
    "properties.serviceEndpoints[*].provisioningState",
    "properties.ipamPoolPrefixAllocations[*].allocatedAddressPrefixes",
    "properties.applicationGatewayIPConfigurations[*].etag",
    "properties.applicationGatewayIPConfigurations[*].type",
    "properties.applicationGatewayIPConfigurations[*].properties.provisioningState",
    NULL,
};

const struct aks_type aks_type_subnet = {
    .name = "subnet",
    .plural = "subnets",
    .title = "subnet",
    .arm_type = "Microsoft.Network/virtualNetworks/subnets",
    .api_version = "2024-05-01",
    .parent = "vnet",
    .name_rule = "subnet",
    .fields = AKS_FIELDS(fields),
    .etag = "etag",
    .stripped = stripped,
    .pace = {1, 5},
    .relate = aks_subnet_relate,
};
