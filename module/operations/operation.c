/* Runs an operation's steps: progress, pauses, the end. Knows nothing of what the steps do. */
#include "operations/operation.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "loop/lookup.h"
#include "operations/gather.h"
#include "transport/chance.h"

/* Ids tell operations apart in events of all the Lua states of a process. */
static atomic_ullong last_id;

/* Seconds that a further step has at least, when those before it have used up the operation's time. */
#define TIMEOUT_MINIMUM 1.0

static void run_step(void *context);

struct aks_operation *aks_operation_new(const struct aks_operation_kind *kind, struct aks_session *session,
                                        struct aks_resource *resource, struct aks_error *error)
{
    struct aks_operation *operation = calloc(1, sizeof *operation);

    if (!operation || (kind->data_size > 0 && !(operation->data = calloc(1, kind->data_size)))) {
        free(operation);
        aks_error_set_no_memory(error);
        return NULL;
    }
    if (!aks_uuid_random(operation->correlation_id)) {
        free(operation->data);
        free(operation);
        aks_error_set(error, "no_randomness", "the system gave no random numbers for an operation's correlation id");
        return NULL;
    }
    operation->references = 1;
    operation->id = atomic_fetch_add(&last_id, 1) + 1;
    operation->kind = kind;
    operation->session = aks_session_retain(session);
    operation->resource = resource ? aks_resource_retain(resource) : NULL;
    operation->timer.fire = run_step;
    operation->timer.context = operation;
    return operation;
}

struct aks_operation *aks_operation_retain(struct aks_operation *operation)
{
    operation->references++;
    return operation;
}

void aks_operation_release(struct aks_operation *operation)
{
    if (!operation || --operation->references > 0)
        return;
    if (operation->kind->clear)
        operation->kind->clear(operation->data);
    free(operation->data);
    free(operation->assignee.principal_id);
    free(operation->detail);
    free(operation->note);
    aks_findings_clear(&operation->findings);
    json_decref(operation->result);
    aks_error_clear(&operation->error);
    aks_resource_release(operation->resource);
    aks_session_release(operation->session);
    free(operation);
}

bool aks_operation_is_over(const struct aks_operation *operation)
{
    return operation->status >= AKS_OPERATION_SUCCEEDED;
}

const char *aks_operation_status_name(const struct aks_operation *operation)
{
    static const char *const names[] = {"created", "running", "succeeded", "failed", "canceled"};

    return names[operation->status];
}

const char *aks_operation_step_name(const struct aks_operation *operation)
{
    return operation->kind->steps[operation->step].name;
}

double aks_operation_elapsed(const struct aks_operation *operation)
{
    if (operation->status == AKS_OPERATION_CREATED)
        return 0;
    return (aks_operation_is_over(operation) ? operation->ended : aks_clock_monotonic()) - operation->started;
}

bool aks_operation_is_overdue(const struct aks_operation *operation)
{
    return aks_operation_elapsed(operation) >= operation->session->operation_timeout;
}

static const char *resource_id(const struct aks_operation *operation)
{
    const struct aks_resource *resource = operation->resource;

    return resource && resource->id.text && *resource->id.text ? resource->id.text : NULL;
}

void aks_operation_tell(const struct aks_operation *operation)
{
    const struct aks_event event = {
        .kind = "operation",
        .id = operation->id,
        .operation = operation->kind->name,
        .resource = operation->resource ? operation->resource->title : NULL,
        .resource_id = resource_id(operation),
        .status = aks_operation_status_name(operation),
        .step = aks_operation_step_name(operation),
        .detail = operation->detail,
        .seconds = aks_operation_elapsed(operation),
        .error = aks_error_is_set(&operation->error) ? &operation->error : NULL,
        .findings = aks_operation_is_over(operation) && operation->findings.count > 0 ? &operation->findings : NULL,
    };

    aks_session_observe(operation->session, &event);
}

/* Detail is for people to read: without memory there is none. */
static void set_detail(struct aks_operation *operation, const char *detail)
{
    free(operation->detail);
    operation->detail = detail ? strdup(detail) : NULL;
}

