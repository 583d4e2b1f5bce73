/* Calls against a scripted transport: what is sent, what is tried again, and what happens when one is dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/fake_transport.h"
#include "arm/call.h"
#include "base/uuid.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TARGET "/subscriptions/s/resourceGroups/g"
#define URL "https://management.azure.com" TARGET "?api-version=2025-04-01"

struct outcome {
    bool over;
    int status;
    bool has_body;
    char *code;
    char *message;
    char *request_id;
    char *hint;
    bool retryable;
};

static void on_done(void *context, struct aks_reply *reply, struct aks_error *error)
{
    struct outcome *outcome = context;

    assert_false(outcome->over);
    outcome->over = true;
    if (reply) {
        outcome->status = reply->status;
        outcome->has_body = reply->body != NULL;
        assert_non_null(reply->url);
        assert_true(aks_uuid_is_valid(reply->client_request_id));
        return;
    }
    outcome->status = error->status;
    outcome->retryable = error->retryable;
    outcome->code = strdup(aks_error_code(error));
    outcome->message = error->message ? strdup(error->message) : NULL;
    outcome->request_id = error->request_id ? strdup(error->request_id) : NULL;
}

static void clear_outcome(struct outcome *outcome)
{
    free(outcome->code);
    free(outcome->message);
    free(outcome->request_id);
    *outcome = (struct outcome){0};
}

static struct aks_call_request request_of(const char *method)
{
    return (struct aks_call_request){.method = method, .target = TARGET, .api_version = "2025-04-01"};
}

static void run(struct fake_world *world, const struct aks_call_request *request, struct outcome *outcome)
{
    struct aks_error error = {0};

    assert_non_null(aks_call_start(world->session, request, on_done, outcome, &error));
    assert_false(outcome->over);
    fake_world_run(world, &outcome->over);
    assert_true(outcome->over);
}

static const char *sent_header(const struct fake_world *world, size_t index, const char *name)
{
    return aks_headers_get(&world->transport.requests[index].headers, name);
}

static void sends_what_arm_expects(void **state)
{
    static const struct fake_answer answers[] = {{.status = 201, .body = "{\"id\":\"x\"}"}};
    struct aks_call_request request = request_of("PUT");
    struct outcome outcome = {0};
    struct fake_world world;
    json_t *body = json_pack("{s:s}", "location", "eastus2");

    (void)state;
    fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
    request.body = body;
    request.query = "$filter=atScope()";
    request.if_match = "\"e1\"";
    request.correlation_id = "11111111-1111-4111-8111-111111111111";
    run(&world, &request, &outcome);
    json_decref(body);
    assert_int_equal(outcome.status, 201);
    assert_true(outcome.has_body);
    assert_int_equal(world.transport.sent, 1);
    assert_string_equal(world.transport.requests[0].method, "PUT");
    assert_string_equal(world.transport.requests[0].url, URL "&$filter=atScope()");
    assert_string_equal(world.transport.requests[0].body, "{\"location\":\"eastus2\"}");
    assert_string_equal(sent_header(&world, 0, "Authorization"), "Bearer token-1");
    assert_string_equal(sent_header(&world, 0, "Accept"), "application/json");
    assert_string_equal(sent_header(&world, 0, "Content-Type"), "application/json");
    assert_string_equal(sent_header(&world, 0, "User-Agent"), "spec/1 aks/" AKS_VERSION);
    assert_string_equal(sent_header(&world, 0, "If-Match"), "\"e1\"");
    assert_null(sent_header(&world, 0, "If-None-Match"));
    assert_string_equal(sent_header(&world, 0, "x-ms-return-client-request-id"), "true");
    assert_string_equal(sent_header(&world, 0, "x-ms-correlation-request-id"), request.correlation_id);
    assert_true(aks_uuid_is_valid(sent_header(&world, 0, "x-ms-client-request-id")));
    fake_world_clear(&world);
}

static void sends_no_content_type_without_a_body(void **state)
{
    static const struct fake_answer answers[] = {{.status = 204}};
    struct aks_call_request request = request_of("POST");
    struct outcome outcome = {0};
    struct fake_world world;

    (void)state;
    fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
    run(&world, &request, &outcome);
    assert_int_equal(outcome.status, 204);
    assert_false(outcome.has_body);
    assert_null(world.transport.requests[0].body);
    assert_null(sent_header(&world, 0, "Content-Type"));
    assert_null(sent_header(&world, 0, "x-ms-correlation-request-id"));
    fake_world_clear(&world);
}

/* Many identical answers are one row: the script's last answer repeats. */
static void tries_again_only_where_that_does_no_harm(void **state)
{
    static const struct {
        const char *method;
        bool repeatable;
        struct fake_answer answer;
        size_t sent;
        const char *code;
        bool retryable;
    } rows[] = {
        {"GET", false, {.status = 503}, 7, "http_503", true},
        {"HEAD", false, {.status = 500}, 7, "http_500", true},
        {"GET", false, {.error = "connection_failed"}, 7, "connection_failed", true},
        {"GET", false, {.error = "timeout"}, 7, "timeout", true},
        {"GET", false, {.error = "tls_failed"}, 1, "tls_failed", false},
        {"GET", false, {.error = "tls_failed", .unsent = true}, 1, "tls_failed", false},
        {"GET", false, {.error = "response_too_large"}, 1, "response_too_large", false},
        {"GET", false, {.status = 404}, 1, "http_404", false},
        {"GET", false, {.status = 302}, 1, "http_302", false},
        {"POST", false, {.status = 503}, 1, "http_503", true},
        {"PUT", false, {.status = 502}, 1, "http_502", true},
        {"PUT", true, {.status = 502}, 7, "http_502", true},
        {"PUT", false, {.error = "connection_failed"}, 1, "connection_failed", true},
        {"PUT", false, {.error = "connection_failed", .unsent = true}, 7, "connection_failed", true},
        {"PUT", true, {.error = "timeout"}, 7, "timeout", true},
        {"PUT", false, {.status = 429}, 7, "http_429", true},
        {"PUT", false, {.status = 429, .headers = "Retry-After: 100000"}, 1, "http_429", true},
        {"PUT", true, {.status = 400}, 1, "http_400", false},
        {"PUT", true, {.status = 409}, 1, "http_409", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aks_call_request request = request_of(rows[i].method);
        struct outcome outcome = {0};
        struct fake_world world;

        fake_world_init(&world, &rows[i].answer, 1, NULL, NULL);
        request.repeatable = rows[i].repeatable;
        run(&world, &request, &outcome);
        assert_int_equal(world.transport.sent, rows[i].sent);
        assert_string_equal(outcome.code, rows[i].code);
        assert_int_equal(outcome.retryable, rows[i].retryable);
        assert_int_equal(strstr(outcome.message, "tried 7 times") != NULL, rows[i].sent == 7);
        for (size_t j = 1; j < world.transport.sent; j++)
            assert_string_equal(sent_header(&world, j, "x-ms-client-request-id"),
                                sent_header(&world, 0, "x-ms-client-request-id"));
        clear_outcome(&outcome);
        fake_world_clear(&world);
    }
}

static void goes_on_after_a_bad_moment(void **state)
{
    static const struct fake_answer answers[] = {{.status = 429, .headers = "retry-after-ms: 1"},
                                                 {.status = 503},
                                                 {.error = "connection_failed"},
                                                 {.status = 200, .body = "{}"}};
    struct aks_call_request request = request_of("GET");
    struct outcome outcome = {0};
    struct fake_world world;

    (void)state;
    fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
    run(&world, &request, &outcome);
    assert_int_equal(outcome.status, 200);
    assert_int_equal(world.transport.sent, 4);
    assert_int_equal(world.tokens.asked, 4);
    fake_world_clear(&world);
}

static void asks_once_for_another_token(void **state)
{
    static const struct fake_answer good[] = {{.status = 401}, {.status = 200, .body = "{}"}};
    static const struct fake_answer bad[] = {
        {.status = 401, .body = "{\"error\":{\"code\":\"InvalidAuthenticationToken\",\"message\":\"no\"}}"}};
    struct aks_call_request request = request_of("PUT");
    struct outcome outcome = {0};
    struct fake_world world;

    (void)state;
    fake_world_init(&world, good, COUNT(good), NULL, NULL);
    run(&world, &request, &outcome);
    assert_int_equal(outcome.status, 200);
    assert_int_equal(world.tokens.refused, 1);
    assert_string_equal(sent_header(&world, 0, "Authorization"), "Bearer token-1");
    assert_string_equal(sent_header(&world, 1, "Authorization"), "Bearer token-2");
    fake_world_clear(&world);

    outcome = (struct outcome){0};
    fake_world_init(&world, bad, COUNT(bad), NULL, NULL);
    run(&world, &request, &outcome);
    assert_string_equal(outcome.code, "InvalidAuthenticationToken");
    assert_int_equal(world.transport.sent, 2);
    assert_int_equal(world.tokens.refused, 1);
    clear_outcome(&outcome);
    fake_world_clear(&world);
}

static void fails_without_a_token(void **state)
{
    static const struct fake_answer answers[] = {{.status = 200}};
    struct aks_call_request request = request_of("GET");
    struct outcome outcome = {0};
    struct fake_world world;

    (void)state;
    fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
    world.tokens.failure = "credential_unavailable";
    run(&world, &request, &outcome);
    assert_string_equal(outcome.code, "credential_unavailable");
    assert_int_equal(world.transport.sent, 0);
    clear_outcome(&outcome);
    world.tokens.failure = NULL;
    world.transport.refuses = true;
    run(&world, &request, &outcome);
    assert_string_equal(outcome.code, "connection_failed");
    clear_outcome(&outcome);
    fake_world_clear(&world);
}

static void reads_bodies_whatever_their_type(void **state)
{
    static const struct {
        struct fake_answer answer;
        bool has_body;
        const char *code;
    } rows[] = {
        {{.status = 200, .headers = "Content-Type: text/plain", .body = "{}"}, true, NULL},
        {{.status = 200, .body = ""}, false, NULL},
        {{.status = 202, .body = " \r\n"}, false, NULL},
        {{.status = 204, .body = "junk"}, false, NULL},
        {{.status = 200, .headers = "x-ms-request-id: r1", .body = "<html>"}, false, "response_invalid"},
    };
    char deep[400] = {0};
    struct fake_answer answer = {.status = 200, .body = deep};
    struct aks_call_request request = request_of("PUT");
    struct outcome outcome = {0};
    struct fake_world world;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        fake_world_init(&world, &rows[i].answer, 1, NULL, NULL);
        run(&world, &request, &outcome);
        assert_int_equal(outcome.has_body, rows[i].has_body);
        if (rows[i].code) {
            assert_string_equal(outcome.code, rows[i].code);
            assert_string_equal(outcome.request_id, "r1");
        } else {
            assert_null(outcome.code);
        }
        clear_outcome(&outcome);
        fake_world_clear(&world);
    }
    memset(deep, '[', 150);
    memset(deep + 150, ']', 150);
    fake_world_init(&world, &answer, 1, NULL, NULL);
    run(&world, &request, &outcome);
    assert_string_equal(outcome.code, "response_invalid");
    clear_outcome(&outcome);
    fake_world_clear(&world);
}

