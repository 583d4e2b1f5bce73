/* Where a kubeconfig is: the user's own by the rules of kubectl, and what a symbolic link stands for. */
#ifndef AKS_KUBECONFIG_PATH_H
#define AKS_KUBECONFIG_PATH_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"

/* New text of the path that kubectl and az write to: the first entry of $KUBECONFIG that is not empty, otherwise
   .kube/config in the user's home. "~" has no meaning. NULL on failure: "file_failed". */
char *aks_kubeconfig_default_path(struct aks_error *error);

/* New text of the path that the symbolic links at the end of `path` lead to, whether or not something is there. Links
   count only when the user or root made them. NULL on failure: "file_failed". */
char *aks_kubeconfig_resolve(const char *path, struct aks_error *error);

/* Makes the directory of a file, and those above it, with mode 0700 where they are missing. False on failure:
   "file_failed". */
AKS_CHECK bool aks_kubeconfig_make_directory(const char *path, struct aks_error *error);

/* New text of the directory of a file; NULL for want of memory. */
char *aks_kubeconfig_directory(const char *path);

/* Sets "file_failed": what could not be done with which path, and why by errno. Returns false. */
bool aks_kubeconfig_file_failed(struct aks_error *error, const char *what, const char *path, int reason);

#endif
