/* Whether subscription and region offer what a cluster asks for: providers, place, version, cores. */
#include "operations/preflight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "base/text.h"
#include "resources/cluster.h"
#include "resources/field_value.h"
#include "rules/rule.h"

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

/* Cores of a size of machines, which its name tells: "Standard_D4s_v3" has 4; of D and DS up to version 2 the number
   only counts up: 1, 2, 4, 8, 16. 0: not told. https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions
 */
static long long cores_of(const char *size)
{
    const char *name = strchr(size, '_'), *number, *version;
    long long cores;

    name = name ? name + 1 : size;
    number = name + strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    version = strchr(number, '_');
    cores = strtoll(number, NULL, 10);
    if ((*name != 'D' && *name != 'd') || (version && strcmp(version, "_v2") != 0))
        return cores;
    if (cores >= 11 && cores <= 14) /* those with more memory begin again */
        cores -= 9;
    return cores >= 1 && cores <= 5 ? 1LL << (cores - 1) : 0;
}

static long long cores_wanted(const json_t *body)
{
    const json_t *pools = aks_document_get(body, AKS_CLUSTER_POOLS);
    long long sum = 0;

    for (size_t i = 0; i < json_array_size(pools); i++) {
        const json_t *pool = json_array_get(pools, i);
        const char *size = text_of(pool, "vmSize");

        sum += json_integer_value(json_object_get(pool, "count")) * (size ? cores_of(size) : 0);
    }
    return sum;
}

/* All cores of the region together: of one family there may be fewer, which is left to Azure. */
static bool check_quota(const struct aks_sight *sight, const struct aks_resource *resource, const json_t *body,
                        struct aks_findings *findings)
{
    const json_t *usages = json_object_get(sight->document, "value");
    long long wanted = cores_wanted(body);

    for (size_t i = 0; !resource->state && i < json_array_size(usages); i++) {
        const json_t *usage = json_array_get(usages, i);
        const char *name = text_of(usage, "name.value");
        long long left = json_integer_value(json_object_get(usage, "limit")) -
                         json_integer_value(json_object_get(usage, "currentValue"));

        if (name && aks_text_equal_fold(name, "cores") && wanted > left)
            return aks_rule_break(findings, "quota_exceeded", resource->title, "node_count", NULL,
                                  "the nodes take %lld cores, and the subscription has %lld left in the region", wanted,
                                  left);
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
