/* An operation: a list of named steps over one resource, run by the loop. Each step issues at most one batch of calls
   and says where to go next. The steps' names are what progress shows. */
#ifndef AKS_OPERATIONS_OPERATION_H
#define AKS_OPERATIONS_OPERATION_H

#include <jansson.h>
#include <stdbool.h>

#include "arm/call.h"
#include "arm/long_running.h"
#include "resources/resource.h"

struct aks_operation;
struct aks_gather;

struct aks_step {
    const char *name;                             /* "read the cluster" */
    void (*run)(struct aks_operation *operation); /* ends in one of the aks_operation_* below, now or in a callback */
};

/* Of a role assignment, when found out (resolve.h). */
struct aks_assignee {
    char *principal_id; /* owned; NULL: not known yet */
    bool is_service_principal;
    char role[AKS_UUID_SIZE];
    unsigned pages; /* that were searched for it */
    void (*found)(struct aks_operation *operation, const json_t *document, struct aks_error *error);
};

struct aks_operation_kind {
    const char *name; /* "create" */
    const struct aks_step *steps;
    size_t step_count;
    size_t data_size;          /* of the kind's own data, zero-initialised */
    void (*clear)(void *data); /* releases what the data owns; NULL: nothing */
};

enum aks_operation_status {
    AKS_OPERATION_CREATED,
    AKS_OPERATION_RUNNING,
    AKS_OPERATION_SUCCEEDED,
    AKS_OPERATION_FAILED,
    AKS_OPERATION_CANCELED
};

/* Told once, when the operation is over; never from inside aks_operation_start, and not after a cancel. */
typedef void aks_operation_done(void *context, struct aks_operation *operation);

/* Reference-counted; a running operation retains itself. Everything but `status`, `error`, `result` and the times is
   for operations/ alone. */
struct aks_operation {
    unsigned references;
    unsigned long long id; /* unique in the process's life, told in events */
    const struct aks_operation_kind *kind;
    struct aks_session *session;   /* retained */
    struct aks_resource *resource; /* retained; NULL: the operation is about something else (its data say what) */
    enum aks_operation_status status;
    struct aks_error error; /* of a failed or canceled one */
    json_t *result;         /* of a succeeded one; NULL: none */
    double started, ended;  /* monotonic seconds */
    size_t step;
    char *detail;                 /* Azure's words for how it stands; NULL: none */
    struct aks_findings findings; /* of a check that is over: told in its last event */
    char *note;                   /* what is worth knowing about its end; NULL: nothing */
    char correlation_id[AKS_UUID_SIZE];
    void *data;
    struct aks_assignee assignee;
    struct aks_call *call; /* at most one of these five is under way */
    struct aks_gather *gather;
    struct aks_lookup *lookup;
    struct aks_long_running *running;
    struct aks_timer timer; /* a pause between steps */
    void (*answered)(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error);
    void (*followed)(struct aks_operation *operation, json_t *document, struct aks_error *error);
    void (*looked_up)(struct aks_operation *operation, const char *address);
    unsigned attempts;      /* rounds begun again, for steps that do */
    unsigned lost_requests; /* of those, the ones for want of a clear answer */
    aks_operation_done *done;
    void *context;
};

/* NULL on failure. `resource` may be NULL. */
struct aks_operation *aks_operation_new(const struct aks_operation_kind *kind, struct aks_session *session,
                                        struct aks_resource *resource, struct aks_error *error);
struct aks_operation *aks_operation_retain(struct aks_operation *operation);
void aks_operation_release(struct aks_operation *operation); /* NULL is allowed */

/* Starts it: the first step runs in the next loop step. `done` may be NULL. */
AKS_CHECK bool aks_operation_start(struct aks_operation *operation, aks_operation_done *done, void *context,
                                   struct aks_error *error);
/* Ends one that runs: what is under way is dropped (Azure may go on with it); its error is "operation_canceled". `done`
 * is not told. */
void aks_operation_cancel(struct aks_operation *operation);
bool aks_operation_is_over(const struct aks_operation *operation);
const char *aks_operation_status_name(const struct aks_operation *operation); /* "running", "succeeded", ... */
const char *aks_operation_step_name(const struct aks_operation *operation);
double aks_operation_elapsed(const struct aks_operation *operation);  /* seconds */
bool aks_operation_is_overdue(const struct aks_operation *operation); /* the session's operation_timeout is over */

/* For steps: tells observers how it stands. */
void aks_operation_tell(const struct aks_operation *operation);

/* For steps: how they end. */
void aks_operation_next(struct aks_operation *operation);            /* the next step; after the last: success */
void aks_operation_go(struct aks_operation *operation, size_t step); /* that step */
void aks_operation_go_after(struct aks_operation *operation, size_t step, double seconds, const char *detail);
void aks_operation_succeed(struct aks_operation *operation, json_t *result); /* takes result (NULL: none) */
void aks_operation_fail(struct aks_operation *operation,
                        struct aks_error *error); /* moves error; notes operation, step, resource */

/* For steps: what the last event tells as its detail, for people. Without memory nothing is told. */
void aks_operation_note(struct aks_operation *operation, const char *note);

/* For steps: the pause before a round is begun again because somebody else was at work: it grows with the rounds, and a
   little chance keeps many operations from coming back at the same moment. Counts the round. */
double aks_operation_backoff(struct aks_operation *operation);

/* For steps: a request to the operation's resource, in its type's api-version. */
struct aks_call_request aks_operation_request(const struct aks_operation *operation, const char *method);

/* For steps: one call, whose answer `answered` gets; a start that fails fails the operation. */
void aks_operation_call(struct aks_operation *operation, struct aks_call_request *request,
                        void (*answered)(struct aks_operation *operation, struct aks_reply *reply,
                                         struct aks_error *error));
/* For steps: a request and the long-running operation it begins; progress is shown as `detail`. */
void aks_operation_follow(struct aks_operation *operation, struct aks_call_request *request,
                          void (*followed)(struct aks_operation *operation, json_t *document, struct aks_error *error));
/* For steps: what is under way on the resource already. */
void aks_operation_watch(struct aks_operation *operation, struct aks_call_request *request,
                         void (*followed)(struct aks_operation *operation, json_t *document, struct aks_error *error));

/* For steps: the address of a host, as DNS has it here; NULL: none. With a resource manager on this machine nothing
   real is behind the names it tells, and none is asked for. */
void aks_operation_look_up(struct aks_operation *operation, const char *host,
                           void (*looked_up)(struct aks_operation *operation, const char *address));

#endif
