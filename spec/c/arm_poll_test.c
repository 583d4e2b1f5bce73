/* The state machine of long-running operations: sequences of answers as services give them, and where each leads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/fake_transport.h"
#include "arm/document.h"
#include "arm/poll.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define HOST "https://management.azure.com"
#define CLUSTER HOST "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/demo"
#define QUERY "?api-version=2026-05-01"
#define STOP CLUSTER "/stop" QUERY
#define OPERATION "https://eastus2.management.azure.com/subscriptions/s/operations/1?api-version=2016-03-30&t=1&c=a%2Bb"
#define OPERATION2 HOST "/subscriptions/s/operations/2?api-version=2016-03-30"
#define RESULT HOST "/subscriptions/s/operationresults/1?api-version=2016-03-30"
#define RESULT2 HOST "/subscriptions/s/operationresults/2?api-version=2016-03-30"
#define ASYNC "Azure-AsyncOperation: " OPERATION
#define LOCATION "Location: " RESULT
#define BOTH "azure-asyncoperation: " OPERATION "\nlocation: " RESULT
#define STATE(state) "{\"id\":\"x\",\"properties\":{\"provisioningState\":\"" state "\"}}"
#define STATUS(status) "{\"name\":\"1\",\"status\":\"" status "\"}"

struct step {
    int status;
    const char *headers;
    const char *body;
    enum aks_poll_state state;
    const char *url;
};

struct row {
    const char *what;
    const char *method;
    const char *url;
    struct step steps[8];
    bool has_document;
    const char *last; /* Azure's last word */
};

