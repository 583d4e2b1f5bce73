/* Reads a network security group's document. */
#include "operations/security_group.h"

#include <stdlib.h>

#include "arm/document.h"
#include "rules/cidr.h"

/* The texts of a member, or of the list of its plural, beside those that were read before. */
static struct aks_security_texts read_texts(struct aks_security_view *view, const json_t *properties,
                                            const char *single, const char *several)
{
    const json_t *one = json_object_get(properties, single), *list = json_object_get(properties, several);
    struct aks_security_texts texts = {.items = view->texts + view->text_count};

    if (json_is_string(one) && json_string_length(one) > 0)
        view->texts[view->text_count++] = json_string_value(one);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_is_string(json_array_get(list, i)))
            view->texts[view->text_count++] = json_string_value(json_array_get(list, i));
    texts.count = (size_t)(view->texts + view->text_count - texts.items);
    return texts;
}

static size_t count_texts(const json_t *rules)
{
    static const char *const lists[] = {"sourceAddressPrefixes", "destinationAddressPrefixes", "sourcePortRanges",
                                        "destinationPortRanges"};
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(rules); i++)
        for (size_t j = 0; j < sizeof lists / sizeof *lists; j++)
            count +=
                1 + json_array_size(json_object_get(json_object_get(json_array_get(rules, i), "properties"), lists[j]));
    return count;
}

static bool has_groups(const json_t *properties, const char *member)
{
    return json_array_size(json_object_get(properties, member)) > 0;
}

/* False: it is no rule that we know. */
static bool read_rule(struct aks_security_view *view, const json_t *document, struct aks_security_rule *rule)
{
    const json_t *properties = json_object_get(document, "properties");
    const char *name = aks_document_text_at(document, "name");
    const char *direction = aks_document_text_at(properties, "direction");
    const char *access = aks_document_text_at(properties, "access");
    const char *protocol = aks_document_text_at(properties, "protocol");
    json_int_t priority = json_integer_value(json_object_get(properties, "priority"));

    if (!name || !direction || !access || !protocol || priority < 0 || priority > AKS_SECURITY_PRIORITY_LAST)
        return false;
    if (!aks_security_direction_parse(direction, &rule->direction) ||
        !aks_security_access_parse(access, &rule->access) || !aks_security_protocol_parse(protocol, &rule->protocol))
        return false;
    rule->name = name;
    rule->priority = (unsigned)priority;
    rule->sources = read_texts(view, properties, "sourceAddressPrefix", "sourceAddressPrefixes");
    rule->destinations = read_texts(view, properties, "destinationAddressPrefix", "destinationAddressPrefixes");
    rule->source_ports = read_texts(view, properties, "sourcePortRange", "sourcePortRanges");
    rule->destination_ports = read_texts(view, properties, "destinationPortRange", "destinationPortRanges");
    rule->source_groups = has_groups(properties, "sourceApplicationSecurityGroups");
    rule->destination_groups = has_groups(properties, "destinationApplicationSecurityGroups");
    return true;
}

bool aks_security_view_read(struct aks_security_view *view, const json_t *document, const struct aks_cidr *network,
                            size_t network_count)
{
    const json_t *rules = aks_document_get(document, "properties.securityRules");

    *view = (struct aks_security_view){0};
    view->rules = calloc(json_array_size(rules) + 1, sizeof *view->rules);
    view->texts = calloc(count_texts(rules) + 1, sizeof(const char *));
    if (!view->rules || !view->texts) {
        aks_security_view_clear(view);
        return false;
    }
    for (size_t i = 0; i < json_array_size(rules); i++)
        if (read_rule(view, json_array_get(rules, i), &view->rules[view->group.count]))
            view->group.count++;
    view->group.rules = view->rules;
    view->group.vnet_prefixes = network;
    view->group.vnet_prefix_count = network_count;
    return true;
}

void aks_security_view_clear(struct aks_security_view *view)
{
    free(view->rules);
    free(view->texts);
    *view = (struct aks_security_view){0};
}
