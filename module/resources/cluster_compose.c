/* The body of a cluster beyond its fields: defaults of a new one, members that depend on others, the field "raw". */
#include "resources/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "base/text.h"
#include "resources/resource.h"
#include "resources/type.h"

#define DNS_PREFIX "properties.dnsPrefix"
#define LINUX "properties.linuxProfile"
#define ADMIN "azureuser" /* as the Azure CLI calls it */

bool aks_cluster_merge(json_t *document, const json_t *patch)
{
    for (void *at = json_object_iter((json_t *)patch); at; at = json_object_iter_next((json_t *)patch, at)) {
        const char *name = json_object_iter_key(at);
        const json_t *value = json_object_iter_value(at);
        json_t *member = json_object_get(document, name);

        if (json_is_null(value)) {
            json_object_del(document, name);
            continue;
        }
        if (!json_is_object(value)) {
            if (json_object_set_new(document, name, json_deep_copy(value)) != 0)
                return false;
            continue;
        }
        if (!json_is_object(member) && json_object_set_new(document, name, json_object()) != 0)
            return false;
        if (!aks_cluster_merge(json_object_get(document, name), value))
            return false;
    }
    return true;
}

static bool is_empty_list(const json_t *value)
{
    return json_is_array(value) && json_array_size(value) == 0;
}

static bool is_merged(const json_t *present, const json_t *patch);

static bool is_merged_object(const json_t *present, const json_t *patch)
{
    for (void *at = json_object_iter((json_t *)patch); at; at = json_object_iter_next((json_t *)patch, at))
        if (!is_merged(json_object_get(present, json_object_iter_key(at)), json_object_iter_value(at)))
            return false;
    return true;
}

static bool is_merged(const json_t *present, const json_t *patch)
{
    if (json_is_object(patch))
        return is_merged_object(present, patch);
    if (json_is_null(patch) || is_empty_list(patch))
        return !present || json_is_null(present) || is_empty_list(present);
    if (json_is_string(patch) && json_is_string(present))
        return aks_text_equal_fold(json_string_value(patch), json_string_value(present));
    if (json_is_number(patch) && json_is_number(present))
        return json_number_value(patch) == json_number_value(present);
    if (!json_is_array(patch) || json_array_size(patch) != json_array_size(present))
        return json_equal(patch, present);
    for (size_t i = 0; i < json_array_size(patch); i++)
        if (!is_merged(json_array_get(present, i), json_array_get(patch, i)))
            return false;
    return true;
}

static bool raw_agrees(const struct aks_field *field, const json_t *wanted, const json_t *document)
{
    (void)field;
    return is_merged(document, wanted);
}

const struct aks_field_codec aks_cluster_raw_codec = {.agrees = raw_agrees};

/* Appends at most `limit` of the letters, digits and hyphens of `text`. */
static void append_characters(char *prefix, const char *text, size_t limit)
{
    size_t length = strlen(prefix), end = length + limit;

    for (; *text && length < end; text++) {
        char lower = aks_text_lower(*text);

        if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || lower == '-')
            prefix[length++] = *text;
    }
    prefix[length] = '\0';
}

/* "NAME-GROUP-SUBSCRIPTION", each cut, the first beginning with a letter: the prefix that the Azure CLI gives. */
static bool write_dns_prefix(const struct aks_resource *resource, json_t *document, struct aks_error *error)
{
    const struct aks_id *id = &resource->id;
    char prefix[64] = "";
    char first = aks_text_lower(id->name[0]);

    if (aks_document_get(document, DNS_PREFIX) || aks_document_get(document, "properties.fqdnSubdomain") ||
        aks_document_get(aks_resource_declared(resource, "raw"), "properties.fqdnSubdomain"))
        return true;
    if (first < 'a' || first > 'z')
        strcpy(prefix, "a");
    append_characters(prefix, id->name, 10 - strlen(prefix));
    strcat(prefix, "-");
    append_characters(prefix, id->resource_group ? id->resource_group : "", 16);
    strcat(prefix, "-");
    append_characters(prefix, id->subscription ? id->subscription : "", 6);
    return aks_field_put(document, DNS_PREFIX, json_string(prefix), error);
}

static bool write_defaults(const struct aks_resource *resource, json_t *document, struct aks_error *error)
{
    if (!json_object_get(document, "identity") &&
        !aks_field_put(document, "identity.type", json_string("SystemAssigned"), error))
        return false;
    return write_dns_prefix(resource, document, error);
}

/* Members that Azure requires beside others. */
static bool write_companions(json_t *document, struct aks_error *error)
{
    if (aks_document_get(document, LINUX) && !aks_document_get(document, LINUX ".adminUsername") &&
        !aks_field_put(document, LINUX ".adminUsername", json_string(ADMIN), error))
        return false;
    return !json_object_get(document, "sku") || aks_document_get(document, "sku.name") ||
           aks_field_put(document, "sku.name", json_string("Base"), error);
}

/* Azure adds the ids of the principals to identities that it is given by name only. */
bool aks_cluster_tidy(json_t *document)
{
    json_t *identities = aks_document_get(document, "identity.userAssignedIdentities");
    json_t *addons = aks_document_get(document, "properties.addonProfiles");

    for (void *at = json_object_iter(identities); at; at = json_object_iter_next(identities, at))
        if (json_object_iter_set_new(identities, at, json_object()) != 0)
            return false;
    for (void *at = json_object_iter(addons); at; at = json_object_iter_next(addons, at))
        json_object_del(json_object_iter_value(at), "identity");
    return true;
}

bool aks_cluster_compose(const struct aks_resource *resource, bool fresh, json_t *document, struct aks_error *error)
{
    const json_t *raw = aks_resource_declared(resource, "raw");

    if (fresh && !write_defaults(resource, document, error))
        return false;
    if (!aks_cluster_compose_pools(resource, fresh, document, error) || !write_companions(document, error))
        return false;
    return !raw || aks_cluster_merge(document, raw) || aks_error_set_no_memory(error);
}