static const struct row rows[] = {
    {"a cluster is created",
     "PUT",
     CLUSTER QUERY,
     {{201, ASYNC, STATE("Creating"), AKS_POLL_OPERATION, OPERATION},
      {200, NULL, STATUS("InProgress"), AKS_POLL_OPERATION, OPERATION},
      {200, NULL, STATUS("CreatingAgentPools: 1/0 nodes completed"), AKS_POLL_OPERATION, OPERATION},
      {200, NULL, STATUS("Succeeded"), AKS_POLL_FINAL, CLUSTER QUERY},
      {200, NULL, STATE("Succeeded"), AKS_POLL_SUCCEEDED, NULL}},
     true,
     "Succeeded"},
    {"statuses are compared without case, and an error beside one that is not terminal does not count",
     "put",
     CLUSTER QUERY,
     {{200, ASYNC, STATE("Updating"), AKS_POLL_OPERATION, OPERATION},
      {200, NULL, "{\"status\":\"InProgress\",\"endTime\":\"x\",\"error\":{\"code\":\"NotLatestOperation\"}}",
       AKS_POLL_OPERATION, OPERATION},
      {200, NULL, "{\"status\":\"SUCCEEDED\",\"error\":{\"code\":\"NotFound\"}}", AKS_POLL_FINAL, CLUSTER QUERY},
      {200, NULL, STATE("Updating"), AKS_POLL_SUCCEEDED, NULL}},
     true,
     "Updating"},
    {"a later answer may name another operation",
     "PUT",
     CLUSTER QUERY,
     {{201, ASYNC, STATE("Creating"), AKS_POLL_OPERATION, OPERATION},
      {200, "Azure-AsyncOperation: " OPERATION2, STATUS("InProgress"), AKS_POLL_OPERATION, OPERATION2},
      {202, NULL, NULL, AKS_POLL_OPERATION, OPERATION2},
      {200, ASYNC, STATUS("Succeeded"), AKS_POLL_FINAL, CLUSTER QUERY}},
     true,
     "Succeeded"},
    {"a cluster is deleted",
     "DELETE",
     CLUSTER QUERY,
     {{202, BOTH, NULL, AKS_POLL_OPERATION, OPERATION}, {200, NULL, STATUS("Succeeded"), AKS_POLL_SUCCEEDED, NULL}},
     false,
     "Succeeded"},
    {"a cluster is stopped: the last 204 has another Location",
     "POST",
     STOP,
     {{202, BOTH, NULL, AKS_POLL_OPERATION, OPERATION},
      {200, NULL, STATUS("InProgress"), AKS_POLL_OPERATION, OPERATION},
      {200, NULL, STATUS("Succeeded"), AKS_POLL_FINAL, RESULT},
      {204, "Location: " RESULT2, NULL, AKS_POLL_SUCCEEDED, NULL}},
     false,
     "Succeeded"},
    {"an abort is answered with the cluster, which is not its result",
     "POST",
     CLUSTER "/abort" QUERY,
     {{202, BOTH, STATE("Creating"), AKS_POLL_OPERATION, OPERATION},
      {200, "Location: " RESULT2, STATUS("InProgress"), AKS_POLL_OPERATION, OPERATION},
      {200, NULL, STATUS("Succeeded"), AKS_POLL_FINAL, RESULT2},
      {202, "Location: " RESULT, NULL, AKS_POLL_FINAL, RESULT},
      {204, NULL, NULL, AKS_POLL_SUCCEEDED, NULL}},
     false,
     "Succeeded"},
    {"a command's result is behind its Location",
     "POST",
     CLUSTER "/runCommand" QUERY,
     {{202, LOCATION, NULL, AKS_POLL_LOCATION, RESULT},
      {202, NULL, NULL, AKS_POLL_LOCATION, RESULT},
      {200, NULL, "{\"logs\":\"ok\"}", AKS_POLL_SUCCEEDED, NULL}},
     true,
     NULL},
    {"a POST without a Location has no result to read",
     "POST",
     STOP,
     {{202, ASYNC, NULL, AKS_POLL_OPERATION, OPERATION}, {200, NULL, STATUS("Succeeded"), AKS_POLL_SUCCEEDED, NULL}},
     false,
     "Succeeded"},
    {"a group is deleted: each 202 names the next Location",
     "DELETE",
     HOST "/subscriptions/s/resourceGroups/g" QUERY,
     {{202, LOCATION, NULL, AKS_POLL_LOCATION, RESULT},
      {202, "Location: " RESULT2, NULL, AKS_POLL_LOCATION, RESULT2},
      {202, "Location: /subscriptions/s/relative?a=b", NULL, AKS_POLL_LOCATION, HOST "/subscriptions/s/relative?a=b"},
      {200, NULL, NULL, AKS_POLL_SUCCEEDED, NULL}},
     false,
     NULL},
    {"an identity is created at once, though it has a relative Location",
     "PUT",
     HOST "/subscriptions/s/identity" QUERY,
     {{201, "Location: /subscriptions/s/identity", "{\"id\":\"x\",\"properties\":{\"principalId\":\"p\"}}",
       AKS_POLL_SUCCEEDED, NULL}},
     true,
     NULL},
    {"a relative Location on a 201 without a body begins nothing either",
     "POST",
     HOST "/subscriptions/s/x" QUERY,
     {{201, "Location: /subscriptions/s/x", NULL, AKS_POLL_SUCCEEDED, NULL}},
     false,
     NULL},
    {"a Location that is not followed is not looked at",
     "POST",
     STOP,
     {{200, "Location: https://elsewhere.example/", "{}", AKS_POLL_SUCCEEDED, NULL}},
     true,
     NULL},
    {"a relative link is relative to what named it",
     "PUT",
     CLUSTER QUERY,
     {{201, ASYNC, STATE("Creating"), AKS_POLL_OPERATION, OPERATION},
      {200, "Azure-AsyncOperation: /x?a=b", STATUS("InProgress"), AKS_POLL_OPERATION,
       "https://eastus2.management.azure.com/x?a=b"},
      {200, "Azure-AsyncOperation: " OPERATION2, STATUS("InProgress"), AKS_POLL_OPERATION, OPERATION2}},
     true,
     "InProgress"},
    {"an absolute Location on a terminal 201 names what was made",
     "PUT",
     HOST "/subscriptions/s/x" QUERY,
     {{201, LOCATION, STATE("Succeeded"), AKS_POLL_SUCCEEDED, NULL}},
     true,
     "Succeeded"},
    {"an absolute Location on a 201 that is not terminal is followed",
     "PUT",
     HOST "/subscriptions/s/x" QUERY,
     {{201, LOCATION, STATE("Creating"), AKS_POLL_LOCATION, RESULT},
      {202, NULL, NULL, AKS_POLL_LOCATION, RESULT},
      {200, NULL, "{}", AKS_POLL_FINAL, HOST "/subscriptions/s/x" QUERY},
      {200, NULL, STATE("Succeeded"), AKS_POLL_SUCCEEDED, NULL}},
     true,
     "Succeeded"},
    {"a role assignment is synchronous",
     "PUT",
     HOST "/subscriptions/s/r" QUERY,
     {{201, NULL, "{\"id\":\"x\",\"properties\":{}}", AKS_POLL_SUCCEEDED, NULL}},
     true,
     NULL},
    {"no content", "DELETE", CLUSTER QUERY, {{204, BOTH, NULL, AKS_POLL_SUCCEEDED, NULL}}, false, NULL},
    {"a synchronous DELETE", "DELETE", CLUSTER QUERY, {{200, NULL, NULL, AKS_POLL_SUCCEEDED, NULL}}, false, NULL},
    {"a synchronous POST", "POST", STOP, {{200, NULL, "{\"value\":[]}", AKS_POLL_SUCCEEDED, NULL}}, true, NULL},
    {"without any header the resource is read",
     "PUT",
     CLUSTER QUERY,
     {{201, NULL, STATE("Accepted"), AKS_POLL_RESOURCE, CLUSTER QUERY},
      {200, NULL, STATE("Reticulating"), AKS_POLL_RESOURCE, CLUSTER QUERY},
      {200, NULL, STATE("Succeeded"), AKS_POLL_SUCCEEDED, NULL}},
     true,
     "Succeeded"},
    {"a 202 without any header",
     "PATCH",
     CLUSTER QUERY,
     {{202, NULL, NULL, AKS_POLL_RESOURCE, CLUSTER QUERY}, {200, NULL, "{}", AKS_POLL_SUCCEEDED, NULL}},
     true,
     NULL},
    {"a deletion without any header is not done while the resource is there",
     "DELETE",
     CLUSTER QUERY,
     {{202, NULL, NULL, AKS_POLL_RESOURCE, CLUSTER QUERY},
      {200, NULL, STATE("Succeeded"), AKS_POLL_RESOURCE, CLUSTER QUERY},
      {200, NULL, STATE("Deleting"), AKS_POLL_RESOURCE, CLUSTER QUERY}},
     true,
     "Deleting"},
    {"resourceLocation is where the result is",
     "POST",
     STOP,
     {{202, BOTH, NULL, AKS_POLL_OPERATION, OPERATION},
      {200, NULL, "{\"status\":\"Succeeded\",\"resourceLocation\":\"" RESULT2 "\"}", AKS_POLL_FINAL, RESULT2},
      {200, NULL, "{\"a\":1}", AKS_POLL_SUCCEEDED, NULL}},
     true,
     "Succeeded"},
    {"operation failed",
     "PUT",
     CLUSTER QUERY,
     {{201, ASYNC, STATE("Creating"), AKS_POLL_OPERATION, OPERATION},
      {200, NULL, "{\"status\":\"failed\",\"error\":{\"code\":\"QuotaExceeded\",\"message\":\"no cores\"}}",
       AKS_POLL_FAILED, NULL}},
     true,
     "failed"},
    {"operation canceled, in either spelling",
     "PUT",
     CLUSTER QUERY,
     {{201, ASYNC, STATE("Creating"), AKS_POLL_OPERATION, OPERATION},
      {200, NULL, STATUS("Canceling"), AKS_POLL_OPERATION, OPERATION},
      {200, NULL, STATUS("Cancelled"), AKS_POLL_CANCELED, NULL}},
     true,
     "Cancelled"},
    {"resource failed", "PUT", CLUSTER QUERY, {{200, NULL, STATE("Failed"), AKS_POLL_FAILED, NULL}}, true, "Failed"},
    {"a resource is followed that somebody else works on",
     "GET",
     CLUSTER QUERY,
     {{200, BOTH, STATE("Upgrading"), AKS_POLL_RESOURCE, CLUSTER QUERY},
      {200, NULL, STATE("Canceled"), AKS_POLL_CANCELED, NULL}},
     true,
     "Canceled"},
    {"answers of an operation without a status",
     "POST",
     STOP,
     {{202, ASYNC, NULL, AKS_POLL_OPERATION, OPERATION},
      {200, NULL, "{}", AKS_POLL_OPERATION, OPERATION},
      {200, NULL, "[]", AKS_POLL_OPERATION, OPERATION},
      {200, NULL, "{\"status\":7}", AKS_POLL_OPERATION, OPERATION},
      {204, NULL, NULL, AKS_POLL_SUCCEEDED, NULL}},
     false,
     "Succeeded"},
    {"an operation that never says how it stands: its resource does",
     "PUT",
     CLUSTER QUERY,
     {{201, ASYNC, STATE("Creating"), AKS_POLL_OPERATION, OPERATION},
      {200, NULL, "{}", AKS_POLL_OPERATION, OPERATION},
      {200, NULL, "{}", AKS_POLL_OPERATION, OPERATION},
      {200, NULL, NULL, AKS_POLL_OPERATION, OPERATION},
      {200, NULL, "{}", AKS_POLL_OPERATION, OPERATION},
      {200, NULL, "{}", AKS_POLL_RESOURCE, CLUSTER QUERY},
      {200, NULL, STATE("Creating"), AKS_POLL_RESOURCE, CLUSTER QUERY},
      {200, NULL, STATE("Succeeded"), AKS_POLL_SUCCEEDED, NULL}},
     true,
     "Succeeded"},
};

