/* The type "network security group".
   https://learn.microsoft.com/azure/templates/microsoft.network/networksecuritygroups,
   https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview */
#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "base/text.h"
#include "resources/field_value.h"
#include "resources/resource.h"
#include "resources/type.h"

#define RULES "properties.securityRules"

/* ARM has a member for one prefix or range, and another, in the plural, for several: "sourceAddressPrefix" and
   "sourceAddressPrefixes". Freed by the caller; NULL for want of memory. */
static char *plural_of(const char *path)
{
    size_t length = strlen(path);

    return aks_text_format("%s%s", path, length > 0 && path[length - 1] == 'x' ? "es" : "s");
}

/* New list of what both members have; NULL when they have nothing, or for want of memory. */
static json_t *read_texts(const struct aks_field *field, const json_t *document)
{
    char *plural = plural_of(field->path);
    const json_t *one = aks_document_get(document, field->path);
    const json_t *several = plural ? aks_document_get(document, plural) : NULL;
    json_t *list = NULL;

    if (json_array_size(several) > 0)
        list = json_deep_copy(several);
    else if (json_is_string(one) && json_string_length(one) > 0)
        list = json_pack("[s]", json_string_value(one));
    free(plural);
    return list;
}

static bool write_texts(const struct aks_field *field, const json_t *value, json_t *document, struct aks_error *error)
{
    char *plural = plural_of(field->path);
    bool done = plural || aks_error_set_no_memory(error);

    if (done) {
        aks_document_delete(document, plural);
        aks_document_delete(document, field->path);
        done = json_array_size(value) == 1
                   ? aks_field_put(document, field->path, json_deep_copy(json_array_get(value, 0)), error)
                   : aks_field_put(document, plural, json_deep_copy(value), error);
    }
    free(plural);
    return done;
}

static const struct aks_field_codec texts_codec = {.write = write_texts, .read = read_texts};

static const struct aks_field rule_fields[] = {
    {.name = "name",
     .path = "name",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_REQUIRED | AKS_FIELD_FOLD,
     .name_rule = "security_rule",
     .documentation = "name of the rule"},
    {.name = "priority",
     .path = "properties.priority",
     .type = AKS_FIELD_INTEGER,
     .flags = AKS_FIELD_REQUIRED,
     .minimum = 100,
     .maximum = 4096,
     .documentation = "rules are tried from the lowest number on, and the first that matches decides"},
    {.name = "direction",
     .path = "properties.direction",
     .type = AKS_FIELD_CHOICE,
     .flags = AKS_FIELD_REQUIRED,
     .choices = "Inbound|Outbound",
     .documentation = "whether it is about traffic to the subnet or from it"},
    {.name = "access",
     .path = "properties.access",
     .type = AKS_FIELD_CHOICE,
     .flags = AKS_FIELD_REQUIRED,
     .choices = "Allow|Deny",
     .documentation = "what happens to traffic that matches"},
    {.name = "protocol",
     .path = "properties.protocol",
     .type = AKS_FIELD_CHOICE,
     .flags = AKS_FIELD_REQUIRED,
     .choices = "Tcp|Udp|Icmp|Esp|Ah|*",
     .documentation = "protocol, or \"*\" for any"},
    {.name = "source",
     .path = "properties.sourceAddressPrefix",
     .type = AKS_FIELD_STRINGS,
     .flags = AKS_FIELD_FOLD | AKS_FIELD_SINGLE,
     .minimum = 1,
     .maximum = 4000,
     .codec = &texts_codec,
     .documentation = "prefixes, addresses, or a service tag such as \"VirtualNetwork\"; absent: any (\"*\")"},
    {.name = "source_ports",
     .path = "properties.sourcePortRange",
     .type = AKS_FIELD_STRINGS,
     .flags = AKS_FIELD_SINGLE,
     .minimum = 1,
     .maximum = 4000,
     .codec = &texts_codec,
     .documentation = "ports and ranges, such as { 443, \"4000-5000\" }; absent: any (\"*\")"},
    {.name = "destination",
     .path = "properties.destinationAddressPrefix",
     .type = AKS_FIELD_STRINGS,
     .flags = AKS_FIELD_FOLD | AKS_FIELD_SINGLE,
     .minimum = 1,
     .maximum = 4000,
     .codec = &texts_codec,
     .documentation = "as source; absent: any (\"*\")"},
    {.name = "ports",
     .path = "properties.destinationPortRange",
     .type = AKS_FIELD_STRINGS,
     .flags = AKS_FIELD_SINGLE,
     .minimum = 1,
     .maximum = 4000,
     .codec = &texts_codec,
     .documentation = "ports and ranges of the destination; absent: any (\"*\")"},
    {.name = "description",
     .path = "properties.description",
     .type = AKS_FIELD_STRING,
     .maximum = 140,
     .documentation = "what the rule is for"},
};

