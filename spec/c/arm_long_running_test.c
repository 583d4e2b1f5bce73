/* Long-running operations against a scripted transport: what is read when, what ends one, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/fake_transport.h"
#include "arm/document.h"
#include "arm/long_running.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define HOST "https://management.azure.com"
#define TARGET "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/demo"
#define CLUSTER HOST TARGET "?api-version=2026-05-01"
#define OPERATION HOST "/subscriptions/s/operations/1?api-version=2016-03-30"
#define ASYNC "Azure-AsyncOperation: " OPERATION
#define LOCATION "Location: " HOST "/subscriptions/s/operationresults/1"
#define STATE(state) "{\"id\":\"x\",\"properties\":{\"provisioningState\":\"" state "\"}}"
#define STATUS(status) "{\"status\":\"" status "\"}"

#define CREATED                                                                                                        \
    {                                                                                                                  \
        .status = 201, .headers = ASYNC, .body = STATE("Creating")                                                     \
    }
#define RUNNING                                                                                                        \
    {                                                                                                                  \
        .status = 200, .body = STATUS("InProgress")                                                                    \
    }
#define DONE                                                                                                           \
    {                                                                                                                  \
        .status = 200, .body = STATUS("Succeeded")                                                                     \
    }
#define RESOURCE                                                                                                       \
    {                                                                                                                  \
        .status = 200, .body = STATE("Succeeded")                                                                      \
    }
#define ABSENT                                                                                                         \
    {                                                                                                                  \
        .status = 404, .body = "{\"error\":{\"code\":\"NotFound\",\"message\":\"m\"}}"                                 \
    }
#define FORBIDDEN                                                                                                      \
    {                                                                                                                  \
        .status = 403, .body = "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"m\"}}"                      \
    }

struct outcome {
    double timeout; /* given to it */
    bool over;
    char *code;
    char *hint;
    char *message;
    char *state; /* provisioningState of the document */
    char told[200];
    struct aks_long_running *cancel; /* in the first progress */
    size_t cancel_after;
};

static void on_progress(void *context, const char *status)
{
    struct outcome *outcome = context;

    strcat(strcat(outcome->told, status ? status : "-"), " ");
    if (outcome->cancel && outcome->cancel_after-- == 0)
        aks_long_running_cancel(outcome->cancel);
}

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

static void on_done(void *context, json_t *document, struct aks_error *error)
{
    struct outcome *outcome = context;

    assert_false(outcome->over);
    outcome->over = true;
    outcome->state = copy(aks_document_text_at(document, "properties.provisioningState"));
    if (aks_error_is_set(error)) {
        assert_null(document);
        outcome->code = strdup(aks_error_code(error));
        outcome->message = copy(error->message);
        outcome->hint = copy(error->hint);
    }
}

static void clear_outcome(struct outcome *outcome)
{
    free(outcome->code);
    free(outcome->message);
    free(outcome->hint);
    free(outcome->state);
    *outcome = (struct outcome){0};
}

typedef struct aks_long_running *starter(struct aks_session *session, const struct aks_call_request *request,
                                         const struct aks_long_running_options *options, struct aks_error *error);

static struct aks_long_running *start(struct fake_world *world, starter *begin, const char *method,
                                      struct outcome *outcome)
{
    struct aks_call_request request = {.method = method, .target = TARGET, .api_version = "2026-05-01"};
    struct aks_long_running_options options = {
        .timeout = outcome->timeout, .progress = on_progress, .done = on_done, .context = outcome};
    struct aks_error error = {0};
    struct aks_long_running *running = begin(world->session, &request, &options, &error);

    assert_non_null(running);
    assert_false(outcome->over);
    return running;
}

static void run(struct fake_world *world, starter *begin, const char *method, struct outcome *outcome)
{
    start(world, begin, method, outcome);
    fake_world_run(world, &outcome->over);
    assert_true(outcome->over);
    if (outcome->over && world->transport.sent > 0)
        for (size_t i = 1; i < world->transport.sent; i++)
            assert_string_equal(aks_headers_get(&world->transport.requests[i].headers, "x-ms-client-request-id"),
                                aks_headers_get(&world->transport.requests[0].headers, "x-ms-client-request-id"));
}

