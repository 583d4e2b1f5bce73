/* Two kubeconfigs into one, in three steps: compare the entries, refuse what would be lost, apply. */
#include "kubeconfig/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "kubeconfig/addition.h"
#include "kubeconfig/entries.h"

#define CONFLICT_TEXT_LIMIT 4096

/* One of the three lists in both documents. */
struct list {
    const char *name, *entry_name;
    struct aks_kubeconfig_entries old;
    struct aks_kubeconfig_entries new;
    bool changes;
};

struct merge {
    struct aks_yaml *existing;
    struct aks_yaml *addition;
    struct aks_kubeconfig_changes *changes;
    struct list lists[AKS_KUBECONFIG_LISTS];
};

static bool add_name(struct aks_kubeconfig_names *names, const char *kind, const char *name)
{
    char **items = reallocarray(names->items, names->count + 1, sizeof *items);

    if (!items)
        return false;
    names->items = items;
    items[names->count] = aks_text_format("%s '%s'", kind, name);
    return items[names->count] && ++names->count > 0;
}

/* Notes what each new entry would do: nothing, replace, or be added. */
static bool compare_list(struct merge *merge, struct list *list)
{
    for (size_t i = 0; i < list->new.count; i++) {
        const struct aks_kubeconfig_entry *new = &list->new.items[i];
        const struct aks_kubeconfig_entry *old = aks_kubeconfig_entries_find(&list->old, new->name);

        if (old && aks_yaml_equal(merge->existing, old->node, merge->addition, new->node))
            continue;
        list->changes = true;
        if (!add_name(old ? &merge->changes->replaced : &merge->changes->added, list->entry_name, new->name))
            return false;
    }
    return true;
}

static bool compare_all(struct merge *merge, struct aks_error *error)
{
    for (int i = 0; i < AKS_KUBECONFIG_LISTS; i++) {
        struct list *list = &merge->lists[i];

        list->name = aks_kubeconfig_list_names[i];
        list->entry_name = aks_kubeconfig_entry_names[i];
        if (!aks_kubeconfig_entries_read(&list->old, merge->existing, (enum aks_kubeconfig_list)i, error) ||
            !aks_kubeconfig_entries_read(&list->new, merge->addition, (enum aks_kubeconfig_list)i, error))
            return false;
        if (!compare_list(merge, list))
            return aks_error_set_no_memory(error);
    }
    return true;
}

static bool refuse_conflict(const struct merge *merge, struct aks_error *error)
{
    const struct aks_kubeconfig_names *names = &merge->changes->replaced;
    struct aks_buffer text;
    bool ok = true;

    aks_buffer_init(&text, CONFLICT_TEXT_LIMIT); /* more names are left out */
    for (size_t i = 0; ok && i < names->count; i++)
        ok = aks_buffer_append_format(&text, "%s%s", i > 0 ? ", " : "", names->items[i]);
    aks_error_set(error, "kubeconfig_conflict", "%s has different entries of the same name: %s", merge->existing->name,
                  text.data ? text.data : "");
    aks_error_note(&error->hint,
                   "overwrite = true replaces them; context = \"NAME\" gives context and cluster another name; or use "
                   "another file (path)");
    aks_buffer_clear(&text);
    return false;
}

/* Gives the existing document a new list, as the old one may be shared by an alias. */
static bool apply_list(struct merge *merge, struct list *list)
{
    yaml_document_t *document = &merge->existing->document;
    int sequence = aks_yaml_add_sequence(merge->existing);
    bool ok = sequence != 0;

    for (size_t i = 0; ok && i < list->old.count; i++) {
        const struct aks_kubeconfig_entry *new = aks_kubeconfig_entries_find(&list->new, list->old.items[i].name);
        int node = list->old.items[i].node;

        if (new && !aks_yaml_equal(merge->existing, node, merge->addition, new->node))
            node = aks_yaml_copy(merge->existing, merge->addition, new->node);
        ok = node && yaml_document_append_sequence_item(document, sequence, node);
    }
    for (size_t i = 0; ok && i < list->new.count; i++) {
        int node;

        if (aks_kubeconfig_entries_find(&list->old, list->new.items[i].name))
            continue;
        node = aks_yaml_copy(merge->existing, merge->addition, list->new.items[i].node);
        ok = node && yaml_document_append_sequence_item(document, sequence, node);
    }
    return ok && aks_yaml_put(merge->existing, aks_yaml_root(merge->existing), list->name, sequence);
}

