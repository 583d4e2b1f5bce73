/* Another program, run for what it prints: without a shell, bounded in time and output, watched by the loop. */
#ifndef AKS_AUTH_PROCESS_H
#define AKS_AUTH_PROCESS_H

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "loop/loop.h"

struct aks_process;

struct aks_process_request {
    const char *program;          /* an absolute path */
    const char *const *arguments; /* the program's name first, NULL last */
    const char *const *variables; /* "NAME=value" over what the environment has; NULL last */
    const char *directory;        /* where it runs */
    double timeout;               /* seconds until it is killed */
    size_t limit;                 /* bytes of each of its two outputs */
};

enum { AKS_PROCESS_OUTPUT, AKS_PROCESS_ERRORS, AKS_PROCESS_STREAMS };

struct aks_process_result {
    int status; /* that it exited with; negative: of the signal that ended it */
    struct aks_buffer streams[AKS_PROCESS_STREAMS];
};

/* Told exactly once, never from inside `start` and never after `cancel`; the process is over then, and its result
   (NULL: `error` says why) is erased when this returns. Its code is "timeout", "response_too_large" or
   "credential_unavailable". */
typedef void aks_process_done(void *context, struct aks_process_result *result, struct aks_error *error);

/* Its input is empty. `loop` outlives it. NULL on failure, and then `done` is not called. */
struct aks_process *aks_process_start(struct aks_loop *loop, const struct aks_process_request *request,
                                      aks_process_done *done, void *context, struct aks_error *error);
/* Kills it, and what it has started in its process group. */
void aks_process_cancel(struct aks_process *process);

/* The path of a program in the directories of PATH: a new text, or NULL when none of them has it. Directories that are
   not absolute do not count: what they mean depends on where the user happens to be. */
char *aks_process_find(const char *name);

#endif