struct row {
    const char *what;
    const char *method; /* "WATCH": aks_long_running_watch */
    struct fake_answer answers[12];
    size_t count; /* of answers */
    size_t sent;
    const char *code;  /* NULL: success */
    const char *state; /* of the document; NULL: no document */
    const char *last_url;
};

static const struct row rows[] = {
    {"created", "PUT", {CREATED, RUNNING, DONE, RESOURCE}, 4, 4, NULL, "Succeeded", CLUSTER},
    {"synchronous", "PUT", {{.status = 200, .body = STATE("Succeeded")}}, 1, 1, NULL, "Succeeded", CLUSTER},
    {"refused",
     "PUT",
     {{.status = 400, .body = "{\"code\":\"InvalidParameter\",\"message\":\"m\"}"}},
     1,
     1,
     "InvalidParameter",
     NULL,
     CLUSTER},
    {"bad reads do not end it",
     "PUT",
     {CREATED,
      {.status = 502},
      {.status = 502},
      {.status = 502},
      {.status = 502},
      {.status = 502},
      {.status = 502},
      {.status = 502},
      {.error = "connection_failed"},
      {.status = 200, .body = "<html>"},
      DONE,
      RESOURCE},
     12,
     12,
     NULL,
     "Succeeded",
     CLUSTER},
    {"an operation that is not known everywhere yet",
     "PUT",
     {CREATED, ABSENT, ABSENT, RUNNING, DONE, RESOURCE},
     6,
     6,
     NULL,
     "Succeeded",
     CLUSTER},
    {"an operation that is gone",
     "PUT",
     {CREATED, ABSENT, ABSENT, ABSENT, ABSENT, RESOURCE},
     6,
     6,
     NULL,
     "Succeeded",
     CLUSTER},
    {"an operation that may not be read",
     "PUT",
     {CREATED, FORBIDDEN, {.status = 200, .body = STATE("Creating")}, RESOURCE},
     4,
     4,
     NULL,
     "Succeeded",
     CLUSTER},
    {"neither operation nor resource may be read",
     "PUT",
     {CREATED, FORBIDDEN},
     2,
     3,
     "AuthorizationFailed",
     NULL,
     CLUSTER},
    {"a resource that does not appear", "PUT", {CREATED, DONE, ABSENT}, 3, 6, "NotFound", NULL, CLUSTER},
    {"a deletion whose Location is gone",
     "DELETE",
     {{.status = 202, .headers = LOCATION}, ABSENT},
     2,
     6,
     NULL,
     NULL,
     CLUSTER},
    {"a deletion followed by the resource",
     "DELETE",
     {{.status = 202}, {.status = 200, .body = STATE("Deleting")}, ABSENT},
     3,
     3,
     NULL,
     NULL,
     CLUSTER},
    {"a result that is gone",
     "POST",
     {{.status = 202, .headers = ASYNC "\n" LOCATION}, DONE, ABSENT},
     3,
     6,
     NULL,
     NULL,
     NULL},
    {"a result that may not be read",
     "POST",
     {{.status = 202, .headers = LOCATION}, FORBIDDEN},
     2,
     2,
     "AuthorizationFailed",
     NULL,
     NULL},
    {"failed with a reason",
     "PUT",
     {CREATED,
      {.status = 200, .body = "{\"status\":\"Failed\",\"error\":{\"code\":\"QuotaExceeded\",\"message\":\"m\"}}"}},
     2,
     2,
     "operation_failed",
     NULL,
     OPERATION},
    {"failed without a reason, which the resource has",
     "PUT",
     {CREATED,
      {.status = 200, .body = STATUS("Failed")},
      {.status = 200, .body = "{\"properties\":{\"status\":{\"provisioningError\":{\"code\":\"QuotaExceeded\"}}}}"}},
     3,
     3,
     "operation_failed",
     NULL,
     CLUSTER},
    {"failed without a reason anywhere",
     "PUT",
     {CREATED, {.status = 200, .body = STATUS("Failed")}, FORBIDDEN},
     3,
     3,
     "operation_failed",
     NULL,
     CLUSTER},
    {"canceled",
     "PUT",
     {CREATED, {.status = 200, .body = STATUS("Canceled")}},
     2,
     2,
     "operation_canceled",
     NULL,
     OPERATION},
    {"a foreign poll host",
     "PUT",
     {{.status = 201, .headers = "Azure-AsyncOperation: https://evil.example/1", .body = STATE("Creating")}},
     1,
     1,
     "host_not_trusted",
     NULL,
     CLUSTER},
    {"watched",
     "WATCH",
     {{.status = 200, .body = STATE("Upgrading")}, {.status = 200, .body = STATE("Failed")}},
     2,
     2,
     NULL,
     "Failed",
     CLUSTER},
    {"watched, and nothing is under way",
     "WATCH",
     {{.status = 200, .body = STATE("Canceled")}},
     1,
     1,
     NULL,
     "Canceled",
     CLUSTER},
    {"watched, and absent", "WATCH", {ABSENT}, 1, 1, NULL, NULL, CLUSTER},
    {"watched, and then deleted",
     "WATCH",
     {{.status = 200, .body = STATE("Deleting")}, ABSENT},
     2,
     2,
     NULL,
     NULL,
     CLUSTER},
    {"watched without rights", "WATCH", {FORBIDDEN}, 1, 1, "AuthorizationFailed", NULL, CLUSTER},
};