static bool set_current(struct merge *merge, const char *name)
{
    int root = aks_yaml_root(merge->existing), node;
    const char *current = aks_yaml_text(merge->existing, aks_yaml_find(merge->existing, root, "current-context"));

    if (current && strcmp(current, name) == 0)
        return true;
    merge->changes->current_set = true;
    node = aks_yaml_add_text(merge->existing, name);
    return node && aks_yaml_put(merge->existing, root, "current-context", node);
}

static bool apply_all(struct merge *merge, const struct aks_kubeconfig_options *options)
{
    bool ok = !options->set_current || set_current(merge, merge->changes->context);

    for (int i = 0; ok && i < AKS_KUBECONFIG_LISTS; i++)
        if (merge->lists[i].changes)
            ok = apply_list(merge, &merge->lists[i]);
    aks_yaml_node(merge->existing, aks_yaml_root(merge->existing))->data.mapping.style = YAML_BLOCK_MAPPING_STYLE;
    return ok;
}

static bool merge_into(struct merge *merge, const struct aks_kubeconfig_options *options, struct aks_error *error)
{
    if (!aks_kubeconfig_check_top(merge->existing, error) || !compare_all(merge, error))
        return false;
    if (merge->changes->replaced.count > 0 && !options->overwrite)
        return refuse_conflict(merge, error);
    return apply_all(merge, options) || aks_error_set_no_memory(error);
}

/* There is nothing to merge into: the addition is copied. */
static bool take_over(struct merge *merge, const struct aks_kubeconfig_options *options, struct aks_error *error)
{
    const char *name = merge->existing->name;
    int current;

    if (!aks_yaml_load(merge->existing, name, "", 0, error) || !compare_all(merge, error))
        return false;
    if (!aks_yaml_copy(merge->existing, merge->addition, aks_yaml_root(merge->addition)))
        return aks_error_set_no_memory(error);
    merge->changes->current_set = options->set_current;
    if (options->set_current)
        return true;
    current = aks_yaml_add_text(merge->existing, "");
    return (current && aks_yaml_put(merge->existing, aks_yaml_root(merge->existing), "current-context", current)) ||
           aks_error_set_no_memory(error);
}

bool aks_kubeconfig_merge(struct aks_yaml *existing, struct aks_yaml *addition,
                          const struct aks_kubeconfig_options *options, struct aks_kubeconfig_changes *changes,
                          struct aks_error *error)
{
    struct merge merge = {.existing = existing, .addition = addition, .changes = changes};
    int root = aks_yaml_root(existing);
    bool ok;

    aks_kubeconfig_changes_clear(changes);
    ok = aks_kubeconfig_prepare(addition, options->context, &changes->context, error);
    if (ok && (!root || aks_yaml_kind(existing, root) == AKS_YAML_NULL))
        ok = take_over(&merge, options, error);
    else if (ok)
        ok = merge_into(&merge, options, error);
    for (int i = 0; i < AKS_KUBECONFIG_LISTS; i++) {
        aks_kubeconfig_entries_clear(&merge.lists[i].old);
        aks_kubeconfig_entries_clear(&merge.lists[i].new);
    }
    if (!ok)
        aks_kubeconfig_changes_clear(changes);
    return ok;
}

bool aks_kubeconfig_has_changed(const struct aks_kubeconfig_changes *changes)
{
    return changes->added.count > 0 || changes->replaced.count > 0 || changes->current_set;
}

static void clear_names(struct aks_kubeconfig_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

void aks_kubeconfig_changes_clear(struct aks_kubeconfig_changes *changes)
{
    free(changes->context);
    clear_names(&changes->added);
    clear_names(&changes->replaced);
    *changes = (struct aks_kubeconfig_changes){0};
}