/* Feeds one answer; the first begins. */
static bool feed(struct aks_poll *poll, const char *method, const char *url, const struct step *step,
                 struct aks_error *error)
{
    struct aks_reply reply = {.status = step->status, .url = url};
    bool done;

    fake_add_headers(&reply.headers, step->headers);
    if (step->body)
        reply.body = aks_document_parse(step->body, strlen(step->body), error);
    done = method ? aks_poll_begin(poll, method, &reply, 0, error) : aks_poll_update(poll, &reply, 0, error);
    json_decref(reply.body);
    aks_headers_clear(&reply.headers);
    return done;
}

static void assert_text(const char *actual, const char *expected)
{
    if (expected)
        assert_string_equal(actual, expected);
    else
        assert_null(actual);
}

static void follows_every_sequence(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *row = &rows[i];
        struct aks_poll poll = {0};
        struct aks_error error = {0};
        char *url = strdup(row->url);

        for (size_t j = 0; j < COUNT(row->steps) && row->steps[j].status; j++) {
            const struct step *step = &row->steps[j];

            assert_true(feed(&poll, j == 0 ? row->method : NULL, url, step, &error));
            if (poll.state != step->state)
                fail_msg("%s: answer %zu leads to state %d", row->what, j, (int)poll.state);
            assert_text(poll.url, step->url);
            assert_int_equal(aks_poll_is_over(&poll), step->url == NULL);
            free(url);
            url = poll.url ? strdup(poll.url) : NULL;
        }
        if ((poll.document != NULL) != row->has_document)
            fail_msg("%s: document", row->what);
        assert_text(poll.status, row->last);
        assert_int_equal(aks_error_is_set(&poll.error), poll.state >= AKS_POLL_FAILED);
        aks_poll_clear(&poll);
        free(url);
    }
}

