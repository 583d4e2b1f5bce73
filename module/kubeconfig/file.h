/* A kubeconfig on disk: merged into under a lock, and replaced as a whole or not at all. */
#ifndef AKS_KUBECONFIG_FILE_H
#define AKS_KUBECONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attributes.h"
#include "base/error.h"
#include "kubeconfig/merge.h"

/* What saving did. Zero-initialised is empty. */
struct aks_kubeconfig_saved {
    struct aks_kubeconfig_changes changes;
    bool mode_changed;    /* others could read the file: now only the user can */
    mode_t previous_mode; /* its mode before, when it was changed */
};

/* Merges the kubeconfig `text` into the file at `path`, which is made (0600, missing directories 0700) when it is
   absent. Waits `patience` seconds for the lock. The file is the user's own and regular; a symbolic link stays, and
   what it leads to is replaced. A file that would not change is not written. On failure the file is as it was:
   "file_failed", or as aks_kubeconfig_merge. */
AKS_CHECK bool aks_kubeconfig_save(const char *path, const char *text, size_t length,
                                   const struct aks_kubeconfig_options *options, double patience,
                                   struct aks_kubeconfig_saved *saved, struct aks_error *error);

void aks_kubeconfig_saved_clear(struct aks_kubeconfig_saved *saved);

#endif