static void ends_as_azure_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *row = &rows[i];
        bool watches = strcmp(row->method, "WATCH") == 0;
        struct outcome outcome = {0};
        struct fake_world world;

        fake_world_init(&world, row->answers, row->count, NULL, NULL);
        run(&world, watches ? aks_long_running_watch : aks_long_running_start, watches ? "GET" : row->method, &outcome);
        if (world.transport.sent != row->sent)
            fail_msg("%s: %zu requests", row->what, world.transport.sent);
        if ((outcome.code == NULL) != (row->code == NULL))
            fail_msg("%s: %s", row->what, outcome.code ? outcome.code : "no error");
        if (row->code)
            assert_string_equal(outcome.code, row->code);
        if (row->state)
            assert_string_equal(outcome.state, row->state);
        else
            assert_null(outcome.state);
        if (row->last_url)
            assert_string_equal(world.transport.requests[world.transport.sent - 1].url, row->last_url);
        clear_outcome(&outcome);
        fake_world_clear(&world);
    }
}

static void gives_up_when_azure_stays_out_of_reach(void **state)
{
    static const struct fake_answer answers[] = {CREATED, {.error = "connection_failed"}};
    struct outcome outcome = {0};
    struct fake_world world;

    (void)state;
    fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
    world.session->retry.retries = 1;
    run(&world, aks_long_running_start, "PUT", &outcome);
    assert_string_equal(outcome.code, "connection_failed");
    assert_int_equal(world.transport.sent, 1 + 2 * 20);
    clear_outcome(&outcome);
    fake_world_clear(&world);
}

static void says_the_reason_found_in_the_resource(void **state)
{
    static const struct fake_answer answers[] = {
        CREATED,
        {.status = 200, .body = STATUS("Failed")},
        {.status = 200,
         .body =
             "{\"properties\":{\"status\":{\"provisioningError\":{\"code\":\"QuotaExceeded\",\"message\":\"m\"}}}}"}};
    struct outcome outcome = {0};
    struct fake_world world;

    (void)state;
    fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
    run(&world, aks_long_running_start, "PUT", &outcome);
    assert_non_null(strstr(outcome.message, "QuotaExceeded: m"));
    assert_non_null(strstr(outcome.hint, "quota"));
    clear_outcome(&outcome);
    fake_world_clear(&world);
}

static void tells_each_status_once(void **state)
{
    static const struct fake_answer answers[] = {
        CREATED, RUNNING, RUNNING, {.status = 200, .body = STATUS("ReconcilingDNS")}, {.status = 200, .body = "{}"},
        DONE,    RESOURCE};
    struct outcome outcome = {0};
    struct fake_world world;

    (void)state;
    fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
    run(&world, aks_long_running_start, "PUT", &outcome);
    assert_string_equal(outcome.told, "Creating InProgress ReconcilingDNS Succeeded ");
    clear_outcome(&outcome);
    fake_world_clear(&world);
}

