/* Whether subscription and region offer what a cluster asks for: providers, place, version, cores. */
#include "operations/preflight.h"

#include <stdio.h>
#include <string.h>

#include "arm/document.h"
#include "base/text.h"
#include "resources/cluster.h"
#include "resources/field_value.h"
#include "rules/rule.h"
#include "rules/vm_size.h"

/* Nodes of a pool. */
#define NODES_LIMIT 100000

static const char *text_of(const json_t *document, const char *path)
{
    const char *text = aks_document_text_at(document, path);

    return text && *text ? text : NULL;
}

/* Whether a list of regions, in Azure's words ("West US 2"), has the location. */
static bool has_location(const json_t *list, const char *location)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        json_t *name = text ? aks_value_location(text) : NULL;
        bool same = name && aks_text_equal_fold(json_string_value(name), location);

        json_decref(name);
        if (same)
            return true;
    }
    return false;
}

/* The regions of managed clusters, as their provider tells; NULL: it does not. */
static const json_t *regions_of(const json_t *provider)
{
    const json_t *types = json_object_get(provider, "resourceTypes");

    for (size_t i = 0; i < json_array_size(types); i++) {
        const char *type = text_of(json_array_get(types, i), "resourceType");

        if (type && aks_text_equal_fold(type, "managedClusters"))
            return json_object_get(json_array_get(types, i), "locations");
    }
    return NULL;
}

static bool check_provider(const struct aks_sight *sight, const struct aks_resource *resource, const char *location,
                           struct aks_findings *findings)
{
    const char *state = text_of(sight->document, "registrationState"), *name = strrchr(sight->target, '/') + 1;
    const json_t *regions = regions_of(sight->document);
    char remedy[256];

    if (state && !aks_text_equal_fold(state, "Registered")) {
        snprintf(remedy, sizeof remedy, "client:provider(\"%.100s\"):register()", name);
        if (!aks_rule_break(findings, "provider_not_registered", resource->title, NULL, remedy,
                            "the resource provider %s is %s in the subscription", name, state))
            return false;
    }
    return json_array_size(regions) == 0 || !location || has_location(regions, location) ||
           aks_rule_break(findings, "region_unavailable", resource->title, "location", NULL,
                          "the region %s does not offer managed clusters", location);
}

/* Whether a region's list of versions has the one asked for: "1.33", or "1.33.2" among the patches. */
static bool offers_version(const json_t *list, const char *version)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *minor = text_of(item, "version");

        if ((minor && strcmp(minor, version) == 0) || json_object_get(json_object_get(item, "patchVersions"), version))
            return true;
    }
    return false;
}

static bool check_version(const struct aks_sight *sight, const struct aks_resource *resource,
                          struct aks_findings *findings)
{
    const char *version = json_string_value(aks_resource_declared(resource, "kubernetes_version"));
    const json_t *list = json_object_get(sight->document, "values");

    return !version || json_array_size(list) == 0 || offers_version(list, version) ||
           aks_rule_break(findings, "kubernetes_version_unavailable", resource->title, "kubernetes_version", NULL,
                          "the region does not offer Kubernetes %s", version);
}

/* Cores that the nodes take of a quota: of all of them, or of those of one family (NULL: any). */
static long long cores_wanted(const json_t *body, const char *family)
{
    const json_t *pools = aks_document_get(body, AKS_CLUSTER_POOLS);
    long long sum = 0;

    for (size_t i = 0; i < json_array_size(pools); i++) {
        const json_t *pool = json_array_get(pools, i);
        const char *size = text_of(pool, "vmSize");
        json_int_t count = json_integer_value(json_object_get(pool, "count"));
        char own[AKS_VM_SIZE_FAMILY_SIZE];

        if (size && count > 0 && count <= NODES_LIMIT &&
            (!family || (aks_vm_size_family(size, own) && aks_text_equal_fold(own, family))))
            sum += count * (long long)aks_vm_size_cores(size);
    }
    return sum;
}

/* The cores of the region together, and those of each family that the region lists under the name we know it by. */
static bool check_quota(const struct aks_sight *sight, const struct aks_resource *resource, const json_t *body,
                        struct aks_findings *findings)
{
    const json_t *usages = json_object_get(sight->document, "value");

    for (size_t i = 0; !resource->state && i < json_array_size(usages); i++) {
        const json_t *usage = json_array_get(usages, i);
        const char *name = text_of(usage, "name.value");
        bool all = name && aks_text_equal_fold(name, "cores");
        long long left = json_integer_value(json_object_get(usage, "limit")) -
                         json_integer_value(json_object_get(usage, "currentValue"));
        long long wanted = name ? cores_wanted(body, all ? NULL : name) : 0;

        if (wanted > 0 && wanted > left &&
            !aks_rule_break(findings, "quota_exceeded", resource->title, "node_count", NULL,
                            "the nodes take %lld cores%s%s, and the subscription has %lld left in the region", wanted,
                            all ? "" : " of ", all ? "" : name, left))
            return false;
    }
    return true;
}

static bool ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text), size = strlen(ending);

    return length >= size && aks_text_equal_fold(text + length - size, ending);
}

bool aks_preflight_check_offers(const struct aks_survey *survey, const struct aks_resource *resource,
                                const json_t *body, struct aks_findings *findings)
{
    json_t *location = resource->location ? aks_value_location(resource->location) : NULL;
    bool done = true;

    for (size_t i = 0; done && i < survey->count; i++) {
        const struct aks_sight *sight = survey->sights[i];

        if (json_object_get(sight->document, "registrationState"))
            done = check_provider(sight, resource, json_string_value(location), findings);
        else if (ends_in(sight->target, "/kubernetesVersions"))
            done = check_version(sight, resource, findings);
        else if (ends_in(sight->target, "/usages"))
            done = check_quota(sight, resource, body, findings);
    }
    json_decref(location);
    return done;
}