static void follows_trusted_urls_alone(void **state)
{
    static const struct {
        const char *url;
        bool trusted;
    } rows[] = {
        {"https://management.azure.com/next?t=1&s=a%2Fb&api-version=2016-03-30", true},
        {"https://eastus2.management.azure.com/next?api-version=2016-03-30", true},
        {"https://management.azure.com.evil.example/next", false},
        {"https://evilmanagement.azure.com/next", false},
        {"http://management.azure.com/next", false},
        {"https://user@management.azure.com/next", false},
        {"https://management.azure.com:8443/next", false},
    };
    static const struct fake_answer answers[] = {{.status = 200, .body = "{}"}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aks_call_request request = {.method = "GET", .target = rows[i].url};
        struct aks_error error = {0};
        struct outcome outcome = {0};
        struct fake_world world;

        fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
        if (rows[i].trusted) {
            run(&world, &request, &outcome);
            assert_string_equal(world.transport.requests[0].url, rows[i].url);
        } else {
            assert_null(aks_call_start(world.session, &request, on_done, &outcome, &error));
            assert_string_equal(aks_error_code(&error), "host_not_trusted");
            assert_int_equal(world.tokens.asked, 0);
            assert_int_equal(world.transport.sent, 0);
            aks_error_clear(&error);
        }
        fake_world_clear(&world);
    }
}