static void refuses_foreign_links(void **state)
{
    static const struct step begins[] = {
        {.status = 201, .headers = "Azure-AsyncOperation: https://evil.example/1", .body = STATE("Creating")},
        {.status = 202, .headers = "Location: https://management.azure.com.evil.example/1"},
        {.status = 202, .headers = "Location: //evil.example/1"},
        {.status = 202, .headers = "Location: http://management.azure.com/1"},
        {.status = 202, .headers = "Location: 1"},
    };
    static const struct step updates[] = {
        {.status = 200, .headers = "Azure-AsyncOperation: https://evil.example/1", .body = STATUS("InProgress")},
        {.status = 200, .headers = "Location: https://evil.example/1", .body = STATUS("InProgress")},
        {.status = 200, .body = "{\"status\":\"Succeeded\",\"resourceLocation\":\"https://evil.example\"}"},
    };
    static const struct step begin = {.status = 202, .headers = BOTH};

    (void)state;
    for (size_t i = 0; i < COUNT(begins); i++) {
        struct aks_poll poll = {0};
        struct aks_error error = {0};

        assert_false(feed(&poll, "PUT", CLUSTER QUERY, &begins[i], &error));
        assert_string_equal(aks_error_code(&error), "host_not_trusted");
        aks_error_clear(&error);
        aks_poll_clear(&poll);
    }
    for (size_t i = 0; i < COUNT(updates); i++) {
        struct aks_poll poll = {0};
        struct aks_error error = {0};

        assert_true(feed(&poll, "POST", STOP, &begin, &error));
        assert_false(feed(&poll, NULL, OPERATION, &updates[i], &error));
        assert_string_equal(aks_error_code(&error), "host_not_trusted");
        aks_error_clear(&error);
        aks_poll_clear(&poll);
    }
}