static void ends_at_the_deadline(void **state)
{
    static const struct {
        struct fake_answer answers[3];
        const char *code;
    } cases[] = {
        {{{.never = true}}, "timeout"},
        {{CREATED, {.never = true}, {.never = true}}, "timeout"},
        {{CREATED, {.status = 200, .headers = "Retry-After: 500", .body = STATUS("InProgress")}, RUNNING}, "timeout"},
        {{CREATED, {.status = 200, .body = STATUS("Failed")}, {.never = true}}, "operation_failed"},
    };
    struct outcome outcome = {0};
    struct fake_world world;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        fake_world_init(&world, cases[i].answers, COUNT(cases[i].answers), NULL, NULL);
        world.session->operation_timeout = 0.05;
        run(&world, aks_long_running_start, "PUT", &outcome);
        assert_string_equal(outcome.code, cases[i].code);
        if (i < 3)
            assert_non_null(strstr(outcome.hint, "Azure goes on"));
        clear_outcome(&outcome);
        fake_world_clear(&world);
    }
}

static void ends_when_its_own_time_is_up(void **state)
{
    static const struct fake_answer answers[] = {CREATED, {.never = true}};
    struct outcome outcome = {.timeout = 0.05}; /* the session's is hours */
    struct fake_world world;

    (void)state;
    fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
    run(&world, aks_long_running_start, "PUT", &outcome);
    assert_string_equal(outcome.code, "timeout");
    clear_outcome(&outcome);
    fake_world_clear(&world);
}

static void can_be_canceled_in_each_phase(void **state)
{
    static const struct fake_answer answers[] = {
        {.status = 201, .headers = ASYNC "\nRetry-After: 500", .body = STATE("Creating")}};
    struct outcome outcome = {0};
    struct fake_world world;

    (void)state;
    for (int steps = 0; steps < 3; steps++) { /* before the token, while sending, during the wait */
        struct aks_long_running *running;
        struct aks_error error = {0};

        fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
        running = start(&world, aks_long_running_start, "PUT", &outcome);
        for (int i = 0; i < steps; i++)
            assert_true(aks_loop_step(world.loop, 0, NULL, &error));
        aks_long_running_cancel(running);
        fake_world_clear(&world);
        assert_false(outcome.over);
    }
    aks_long_running_cancel(NULL);
}

static void may_be_canceled_by_progress(void **state)
{
    static const struct fake_answer answers[] = {CREATED, RUNNING, DONE, RESOURCE};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct outcome outcome = {.cancel_after = i};
        struct fake_world world;

        fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
        outcome.cancel = start(&world, aks_long_running_start, "PUT", &outcome);
        fake_world_run(&world, &outcome.over);
        assert_false(outcome.over);
        assert_int_equal(world.transport.sent, i + 1);
        fake_world_clear(&world);
    }
}

static void on_done_release(void *context, json_t *document, struct aks_error *error)
{
    struct fake_world *world = context;

    assert_non_null(document);
    assert_false(aks_error_is_set(error));
    aks_session_release(world->session);
    world->session = NULL;
}

static void outlives_the_release_of_its_session(void **state)
{
    static const struct fake_answer answers[] = {CREATED, DONE, RESOURCE};
    struct aks_call_request request = {.method = "PUT", .target = TARGET, .api_version = "2026-05-01"};
    struct aks_error error = {0};
    struct fake_world world;
    struct aks_long_running_options options = {.done = on_done_release, .context = &world};

    (void)state;
    fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
    assert_non_null(aks_long_running_start(world.session, &request, &options, &error));
    fake_world_run(&world, &world.transport.freed);
    assert_null(world.session);
    fake_world_clear(&world);
}

static void does_not_start_in_a_closed_session(void **state)
{
    static const struct fake_answer answers[] = {CREATED};
    struct aks_call_request request = {.method = "PUT", .target = TARGET};
    struct aks_long_running_options options = {.done = on_done};
    struct aks_error error = {0};
    struct fake_world world;

    (void)state;
    fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
    aks_session_close(world.session);
    assert_null(aks_long_running_start(world.session, &request, &options, &error));
    assert_string_equal(aks_error_code(&error), "session_closed");
    aks_error_clear(&error);
    fake_world_clear(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_as_azure_says),
        cmocka_unit_test(gives_up_when_azure_stays_out_of_reach),
        cmocka_unit_test(says_the_reason_found_in_the_resource),
        cmocka_unit_test(tells_each_status_once),
        cmocka_unit_test(ends_at_the_deadline),
        cmocka_unit_test(ends_when_its_own_time_is_up),
        cmocka_unit_test(can_be_canceled_in_each_phase),
        cmocka_unit_test(may_be_canceled_by_progress),
        cmocka_unit_test(outlives_the_release_of_its_session),
        cmocka_unit_test(does_not_start_in_a_closed_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