static void refuses_requests_that_cannot_be_sent(void **state)
{
    static const struct fake_answer answers[] = {{.status = 200, .body = "{}"}};
    struct aks_call_request request = request_of("GET");
    struct outcome outcome = {0};
    struct aks_error error = {0};
    struct fake_world world;

    (void)state;
    fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
    request.target = "/subscriptions/a b";
    assert_null(aks_call_start(world.session, &request, on_done, &outcome, &error));
    assert_string_equal(aks_error_code(&error), "request_invalid");
    aks_error_clear(&error);
    request.target = TARGET;
    request.client_request_id = "not a UUID";
    assert_null(aks_call_start(world.session, &request, on_done, &outcome, &error));
    aks_error_clear(&error);
    request.client_request_id = NULL;
    request.if_match = "a\r\nb: c";
    run(&world, &request, &outcome);
    assert_string_equal(outcome.code, "request_invalid");
    assert_int_equal(world.transport.sent, 0);
    clear_outcome(&outcome);
    aks_session_close(world.session);
    assert_null(aks_call_start(world.session, &request, on_done, &outcome, &error));
    assert_string_equal(aks_error_code(&error), "session_closed");
    aks_error_clear(&error);
    fake_world_clear(&world);
}

static void can_be_canceled_in_each_phase(void **state)
{
    static const struct fake_answer never[] = {{.never = true}};
    static const struct fake_answer waits[] = {{.status = 503, .headers = "Retry-After: 800"}};
    struct aks_call_request request = request_of("GET");
    struct outcome outcome = {0};
    struct aks_error error = {0};
    struct fake_world world;
    struct aks_call *call;

    (void)state;
    for (int steps = 0; steps < 3; steps++) { /* before the token, while sending, during the wait */
        fake_world_init(&world, steps == 2 ? waits : never, 1, NULL, NULL);
        call = aks_call_start(world.session, &request, on_done, &outcome, &error);
        assert_non_null(call);
        for (int i = 0; i < steps; i++)
            assert_true(aks_loop_step(world.loop, 0, NULL, &error));
        if (steps == 2)
            assert_true(aks_loop_timeout(world.loop) > 100);
        aks_call_cancel(call);
        assert_int_equal(world.tokens.canceled, steps == 0);
        assert_int_equal(world.transport.canceled, steps == 1);
        fake_world_clear(&world);
        assert_false(outcome.over);
    }
    aks_call_cancel(NULL);
}

