/* What all calls of a client share: where ARM is, who we are, how we send. */
#ifndef AKS_ARM_SESSION_H
#define AKS_ARM_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "arm/event.h"
#include "arm/grants.h"
#include "base/attributes.h"
#include "base/error.h"
#include "loop/loop.h"
#include "transport/retry.h"
#include "transport/token_source.h"
#include "transport/transport.h"

/* Reference-counted; the counts are not atomic, as everything of a Lua state runs in one thread. */
struct aks_session {
    unsigned references;
    struct aks_loop *loop;           /* outlives the session */
    struct aks_transport *transport; /* owned */
    struct aks_token_source *tokens; /* owned */
    char *endpoint;                  /* "https://management.azure.com", without a trailing '/' */
    char *subscription;              /* UUID; NULL when none was given */
    char *user_agent;
    char *ssh_directory; /* where the user's SSH keys are; NULL: ".ssh" at home */
    struct aks_retry_policy retry;
    double timeout;           /* seconds for one exchange */
    double operation_timeout; /* seconds for an operation, waiting included */
    double poll_interval;     /* seconds between looks when Azure names none; 0: as the kind of operation suggests */
    size_t response_limit;
    struct aks_grants grants;
    aks_observer *observe; /* NULL: nobody watches */
    void *observer;
    bool check_only; /* nothing is changed: what would be created is checked instead */
    bool closed;     /* nothing is sent any more: "session_closed" */
};

struct aks_session_options {
    struct aks_loop *loop;
    struct aks_transport *transport; /* taken, also on failure */
    struct aks_token_source *tokens; /* taken, also on failure */
    const char *endpoint;
    const char *subscription;
    const char *user_agent;    /* put before our own; NULL: ours alone */
    const char *ssh_directory; /* NULL: ".ssh" in the user's home */
    double timeout;            /* 0: the default, 100 */
    double operation_timeout;  /* 0: the default, 7200 */
    double poll_interval;      /* 0: as the kind of operation suggests */
    int retries;               /* negative: the default */
    bool check_only;
    aks_observer *observe;
    void *observer;
};

/* NULL on failure: an endpoint that is not an https URL (or http to loopback) with nothing after its authority is
 * refused. */
struct aks_session *aks_session_new(const struct aks_session_options *options, struct aks_error *error);
struct aks_session *aks_session_retain(struct aks_session *session);
void aks_session_release(struct aks_session *session); /* NULL is allowed */
/* Releases transport and tokens now; calls under way must have been cancelled. Later calls fail with "session_closed".
 */
void aks_session_close(struct aks_session *session);
void aks_session_observe(const struct aks_session *session, const struct aks_event *event);

#endif