static const struct aks_fields rules = AKS_FIELDS(rule_fields);

static const struct aks_field fields[] = {
    {.name = "location",
     .path = "location",
     .type = AKS_FIELD_LOCATION,
     .flags = AKS_FIELD_CREATE_ONLY,
     .documentation = "Azure region; absent: that of the resource group"},
    {.name = "rules",
     .path = RULES,
     .type = AKS_FIELD_RECORDS,
     .items = &rules,
     .maximum = 1000,
     .documentation = "security rules; existing ones not named here are kept"},
    {.name = "tags",
     .path = "tags",
     .type = AKS_FIELD_TAGS,
     .flags = AKS_FIELD_FOLD,
     .documentation = "tags by name; those that are there already and not named here are kept"},
    {.name = "provisioning_state",
     .path = "properties.provisioningState",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "state of the last operation: \"Succeeded\", \"Updating\", \"Failed\", ..."},
};

static const char *const stripped[] = {
    "id",
    "name",
    "type",
    "etag",
    "properties.provisioningState",
    "properties.resourceGuid",
    "properties.defaultSecurityRules",
    "properties.flowLogs",
    "properties.networkInterfaces",
    "properties.subnets",
    RULES "[*].id",
    RULES "[*].etag",
    RULES "[*].type",
    RULES "[*].properties.provisioningState",
    NULL,
};

static bool is_same(const json_t *a, const json_t *b, const char *member)
{
    return json_equal(json_object_get(a, member), json_object_get(b, member));
}

/* Priorities are unique in each direction. */
static bool check(const struct aks_resource *resource, struct aks_findings *findings)
{
    const json_t *list = aks_resource_declared(resource, "rules");

    for (size_t i = 1; i < json_array_size(list); i++)
        for (size_t j = 0; j < i; j++) {
            const json_t *rule = json_array_get(list, i), *other = json_array_get(list, j);

            if (json_object_get(rule, "priority") && is_same(rule, other, "priority") &&
                is_same(rule, other, "direction") &&
                !aks_findings_add(findings, "value_not_allowed", AKS_SEVERITY_ERROR, resource->title, "rules.priority",
                                  "give each rule of a direction a priority of its own",
                                  "the rules %s and %s have the same priority and direction",
                                  aks_value_quote(json_object_get(other, "name")).text,
                                  aks_value_quote(json_object_get(rule, "name")).text))
                return false;
        }
    return true;
}

/* What the spec says nothing of matches anything. Rules of application security groups have no prefixes; they can be
   kept here, but not declared. */
static bool compose(const struct aks_resource *resource, bool fresh, json_t *document, struct aks_error *error)
{
    const json_t *list = aks_document_get(document, RULES);

    (void)resource;
    (void)fresh;
    for (size_t i = 0; i < json_array_size(list); i++)
        for (size_t j = 0; j < rules.count; j++) {
            const struct aks_field *field = &rules.items[j];
            json_t *rule = json_array_get(list, i), *present;
            bool open;

            if (field->codec != &texts_codec)
                continue;
            present = read_texts(field, rule);
            open = !present && !aks_document_get(rule, "properties.sourceApplicationSecurityGroups") &&
                   !aks_document_get(rule, "properties.destinationApplicationSecurityGroups");
            json_decref(present);
            if (open && !aks_field_put(rule, field->path, json_string("*"), error))
                return false;
        }
    return true;
}

const struct aks_type aks_type_nsg = {
    .name = "nsg",
    .plural = "nsgs",
    .title = "network security group",
    .arm_type = "Microsoft.Network/networkSecurityGroups",
    .api_version = "2024-05-01",
    .parent = "resource_group",
    .name_rule = "nsg",
    .flags = AKS_TYPE_LOCATED | AKS_TYPE_BARE,
    .fields = AKS_FIELDS(fields),
    .etag = "etag",
    .stripped = stripped,
    .pace = {1, 5},
    .check = check,
    .compose = compose,
};
