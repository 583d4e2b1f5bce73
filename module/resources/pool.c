/* The type "node pool": the fields of a pool, in its cluster or as a resource of its own.
   https://learn.microsoft.com/azure/templates/microsoft.containerservice/managedclusters/agentpools */
#include <string.h>

#include "arm/document.h"
#include "resources/cluster.h"
#include "resources/resource.h"
#include "resources/type.h"

/* How many nodes a pool has is the autoscaler's business where it is on: the spec's number is where it began. */
bool aks_pool_count_agrees(const struct aks_field *field, const json_t *wanted, const json_t *pool)
{
    const json_t *present = json_object_get(pool, "count");

    return (present && json_is_true(json_object_get(pool, "enableAutoScaling"))) ||
           aks_field_equal(field, wanted, present);
}

static const struct aks_field_codec count_codec = {.agrees = aks_pool_count_agrees};

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

static bool take_over(json_t *spec, const char *field, const json_t *pool, const char *member)
{
    const json_t *value = json_object_get(pool, member);

    return json_object_get(spec, field) || !json_is_string(value) ||
           json_object_set_new(spec, field, json_deep_copy(value)) == 0;
}

/* A pool that names no subnet is with the System pool, as it is when it is made with the cluster. */
static bool inherit_from_cluster(json_t *spec, const json_t *cluster)
{
    const json_t *pool = aks_cluster_system_pool(cluster);

    return take_over(spec, "subnet", pool, "vnetSubnetID") && take_over(spec, "vm_size", pool, "vmSize");
}

static bool compose_pool(const struct aks_resource *resource, bool fresh, json_t *document, struct aks_error *error)
{
    (void)resource;
    return !fresh || aks_cluster_complete_pool(json_object_get(document, "properties"), "User") ||
           aks_error_set_no_memory(error);
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
