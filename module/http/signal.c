/* SIGPIPE is blocked for this thread while curl works, and one that it raised is taken before it is unblocked. */
#include "http/signal.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

static void only_pipe(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

void signal_guard_begin(struct signal_guard *guard)
{
    sigset_t pipe, pending;

    only_pipe(&pipe);
    sigpending(&pending);
    guard->pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe, &guard->before);
}

void signal_guard_end(const struct signal_guard *guard)
{
    static const struct timespec at_once = {0};
    sigset_t pipe;

    only_pipe(&pipe);
    if (!guard->pending)
        while (sigtimedwait(&pipe, NULL, &at_once) < 0 && errno == EINTR)
            continue;
    pthread_sigmask(SIG_SETMASK, &guard->before, NULL);
}
