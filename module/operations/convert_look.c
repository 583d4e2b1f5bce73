/* What a conversion looks at: the network of the nodes, the subnet for the API server, the roles of the cluster's
   identity; and where the API server listens. */
#include "operations/convert.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "arm/id.h"
#include "base/text.h"
#include "operations/permissions.h"
#include "resources/cluster.h"
#include "rules/cidr.h"

#define NETWORK "Microsoft.Network"

/* Of what is read only here. */
#define NETWORK_VERSION "2024-05-01"

static const struct aks_convert *convert_of(const struct aks_operation *operation)
{
    return operation->data;
}

static void fail(struct aks_operation *operation)
{
    aks_error_set_no_memory(&((struct aks_convert *)operation->data)->survey.error);
}

/* Looks at `suffix` below the resource group in which AKS keeps what it makes for the cluster. */
static void look_in_node_group(struct aks_operation *operation, const char *suffix)
{
    const char *group = aks_document_text_at(operation->resource->state, "properties.nodeResourceGroup");
    char *target = aks_text_format("/subscriptions/%s/resourceGroups/%s/providers/" NETWORK "/%s",
                                   operation->resource->id.subscription, group ? group : "", suffix);

    if (!target)
        fail(operation);
    else if (group)
        aks_survey_look(operation, target, NULL, NETWORK_VERSION);
    free(target);
}

static void look_at_parent(struct aks_operation *operation, const char *subnet)
{
    struct aks_error error = {0};
    struct aks_id id = {0};

    if (aks_id_parse(subnet, &id, &error))
        aks_survey_look(operation, id.parent, NULL, NETWORK_VERSION);
    else if (error.no_memory)
        fail(operation);
    aks_id_clear(&id);
    aks_error_clear(&error);
}

void aks_convert_look_address(struct aks_operation *operation)
{
    const char *subnet = aks_cluster_node_subnet(operation->resource->state, 0);

    look_in_node_group(operation, "loadBalancers/kube-apiserver");
    look_in_node_group(operation, "privateEndpoints/kube-apiserver");
    look_at_parent(operation, convert_of(operation)->apiserver_subnet);
    if (subnet)
        look_at_parent(operation, subnet);
}

/* The object id of the identity that acts for the cluster; NULL: not told. */
static const char *principal_of(const json_t *cluster)
{
    json_t *identities = aks_document_get(cluster, "identity.userAssignedIdentities");
    void *at = json_object_iter(identities);

    return at ? aks_document_text_at(json_object_iter_value(at), "principalId")
              : aks_document_text_at(cluster, "identity.principalId");
}

void aks_convert_look(struct aks_operation *operation)
{
    const char *principal = principal_of(operation->resource->state);

    aks_convert_look_address(operation);
    if (!aks_cluster_node_subnet(operation->resource->state, 0))
        look_in_node_group(operation, "virtualNetworks"); /* AKS's own, and so are the permissions in it */
    else if (principal)
        aks_permissions_look(operation, convert_of(operation)->apiserver_subnet, principal);
}

/* The network security group of a subnet, if it is of the network that was seen. */
static void look_at_group(struct aks_operation *operation, const struct aks_sight *network, const char *subnet)
{
    const json_t *subnets = aks_document_get(network->document, "properties.subnets");
    const char *group;

    if (!json_is_array(subnets) || !aks_id_is_within(subnet, network->target))
        return;
    group =
        aks_document_text_at(aks_records_find(subnets, strrchr(subnet, '/') + 1), "properties.networkSecurityGroup.id");
    if (group)
        aks_survey_look(operation, group, NULL, NETWORK_VERSION);
}

void aks_convert_seen(struct aks_operation *operation, const struct aks_sight *sight)
{
    const char *subnet;

    aks_permissions_seen(operation, sight);
    look_at_group(operation, sight, convert_of(operation)->apiserver_subnet);
    for (size_t i = 0; (subnet = aks_cluster_node_subnet(operation->resource->state, i)) != NULL; i++)
        look_at_group(operation, sight, subnet);
}

