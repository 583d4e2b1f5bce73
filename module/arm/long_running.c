/* Sends the request of a long-running operation and its reads, each when arm/poll.h says so. What an answer means is
   decided there. */
#include "arm/long_running.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Reads in a row that bring nothing, each of them tried as often as the session tries: then Azure is out of reach. */
#define BAD_READS_LIMIT 20
/* A URL that does not exist yet may only not be known everywhere: read so often more. */
#define ABSENT_READS_LIMIT 3
/* Seconds between the reads that follow an absence. */
#define ABSENT_READS_PACE 1.0

struct aks_long_running {
    struct aks_session *session; /* retained */
    struct aks_long_running_options options;
    char *method;
    char *correlation_id;
    char client_request_id[AKS_UUID_SIZE]; /* of the first request: its reads have the same */
    unsigned long long operation;
    bool watches;    /* follows a resource: its Failed is no error here */
    bool explaining; /* reads the resource for the reason of a failure */
    struct aks_poll poll;
    struct aks_call *call; /* under way, or NULL: then one of the timers is */
    struct aks_timer wait;
    struct aks_timer deadline;
    double started;
    unsigned bad_reads;
    unsigned absent_reads;
    char *told;    /* the status that progress was told last */
    bool telling;  /* progress is being told, which may cancel us */
    bool canceled; /* ... and did */
    bool overdue;  /* the deadline passed meanwhile */
};

static void stop(struct aks_long_running *running)
{
    struct aks_call *call = running->call;

    running->call = NULL;
    aks_timer_stop(&running->wait);
    aks_timer_stop(&running->deadline);
    aks_call_cancel(call);
}

static void free_running(struct aks_long_running *running)
{
    struct aks_session *session = running->session;

    free(running->method);
    free(running->correlation_id);
    free(running->told);
    aks_poll_clear(&running->poll);
    free(running);
    aks_session_release(session);
}

/* Ends it; `error` is empty on success, and is consumed. */
static void finish(struct aks_long_running *running, json_t *document, struct aks_error *error)
{
    stop(running);
    running->options.done(running->options.context, document, error);
    aks_error_clear(error);
    free_running(running);
}

static void finish_poll(struct aks_long_running *running)
{
    struct aks_error error = {0};

    if (running->watches) {
        finish(running, running->poll.document, &error);
        return;
    }
    aks_error_move(&error, &running->poll.error);
    aks_error_note(&error.correlation_id, running->correlation_id);
    finish(running, aks_error_is_set(&error) ? NULL : running->poll.document, &error);
}

static void on_deadline(void *context)
{
    struct aks_long_running *running = context;
    struct aks_error error = {0};

    if (running->telling) { /* inside a step that the told one runs: not under its feet */
        running->overdue = true;
        return;
    }
    if (aks_poll_is_over(&running->poll)) { /* only the reason of its failure was still asked for */
        finish_poll(running);
        return;
    }
    aks_error_set(&error, "timeout", "the operation had not ended after %.0f seconds%s%s",
                  running->session->operation_timeout, running->poll.status ? "; its last status: " : "",
                  running->poll.status ? running->poll.status : "");
    aks_error_note(&error.hint, "Azure goes on with it: run the same again to wait for it");
    aks_error_note(&error.correlation_id, running->correlation_id);
    error.retryable = true;
    finish(running, NULL, &error);
}

static aks_call_done on_read;

static bool read_url(struct aks_long_running *running, const char *url, struct aks_error *error)
{
    struct aks_call_request request = {.method = "GET",
                                       .target = url,
                                       .client_request_id = running->client_request_id,
                                       .correlation_id = running->correlation_id,
                                       .operation = running->operation};

    running->call = aks_call_start(running->session, &request, on_read, running, error);
    return running->call != NULL;
}

static void on_wait_over(void *context)
{
    struct aks_long_running *running = context;
    struct aks_error error = {0};

    if (!read_url(running, running->poll.url, &error))
        finish(running, NULL, &error);
}

static void wait_for(struct aks_long_running *running, double seconds)
{
    struct aks_error error = {0};

    if (!aks_timer_start(running->session->loop, &running->wait, seconds, &error))
        finish(running, NULL, &error);
}

static void wait_as_paced(struct aks_long_running *running)
{
    double elapsed = aks_clock_monotonic() - running->started;

    wait_for(running, aks_poll_wait(&running->poll, &running->options.pace, elapsed));
}

static bool is_news(const struct aks_long_running *running)
{
    const char *status = running->poll.status;

    return status && (!running->told || strcmp(status, running->told) != 0);
}

/* Tells the progress when there is some; false when whoever was told has cancelled the operation, which is gone then.
 */
static bool tell(struct aks_long_running *running, bool accepted)
{
    if (!running->options.progress || (!accepted && !is_news(running)))
        return true;
    free(running->told);
    running->told = running->poll.status ? strdup(running->poll.status) : NULL;
    running->telling = true;
    running->options.progress(running->options.context, running->poll.status);
    running->telling = false;
    if (running->canceled)
        free_running(running);
    else if (running->overdue)
        on_deadline(running);
    else
        return true;
    return false;
}

/* After a failure without a reason: the resource may tell one. */
static bool explain(struct aks_long_running *running)
{
    struct aks_error ignored = {0};

    if (running->watches || !running->poll.reads_resource || running->poll.state != AKS_POLL_FAILED ||
        running->poll.error.detail_count > 0)
        return false;
    running->explaining = read_url(running, running->poll.resource_url, &ignored);
    aks_error_clear(&ignored);
    return running->explaining;
}

