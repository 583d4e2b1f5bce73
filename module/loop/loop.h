/* The event loop: descriptors and timers behind one epoll descriptor, which an outer loop can watch. The only place
   that waits. Single-threaded; knows nothing of HTTP or Lua.

   Steps may nest (a callback may run aks_loop_step). Callbacks may start and stop anything, themselves included. */
#ifndef AKS_LOOP_LOOP_H
#define AKS_LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"

struct aks_loop;

/* NULL on failure. Descriptors are close-on-exec. */
struct aks_loop *aks_loop_new(struct aks_error *error);

/* Every watch and timer must have been stopped; NULL is allowed. */
void aks_loop_free(struct aks_loop *loop);

/* Readable whenever a step would find work, timers included (a timerfd is inside): watch it for reading. */
int aks_loop_descriptor(const struct aks_loop *loop);

/* Seconds until the next timer is due: 0 when one is due now, negative when there is none. */
double aks_loop_timeout(const struct aks_loop *loop);

/* Waits at most `timeout` seconds (0: not at all, negative: until something happens) and does the work that is ready.
   Returns early and true when a signal arrives, and sets *interrupted then (may be NULL). */
AKS_CHECK bool aks_loop_step(struct aks_loop *loop, double timeout, bool *interrupted, struct aks_error *error);

/* Called when `descriptor` is ready; `events` are EPOLLIN, EPOLLOUT, ... of those asked for, EPOLLERR and EPOLLHUP. It
   may be called without need: read and write without blocking. */
typedef void aks_loop_ready(void *context, int descriptor, unsigned events);

/* Starts watching, or changes events, callback and context of a descriptor that is watched already. */
AKS_CHECK bool aks_loop_watch(struct aks_loop *loop, int descriptor, unsigned events, aks_loop_ready *ready,
                              void *context, struct aks_error *error);
/* Stops, which must be before the descriptor is closed; nothing happens when it is not watched. */
void aks_loop_unwatch(struct aks_loop *loop, int descriptor);

/* A timer lives inside its owner's struct. Zero-initialise it, set `fire` and `context`, then start it. */
struct aks_timer {
    void (*fire)(void *context); /* the timer is stopped when it is called */
    void *context;
    double due;            /* of the loop */
    size_t position;       /* of the loop: place in its heap plus one; 0 is stopped */
    struct aks_loop *loop; /* of the loop */
};

/* (Re)starts it to fire once, in `seconds` (0 or less: at the next step). False only for want of memory. */
AKS_CHECK bool aks_timer_start(struct aks_loop *loop, struct aks_timer *timer, double seconds, struct aks_error *error);
/* Stops; nothing happens when it is not running. */
void aks_timer_stop(struct aks_timer *timer);

#endif
