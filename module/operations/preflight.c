/* Which things a preflight looks at, and in which order they become known. */
#include "operations/preflight.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "arm/id.h"
#include "base/text.h"
#include "operations/permissions.h"
#include "resources/cluster.h"

#define NETWORK_VERSION "2024-05-01"
#define COMPUTE_VERSION "2024-07-01"

static struct aks_survey *survey_of(const struct aks_operation *operation)
{
    return operation->data;
}

static void lack_memory(struct aks_operation *operation)
{
    aks_error_set_no_memory(&survey_of(operation)->error);
}

/* The value of a field as it is to be: as declared, else as it is. Freed by the caller; NULL: none. */
static char *wanted(const struct aks_operation *operation, const char *field)
{
    const json_t *declared = aks_resource_declared(operation->resource, field);
    json_t *value = declared ? json_deep_copy(declared) : aks_resource_field(operation->resource, field);
    char *text = json_is_string(value) ? strdup(json_string_value(value)) : NULL;

    json_decref(value);
    return text;
}

/* Looks at a formatted path; takes it. */
static void look(struct aks_operation *operation, char *path, const char *query, const char *version)
{
    if (path)
        aks_survey_look(operation, path, query, version);
    else
        lack_memory(operation);
    free(path);
}

/* Subnets are seen as part of their network. */
static void look_at_network(struct aks_operation *operation, const char *subnet)
{
    struct aks_error error = {0};
    struct aks_id id = {0};

    if (aks_id_parse(subnet, &id, &error))
        aks_survey_look(operation, id.parent, NULL, NETWORK_VERSION);
    else if (error.no_memory)
        lack_memory(operation);
    aks_id_clear(&id);
    aks_error_clear(&error);
}

/* New document of the cluster as it is to be; NULL: it cannot be, which the check tells. */
static json_t *body_of(struct aks_operation *operation)
{
    struct aks_error error = {0};
    json_t *body = aks_resource_body(operation->resource, operation->resource->state, &error);

    if (error.no_memory)
        lack_memory(operation);
    aks_error_clear(&error);
    return body;
}

static void look_at_networks(struct aks_operation *operation)
{
    json_t *body = body_of(operation);
    const char *subnet;

    for (size_t i = 0; (subnet = aks_cluster_subnet(body, i)) != NULL; i++)
        look_at_network(operation, subnet);
    json_decref(body);
}

static void look_at_reference(struct aks_operation *operation, const char *field, const char *version)
{
    char *id = wanted(operation, field);

    if (id && id[0] == '/')
        aks_survey_look(operation, id, NULL, version);
    free(id);
}

/* What a region offers is asked when the region is known. */
static void look_at_region(struct aks_operation *operation, const char *location)
{
    const char *subscription = operation->resource->id.subscription;

    look(operation,
         aks_text_format("/subscriptions/%s/providers/Microsoft.ContainerService/locations/%s/kubernetesVersions",
                         subscription, location),
         NULL, aks_type_cluster.api_version);
    look(operation,
         aks_text_format("/subscriptions/%s/providers/Microsoft.Compute/locations/%s/usages", subscription, location),
         NULL, COMPUTE_VERSION);
}

void aks_preflight_look(struct aks_operation *operation)
{
    static const char *const providers[] = {"Microsoft.ContainerService", "Microsoft.Network", "Microsoft.Compute",
                                            "Microsoft.ManagedIdentity"};
    const struct aks_resource *resource = operation->resource;

    look_at_networks(operation);
    look_at_reference(operation, "identity", aks_type_identity.api_version);
    look_at_reference(operation, "private_dns_zone", "2020-06-01");
    for (size_t i = 0; i < sizeof providers / sizeof *providers; i++)
        look(operation, aks_text_format("/subscriptions/%s/providers/%s", resource->id.subscription, providers[i]),
             NULL, aks_type_provider.api_version);
    aks_survey_look(operation, resource->id.parent, NULL, aks_type_resource_group.api_version);
    if (resource->location)
        look_at_region(operation, resource->location);
}

/* What a principal may do at the subnets that are brought. */
static void look_at_assignments(struct aks_operation *operation, const char *principal)
{
    json_t *body = body_of(operation);
    char *zone = wanted(operation, "private_dns_zone");
    const char *subnet;

    for (size_t i = 0; (subnet = aks_cluster_subnet(body, i)) != NULL; i++)
        aks_permissions_look(operation, subnet, principal);
    if (zone && zone[0] == '/')
        aks_permissions_look(operation, zone, principal);
    free(zone);
    json_decref(body);
}

static void look_at_subnet(struct aks_operation *operation, const json_t *subnet)
{
    static const char *const paths[] = {"properties.networkSecurityGroup.id", "properties.routeTable.id"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *target = aks_document_text_at(subnet, paths[i]);

        if (target)
            aks_survey_look(operation, target, NULL, NETWORK_VERSION);
    }
}

/* The security rules and routes of the subnets in question, not of all in the network. */
static void look_at_subnets(struct aks_operation *operation, const struct aks_sight *network)
{
    const json_t *subnets = aks_document_get(network->document, "properties.subnets");
    json_t *body = body_of(operation);
    const char *id;

    for (size_t i = 0; (id = aks_cluster_subnet(body, i)) != NULL; i++)
        if (aks_id_is_within(id, network->target))
            look_at_subnet(operation, aks_records_find(subnets, strrchr(id, '/') + 1));
    json_decref(body);
}

static bool has_type(const struct aks_sight *sight, const char *type)
{
    const char *other = aks_document_text_at(sight->document, "type");

    return other && aks_text_equal_fold(other, type);
}

void aks_preflight_seen(struct aks_operation *operation, const struct aks_sight *sight)
{
    const char *principal = aks_document_text_at(sight->document, "properties.principalId");
    const char *location = aks_document_text_at(sight->document, "location");

    if (json_is_array(aks_document_get(sight->document, "properties.subnets"))) {
        look_at_subnets(operation, sight);
    } else if (principal && has_type(sight, aks_type_identity.arm_type)) {
        look_at_assignments(operation, principal);
    } else if (location && !operation->resource->location &&
               aks_id_equal(sight->target, operation->resource->id.parent)) {
        look_at_region(operation, location);
    }
    aks_permissions_seen(operation, sight);
}