static void says_why_it_failed(void **state)
{
    static const struct step begin = {.status = 201, .headers = ASYNC, .body = STATE("Creating")};
    static const struct step failed = {
        .status = 200,
        .headers = "x-ms-request-id: r1",
        .body = "{\"status\":\"Failed\",\"error\":{\"code\":\"ResourceOperationFailure\",\"message\":\"outer\","
                "\"details\":[{\"code\":\"SubnetIsDelegated\",\"message\":\"inner\",\"target\":\"t\"}]}}"};
    static const struct step canceled = {
        .status = 200, .body = "{\"status\":\"Canceled\",\"error\":{\"code\":\"Canceled\",\"message\":\"by user\"}}"};
    struct aks_poll poll = {0};
    struct aks_error error = {0};

    (void)state;
    assert_true(feed(&poll, "PUT", CLUSTER QUERY, &begin, &error));
    assert_true(feed(&poll, NULL, OPERATION, &failed, &error));
    assert_string_equal(aks_error_code(&poll.error), "operation_failed");
    assert_non_null(strstr(poll.error.message, "SubnetIsDelegated: inner"));
    assert_string_equal(poll.error.request_id, "r1");
    assert_string_equal(poll.error.target, "t");
    assert_non_null(strstr(poll.error.hint, "must not be delegated"));
    assert_int_equal(poll.error.detail_count, 1);
    assert_string_equal(poll.error.details[0].code, "ResourceOperationFailure");
    assert_true(aks_error_has_code(&poll.error, "SubnetIsDelegated"));
    assert_true(feed(&poll, NULL, OPERATION, &canceled, &error)); /* over: nothing changes it */
    assert_int_equal(poll.state, AKS_POLL_FAILED);
    aks_poll_clear(&poll);

    assert_true(feed(&poll, "PUT", CLUSTER QUERY, &begin, &error));
    assert_true(feed(&poll, NULL, OPERATION, &canceled, &error));
    assert_string_equal(aks_error_code(&poll.error), "operation_canceled");
    assert_non_null(strstr(poll.error.message, "by user"));
    aks_poll_clear(&poll);
}

static void takes_the_reason_from_the_resource(void **state)
{
    static const struct step begin = {.status = 201, .headers = ASYNC, .body = STATE("Creating")};
    static const struct step failed = {.status = 200, .body = "{\"status\":\"Failed\",\"error\":{}}"};
    static const char text[] = "{\"properties\":{\"provisioningState\":\"Failed\",\"status\":{\"provisioningError\":"
                               "{\"code\":\"QuotaExceeded\",\"message\":\"no cores\"}}}}";
    struct aks_poll poll = {0};
    struct aks_error error = {0};
    json_t *document = aks_document_parse(text, strlen(text), &error);

    (void)state;
    assert_true(feed(&poll, "PUT", CLUSTER QUERY, &begin, &error));
    aks_poll_explain(&poll, document); /* not failed yet */
    assert_false(aks_error_is_set(&poll.error));
    assert_true(feed(&poll, NULL, OPERATION, &failed, &error));
    assert_int_equal(poll.error.detail_count, 0);
    aks_poll_explain(&poll, NULL);
    assert_int_equal(poll.error.detail_count, 0);
    aks_poll_explain(&poll, document);
    assert_true(aks_error_has_code(&poll.error, "QuotaExceeded"));
    assert_non_null(strstr(poll.error.message, "no cores"));
    json_decref(document);
    aks_poll_clear(&poll);
}

