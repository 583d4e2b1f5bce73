/* Merging one kubeconfig into another, as `az aks get-credentials` does. Pure: texts in, text out.
   https://learn.microsoft.com/cli/azure/aks#az-aks-get-credentials */
#ifndef AKS_KUBECONFIG_MERGE_H
#define AKS_KUBECONFIG_MERGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"

struct aks_kubeconfig_options {
    const char *context; /* new name for context and cluster; NULL: as they are */
    bool overwrite;      /* whether another entry of the same name is replaced; else that is "kubeconfig_conflict" */
    bool keep_current;   /* whether current-context stays as it is, where there is one */
};

/* Zero-initialised is empty. The names are of clusters, users and contexts, as "context 'demo'". */
struct aks_kubeconfig_merge {
    char *text; /* secret: cleared by aks_kubeconfig_merge_clear */
    size_t length;
    char *context; /* the context that was merged */
    char **added, **replaced;
    size_t added_count, replaced_count;
};

/* Merges `addition`, which came from Azure, into `existing` (NULL or blank: into nothing), which `what` names in
   messages. Entries that say the same stay; order and everything else of `existing` stay. The context of an
   administrator's user
   ("clusterAdmin...") gets the ending "-admin". Fails with "kubeconfig_invalid" and "kubeconfig_conflict", which names
   every entry in the way. */
AKS_CHECK bool aks_kubeconfig_merge(struct aks_kubeconfig_merge *merge, const char *existing, size_t existing_length,
                                    const char *what, const char *addition, size_t addition_length,
                                    const struct aks_kubeconfig_options *options, struct aks_error *error);
void aks_kubeconfig_merge_clear(struct aks_kubeconfig_merge *merge);

#endif