/* The network security groups of the subnets that were seen. */
void aks_convert_look_rules(struct aks_operation *operation, const struct aks_sight *sight)
{
    const json_t *subnets = aks_document_get(sight->document, "properties.subnets");

    for (size_t i = 0; i < json_array_size(subnets); i++) {
        const char *group = aks_document_text_at(json_array_get(subnets, i), "properties.networkSecurityGroup.id");

        if (group)
            aks_survey_look(operation, group, NULL, NETWORK_VERSION);
    }
}

const char *aks_convert_address(const struct aks_operation *operation)
{
    static const char *const paths[] = {
        "properties.frontendIPConfigurations[0].properties.privateIPAddress",
        "properties.customDnsConfigs[0].ipAddresses[0]",
    };
    const struct aks_survey *survey = &convert_of(operation)->survey;

    for (size_t i = 0; i < survey->count; i++)
        for (size_t j = 0; j < sizeof paths / sizeof *paths; j++) {
            const char *address = aks_document_text_at(survey->sights[i]->document, paths[j]);

            if (address)
                return address;
        }
    return NULL;
}

/* Whether a text of a rule is that address, or the prefix of it alone. */
static bool names(const char *text, const struct aks_cidr *address)
{
    struct aks_cidr prefix;

    return (aks_cidr_parse_address(text, &prefix) == AKS_CIDR_VALID ||
            aks_cidr_parse(text, &prefix) == AKS_CIDR_VALID) &&
           prefix.length == prefix.bits && aks_cidr_compare(&prefix, address) == 0;
}

static bool any_names(const json_t *value, const struct aks_cidr *address)
{
    if (json_is_string(value))
        return names(json_string_value(value), address);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (any_names(json_array_get(value, i), address))
            return true;
    return false;
}

static bool add_rules(json_t *list, const struct aks_sight *sight, const struct aks_cidr *address)
{
    static const char *const members[][2] = {
        {"sourceAddressPrefix", "source"},
        {"sourceAddressPrefixes", "source"},
        {"destinationAddressPrefix", "destination"},
        {"destinationAddressPrefixes", "destination"},
    };
    const json_t *rules = aks_document_get(sight->document, "properties.securityRules");
    bool done = true;

    for (size_t i = 0; i < json_array_size(rules); i++)
        for (size_t j = 0; done && j < sizeof members / sizeof *members; j++) {
            const json_t *rule = json_array_get(rules, i);
            const json_t *value = json_object_get(json_object_get(rule, "properties"), members[j][0]);

            if (any_names(value, address))
                done = json_array_append_new(list, json_pack("{s:s, s:s*, s:s}", "resource", sight->target, "rule",
                                                             aks_document_text_at(rule, "name"), "field",
                                                             members[j][1])) == 0;
        }
    return done;
}

static bool add_all(json_t *list, const struct aks_operation *operation, const struct aks_cidr *address)
{
    const struct aks_survey *survey = &convert_of(operation)->survey;
    const json_t *ranges = aks_document_get(operation->resource->state, AKS_CLUSTER_ACCESS "authorizedIPRanges");
    bool done = true;

    for (size_t i = 0; done && i < survey->count; i++)
        done = add_rules(list, survey->sights[i], address);
    if (done && any_names(ranges, address))
        done = json_array_append_new(list, json_pack("{s:s, s:s}", "resource", operation->resource->id.text, "field",
                                                     "authorized_ip_ranges")) == 0;
    return done;
}

json_t *aks_convert_stale(const struct aks_operation *operation, const char *text)
{
    json_t *list = json_array();
    struct aks_cidr address;

    if (!list || !text || aks_cidr_parse_address(text, &address) != AKS_CIDR_VALID ||
        add_all(list, operation, &address))
        return list;
    json_decref(list);
    return NULL;
}
