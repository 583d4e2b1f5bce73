/* Sends a request and follows the long-running operation that it may begin, to its end. A waiting one is a timer: it
   holds no connection and no handle. */
#ifndef AKS_ARM_LONG_RUNNING_H
#define AKS_ARM_LONG_RUNNING_H

#include <jansson.h>

#include "arm/call.h"
#include "arm/poll.h"

/* Told when it is over; never from inside the start and never after a cancel. `document` (borrowed, may be NULL) is the
   resource's, or a POST's result. `error` may be moved; after a failed operation its code is "operation_failed" (ARM's
   error is in `details`, and in the message), after an aborted one "operation_canceled". */
typedef void aks_long_running_done(void *context, json_t *document, struct aks_error *error);

/* Told when the request was accepted, and whenever Azure's status text changes. */
typedef void aks_long_running_progress(void *context, const char *status);

struct aks_long_running_options {
    struct aks_poll_pace pace;
    double timeout;                      /* seconds that are left; 0: the session's operation_timeout */
    aks_long_running_progress *progress; /* NULL: not told */
    aks_long_running_done *done;
    void *context;
};

struct aks_long_running;

/* NULL on failure, and then `done` is not called. A bad poll (5xx, a lost connection) does not end it: reads are
   repeated. When the operation's URL may not be read (403) or is gone (404), the resource's provisioningState is
   followed instead. */
struct aks_long_running *aks_long_running_start(struct aks_session *session, const struct aks_call_request *request,
                                                const struct aks_long_running_options *options,
                                                struct aks_error *error);

/* Follows what is under way on a resource already: reads `target` until its provisioningState is terminal. A resource
   that is Failed or Canceled in the end is not an error here: its document tells. An absent one gives document NULL. */
struct aks_long_running *aks_long_running_watch(struct aks_session *session, const struct aks_call_request *request,
                                                const struct aks_long_running_options *options,
                                                struct aks_error *error);

void aks_long_running_cancel(struct aks_long_running *running);

#endif
