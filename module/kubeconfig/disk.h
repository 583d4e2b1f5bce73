/* One file with secrets on disk: read as a whole, replaced as a whole. Knows nothing of what is in it. */
#ifndef AKS_KUBECONFIG_DISK_H
#define AKS_KUBECONFIG_DISK_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "kubeconfig/lock.h"

/* The file as it was when it was read. Zero-initialised is "not read". */
struct aks_disk_file {
    const char *path; /* not a symbolic link; borrowed */
    bool exists;
    struct stat status;
};

/* Reads the file into `text`, to the buffer's limit. An absent file gives no text. False on failure: "file_failed", as
   when it is not a regular file, belongs to another user, or is too large. */
AKS_CHECK bool aks_disk_read(struct aks_disk_file *file, const char *path, struct aks_buffer *text,
                             struct aks_error *error);

/* Puts a new file with this text and mode in the place of `file`, under its lock: in one step, and on disk when this
   returns. With `stale` set nothing was done, as the file is no longer as it was read. False on failure: "file_failed";
   the file then is as it was, or (when even the directory could not be written to disk) already the new one. */
AKS_CHECK bool aks_disk_replace(const struct aks_disk_file *file, struct aks_lock *lock, const struct aks_buffer *text,
                                mode_t mode, bool *stale, struct aks_error *error);

/* Gives the file as it was read another mode. False on failure: "file_failed". */
AKS_CHECK bool aks_disk_set_mode(const struct aks_disk_file *file, mode_t mode, struct aks_error *error);

#endif
