/* All that speaks against converting a cluster, found in what was read: every reason at once. */
#include "operations/convert.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arm/document.h"
#include "arm/id.h"
#include "base/text.h"
#include "operations/current.h"
#include "resources/cluster.h"
#include "rules/cidr.h"

#define SERVICE "Microsoft.ContainerService/managedClusters"

/* Of the subnet for an API server: the largest length of its prefix, and the addresses that a cluster takes.
   https://learn.microsoft.com/azure/aks/api-server-vnet-integration */
enum { LENGTH_LIMIT = 28, ADDRESSES = 9 };

struct check {
    struct aks_operation *operation;
    struct aks_convert *convert;
    const json_t *state;   /* of the cluster */
    const json_t *network; /* VNet of the subnet for the API server; NULL: absent or not readable */
    const json_t *subnet;  /* in it; NULL likewise */
    const char *name;      /* of that subnet */
    bool enough_memory;
};

static void add(struct check *check, const char *code, enum aks_severity severity, const char *field,
                const char *remedy, const char *format, ...) AKS_PRINTF(6, 7);

static void add(struct check *check, const char *code, enum aks_severity severity, const char *field,
                const char *remedy, const char *format, ...)
{
    char message[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    check->enough_memory &= aks_findings_add(&check->convert->findings, code, severity,
                                             check->operation->resource->title, field, remedy, "%s", message);
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
    const json_t *families = aks_document_get(check->state, "properties.networkProfile.ipFamilies");

    if (aks_current_is_busy(check->operation))
        add(check, "operation_in_flight", AKS_SEVERITY_ERROR, NULL, "wait for it: cluster:wait()",
            "another operation is under way on the cluster: it is %s", state ? state : "busy");
    if (aks_current_has_power(check->operation, "Stopped"))
        add(check, "cluster_not_running", AKS_SEVERITY_ERROR, NULL, "start it first: cluster:start()",
            "the cluster is stopped, and a stopped cluster can only be started or deleted");
    for (size_t i = 0; i < json_array_size(families); i++)
        if (aks_text_equal_fold(json_string_value(json_array_get(families, i)), "IPv6"))
            add(check, "convert_dual_stack", AKS_SEVERITY_ERROR, NULL,
                "create a new cluster with the integration and move the workloads",
                "the cluster has IPv6 addresses (dual stack), and converting such clusters has broken them for good");
    if (check->convert->restart &&
        aks_text_equal_fold(text_of(check->state, "properties.nodeProvisioningProfile.mode"), "Auto"))
        add(check, "convert_restart_impossible", AKS_SEVERITY_ERROR, "restart", "turn node auto-provisioning off first",
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
    const json_t *pools = aks_document_get(check->state, AKS_CLUSTER_POOLS);
    const struct aks_survey *survey = &check->convert->survey;

    for (size_t i = 0; i < json_array_size(pools); i++) {
        const char *subnet = aks_document_text_at(json_array_get(pools, i), "vnetSubnetID");
        const struct aks_sight *sight = subnet && *subnet ? network_of(check, subnet) : NULL;

        if (sight)
            return sight->target;
    }
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
        add(check, "apiserver_subnet_wrong_vnet", AKS_SEVERITY_ERROR, "apiserver_subnet",
            "take a subnet of that virtual network", "the subnet must be in the virtual network of the nodes, %.400s",
            network);
    if (json_is_true(aks_document_get(check->network, "properties.encryption.enabled")))
        add(check, "vnet_encryption", AKS_SEVERITY_ERROR, "apiserver_subnet",
            "turn the encryption of the virtual network off",
            "the virtual network is encrypted, and API Server VNet Integration does not work in one");
}

static const char *prefix_of(const json_t *subnet)
{
    const char *prefix = aks_document_text_at(subnet, "properties.addressPrefix");

    return prefix ? prefix : text_of(subnet, "properties.addressPrefixes[0]");
}

static bool is_delegated(const json_t *subnet)
{
    const json_t *list = aks_document_get(subnet, "properties.delegations");

    for (size_t i = 0; i < json_array_size(list); i++)
        if (aks_text_equal_fold(text_of(json_array_get(list, i), "properties.serviceName"), SERVICE))
            return true;
    return false;
}

/* Addresses and links in the subnet that are not those of API servers. NULL: none. Borrowed. */
static const char *foreign_use(const json_t *subnet)
{
    const json_t *addresses = aks_document_get(subnet, "properties.ipConfigurations");
    const json_t *links = aks_document_get(subnet, "properties.serviceAssociationLinks");
    const char *endpoint = aks_document_text_at(subnet, "properties.privateEndpoints[0].id");

    for (size_t i = 0; i < json_array_size(addresses); i++) {
        const char *id = text_of(json_array_get(addresses, i), "id");

        if (!strcasestr(id, "/loadBalancers/kube-apiserver/"))
            return id;
    }
    for (size_t i = 0; i < json_array_size(links); i++) {
        const char *type = text_of(json_array_get(links, i), "properties.linkedResourceType");

        if (!aks_text_equal_fold(type, SERVICE))
            return type;
    }
    return endpoint;
}

static void check_size(struct check *check)
{
    size_t used = json_array_size(aks_document_get(check->subnet, "properties.ipConfigurations"));
    const char *text = prefix_of(check->subnet);
    struct aks_cidr prefix;

    if (aks_cidr_parse(text, &prefix) != AKS_CIDR_VALID)
        return;
    if (prefix.bits == 32 && prefix.length > LENGTH_LIMIT)
        add(check, "apiserver_subnet_too_small", AKS_SEVERITY_ERROR, "apiserver_subnet",
            "make one of at least /28, better /27", "the subnet '%s' is %s; an API server needs at least a /%d",
            check->name, text, LENGTH_LIMIT);
    else if (aks_cidr_usable(&prefix) - (double)used < ADDRESSES)
        add(check, "apiserver_subnet_capacity", AKS_SEVERITY_ERROR, "apiserver_subnet", "take a larger subnet",
            "the subnet '%s' (%s) has %.0f free addresses; an API server takes %d", check->name, text,
            aks_cidr_usable(&prefix) - (double)used, ADDRESSES);
}

static void check_subnet(struct check *check)
{
    const json_t *pools = aks_document_get(check->state, AKS_CLUSTER_POOLS);
    const char *use = foreign_use(check->subnet);

    for (size_t i = 0; i < json_array_size(pools); i++)
        if (aks_id_equal(text_of(json_array_get(pools, i), "vnetSubnetID"), check->convert->apiserver_subnet)) {
            add(check, "apiserver_subnet_is_node_subnet", AKS_SEVERITY_ERROR, "apiserver_subnet",
                "make a subnet for the API server alone", "the subnet '%s' is that of the nodes", check->name);
            use = NULL; /* the nodes, of course */
            break;
        }
    if (!check->subnet) {
        add(check, "not_found", AKS_SEVERITY_ERROR, "apiserver_subnet", "create it first: subnet:create()",
            "the subnet '%s' does not exist", check->name);
        return;
    }
    check_size(check);
    if (!is_delegated(check->subnet))
        add(check, "apiserver_subnet_not_delegated", AKS_SEVERITY_ERROR, "apiserver_subnet",
            "give the subnet delegation = \"" SERVICE "\"", "the subnet '%s' is not delegated to " SERVICE,
            check->name);
    if (use)
        add(check, "apiserver_subnet_in_use", AKS_SEVERITY_ERROR, "apiserver_subnet",
            "take a subnet that only API servers use", "the subnet '%s' is used by %.300s", check->name, use);
}

/* What is about to happen, in full. */
static void tell_consequences(struct check *check)
{
    const json_t *pools = aks_document_get(check->state, AKS_CLUSTER_POOLS);
    const char *address = json_string_value(json_object_get(check->convert->before, "apiserver_address"));
    const char *name = text_of(check->state, "properties.fqdn");
    char list[512] = "";

    if (!*name)
        name = text_of(check->state, "properties.privateFQDN");
    for (size_t i = 0; i < json_array_size(pools); i++) {
        const json_t *pool = json_array_get(pools, i);
        size_t used = strlen(list);

        snprintf(list + used, sizeof list - used, "%s%.12s (%" JSON_INTEGER_FORMAT " nodes)", i ? ", " : "",
                 text_of(pool, "name"), json_integer_value(json_object_get(pool, "count")));
    }
    add(check, "convert_one_way", AKS_SEVERITY_INFO, NULL, NULL,
        "the conversion cannot be undone. The node image of every pool is upgraded: %s. Every workload restarts. The "
        "API "
        "server gets a new address in the subnet%s%s; its host name stays: %s. %s",
        list, address ? ", in place of " : "", address ? address : "", name,
        check->convert->restart
            ? "Then the cluster is stopped and started, as Azure demands right afterwards, and is not there meanwhile"
            : "Azure demands that the cluster is stopped and started right afterwards: with restart = false that is "
              "left "
              "to you");
    if (!check->convert->approved)
        add(check, "approval_required", AKS_SEVERITY_ERROR, "approve", "pass approve = true",
            "a conversion cannot be undone and needs approval");
}

bool aks_convert_check(struct aks_operation *operation)
{
    struct aks_convert *convert = operation->data;
    struct check check = {
        .operation = operation, .convert = convert, .state = operation->resource->state, .enough_memory = true};
    const struct aks_sight *sight;

    if (json_is_true(aks_document_get(check.state, AKS_CLUSTER_ACCESS "enableVnetIntegration"))) {
        add(&check, "already_integrated", AKS_SEVERITY_ERROR, NULL, "there is nothing to convert",
            "the cluster has API Server VNet Integration already");
        return check.enough_memory;
    }
    check.name = strrchr(convert->apiserver_subnet, '/') + 1;
    sight = network_of(&check, convert->apiserver_subnet);
    check.network = sight ? sight->document : NULL;
    check.subnet = aks_records_find(aks_document_get(check.network, "properties.subnets"), check.name);
    check_cluster(&check);
    check_network(&check);
    if (sight && sight->refusal)
        add(&check, "check_forbidden", AKS_SEVERITY_WARNING, "apiserver_subnet", "let somebody look who may read it",
            "the virtual network may not be read (%s): the subnet was not checked", sight->refusal);
    else
        check_subnet(&check);
    tell_consequences(&check);
    return check.enough_memory;
}
