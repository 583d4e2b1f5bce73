/* Merges a kubeconfig into another one, as `az aks get-credentials` does. Pure: no file, no Lua. */
#ifndef AKS_KUBECONFIG_MERGE_H
#define AKS_KUBECONFIG_MERGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "kubeconfig/document.h"

struct aks_kubeconfig_options {
    const char *context; /* name for the new context and its cluster; NULL keeps what they are called */
    bool overwrite;      /* replace entries of the same name that say something else */
    bool set_current;    /* make the new context the current one */
};

/* Zero-initialised is empty. */
struct aks_kubeconfig_names {
    char **items; /* "cluster 'NAME'", "user 'NAME'", "context 'NAME'" */
    size_t count;
};

/* What a merge did. Zero-initialised is empty; owns its texts. */
struct aks_kubeconfig_changes {
    char *context; /* the name that the new context has now */
    struct aks_kubeconfig_names added;
    struct aks_kubeconfig_names replaced;
    bool current_set; /* current-context has another value than before */
};

/* Merges the entries of `clusters`, `users` and `contexts` of `addition` into `existing`, both loaded. An `existing`
   without content becomes a copy of the addition; otherwise only these lists and current-context change. When the
   user's entry begins with "clusterAdmin", the context's name gets the suffix "-admin". Entries that are the same stay.
   False on failure, and then both documents are to be thrown away: "kubeconfig_invalid" (one is no kubeconfig),
   "kubeconfig_conflict" (entries that differ, without `overwrite`; the message has their names), "value_not_allowed"
   (the context's name). */
AKS_CHECK bool aks_kubeconfig_merge(struct aks_yaml *existing, struct aks_yaml *addition,
                                    const struct aks_kubeconfig_options *options,
                                    struct aks_kubeconfig_changes *changes, struct aks_error *error);

/* Whether the merged document says anything else than the existing one did. */
bool aks_kubeconfig_has_changed(const struct aks_kubeconfig_changes *changes);

void aks_kubeconfig_changes_clear(struct aks_kubeconfig_changes *changes);

#endif
