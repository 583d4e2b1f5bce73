/* All that speaks against converting a cluster, found in what was read: every reason at once. */
#include "operations/convert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "arm/id.h"
#include "base/buffer.h"
#include "base/text.h"
#include "operations/current.h"
#include "operations/permissions.h"
#include "operations/preflight.h"
#include "resources/cluster.h"
#include "resources/cluster_view.h"
#include "rules/cluster_rules.h"
#include "rules/permission.h"
#include "rules/rule.h"

struct check {
    struct aks_operation *operation;
    struct aks_convert *convert;
    const json_t *state;   /* of the cluster */
    const json_t *network; /* VNet of the subnet for the API server; NULL: absent or not readable */
    const json_t *subnet;  /* in it; NULL likewise */
    const char *name;      /* of that subnet */
    bool enough_memory;
};

static void add(struct check *check, const char *code, const char *field, const char *format, ...) AKS_PRINTF(4, 5);

static void add(struct check *check, const char *code, const char *field, const char *format, ...)
{
    char message[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    check->enough_memory &=
        aks_rule_break(&check->convert->findings, code, check->operation->resource->title, field, NULL, "%s", message);
}

static const char *text_of(const json_t *document, const char *path)
{
    const char *text = aks_document_text_at(document, path);

    return text ? text : "";
}

/* The cluster itself. */
static void check_cluster(struct check *check)
{
    const char *state = aks_resource_provisioning_state(check->operation->resource);
    const char *location = text_of(check->state, "location");
    const json_t *families = aks_document_get(check->state, "properties.networkProfile.ipFamilies");

    if (aks_current_is_busy(check->operation))
        add(check, "operation_in_flight", NULL, "another operation is under way on the cluster: it is %s",
            state ? state : "busy");
    if (aks_current_has_power(check->operation, "Stopped"))
        add(check, "cluster_not_running", NULL,
            "the cluster is stopped, and a stopped cluster can only be started or deleted");
    if (!aks_region_integrates(location))
        add(check, "region_unavailable", NULL, "the region %s does not offer API Server VNet Integration", location);
    for (size_t i = 0; i < json_array_size(families); i++)
        if (aks_text_equal_fold(json_string_value(json_array_get(families, i)), "IPv6"))
            add(check, "convert_dual_stack", NULL,
                "the cluster has IPv6 addresses (dual stack), and converting such clusters has broken them for good");
    if (check->convert->restart &&
        aks_text_equal_fold(text_of(check->state, "properties.nodeProvisioningProfile.mode"), "Auto"))
        add(check, "convert_restart_impossible", "restart",
            "a conversion ends in a stop and a start, and a cluster with node auto-provisioning cannot be stopped");
}

/* What was seen of the virtual network of a subnet; NULL: it was not looked at. */
static const struct aks_sight *network_of(struct check *check, const char *subnet)
{
    const struct aks_sight *sight = NULL;
    struct aks_error error = {0};
    struct aks_id id = {0};

    if (aks_id_parse(subnet, &id, &error))
        sight = aks_survey_find(&check->convert->survey, id.parent);
    check->enough_memory &= !error.no_memory;
    aks_id_clear(&id);
    aks_error_clear(&error);
    return sight;
}

/* The network of the nodes: the one that was brought, or the one that AKS made. NULL: not known. */
static const char *node_network(struct check *check)
{
    const struct aks_survey *survey = &check->convert->survey;
    const char *subnet = aks_cluster_node_subnet(check->state, 0);
    const struct aks_sight *sight = subnet ? network_of(check, subnet) : NULL;

    if (sight)
        return sight->target;
    for (size_t j = 0; j < survey->count; j++) {
        const char *id = aks_document_text_at(survey->sights[j]->document, "value[0].id");

        if (id)
            return id;
    }
    return NULL;
}

static void check_network(struct check *check)
{
    const char *network = node_network(check), *subnet = check->convert->apiserver_subnet;

    if (network && !aks_id_is_within(subnet, network))
        add(check, "apiserver_subnet_wrong_vnet", "apiserver_subnet",
            "the subnet must be in the virtual network of the nodes, %.400s", network);
    if (json_is_true(aks_document_get(check->network, "properties.encryption.enabled")))
        add(check, "vnet_encryption", "apiserver_subnet",
            "the virtual network is encrypted, and API Server VNet Integration does not work in one");
}

static bool is_node_subnet(const struct check *check)
{
    const char *subnet;

    for (size_t i = 0; (subnet = aks_cluster_node_subnet(check->state, i)) != NULL; i++)
        if (aks_id_equal(subnet, check->convert->apiserver_subnet))
            return true;
    return false;
}

static void check_subnet(struct check *check)
{
    struct aks_subnet_facts facts = {.name = check->name, .known = true};
    bool of_nodes = is_node_subnet(check);
    struct aks_cidr *prefixes;

    if (of_nodes)
        add(check, "apiserver_subnet_is_node_subnet", "apiserver_subnet", "the subnet '%s' is that of the nodes",
            check->name);
    if (!check->subnet) {
        add(check, "not_found", "apiserver_subnet", "the subnet '%s' does not exist", check->name);
        return;
    }
    prefixes =
        aks_prefixes_read(check->subnet, "properties.addressPrefix", "properties.addressPrefixes", &facts.prefix_count);
    facts.prefixes = prefixes;
    facts.delegation = aks_document_text_at(check->subnet, "properties.delegations[0].properties.serviceName");
    facts.used = of_nodes ? 0 : aks_subnet_used(check->subnet, NULL);
    facts.foreign_use = of_nodes ? NULL : aks_subnet_foreign_use(check->subnet); /* the nodes, of course */
    check->enough_memory &=
        prefixes && aks_apiserver_subnet_check(&facts, 1, check->operation->resource->title, &check->convert->findings);
    free(prefixes);
}

/* In the network that AKS made, its own identity may do what it needs. */
static void check_permissions(struct check *check)
{
    size_t count;
    const char *const *actions = aks_subnet_actions(&count);

    check->enough_memory &=
        aks_permissions_check(&check->convert->survey, check->convert->apiserver_subnet, actions, count,
                              check->operation->resource->title, "apiserver_subnet", &check->convert->findings);
}

static json_t *subnet_of(struct check *check, const char *id)
{
    const struct aks_sight *sight = network_of(check, id);
    const json_t *subnets = sight ? aks_document_get(sight->document, "properties.subnets") : NULL;

    return aks_records_find(subnets, strrchr(id, '/') + 1);
}

/* Nodes that do not reach the API server at its new address do not come back. */
static void check_security(struct check *check)
{
    size_t count = 1, limit = json_array_size(aks_document_get(check->state, AKS_CLUSTER_POOLS)) + 1;
    const char *apiserver = check->convert->apiserver_subnet, *id;
    struct aks_preflight_subnet *subnets = calloc(limit, sizeof *subnets);

    if (!subnets) {
        check->enough_memory = false;
        return;
    }
    subnets[0] = (struct aks_preflight_subnet){
        .id = apiserver, .field = "apiserver_subnet", .of_apiserver = true, .document = subnet_of(check, apiserver)};
    while ((id = aks_cluster_node_subnet(check->state, count - 1)) != NULL)
        subnets[count++] = (struct aks_preflight_subnet){.id = id, .field = "pools", .document = subnet_of(check, id)};
    check->enough_memory &= aks_preflight_check_security(&check->convert->survey, subnets, count, check->network,
                                                         &check->convert->findings);
    free(subnets);
}

/* "nodepool1 (3 nodes), gpu (2 nodes)"; NULL for want of memory. */
static char *list_pools(const json_t *pools)
{
    struct aks_buffer list;
    bool done = true;
    char *text;

    aks_buffer_init(&list, 64 * 1024);
    for (size_t i = 0; done && i < json_array_size(pools); i++) {
        const json_t *pool = json_array_get(pools, i);

        done = aks_buffer_append_format(&list, "%s%s (%" JSON_INTEGER_FORMAT " nodes)", i ? ", " : "",
                                        text_of(pool, "name"), json_integer_value(json_object_get(pool, "count")));
    }
    text = done ? aks_buffer_take(&list) : NULL;
    aks_buffer_clear(&list);
    return text;
}

/* What is about to happen, in full. */
static void tell_consequences(struct check *check)
{
    const char *address = json_string_value(json_object_get(check->convert->before, "apiserver_address"));
    const char *name = text_of(check->state, "properties.fqdn");
    char *pools = list_pools(aks_document_get(check->state, AKS_CLUSTER_POOLS));

    if (!*name)
        name = text_of(check->state, "properties.privateFQDN");
    add(check, "convert_one_way", NULL,
        "the conversion cannot be undone. The node image of every pool is upgraded: %.400s. Every workload restarts. "
        "The "
        "API server gets a new address in the subnet%s%s; its host name stays: %s. %s",
        pools ? pools : "?", address ? ", in place of " : "", address ? address : "", name,
        check->convert->restart
            ? "Then the cluster is stopped and started, as Azure demands right afterwards, and is not there meanwhile"
            : "Azure demands that the cluster is stopped and started right afterwards: with restart = false that is "
              "left "
              "to you");
    free(pools);
    if (!check->convert->approved)
        add(check, "approval_required", "approve", "a conversion cannot be undone and needs approval");
}

bool aks_convert_check(struct aks_operation *operation)
{
    struct aks_convert *convert = operation->data;
    struct check check = {
        .operation = operation, .convert = convert, .state = operation->resource->state, .enough_memory = true};
    const struct aks_sight *sight;

    if (json_is_true(aks_document_get(check.state, AKS_CLUSTER_ACCESS "enableVnetIntegration"))) {
        add(&check, "already_integrated", NULL, "the cluster has API Server VNet Integration already");
        return check.enough_memory;
    }
    check.name = strrchr(convert->apiserver_subnet, '/') + 1;
    sight = network_of(&check, convert->apiserver_subnet);
    check.network = sight ? sight->document : NULL;
    check.subnet = aks_records_find(aks_document_get(check.network, "properties.subnets"), check.name);
    check_cluster(&check);
    check_network(&check);
    if (sight && sight->refusal)
        add(&check, "check_forbidden", "apiserver_subnet",
            "the virtual network may not be read (%s): the subnet was not checked", sight->refusal);
    else
        check_subnet(&check);
    if (check.subnet)
        check_permissions(&check);
    check_security(&check);
    tell_consequences(&check);
    aks_rules_sort(&convert->findings);
    return check.enough_memory;
}
