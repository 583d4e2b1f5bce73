/* Node pools of a cluster: their fields, the fields of the cluster that are about them, and their defaults. */
#include "resources/cluster.h"

#include <string.h>

#include "arm/document.h"
#include "arm/id.h"
#include "base/text.h"
#include "resources/field_value.h"
#include "resources/resource.h"

#define DEFAULT_NAME "nodepool1" /* as the Azure CLI calls it */

static bool has_text(const json_t *object, const char *name, const char *text)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value && aks_text_equal_fold(value, text);
}

/* The first System pool: the one that the cluster's node_count and vm_size are about; borrowed. */
static json_t *system_pool(const json_t *document)
{
    const json_t *pools = aks_document_get(document, AKS_CLUSTER_POOLS);

    for (size_t i = 0; i < json_array_size(pools); i++)
        if (has_text(json_array_get(pools, i), "mode", "System"))
            return json_array_get(pools, i);
    return NULL;
}

/* How many nodes a pool has is the autoscaler's business where it is on: the spec's number is where it began. */
static bool count_agrees(const struct aks_field *field, const json_t *wanted, const json_t *pool)
{
    const json_t *present = json_object_get(pool, "count");

    return (present && json_is_true(json_object_get(pool, "enableAutoScaling"))) ||
           aks_field_equal(field, wanted, present);
}

static const struct aks_field_codec count_codec = {.agrees = count_agrees};

/* "1.31" is content with any 1.31.x: Azure chooses the patch, and may tell it. */
static bool is_version(const char *wanted, const char *present)
{
    size_t length = strlen(wanted);

    return present && strncmp(wanted, present, length) == 0 && (present[length] == '\0' || present[length] == '.');
}

bool aks_cluster_version_agrees(const json_t *wanted, const char *asked, const char *current)
{
    const char *text = json_string_value(wanted);

    return text && (is_version(text, asked) || is_version(text, current));
}

static bool version_agrees(const struct aks_field *field, const json_t *wanted, const json_t *pool)
{
    return aks_cluster_version_agrees(wanted, aks_document_text_at(pool, field->path),
                                      aks_document_text_at(pool, "currentOrchestratorVersion"));
}

static const struct aks_field_codec version_codec = {.agrees = version_agrees};

