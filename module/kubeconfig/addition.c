/* Names of a new kubeconfig's context and cluster, after the rules of `az aks get-credentials`. */
#include "kubeconfig/addition.h"

#include <string.h>

#include "base/text.h"
#include "kubeconfig/entries.h"

/* Kubernetes does not say; kubectl takes any text. */
#define CONTEXT_LENGTH_LIMIT 1024

/* How AKS names the user of an administrator's account. */
static const char admin_user[] = "clusterAdmin";

struct addition {
    struct aks_yaml *yaml;
    struct aks_kubeconfig_entries lists[AKS_KUBECONFIG_LISTS];
};

/* The length of the UTF-8 sequence at `at` (RFC 3629), 0 when there is none. */
static size_t sequence_length(const unsigned char *at)
{
    static const struct {
        unsigned char first, last, second_first, second_last;
        size_t length;
    } forms[] = {{0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
                 {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
                 {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
    size_t form = 0, length = 0;

    while (form < sizeof forms / sizeof *forms && (*at < forms[form].first || *at > forms[form].last))
        form++;
    if (form == sizeof forms / sizeof *forms)
        return 0;
    for (length = 1; length < forms[form].length; length++)
        if (at[length] < (length == 1 ? forms[form].second_first : 0x80) ||
            at[length] > (length == 1 ? forms[form].second_last : 0xBF))
            return 0;
    return length;
}

/* One line of text in UTF-8. */
static bool is_context_name(const char *name)
{
    const unsigned char *at = (const unsigned char *)name;
    size_t length = strnlen(name, CONTEXT_LENGTH_LIMIT + 1);

    if (length == 0 || length > CONTEXT_LENGTH_LIMIT)
        return false;
    while (*at) {
        size_t count = *at < ' ' || *at == 0x7F ? 0 : sequence_length(at);

        if (count == 0)
            return false;
        at += count;
    }
    return true;
}

static bool check_context_name(const char *name, struct aks_error *error)
{
    if (!name || is_context_name(name))
        return true;
    aks_error_set(error, "value_not_allowed",
                  "the name of a context is 1 to %d bytes of UTF-8 text without control characters",
                  CONTEXT_LENGTH_LIMIT);
    aks_error_note(&error->target, "context");
    aks_error_note(&error->hint, "the cluster's name does well");
    return false;
}

/* The text of a member of a context's entry: "cluster", "user". */
static const char *member_of(struct addition *addition, int entry, const char *member)
{
    int context = aks_yaml_find(addition->yaml, entry, "context");

    return aks_yaml_text(addition->yaml, aks_yaml_find(addition->yaml, context, member));
}

static bool check_references(struct addition *addition, struct aks_error *error)
{
    static const struct {
        enum aks_kubeconfig_list list;
        const char *member;
    } references[] = {{AKS_KUBECONFIG_CLUSTERS, "cluster"}, {AKS_KUBECONFIG_USERS, "user"}};
    const struct aks_kubeconfig_entries *contexts = &addition->lists[AKS_KUBECONFIG_CONTEXTS];

    for (size_t i = 0; i < contexts->count; i++)
        for (size_t j = 0; j < sizeof references / sizeof *references; j++) {
            int entry = contexts->items[i].node;
            const char *name = member_of(addition, entry, references[j].member);

            if (!name || !aks_kubeconfig_entries_find(&addition->lists[references[j].list], name))
                return aks_yaml_refuse(addition->yaml, entry, error, "a context whose '%s' is not in the list '%s'",
                                       references[j].member, aks_kubeconfig_list_names[references[j].list]);
        }
    return true;
}

/* The context that is current, or else the first. */
static const struct aks_kubeconfig_entry *select_context(struct addition *addition, struct aks_error *error)
{
    struct aks_yaml *yaml = addition->yaml;
    const struct aks_kubeconfig_entries *contexts = &addition->lists[AKS_KUBECONFIG_CONTEXTS];
    const char *current = aks_yaml_text(yaml, aks_yaml_find(yaml, aks_yaml_root(yaml), "current-context"));
    const struct aks_kubeconfig_entry *entry = contexts->count > 0 ? contexts->items : NULL;

    if (entry && current && *current)
        entry = aks_kubeconfig_entries_find(contexts, current);
    if (!entry)
        aks_yaml_refuse(yaml, 0, error, contexts->count > 0 ? "current-context names no context" : "has no contexts");
    return entry;
}

/* Sets a member of a mapping to a text. */
static bool put_text(struct aks_yaml *yaml, int mapping, const char *key, const char *text, struct aks_error *error)
{
    int node = aks_yaml_add_text(yaml, text);

    return (node && aks_yaml_put(yaml, mapping, key, node)) || aks_error_set_no_memory(error);
}

/* Renames a cluster, also where contexts refer to it. */
static bool rename_cluster(struct addition *addition, const char *from, const char *to, struct aks_error *error)
{
    const struct aks_kubeconfig_entries *contexts = &addition->lists[AKS_KUBECONFIG_CONTEXTS];
    const struct aks_kubeconfig_entry *cluster =
        aks_kubeconfig_entries_find(&addition->lists[AKS_KUBECONFIG_CLUSTERS], from);

    for (size_t i = 0; i < contexts->count; i++) {
        int entry = contexts->items[i].node;

        if (strcmp(member_of(addition, entry, "cluster"), from) == 0 &&
            !put_text(addition->yaml, aks_yaml_find(addition->yaml, entry, "context"), "cluster", to, error))
            return false;
    }
    return put_text(addition->yaml, cluster->node, "name", to, error);
}

static bool name_context(struct addition *addition, const char *wanted, char **name, struct aks_error *error)
{
    const struct aks_kubeconfig_entry *context = select_context(addition, error);
    const char *user = context ? member_of(addition, context->node, "user") : NULL;
    bool admin = user && strncmp(user, admin_user, strlen(admin_user)) == 0;
    struct aks_yaml *yaml = addition->yaml;

    if (!context)
        return false;
    *name = aks_text_format("%s%s", wanted ? wanted : context->name, admin ? "-admin" : "");
    if (!*name)
        return aks_error_set_no_memory(error);
    if (wanted && !rename_cluster(addition, member_of(addition, context->node, "cluster"), wanted, error))
        return false;
    return put_text(yaml, context->node, "name", *name, error) &&
           put_text(yaml, aks_yaml_root(yaml), "current-context", *name, error);
}

bool aks_kubeconfig_prepare(struct aks_yaml *yaml, const char *context, char **name, struct aks_error *error)
{
    struct addition addition = {.yaml = yaml};
    bool ok = check_context_name(context, error) && aks_kubeconfig_check_top(yaml, error);

    for (int list = 0; ok && list < AKS_KUBECONFIG_LISTS; list++)
        ok = aks_kubeconfig_entries_read(&addition.lists[list], yaml, (enum aks_kubeconfig_list)list, error);
    ok = ok && check_references(&addition, error) && name_context(&addition, context, name, error);
    for (int list = 0; list < AKS_KUBECONFIG_LISTS; list++)
        aks_kubeconfig_entries_clear(&addition.lists[list]);
    return ok;
}
