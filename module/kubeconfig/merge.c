/* Merges lists of clusters, users and contexts by the names of their entries. */
#include "kubeconfig/merge.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "kubeconfig/document.h"

static const struct {
    const char *list;
    const char *entry; /* in messages */
} kinds[] = {{"clusters", "cluster"}, {"users", "user"}, {"contexts", "context"}};

enum { KIND_COUNT = sizeof kinds / sizeof *kinds, ROOT = 1 };

static const char empty[] = "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\ncurrent-context: ''\n"
                            "preferences: {}\nusers: []\n";

/* Both documents, and what has been found out. */
struct merging {
    yaml_document_t target, source;
    const char *what;
    const struct aks_kubeconfig_options *options;
    struct aks_kubeconfig_merge *merge;
    struct aks_buffer conflicts;
    struct aks_error *error;
};

void aks_kubeconfig_merge_clear(struct aks_kubeconfig_merge *merge)
{
    if (merge->text)
        OPENSSL_cleanse(merge->text, merge->length);
    free(merge->text);
    free(merge->context);
    for (size_t i = 0; i < merge->added_count; i++)
        free(merge->added[i]);
    for (size_t i = 0; i < merge->replaced_count; i++)
        free(merge->replaced[i]);
    free(merge->added);
    free(merge->replaced);
    *merge = (struct aks_kubeconfig_merge){0};
}

static bool refuse(struct merging *merging, const char *what, const char *problem)
{
    return aks_error_set(merging->error, "kubeconfig_invalid", "%s is no kubeconfig: %s", what, problem);
}

static bool note(struct merging *merging, char ***list, size_t *count, const char *kind, const char *name)
{
    char **items = realloc(*list, (*count + 1) * sizeof(char *));
    char *text = aks_text_format("%s '%.200s'", kind, name);

    if (items)
        *list = items;
    if (!items || !text) {
        free(text);
        return aks_error_set_no_memory(merging->error);
    }
    items[(*count)++] = text;
    return true;
}

/* The items of a list; a list that is absent or null has none. */
static bool list_at(struct merging *merging, yaml_document_t *document, const char *what, const char *name, int *list)
{
    const yaml_node_t *node;

    *list = aks_kubeconfig_get(document, ROOT, name);
    if (*list == 0 || aks_kubeconfig_is_null(document, *list)) {
        *list = 0;
        return true;
    }
    node = yaml_document_get_node(document, *list);
    return node->type == YAML_SEQUENCE_NODE || refuse(merging, what, "its clusters, users and contexts must be lists");
}

static size_t item_count(yaml_document_t *document, int list)
{
    const yaml_node_t *node = list ? yaml_document_get_node(document, list) : NULL;

    return node ? (size_t)(node->data.sequence.items.top - node->data.sequence.items.start) : 0;
}

static yaml_node_item_t *item_at(yaml_document_t *document, int list, size_t index)
{
    return &yaml_document_get_node(document, list)->data.sequence.items.start[index];
}

static const char *name_of(yaml_document_t *document, int entry)
{
    return aks_kubeconfig_text(document, aks_kubeconfig_get(document, entry, "name"));
}

static yaml_node_item_t *find_entry(yaml_document_t *document, int list, const char *name)
{
    for (size_t i = 0; i < item_count(document, list); i++) {
        const char *other = name_of(document, *item_at(document, list, i));

        if (other && strcmp(other, name) == 0)
            return item_at(document, list, i);
    }
    return NULL;
}

/* The list of the target, made where there is none; 0 for want of memory. */
static int make_list(struct merging *merging, const char *name, int list)
{
    if (list != 0)
        return list;
    list = yaml_document_add_sequence(&merging->target, NULL, YAML_BLOCK_SEQUENCE_STYLE);
    return list != 0 && aks_kubeconfig_set(&merging->target, ROOT, name, list) ? list : 0;
}

static bool note_conflict(struct merging *merging, const char *kind, const char *name)
{
    return aks_buffer_append_format(&merging->conflicts, "%s%s '%.200s'", merging->conflicts.length ? ", " : "", kind,
                                    name) ||
           aks_error_set_no_memory(merging->error);
}

static bool replace(struct merging *merging, size_t kind, int list, const char *name, int entry)
{
    int copied;

    if (aks_kubeconfig_equal(&merging->target, *find_entry(&merging->target, list, name), &merging->source, entry))
        return true;
    if (!merging->options->overwrite)
        return note_conflict(merging, kinds[kind].entry, name);
    copied = aks_kubeconfig_copy(&merging->target, &merging->source, entry);
    if (copied == 0)
        return aks_error_set_no_memory(merging->error);
    *find_entry(&merging->target, list, name) = copied;
    return note(merging, &merging->merge->replaced, &merging->merge->replaced_count, kinds[kind].entry, name);
}

