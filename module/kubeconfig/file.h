/* The file that a kubeconfig is kept in: found, locked against other writers, replaced as a whole. */
#ifndef AKS_KUBECONFIG_FILE_H
#define AKS_KUBECONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"

/* Zero-initialised is closed. */
struct aks_kubeconfig_file {
    char *path;  /* of the file itself: symbolic links are followed */
    char *lock;  /* path of the lock file that we hold */
    int lock_fd; /* valid while `lock` is set */
    char *text;  /* secret: what is in it; NULL when it does not exist */
    size_t length;
};

/* New path: `path`, else the first one of $KUBECONFIG, else ~/.kube/config. NULL for want of memory. */
char *aks_kubeconfig_path(const char *path);

/* Locks the file, making its directory (0700) where there is none, and reads it. Who writes holds PATH.lock, as kubectl
   does; it is waited for some seconds, and one that a program of ours left behind when it was killed is taken over.
   Fails with "file_failed", naming the file. */
AKS_CHECK bool aks_kubeconfig_open(struct aks_kubeconfig_file *file, const char *path, struct aks_error *error);

/* Replaces the file by a new one of mode 0600, which is on the disk before the old one goes. */
AKS_CHECK bool aks_kubeconfig_replace(struct aks_kubeconfig_file *file, const char *text, size_t length,
                                      struct aks_error *error);

/* Unlocks, and overwrites what was read. */
void aks_kubeconfig_close(struct aks_kubeconfig_file *file);

#endif