static void finish(struct aks_operation *operation, enum aks_operation_status status)
{
    aks_operation_done *done = operation->done;

    operation->status = status;
    operation->ended = aks_clock_monotonic();
    set_detail(operation, operation->note);
    aks_operation_tell(operation);
    operation->done = NULL;
    if (done)
        done(operation->context, operation);
    aks_operation_release(operation); /* the reference that a running operation has to itself */
}

static void run_step(void *context)
{
    struct aks_operation *operation = context;

    if (operation->kind->steps[operation->step].run)
        operation->kind->steps[operation->step].run(operation);
    else
        aks_operation_next(operation);
}

bool aks_operation_start(struct aks_operation *operation, aks_operation_done *done, void *context,
                         struct aks_error *error)
{
    if (operation->status != AKS_OPERATION_CREATED)
        return aks_error_set(error, "operation_started", "the operation was started before");
    if (operation->session->closed)
        return aks_error_set(error, "session_closed", "the client is closed");
    if (!aks_timer_start(operation->session->loop, &operation->timer, 0, error))
        return false;
    operation->status = AKS_OPERATION_RUNNING;
    operation->started = aks_clock_monotonic();
    operation->done = done;
    operation->context = context;
    aks_operation_retain(operation);
    return true;
}

/* Drops what is under way here; Azure may go on with it. */
static void drop(struct aks_operation *operation)
{
    aks_timer_stop(&operation->timer);
    if (operation->call)
        aks_call_cancel(operation->call);
    if (operation->running)
        aks_long_running_cancel(operation->running);
    aks_gather_cancel(operation->gather);
    aks_lookup_cancel(operation->lookup);
    operation->gather = NULL;
    operation->lookup = NULL;
    operation->call = NULL;
    operation->running = NULL;
}

/* Says where an error happened, as far as it does not say so itself. */
static void note_place(struct aks_operation *operation)
{
    struct aks_error *error = &operation->error;

    aks_error_note(&error->operation, operation->kind->name);
    aks_error_note(&error->step, aks_operation_step_name(operation));
    aks_error_note(&error->correlation_id, operation->correlation_id);
    aks_error_note(&error->resource, resource_id(operation));
    if (operation->resource)
        aks_error_note(&error->resource, operation->resource->title);
}

void aks_operation_cancel(struct aks_operation *operation)
{
    if (operation->status != AKS_OPERATION_RUNNING)
        return;
    drop(operation);
    aks_error_set(&operation->error, "operation_canceled", "%s was canceled here; what Azure has begun it may finish",
                  operation->kind->name);
    note_place(operation);
    operation->done = NULL;
    finish(operation, AKS_OPERATION_CANCELED);
}

void aks_operation_go(struct aks_operation *operation, size_t step)
{
    operation->step = step;
    set_detail(operation, NULL);
    run_step(operation);
}

void aks_operation_next(struct aks_operation *operation)
{
    if (operation->step + 1 == operation->kind->step_count)
        aks_operation_succeed(operation, NULL);
    else
        aks_operation_go(operation, operation->step + 1);
}

void aks_operation_go_after(struct aks_operation *operation, size_t step, double seconds, const char *detail)
{
    struct aks_error error = {0};

    if (aks_operation_elapsed(operation) + seconds > operation->session->operation_timeout) {
        aks_error_set(&error, "timeout", "not done within %g seconds (%s)", operation->session->operation_timeout,
                      detail ? detail : aks_operation_step_name(operation));
        aks_error_note(&error.hint, "run it again: it goes on from where Azure stands");
        aks_operation_fail(operation, &error);
        return;
    }
    set_detail(operation, detail);
    aks_operation_tell(operation);
    operation->step = step;
    if (!aks_timer_start(operation->session->loop, &operation->timer, seconds, &error))
        aks_operation_fail(operation, &error);
}

void aks_operation_succeed(struct aks_operation *operation, json_t *result)
{
    operation->result = result;
    finish(operation, AKS_OPERATION_SUCCEEDED);
}

void aks_operation_fail(struct aks_operation *operation, struct aks_error *error)
{
    aks_error_move(&operation->error, error);
    note_place(operation);
    finish(operation,
           aks_error_has_code(&operation->error, "operation_canceled") ? AKS_OPERATION_CANCELED : AKS_OPERATION_FAILED);
}

