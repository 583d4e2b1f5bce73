/* Keeps SIGPIPE away from the process while a library writes to sockets, without touching its signal handlers. */
#ifndef AKS_HTTP_SIGNAL_H
#define AKS_HTTP_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

struct signal_guard {
    sigset_t before;
    bool pending; /* one was pending already: not ours to take */
};

void signal_guard_begin(struct signal_guard *guard);
void signal_guard_end(const struct signal_guard *guard);

#endif