static const struct aks_field pool_fields[] = {
    {.name = "name",
     .path = "name",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_REQUIRED | AKS_FIELD_FOLD,
     .name_rule = "agent_pool",
     .documentation = "name of the pool: lower case letters and digits"},
    {.name = "autoscaling",
     .path = "enableAutoScaling",
     .type = AKS_FIELD_BOOLEAN,
     .absent = "false",
     .documentation = "whether the number of nodes follows the load, between min_count and max_count"},
    {.name = "count",
     .path = "count",
     .type = AKS_FIELD_INTEGER,
     .maximum = 1000,
     .codec = &count_codec,
     .documentation = "number of nodes; with autoscaling, the number to begin with"},
    {.name = "min_count",
     .path = "minCount",
     .type = AKS_FIELD_INTEGER,
     .maximum = 1000,
     .documentation = "fewest nodes with autoscaling"},
    {.name = "max_count",
     .path = "maxCount",
     .type = AKS_FIELD_INTEGER,
     .maximum = 1000,
     .documentation = "most nodes with autoscaling"},
    {.name = "vm_size",
     .path = "vmSize",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_CREATE_ONLY | AKS_FIELD_FOLD,
     .minimum = 1,
     .maximum = 80,
     .documentation = "size of the nodes, such as \"Standard_D4s_v3\"; absent: the cluster's vm_size"},
    {.name = "mode",
     .path = "mode",
     .type = AKS_FIELD_CHOICE,
     .choices = "System|User",
     .documentation = "System: for the cluster's own pods too; a cluster has at least one such pool"},
    {.name = "os_type",
     .path = "osType",
     .type = AKS_FIELD_CHOICE,
     .flags = AKS_FIELD_CREATE_ONLY,
     .choices = "Linux|Windows",
     .documentation = "operating system of the nodes; absent: Linux"},
    {.name = "os_sku",
     .path = "osSKU",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_FOLD,
     .minimum = 1,
     .maximum = 40,
     .documentation = "distribution of the nodes: \"Ubuntu\", \"AzureLinux\", \"Windows2022\", ..."},
    {.name = "max_pods",
     .path = "maxPods",
     .type = AKS_FIELD_INTEGER,
     .flags = AKS_FIELD_CREATE_ONLY,
     .minimum = 10,
     .maximum = 250,
     .documentation = "most pods on a node"},
    {.name = "os_disk_size",
     .path = "osDiskSizeGB",
     .type = AKS_FIELD_INTEGER,
     .flags = AKS_FIELD_CREATE_ONLY,
     .minimum = 1,
     .maximum = 2048,
     .documentation = "size of the nodes' system disks in GB; absent: as their VM size has it"},
    {.name = "availability_zones",
     .path = "availabilityZones",
     .type = AKS_FIELD_STRINGS,
     .flags = AKS_FIELD_CREATE_ONLY,
     .documentation = "zones over which nodes are spread, such as { \"1\", \"2\", \"3\" }"},
    {.name = "node_labels",
     .path = "nodeLabels",
     .type = AKS_FIELD_TAGS,
     .documentation = "Kubernetes labels of the nodes; those that are there already and not named here are kept"},
    {.name = "node_taints",
     .path = "nodeTaints",
     .type = AKS_FIELD_STRINGS,
     .documentation = "Kubernetes taints of the nodes, such as { \"gpu=true:NoSchedule\" }"},
    {.name = "subnet",
     .path = "vnetSubnetID",
     .type = AKS_FIELD_REFERENCE,
     .flags = AKS_FIELD_CREATE_ONLY,
     .target = "Microsoft.Network/virtualNetworks/subnets",
     .documentation = "subnet of the nodes; absent: the cluster's node_subnet"},
    {.name = "max_surge",
     .path = "upgradeSettings.maxSurge",
     .type = AKS_FIELD_STRING,
     .minimum = 1,
     .maximum = 8,
     .documentation = "extra nodes during an upgrade: a number or a percentage, such as \"33%\""},
    {.name = "kubernetes_version",
     .path = "orchestratorVersion",
     .type = AKS_FIELD_STRING,
     .minimum = 1,
     .maximum = 40,
     .codec = &version_codec,
     .documentation = "Kubernetes version of the nodes; absent: the cluster's"},
    {.name = "provisioning_state",
     .path = "provisioningState",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "state of the last operation: \"Succeeded\", \"Updating\", \"Failed\", ..."},
    {.name = "power_state",
     .path = "powerState.code",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "\"Running\" or \"Stopped\""},
    {.name = "current_kubernetes_version",
     .path = "currentOrchestratorVersion",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "Kubernetes version that runs, patch included"},
    {.name = "node_image_version",
     .path = "nodeImageVersion",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "image of the nodes"},
};

const struct aks_fields aks_cluster_pool_fields = AKS_FIELDS(pool_fields);

static json_t *read_of_system_pool(const json_t *document, const char *member)
{
    const json_t *value = json_object_get(system_pool(document), member);

    return value && !json_is_null(value) ? json_deep_copy(value) : NULL;
}

static json_t *read_node_count(const struct aks_field *field, const json_t *document)
{
    (void)field;
    return read_of_system_pool(document, "count");
}

static bool node_count_agrees(const struct aks_field *field, const json_t *wanted, const json_t *document)
{
    const json_t *pool = system_pool(document);

    return pool && count_agrees(field, wanted, pool);
}

const struct aks_field_codec aks_cluster_node_count_codec = {.read = read_node_count, .agrees = node_count_agrees};

static json_t *read_vm_size(const struct aks_field *field, const json_t *document)
{
    (void)field;
    return read_of_system_pool(document, "vmSize");
}

const struct aks_field_codec aks_cluster_vm_size_codec = {.read = read_vm_size};

static json_t *read_node_subnet(const struct aks_field *field, const json_t *document)
{
    (void)field;
    return read_of_system_pool(document, "vnetSubnetID");
}

