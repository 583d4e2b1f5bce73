/* The three lists of a kubeconfig, clusters, users and contexts, whose entries have names. */
#ifndef AKS_KUBECONFIG_ENTRIES_H
#define AKS_KUBECONFIG_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "kubeconfig/document.h"

enum aks_kubeconfig_list {
    AKS_KUBECONFIG_CLUSTERS,
    AKS_KUBECONFIG_USERS,
    AKS_KUBECONFIG_CONTEXTS,
    AKS_KUBECONFIG_LISTS
};

/* "clusters", "users", "contexts"; and what one of each is called in messages. */
extern const char *const aks_kubeconfig_list_names[AKS_KUBECONFIG_LISTS];
extern const char *const aks_kubeconfig_entry_names[AKS_KUBECONFIG_LISTS];

struct aks_kubeconfig_entry {
    const char *name; /* borrowed from the document */
    int node;
};

/* Zero-initialised is empty. */
struct aks_kubeconfig_entries {
    struct aks_kubeconfig_entry *items;   /* in the list's order */
    struct aks_kubeconfig_entry **sorted; /* by name */
    size_t count;
};

/* Whether a document that has content is a kubeconfig at its top: a mapping, its `kind` "Config" or absent. False on
   failure: "kubeconfig_invalid". */
AKS_CHECK bool aks_kubeconfig_check_top(struct aks_yaml *yaml, struct aks_error *error);

/* The entries of a list; a missing list, or null, has none. Every entry needs a name, each its own. False on failure:
   "kubeconfig_invalid". */
AKS_CHECK bool aks_kubeconfig_entries_read(struct aks_kubeconfig_entries *entries, struct aks_yaml *yaml,
                                           enum aks_kubeconfig_list list, struct aks_error *error);

/* The entry of that name, or NULL. */
struct aks_kubeconfig_entry *aks_kubeconfig_entries_find(const struct aks_kubeconfig_entries *entries,
                                                         const char *name);

void aks_kubeconfig_entries_clear(struct aks_kubeconfig_entries *entries);

#endif