void aks_operation_note(struct aks_operation *operation, const char *note)
{
    free(operation->note);
    operation->note = note ? strdup(note) : NULL;
}

double aks_operation_backoff(struct aks_operation *operation)
{
    static const struct aks_retry_policy policy = {.retries = UINT_MAX, .base = 2, .cap = 20};
    const struct aks_retry_outcome outcome = {.status = 429, .repeatable = true, .retry_after = -1};

    return aks_retry_wait(&policy, ++operation->attempts, &outcome, aks_chance());
}

struct aks_call_request aks_operation_request(const struct aks_operation *operation, const char *method)
{
    return (struct aks_call_request){
        .method = method,
        .target = operation->resource->id.text,
        .api_version = operation->resource->type->api_version,
    };
}

static void sign(struct aks_operation *operation, struct aks_call_request *request)
{
    request->operation = operation->id;
    request->correlation_id = operation->correlation_id;
    aks_operation_tell(operation);
}

static void on_answer(void *context, struct aks_reply *reply, struct aks_error *error)
{
    struct aks_operation *operation = context;

    operation->call = NULL;
    operation->answered(operation, reply, error);
}

void aks_operation_call(struct aks_operation *operation, struct aks_call_request *request,
                        void (*answered)(struct aks_operation *operation, struct aks_reply *reply,
                                         struct aks_error *error))
{
    struct aks_error error = {0};

    sign(operation, request);
    operation->answered = answered;
    operation->call = aks_call_start(operation->session, request, on_answer, operation, &error);
    if (!operation->call)
        aks_operation_fail(operation, &error);
}

static void on_followed(void *context, json_t *document, struct aks_error *error)
{
    struct aks_operation *operation = context;

    operation->running = NULL;
    operation->followed(operation, document, error);
}

static void on_progress(void *context, const char *status)
{
    struct aks_operation *operation = context;

    set_detail(operation, status);
    aks_operation_tell(operation);
}

/* Both ways of following something differ in how they begin alone. */
typedef struct aks_long_running *begin_following(struct aks_session *session, const struct aks_call_request *request,
                                                 const struct aks_long_running_options *options,
                                                 struct aks_error *error);

/* How often to look when Azure does not say: as the user wants, else as the type of resource suggests. */
static struct aks_poll_pace pace_of(const struct aks_operation *operation)
{
    double interval = operation->session->poll_interval;

    if (interval > 0)
        return (struct aks_poll_pace){.first = interval, .interval = interval};
    if (operation->resource && operation->resource->type->pace.interval > 0)
        return operation->resource->type->pace;
    return (struct aks_poll_pace){.first = 1, .interval = 5};
}

static void follow(struct aks_operation *operation, struct aks_call_request *request, begin_following *begin,
                   struct aks_poll_pace pace,
                   void (*followed)(struct aks_operation *operation, json_t *document, struct aks_error *error))
{
    const double left = operation->session->operation_timeout - aks_operation_elapsed(operation);
    const struct aks_long_running_options options = {
        .pace = pace,
        .timeout = left > TIMEOUT_MINIMUM ? left : TIMEOUT_MINIMUM,
        .progress = on_progress,
        .done = on_followed,
        .context = operation,
    };
    struct aks_error error = {0};

    sign(operation, request);
    operation->followed = followed;
    operation->running = begin(operation->session, request, &options, &error);
    if (!operation->running)
        aks_operation_fail(operation, &error);
}

void aks_operation_follow(struct aks_operation *operation, struct aks_call_request *request,
                          void (*followed)(struct aks_operation *operation, json_t *document, struct aks_error *error))
{
    follow(operation, request, aks_long_running_start, pace_of(operation), followed);
}

void aks_operation_watch(struct aks_operation *operation, struct aks_call_request *request,
                         void (*followed)(struct aks_operation *operation, json_t *document, struct aks_error *error))
{
    struct aks_poll_pace pace = pace_of(operation);

    pace.first = 0; /* who knows how long it has been under way */
    follow(operation, request, aks_long_running_watch, pace, followed);
}
