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
json_t *aks_cluster_system_pool(const json_t *document)
{
    const json_t *pools = aks_document_get(document, AKS_CLUSTER_POOLS);

    for (size_t i = 0; i < json_array_size(pools); i++)
        if (has_text(json_array_get(pools, i), "mode", "System"))
            return json_array_get(pools, i);
    return NULL;
}

static const char *subnet_of(const json_t *pool)
{
    const char *subnet = json_string_value(json_object_get(pool, "vnetSubnetID"));

    return subnet && *subnet ? subnet : NULL;
}

/* Whether an earlier pool is in the subnet of this one. */
static bool is_repeated(const json_t *pools, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        const char *other = subnet_of(json_array_get(pools, i));

        if (other && aks_id_equal(other, subnet_of(json_array_get(pools, index))))
            return true;
    }
    return false;
}

const char *aks_cluster_node_subnet(const json_t *document, size_t place)
{
    const json_t *pools = aks_document_get(document, AKS_CLUSTER_POOLS);

    for (size_t i = 0; i < json_array_size(pools) && i < AKS_CLUSTER_POOLS_LIMIT; i++) {
        const char *subnet = subnet_of(json_array_get(pools, i));

        if (subnet && !is_repeated(pools, i) && place-- == 0)
            return subnet;
    }
    return NULL;
}

const char *aks_cluster_subnet(const json_t *document, size_t place)
{
    const char *apiserver = aks_document_text_at(document, AKS_CLUSTER_ACCESS "subnetId");

    if (!apiserver || !*apiserver)
        return aks_cluster_node_subnet(document, place);
    return place == 0 ? apiserver : aks_cluster_node_subnet(document, place - 1);
}

static json_t *read_of_system_pool(const json_t *document, const char *member)
{
    const json_t *value = json_object_get(aks_cluster_system_pool(document), member);

    return value && !json_is_null(value) ? json_deep_copy(value) : NULL;
}

static json_t *read_node_count(const struct aks_field *field, const json_t *document)
{
    (void)field;
    return read_of_system_pool(document, "count");
}

static bool node_count_agrees(const struct aks_field *field, const json_t *wanted, const json_t *document)
{
    const json_t *pool = aks_cluster_system_pool(document);

    return pool && aks_pool_count_agrees(field, wanted, pool);
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
bool aks_cluster_complete_pool(json_t *pool, const char *mode)
{
    return put_absent(pool, "mode", mode) && put_absent(pool, "osType", "Linux") &&
           put_absent(pool, "vmSize", AKS_CLUSTER_VM_SIZE) && put_count(pool) &&
           put_absent(pool, "type", "VirtualMachineScaleSets");
}

static bool complete_new_pool(const struct aks_resource *resource, json_t *pool, bool is_system)
{
    return inherit(pool, "vmSize", resource, "vm_size") && inherit(pool, "vnetSubnetID", resource, "node_subnet") &&
           aks_cluster_complete_pool(pool, is_system ? "System" : "User");
}

/* Where no pool says that it is a System pool, the first that does not say what it is becomes one. */
static bool complete_pools(const struct aks_resource *resource, json_t *document)
{
    const json_t *pools = aks_document_get(document, AKS_CLUSTER_POOLS);
    bool has_system = aks_cluster_system_pool(document);

    for (size_t i = 0; i < json_array_size(pools); i++) {
        json_t *pool = json_array_get(pools, i);
        bool is_system = !has_system && !json_object_get(pool, "mode");

        if (!is_new(pool))
            continue;
        if (!complete_new_pool(resource, pool, is_system))
            return false;
        has_system = has_system || is_system;
    }
    return true;
}

/* The cluster's own node_count is that of its first System pool. */
static bool write_node_count(const struct aks_resource *resource, json_t *document)
{
    const json_t *count = aks_resource_declared(resource, "node_count");
    json_t *pool = aks_cluster_system_pool(document);
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