static void falls_back_to_the_resource(void **state)
{
    static const struct {
        const char *method, *url, *headers, *resource;
    } cases[] = {
        {"PUT", CLUSTER QUERY, ASYNC, CLUSTER QUERY},
        {"PUT", CLUSTER QUERY, LOCATION, CLUSTER QUERY},
        {"DELETE", CLUSTER QUERY, BOTH, CLUSTER QUERY},
        {"DELETE", CLUSTER QUERY, LOCATION, CLUSTER QUERY},
        {"POST", STOP, BOTH, CLUSTER QUERY},
        {"POST", STOP, LOCATION, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct step begin = {.status = 202, .headers = cases[i].headers};
        struct aks_poll poll = {0};
        struct aks_error error = {0};

        assert_true(feed(&poll, cases[i].method, cases[i].url, &begin, &error));
        assert_false(aks_poll_accept_absence(&poll));
        assert_int_equal(aks_poll_fall_back(&poll), cases[i].resource != NULL);
        if (cases[i].resource) {
            assert_int_equal(poll.state, AKS_POLL_RESOURCE);
            assert_text(poll.url, cases[i].resource);
            assert_false(aks_poll_fall_back(&poll));
            assert_int_equal(aks_poll_accept_absence(&poll), strcmp(cases[i].method, "DELETE") == 0);
        }
        aks_poll_clear(&poll);
    }
}

static void waits_as_asked_else_as_paced(void **state)
{
    static const struct aks_poll_pace pace = {.first = 60, .interval = 10};
    static const struct step begin = {.status = 201, .headers = ASYNC "\nRetry-After: 7", .body = STATE("Creating")};
    static const struct step running = {.status = 200, .body = STATUS("InProgress")};
    static const struct step late = {.status = 200, .headers = "Retry-After: 86400", .body = STATUS("InProgress")};
    static const struct step done = {.status = 200, .headers = "Retry-After: 9", .body = STATUS("Succeeded")};
    struct aks_poll poll = {0};
    struct aks_error error = {0};

    (void)state;
    assert_true(feed(&poll, "PUT", CLUSTER QUERY, &begin, &error));
    assert_true(aks_poll_wait(&poll, &pace, 0) == 7);
    assert_true(feed(&poll, NULL, OPERATION, &running, &error));
    assert_true(aks_poll_wait(&poll, &pace, 20) == 40);
    assert_true(aks_poll_wait(&poll, &pace, 60) == 10);
    assert_true(feed(&poll, NULL, OPERATION, &late, &error));
    assert_true(aks_poll_wait(&poll, &pace, 60) == AKS_RETRY_AFTER_LIMIT);
    assert_true(feed(&poll, NULL, OPERATION, &done, &error));
    assert_true(aks_poll_wait(&poll, &pace, 60) == 0);
    aks_poll_clear(&poll);
}

static void knows_terminal_states(void **state)
{
    (void)state;
    assert_true(aks_poll_state_is_terminal(NULL));
    assert_true(aks_poll_state_is_terminal(""));
    assert_true(aks_poll_state_is_terminal("Succeeded"));
    assert_true(aks_poll_state_is_terminal("FAILED"));
    assert_true(aks_poll_state_is_terminal("canceled"));
    assert_false(aks_poll_state_is_terminal("Updating"));
    assert_false(aks_poll_state_is_terminal("Never heard of"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_every_sequence),     cmocka_unit_test(refuses_foreign_links),
        cmocka_unit_test(says_why_it_failed),         cmocka_unit_test(takes_the_reason_from_the_resource),
        cmocka_unit_test(falls_back_to_the_resource), cmocka_unit_test(waits_as_asked_else_as_paced),
        cmocka_unit_test(knows_terminal_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