/* Drops things from inside `done`. */
struct dropper {
    struct fake_world *world;
    struct aks_call *other;
    bool over;
};

static void on_done_drop(void *context, struct aks_reply *reply, struct aks_error *error)
{
    struct dropper *dropper = context;

    assert_non_null(reply);
    assert_false(aks_error_is_set(error));
    aks_call_cancel(dropper->other);
    aks_session_release(dropper->world->session);
    dropper->world->session = NULL;
    assert_false(dropper->world->transport.freed); /* the call keeps the session for as long as it tells */
    assert_string_equal(aks_headers_get(&reply->headers, "x-a"), "b");
    assert_non_null(strstr(reply->url, TARGET));
    dropper->over = true;
}

static void outlives_what_done_does(void **state)
{
    static const struct fake_answer answers[] = {{.status = 200, .headers = "x-a: b", .body = "{}"}, {.never = true}};
    struct aks_call_request request = request_of("GET");
    struct outcome outcome = {0};
    struct aks_error error = {0};
    struct fake_world world;
    struct dropper dropper = {.world = &world};

    (void)state;
    fake_world_init(&world, answers, COUNT(answers), NULL, NULL);
    assert_non_null(aks_call_start(world.session, &request, on_done_drop, &dropper, &error));
    dropper.other = aks_call_start(world.session, &request, on_done, &outcome, &error);
    assert_non_null(dropper.other);
    fake_world_run(&world, &dropper.over);
    assert_true(dropper.over && world.transport.freed && world.tokens.freed);
    assert_false(outcome.over);
    fake_world_clear(&world);
}

struct watcher {
    size_t requests, retries;
    struct aks_call *cancel; /* at the first event */
    const char *cancel_at;
};

static void on_event(void *context, const struct aks_event *event)
{
    struct watcher *watcher = context;

    assert_int_equal(event->id, 42);
    assert_null(strstr(event->url, "secret"));
    assert_string_equal(event->method, "GET");
    if (strcmp(event->kind, "request") == 0)
        watcher->requests++;
    else
        watcher->retries++;
    assert_int_equal(event->attempt, watcher->requests);
    assert_int_equal(event->error != NULL, event->http_status != 200);
    if (watcher->cancel_at && strcmp(event->kind, watcher->cancel_at) == 0)
        aks_call_cancel(watcher->cancel);
}

