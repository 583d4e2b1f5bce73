/* The lock that kubectl takes before it writes a kubeconfig: a file PATH.lock, which only one program can create.

   kubectl gives up at once when the lock is taken, and one that a killed program left stays for good. Ours waits, and
   says in the file that it is ours; it holds flock(2) on it as long as it lives. So a lock of ours that nobody holds
   belongs to a program that died, and is removed, with the unfinished file that it names. */
#ifndef AKS_KUBECONFIG_LOCK_H
#define AKS_KUBECONFIG_LOCK_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"

/* Zero-initialised is "not taken". */
struct aks_lock {
    char *path; /* of the lock file; NULL when it is not taken */
    int descriptor;
};

/* What is put behind a file's name, with as many random characters, to name the unfinished new file. */
#define AKS_LOCK_UNFINISHED ".aks-"
#define AKS_LOCK_RANDOM 6

/* Takes the lock of the file `path`; waits until `deadline` (aks_clock_monotonic) when another program has it. False on
   failure: "file_failed", whose message names the lock file. */
AKS_CHECK bool aks_lock_take(struct aks_lock *lock, const char *path, double deadline, struct aks_error *error);

/* Notes the path of the unfinished file, which is beside the lock file: who finds the lock of a dead program removes
   it. False with errno. */
AKS_CHECK bool aks_lock_note(struct aks_lock *lock, const char *unfinished);

/* Gives the lock back; nothing when it is not taken. */
void aks_lock_release(struct aks_lock *lock);

#endif