/* Pools may have subnets of their own: it is enough that one is where the spec says. */
static bool node_subnet_agrees(const struct aks_field *field, const json_t *wanted, const json_t *document)
{
    const json_t *pools = aks_document_get(document, AKS_CLUSTER_POOLS);

    for (size_t i = 0; i < json_array_size(pools); i++)
        if (aks_field_equal(field, wanted, json_object_get(json_array_get(pools, i), "vnetSubnetID")))
            return true;
    return false;
}

const struct aks_field_codec aks_cluster_node_subnet_codec = {.read = read_node_subnet, .agrees = node_subnet_agrees};

/* Azure's pools always say their type, and no field of ours is it. */
static bool is_new(const json_t *pool)
{
    return !json_object_get(pool, "type");
}

static bool put_absent(json_t *pool, const char *member, const char *text)
{
    return json_object_get(pool, member) || json_object_set_new(pool, member, json_string(text)) == 0;
}

/* Puts a value of the spec into the pool where it has none. */
static bool inherit(json_t *pool, const char *member, const struct aks_resource *resource, const char *field)
{
    const json_t *value = aks_resource_declared(resource, field);

    return !value || json_object_get(pool, member) || json_object_set_new(pool, member, json_deep_copy(value)) == 0;
}

/* As many nodes as by default, or as the autoscaler's bounds allow. */
static bool put_count(json_t *pool)
{
    const json_t *minimum = json_object_get(pool, "minCount"), *maximum = json_object_get(pool, "maxCount");
    json_int_t count = AKS_CLUSTER_NODE_COUNT;

    if (json_object_get(pool, "count"))
        return true;
    if (minimum && count < json_integer_value(minimum))
        count = json_integer_value(minimum);
    if (maximum && count > json_integer_value(maximum))
        count = json_integer_value(maximum);
    return json_object_set_new(pool, "count", json_integer(count)) == 0;
}

/* What every new pool has, whoever asked for it. */
static bool complete_new(json_t *pool, const char *mode)
{
    return put_absent(pool, "mode", mode) && put_absent(pool, "osType", "Linux") &&
           put_absent(pool, "vmSize", AKS_CLUSTER_VM_SIZE) && put_count(pool) &&
           put_absent(pool, "type", "VirtualMachineScaleSets");
}

static bool complete_pool(const struct aks_resource *resource, json_t *pool, bool is_system)
{
    return inherit(pool, "vmSize", resource, "vm_size") && inherit(pool, "vnetSubnetID", resource, "node_subnet") &&
           complete_new(pool, is_system ? "System" : "User");
}

/* Where no pool says that it is a System pool, the first that does not say what it is becomes one. */
static bool complete_pools(const struct aks_resource *resource, json_t *document)
{
    const json_t *pools = aks_document_get(document, AKS_CLUSTER_POOLS);
    bool has_system = system_pool(document);

    for (size_t i = 0; i < json_array_size(pools); i++) {
        json_t *pool = json_array_get(pools, i);
        bool is_system = !has_system && !json_object_get(pool, "mode");

        if (!is_new(pool))
            continue;
        if (!complete_pool(resource, pool, is_system))
            return false;
        has_system = has_system || is_system;
    }
    return true;
}

/* The cluster's own node_count is that of its first System pool. */
static bool write_node_count(const struct aks_resource *resource, json_t *document)
{
    const json_t *count = aks_resource_declared(resource, "node_count");
    json_t *pool = system_pool(document);
    long long number;

    if (!count || !pool || !aks_value_integer(count, &number) ||
        json_is_true(json_object_get(pool, "enableAutoScaling")))
        return true;
    return json_object_set_new(pool, "count", json_integer(number)) == 0;
}

/* Whether a pool is a System pool, or may become one. */
static bool has_system_pool(const json_t *pools)
{
    for (size_t i = 0; i < json_array_size(pools); i++)
        if (!has_text(json_array_get(pools, i), "mode", "User"))
            return true;
    return false;
}

static bool add_default_pool(json_t *document, struct aks_error *error)
{
    json_t *pools = aks_document_get(document, AKS_CLUSTER_POOLS);
    json_t *pool = json_pack("{s:s, s:s}", "name", DEFAULT_NAME, "mode", "System");

    if (json_is_array(pools))
        return json_array_insert_new(pools, 0, pool) == 0 || aks_error_set_no_memory(error);
    return aks_field_put(document, AKS_CLUSTER_POOLS, pool ? json_pack("[o]", pool) : NULL, error);
}