static void tells_of_answers_and_retries(void **state)
{
    static const struct fake_answer answers[] = {{.status = 503}, {.error = "timeout"}, {.status = 200, .body = "{}"}};
    struct aks_call_request request = request_of("GET");
    struct watcher watcher = {0};
    struct outcome outcome = {0};
    struct fake_world world;

    (void)state;
    fake_world_init(&world, answers, COUNT(answers), on_event, &watcher);
    request.operation = 42;
    request.query = "sig=secret";
    run(&world, &request, &outcome);
    assert_int_equal(outcome.status, 200);
    assert_int_equal(watcher.requests, 3);
    assert_int_equal(watcher.retries, 2);
    fake_world_clear(&world);
}

static void may_be_canceled_by_an_observer(void **state)
{
    static const struct {
        const char *at;
        struct fake_answer answer;
    } rows[] = {{"request", {.status = 200, .body = "{}"}},
                {"request", {.status = 503}},
                {"retry", {.status = 503}},
                {"request", {.status = 401}},
                {"request", {.error = "timeout"}}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aks_call_request request = request_of("GET");
        struct watcher watcher = {.cancel_at = rows[i].at};
        struct outcome outcome = {0};
        struct aks_error error = {0};
        struct fake_world world;

        fake_world_init(&world, &rows[i].answer, 1, on_event, &watcher);
        request.operation = 42;
        watcher.cancel = aks_call_start(world.session, &request, on_done, &outcome, &error);
        assert_non_null(watcher.cancel);
        fake_world_run(&world, &outcome.over);
        assert_false(outcome.over);
        assert_int_equal(world.transport.sent, 1);
        fake_world_clear(&world);
    }
}

static void knows_what_is_absent(void **state)
{
    static const struct {
        int status;
        const char *code;
        bool absent;
    } rows[] = {{404, "ResourceNotFound", true},
                {404, "ResourceGroupNotFound", true},
                {404, "NotFound", true},
                {404, "http_404", true},
                {404, "SubscriptionNotFound", false},
                {404, "InvalidResourceType", false},
                {404, "ParentResourceNotFound", true},
                {403, "NotFound", false},
                {0, "connection_failed", false}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aks_error error = {0};

        aks_error_set(&error, rows[i].code, "m");
        error.status = rows[i].status;
        assert_int_equal(aks_call_is_absent(&error), rows[i].absent);
        aks_error_clear(&error);
    }
}

static void checks_the_endpoint(void **state)
{
    static const struct {
        const char *endpoint, *user_agent, *code;
    } rows[] = {
        {"https://management.azure.com", NULL, NULL},
        {"http://127.0.0.1:8080/", NULL, NULL},
        {"http://management.azure.com", NULL, "host_not_trusted"},
        {"https://management.azure.com/x", NULL, "endpoint_invalid"},
        {NULL, NULL, "endpoint_invalid"},
        {"https://management.azure.com", "a\nb", "user_agent_invalid"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fake_transport transport;
        struct fake_tokens tokens;
        struct aks_error error = {0};
        struct aks_session_options options = {
            .endpoint = rows[i].endpoint, .user_agent = rows[i].user_agent, .retries = 2};
        struct aks_session *session;

        fake_transport_init(&transport, NULL, NULL, 0);
        fake_tokens_init(&tokens, NULL);
        options.transport = &transport.base;
        options.tokens = &tokens.base;
        session = aks_session_new(&options, &error);
        assert_int_equal(session == NULL, rows[i].code != NULL);
        if (session) {
            assert_int_equal(session->retry.retries, 2);
            assert_true(session->timeout == 100 && session->operation_timeout == 7200);
            assert_string_equal(session->user_agent, "aks/" AKS_VERSION);
        } else {
            assert_string_equal(aks_error_code(&error), rows[i].code);
        }
        aks_session_release(session);
        assert_true(transport.freed && tokens.freed);
        aks_error_clear(&error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_what_arm_expects),
        cmocka_unit_test(sends_no_content_type_without_a_body),
        cmocka_unit_test(tries_again_only_where_that_does_no_harm),
        cmocka_unit_test(goes_on_after_a_bad_moment),
        cmocka_unit_test(asks_once_for_another_token),
        cmocka_unit_test(fails_without_a_token),
        cmocka_unit_test(reads_bodies_whatever_their_type),
        cmocka_unit_test(follows_trusted_urls_alone),
        cmocka_unit_test(refuses_requests_that_cannot_be_sent),
        cmocka_unit_test(can_be_canceled_in_each_phase),
        cmocka_unit_test(outlives_what_done_does),
        cmocka_unit_test(tells_of_answers_and_retries),
        cmocka_unit_test(may_be_canceled_by_an_observer),
        cmocka_unit_test(knows_what_is_absent),
        cmocka_unit_test(checks_the_endpoint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