static void proceed(struct aks_long_running *running)
{
    if (!aks_poll_is_over(&running->poll))
        wait_as_paced(running);
    else if (!explain(running))
        finish_poll(running);
}

/* A watched resource that does not exist is an answer, not an error. */
static void on_absent(struct aks_long_running *running, struct aks_error *error)
{
    struct aks_error none = {0};

    if (running->watches) {
        aks_error_clear(error);
        finish(running, NULL, &none);
        return;
    }
    if (running->poll.state == AKS_POLL_RESOURCE && aks_poll_accept_absence(&running->poll)) {
        aks_error_clear(error);
        finish_poll(running);
    } else if (++running->absent_reads <= ABSENT_READS_LIMIT) {
        double pace = running->options.pace.interval;

        aks_error_clear(error);
        wait_for(running, pace < ABSENT_READS_PACE ? pace : ABSENT_READS_PACE);
    } else if (aks_poll_accept_absence(&running->poll)) {
        aks_error_clear(error);
        finish_poll(running);
    } else if (aks_poll_fall_back(&running->poll)) {
        aks_error_clear(error);
        running->absent_reads = 0;
        wait_as_paced(running);
    } else {
        finish(running, NULL, error);
    }
}

static bool is_passing(const struct aks_error *error)
{
    /* A 200 that is not JSON comes from a gateway between, as a 502 does. */
    return error->retryable || strcmp(aks_error_code(error), "response_invalid") == 0;
}

/* A read failed; a bad one does not end what Azure goes on with. */
static void on_bad_read(struct aks_long_running *running, struct aks_error *error)
{
    if (running->explaining) {
        aks_error_clear(error);
        finish_poll(running);
    } else if (aks_call_is_absent(error)) {
        on_absent(running, error);
    } else if (error->status == 403 && aks_poll_fall_back(&running->poll)) {
        aks_error_clear(error);
        wait_as_paced(running);
    } else if (is_passing(error) && ++running->bad_reads < BAD_READS_LIMIT) {
        aks_error_clear(error);
        running->poll.retry_after = -1;
        wait_as_paced(running);
    } else {
        finish(running, NULL, error);
    }
}

static void on_read(void *context, struct aks_reply *reply, struct aks_error *failure)
{
    struct aks_long_running *running = context;
    struct aks_error error = {0};

    running->call = NULL;
    if (!reply) {
        aks_error_move(&error, failure);
        on_bad_read(running, &error);
        return;
    }
    if (running->explaining) {
        aks_poll_explain(&running->poll, reply->body);
        finish_poll(running);
        return;
    }
    running->bad_reads = 0;
    running->absent_reads = 0;
    if (!aks_poll_update(&running->poll, reply, aks_clock_wall(), &error))
        finish(running, NULL, &error);
    else if (tell(running, false))
        proceed(running);
}

static void on_first(void *context, struct aks_reply *reply, struct aks_error *failure)
{
    struct aks_long_running *running = context;
    struct aks_error error = {0};

    running->call = NULL;
    if (!reply) {
        aks_error_move(&error, failure);
        if (running->watches && aks_call_is_absent(&error))
            aks_error_clear(&error);
        finish(running, NULL, &error);
        return;
    }
    memcpy(running->client_request_id, reply->client_request_id, sizeof running->client_request_id);
    running->started = aks_clock_monotonic();
    if (!aks_poll_begin(&running->poll, running->method, reply, aks_clock_wall(), &error))
        finish(running, NULL, &error);
    else if (tell(running, true))
        proceed(running);
}

static bool fill(struct aks_long_running *running, const struct aks_call_request *request, struct aks_error *error)
{
    struct aks_session *session = running->session;

    running->operation = request->operation;
    running->method = strdup(request->method);
    running->correlation_id = request->correlation_id ? strdup(request->correlation_id) : NULL;
    if (!running->method || (request->correlation_id && !running->correlation_id))
        return aks_error_set_no_memory(error);
    running->wait.fire = on_wait_over;
    running->wait.context = running;
    running->deadline.fire = on_deadline;
    running->deadline.context = running;
    if (running->options.timeout <= 0)
        running->options.timeout = session->operation_timeout;
    if (!aks_timer_start(session->loop, &running->deadline, running->options.timeout, error))
        return false;
    running->call = aks_call_start(session, request, on_first, running, error);
    return running->call != NULL;
}

static struct aks_long_running *start(struct aks_session *session, const struct aks_call_request *request,
                                      const struct aks_long_running_options *options, bool watches,
                                      struct aks_error *error)
{
    struct aks_long_running *running = calloc(1, sizeof *running);

    if (!running) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    running->session = aks_session_retain(session);
    running->options = *options;
    running->watches = watches;
    if (fill(running, request, error))
        return running;
    stop(running);
    free_running(running);
    return NULL;
}

struct aks_long_running *aks_long_running_start(struct aks_session *session, const struct aks_call_request *request,
                                                const struct aks_long_running_options *options, struct aks_error *error)
{
    return start(session, request, options, false, error);
}

struct aks_long_running *aks_long_running_watch(struct aks_session *session, const struct aks_call_request *request,
                                                const struct aks_long_running_options *options, struct aks_error *error)
{
    return start(session, request, options, true, error);
}

void aks_long_running_cancel(struct aks_long_running *running)
{
    if (!running)
        return;
    stop(running);
    running->canceled = true;
    if (!running->telling)
        free_running(running);
}