/* The type "pool": one pool as a resource of its own. */
static bool take_over(json_t *spec, const char *field, const json_t *pool, const char *member)
{
    const json_t *value = json_object_get(pool, member);

    return json_object_get(spec, field) || !json_is_string(value) ||
           json_object_set_new(spec, field, json_deep_copy(value)) == 0;
}

/* A pool that names no subnet is with the System pool, as it is when it is made with the cluster. */
static bool inherit_from_cluster(json_t *spec, const json_t *cluster)
{
    const json_t *pool = system_pool(cluster);

    return take_over(spec, "subnet", pool, "vnetSubnetID") && take_over(spec, "vm_size", pool, "vmSize");
}

static bool compose_pool(const struct aks_resource *resource, bool fresh, json_t *document, struct aks_error *error)
{
    (void)resource;
    return !fresh || complete_new(json_object_get(document, "properties"), "User") || aks_error_set_no_memory(error);
}

/* With the root before them, the paths that are stripped of the pools in a cluster's document. */
static const char *const stripped[] = {
    "id",
    "name",
    "type",
    "properties.eTag",
    "properties.provisioningState",
    "properties.powerState",
    "properties.currentOrchestratorVersion",
    "properties.nodeImageVersion",
    "properties.status",
    "properties.localDNSProfile.state",
    NULL,
};

const struct aks_type aks_type_pool = {
    .name = "pool",
    .plural = "pools",
    .title = "node pool",
    .arm_type = "Microsoft.ContainerService/managedClusters/agentPools",
    .api_version = "2026-05-01",
    .parent = "cluster",
    .name_rule = "agent_pool",
    .flags = AKS_TYPE_CREATE_CONDITIONAL | AKS_TYPE_BARE,
    .fields = {.items = pool_fields + 1, .count = sizeof pool_fields / sizeof *pool_fields - 1}, /* all but the name */
    .root = "properties",
    .etag = "properties.eTag",
    .stripped = stripped,
    .pace = {10, 10},
    .inherit = inherit_from_cluster,
    .compose = compose_pool,
};

bool aks_cluster_compose_pools(const struct aks_resource *resource, bool fresh, json_t *document,
                               struct aks_error *error)
{
    if (fresh && !has_system_pool(aks_document_get(document, AKS_CLUSTER_POOLS)) && !add_default_pool(document, error))
        return false;
    return (complete_pools(resource, document) && write_node_count(resource, document)) ||
           aks_error_set_no_memory(error);
}

/* The declared pool that is, or becomes, the first System pool; borrowed, NULL: it is not declared. */
static const json_t *declared_system_pool(const struct aks_resource *resource)
{
    const json_t *pools = aks_resource_declared(resource, "pools"), *first = NULL;

    for (size_t i = 0; i < json_array_size(pools); i++) {
        const json_t *pool = json_array_get(pools, i);

        if (has_text(pool, "mode", "System"))
            return pool;
        if (!first && !json_object_get(pool, "mode"))
            first = pool;
    }
    return first;
}

bool aks_cluster_check_pools(const struct aks_resource *resource, struct aks_findings *findings)
{
    static const struct {
        const char *field;
        const char *member; /* of the pool, for the same thing */
    } pairs[] = {{"node_count", "count"}, {"vm_size", "vm_size"}};
    const json_t *pool = declared_system_pool(resource);

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const json_t *value = aks_resource_declared(resource, pairs[i].field);
        const json_t *other = json_object_get(pool, pairs[i].member);

        if (value && other && !json_equal(value, other) &&
            !aks_findings_add(findings, "value_not_allowed", AKS_SEVERITY_ERROR, resource->title, pairs[i].field,
                              "say it in one place",
                              "field '%s' is %s, but the first System pool, which it is about, says %s", pairs[i].field,
                              aks_value_quote(value).text, aks_value_quote(other).text))
            return false;
    }
    return true;
}