static bool add(struct merging *merging, size_t kind, int list, const char *name, int entry)
{
    int copied = aks_kubeconfig_copy(&merging->target, &merging->source, entry);

    list = make_list(merging, kinds[kind].list, list);
    if (list != 0 && item_count(&merging->target, list) == 0) /* not "[]" any more */
        yaml_document_get_node(&merging->target, list)->data.sequence.style = YAML_BLOCK_SEQUENCE_STYLE;
    if (copied == 0 || list == 0 || !yaml_document_append_sequence_item(&merging->target, list, copied))
        return aks_error_set_no_memory(merging->error);
    return note(merging, &merging->merge->added, &merging->merge->added_count, kinds[kind].entry, name);
}

static bool merge_list(struct merging *merging, size_t kind)
{
    int list, additions;

    if (!list_at(merging, &merging->source, "Azure's kubeconfig", kinds[kind].list, &additions))
        return false;
    for (size_t i = 0; i < item_count(&merging->source, additions); i++) {
        int entry = *item_at(&merging->source, additions, i);
        const char *name = name_of(&merging->source, entry);

        if (!name)
            return refuse(merging, "Azure's kubeconfig", "an entry has no name");
        if (!list_at(merging, &merging->target, merging->what, kinds[kind].list, &list))
            return false;
        if (list && find_entry(&merging->target, list, name) ? !replace(merging, kind, list, name, entry)
                                                             : !add(merging, kind, list, name, entry))
            return false;
    }
    return true;
}

/* The one context of what came from Azure, and its cluster, are named as the user wants; an administrator's context is
   told from the user's by its ending. */
static bool rename_context(struct merging *merging)
{
    yaml_document_t *source = &merging->source;
    int contexts, clusters, context, details;
    const char *user, *name;
    char *renamed;
    bool done;

    if (!list_at(merging, source, "Azure's kubeconfig", "contexts", &contexts) ||
        !list_at(merging, source, "Azure's kubeconfig", "clusters", &clusters))
        return false;
    if (item_count(source, contexts) == 0 || item_count(source, clusters) == 0)
        return refuse(merging, "Azure's kubeconfig", "it has no context or no cluster");
    context = *item_at(source, contexts, 0);
    details = aks_kubeconfig_get(source, context, "context");
    user = aks_kubeconfig_text(source, aks_kubeconfig_get(source, details, "user"));
    name = merging->options->context ? merging->options->context : name_of(source, context);
    if (!name || !user)
        return refuse(merging, "Azure's kubeconfig", "its context has no name or no user");
    renamed = aks_text_format("%s%s", name, strncmp(user, "clusterAdmin", strlen("clusterAdmin")) == 0 ? "-admin" : "");
    done = renamed && aks_kubeconfig_set_text(source, context, "name", renamed);
    if (done && merging->options->context)
        done = aks_kubeconfig_set_text(source, details, "cluster", name) &&
               aks_kubeconfig_set_text(source, *item_at(source, clusters, 0), "name", name);
    merging->merge->context = renamed;
    return done || aks_error_set_no_memory(merging->error);
}

static bool set_current(struct merging *merging)
{
    yaml_document_t *target = &merging->target;
    const char *current = aks_kubeconfig_text(target, aks_kubeconfig_get(target, ROOT, "current-context"));

    if (merging->options->keep_current && current && *current)
        return true;
    return aks_kubeconfig_set_text(target, ROOT, "current-context", merging->merge->context) ||
           aks_error_set_no_memory(merging->error);
}

static bool merge_all(struct merging *merging)
{
    if (!rename_context(merging))
        return false;
    for (size_t kind = 0; kind < KIND_COUNT; kind++)
        if (!merge_list(merging, kind))
            return false;
    if (merging->conflicts.length > 0) {
        aks_error_note(&merging->error->hint, "pass overwrite = true to replace them, or another context name");
        return aks_error_set(merging->error, "kubeconfig_conflict", "%s has other entries of the same names: %s",
                             merging->what, merging->conflicts.data);
    }
    return set_current(merging);
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!strchr(" \t\r\n", text[i]))
            return false;
    return true;
}

bool aks_kubeconfig_merge(struct aks_kubeconfig_merge *merge, const char *existing, size_t existing_length,
                          const char *what, const char *addition, size_t addition_length,
                          const struct aks_kubeconfig_options *options, struct aks_error *error)
{
    struct merging merging = {.what = what, .options = options, .merge = merge, .error = error};
    bool done;

    *merge = (struct aks_kubeconfig_merge){0};
    if (!existing || is_blank(existing, existing_length)) {
        existing = empty;
        existing_length = strlen(empty);
    }
    if (!aks_kubeconfig_load(existing, existing_length, what, &merging.target, error))
        return false;
    if (!aks_kubeconfig_load(addition, addition_length, "Azure's kubeconfig", &merging.source, error)) {
        yaml_document_delete(&merging.target);
        return false;
    }
    aks_buffer_init(&merging.conflicts, 64 * 1024);
    done = merge_all(&merging);
    aks_buffer_clear(&merging.conflicts);
    yaml_document_delete(&merging.source);
    if (done) /* which deletes the target */
        done = (merge->text = aks_kubeconfig_emit(&merging.target, &merge->length, error)) != NULL;
    else
        yaml_document_delete(&merging.target);
    if (!done)
        aks_kubeconfig_merge_clear(merge);
    return done;
}
