/* Reads the named entries of a kubeconfig's lists, strictly: what kubectl would refuse is not merged into. */
#include "kubeconfig/entries.h"

#include <stdlib.h>
#include <string.h>

const char *const aks_kubeconfig_list_names[AKS_KUBECONFIG_LISTS] = {"clusters", "users", "contexts"};
const char *const aks_kubeconfig_entry_names[AKS_KUBECONFIG_LISTS] = {"cluster", "user", "context"};

bool aks_kubeconfig_check_top(struct aks_yaml *yaml, struct aks_error *error)
{
    int root = aks_yaml_root(yaml), kind;
    const char *text;

    if (!root || aks_yaml_kind(yaml, root) != AKS_YAML_MAPPING)
        return aks_yaml_refuse(yaml, root, error,
                               "not a kubeconfig, which is a mapping with clusters, users, contexts");
    if (aks_yaml_find(yaml, root, "<<"))
        return aks_yaml_refuse(yaml, root, error, "merge keys (<<) at the top cannot be added to");
    kind = aks_yaml_find(yaml, root, "kind");
    text = aks_yaml_text(yaml, kind);
    if (kind && (!text || strcmp(text, "Config") != 0))
        return aks_yaml_refuse(yaml, kind, error, "not a kubeconfig, whose 'kind' is Config");
    return true;
}

static int compare(const void *left, const void *right)
{
    const struct aks_kubeconfig_entry *const *a = left, *const *b = right;

    return strcmp((*a)->name, (*b)->name);
}

static bool add_entry(struct aks_kubeconfig_entries *entries, struct aks_yaml *yaml, int node, const char *list,
                      struct aks_error *error)
{
    struct aks_kubeconfig_entry *entry = &entries->items[entries->count];

    entry->node = node;
    entry->name = aks_yaml_text(yaml, aks_yaml_find(yaml, node, "name"));
    if (!entry->name)
        return aks_yaml_refuse(yaml, node, error, "an entry of '%s' has no 'name' that is text", list);
    entries->sorted[entries->count++] = entry;
    return true;
}

/* `entry` and another one have the same name: they are told by their lines. */
static bool refuse_double(struct aks_yaml *yaml, struct aks_kubeconfig_entry *const *entry, const char *list,
                          struct aks_error *error)
{
    size_t first = aks_yaml_node(yaml, entry[0]->node)->start_mark.line + 1;
    size_t second = aks_yaml_node(yaml, entry[1]->node)->start_mark.line + 1;

    return aks_yaml_refuse(yaml, 0, error, "lines %zu and %zu: two entries of '%s' have the same name",
                           first < second ? first : second, first < second ? second : first, list);
}

static bool read_list(struct aks_kubeconfig_entries *entries, struct aks_yaml *yaml, int node, const char *list,
                      struct aks_error *error)
{
    const yaml_node_t *found = aks_yaml_node(yaml, node);
    const yaml_node_item_t *item = found->data.sequence.items.start, *end = found->data.sequence.items.top;

    if (item == end)
        return true;
    entries->items = calloc((size_t)(end - item), sizeof *entries->items);
    entries->sorted = calloc((size_t)(end - item), sizeof *entries->sorted);
    if (!entries->items || !entries->sorted)
        return aks_error_set_no_memory(error);
    for (; item < end; item++)
        if (!add_entry(entries, yaml, *item, list, error))
            return false;
    qsort(entries->sorted, entries->count, sizeof *entries->sorted, compare);
    for (size_t i = 1; i < entries->count; i++)
        if (compare(&entries->sorted[i - 1], &entries->sorted[i]) == 0)
            return refuse_double(yaml, &entries->sorted[i - 1], list, error);
    return true;
}

bool aks_kubeconfig_entries_read(struct aks_kubeconfig_entries *entries, struct aks_yaml *yaml,
                                 enum aks_kubeconfig_list list, struct aks_error *error)
{
    const char *name = aks_kubeconfig_list_names[list];
    int node = aks_yaml_find(yaml, aks_yaml_root(yaml), name);
    enum aks_yaml_kind kind = node ? aks_yaml_kind(yaml, node) : AKS_YAML_NULL;

    aks_kubeconfig_entries_clear(entries);
    if (kind == AKS_YAML_NULL)
        return true;
    if (kind != AKS_YAML_SEQUENCE)
        return aks_yaml_refuse(yaml, node, error, "'%s' is not a list", name);
    return read_list(entries, yaml, node, name, error);
}

struct aks_kubeconfig_entry *aks_kubeconfig_entries_find(const struct aks_kubeconfig_entries *entries, const char *name)
{
    struct aks_kubeconfig_entry key = {.name = name}, *wanted = &key, **found;

    if (entries->count == 0)
        return NULL;
    found = bsearch(&wanted, entries->sorted, entries->count, sizeof *entries->sorted, compare);
    return found ? *found : NULL;
}

void aks_kubeconfig_entries_clear(struct aks_kubeconfig_entries *entries)
{
    free(entries->items);
    free(entries->sorted);
    *entries = (struct aks_kubeconfig_entries){0};
}
