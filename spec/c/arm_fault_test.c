/* Every shape in which ARM and what stands before it write errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arm/document.h"
#include "arm/fault.h"

static void read_fault(int status, const char *body, struct aks_error *error)
{
    struct aks_headers headers = {0};

    aks_fault_read(status, &headers, body, body ? strlen(body) : 0, error);
    assert_true(aks_error_is_set(error));
    assert_int_equal(error->status, status);
}

static void reads_every_envelope(void **state)
{
    static const struct {
        int status;
        const char *body, *code, *message, *target, *deepest;
    } rows[] = {
        {404, "{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"The Resource was not found.\"}}",
         "ResourceNotFound", "The Resource was not found.", NULL, "ResourceNotFound"},
        {400,
         "{\n \"code\": \"InvalidParameter\",\n \"details\": null,\n \"message\": \"One per cluster\",\n"
         " \"subcode\": \"\",\n \"target\": \"agentPoolProfile.mode\"\n}",
         "InvalidParameter", "One per cluster", "agentPoolProfile.mode", "InvalidParameter"},
        {409,
         "{\"code\":\"EtagMismatch\",\"subcode\":\"Put_Failed\",\"message\":\"Race\",\"details\":[{\"code\":"
         "\"Unspecified\",\"message\":\"Etag mismatched\"}]}",
         "EtagMismatch", "Race [Put_Failed]", NULL, "EtagMismatch"},
        {400, "{\"Error\":{\"Code\":\"Upper\",\"Message\":\"Case\"}}", "Upper", "Case", NULL, "Upper"},
        {400,
         "{\"error\":{\"code\":\"InvalidTemplateDeployment\",\"message\":\"Outer\",\"details\":[{\"code\":\"A\","
         "\"message\":\"a\",\"details\":[{\"code\":\"SubnetIsDelegated\",\"message\":\"deep\"}]},{\"code\":\"B\","
         "\"message\":\"b\"}]}}",
         "InvalidTemplateDeployment", "Outer", NULL, "SubnetIsDelegated"},
        {400, "{\"error\":{\"code\":\"Outer\",\"message\":\"m\",\"innererror\":{\"code\":\"Inner\"}}}", "Outer", "m",
         NULL, "Inner"},
        {400,
         "{\"error\":{\"code\":\"DeploymentFailed\",\"message\":\"See "
         "details\",\"details\":[{\"code\":\"BadRequest\",\"message\":\"{\\r\\n \\\"code\\\": "
         "\\\"CustomRouteTableMissingPermission\\\", \\\"message\\\": \\\"no\\\"}\"}]}}",
         "DeploymentFailed", "See details", NULL, "CustomRouteTableMissingPermission"},
        {429,
         "{\"error\":{\"code\":\"FailedIdentityOperation\",\"message\":\"Failed. Response: "
         "'{\\\"error\\\":{\\\"code\\\":\\\"TooManyRequests\\\",\\\"message\\\":\\\"after 2 s\\\"}}'.\"}}",
         "FailedIdentityOperation",
         "Failed. Response: '{\"error\":{\"code\":\"TooManyRequests\",\"message\":\"after 2 s\"}}'.", NULL,
         "TooManyRequests"},
        {400,
         "{\"error\":{\"code\":\"BadRequest\",\"message\":\"{\\\"code\\\":\\\"X\\\",\\\"message\\\":\\\"y\\\"}\"}}",
         "BadRequest", "X: y", NULL, "X"},
        {400, "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid secret\"}",
         "invalid_client", "AADSTS7000215: Invalid secret", NULL, "invalid_client"},
        {400, "{\"error\":\"odd\"}", "odd", "odd", NULL, "odd"},
        {400, "{\"message\":\"An error has occurred.\"}", "http_400", "An error has occurred.", NULL, "http_400"},
        {400, "{\"error\":{\"code\":\"Mute\",\"message\":null,\"target\":null}}", "Mute", "Azure gave no message", NULL,
         "Mute"},
        {502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body></html>", "http_502",
         "the server answered 502: 502 Bad Gateway", NULL, "http_502"},
        {503, "\n\n  upstream away\nmore", "http_503", "the server answered 503: upstream away", NULL, "http_503"},
        {500, "caf\xC3\xA9 \x01", "http_500", "the server answered 500: caf?? ", NULL, "http_500"},
        {404, NULL, "http_404", "the server answered 404 without a reason", NULL, "http_404"},
        {302, "{}", "http_302", "the server answered 302: {}", NULL, "http_302"},
        {400, "[1]", "http_400", "the server answered 400: [1]", NULL, "http_400"},
        {400, "{\"error\":{\"code\":7,\"message\":[]}}", "http_400",
         "the server answered 400: {\"error\":{\"code\":7,\"message\":[]}}", NULL, "http_400"},
        {400, "{\"error\":null}", "http_400", "the server answered 400: {\"error\":null}", NULL, "http_400"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_error error = {0};

        read_fault(rows[i].status, rows[i].body, &error);
        assert_string_equal(aks_error_code(&error), rows[i].code);
        assert_string_equal(error.message, rows[i].message);
        if (rows[i].target)
            assert_string_equal(error.target, rows[i].target);
        else
            assert_null(error.target);
        assert_string_equal(aks_error_code(aks_fault_deepest(&error)), rows[i].deepest);
        aks_error_clear(&error);
    }
}

static void says_what_may_be_tried_again(void **state)
{
    static const struct {
        int status;
        bool retryable;
    } rows[] = {{400, false}, {401, false}, {404, false}, {408, true}, {409, false}, {412, false},
                {429, true},  {500, true},  {502, true},  {503, true}, {504, true},  {302, false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_error error = {0};

        read_fault(rows[i].status, "{}", &error);
        assert_int_equal(error.retryable, rows[i].retryable);
        aks_error_clear(&error);
    }
}

static void takes_ids_from_the_headers(void **state)
{
    struct aks_headers headers = {0};
    struct aks_error error = {0};

    (void)state;
    assert_true(aks_headers_add(&headers, "X-Ms-Request-Id", "r1"));
    assert_true(aks_headers_add(&headers, "x-ms-correlation-request-id", "c1"));
    aks_fault_read(500, &headers, "", 0, &error);
    assert_string_equal(error.request_id, "r1");
    assert_string_equal(error.correlation_id, "c1");
    aks_error_clear(&error);
    aks_headers_clear(&headers);
}

static void gives_the_hint_of_the_innermost_code(void **state)
{
    struct aks_error error = {0};

    (void)state;
    read_fault(
        400,
        "{\"code\":\"BadRequest\",\"message\":\"m\",\"details\":[{\"code\":\"subnetisdelegated\",\"message\":\"d\"}]}",
        &error);
    assert_non_null(strstr(error.hint, "must not be delegated"));
    assert_true(aks_error_has_code(&error, "SubnetIsDelegated"));
    aks_error_clear(&error);
    read_fault(400, "{\"code\":\"BadRequest\",\"message\":\"Feature Microsoft.ContainerService/X is not enabled.\"}",
               &error);
    assert_non_null(strstr(error.hint, "register the feature"));
    aks_error_clear(&error);
    read_fault(400, "{\"code\":\"BadRequest\",\"message\":\"Other\"}", &error);
    assert_null(error.hint);
    aks_error_clear(&error);
}

/* `levels` errors, each in the details of the one before. */
static json_t *nested(int levels)
{
    json_t *inner = NULL;

    for (int i = levels; i > 0; i--) {
        json_t *outer = json_pack("{s:s, s:s}", "code", "Level", "message", "m");

        if (inner)
            assert_int_equal(json_object_set_new(outer, "details", json_pack("[o]", inner)), 0);
        inner = outer;
    }
    return inner;
}

static void bounds_how_deep_errors_nest(void **state)
{
    json_t *object = nested(30);
    struct aks_error error = {0};
    int depth = 0;

    (void)state;
    aks_fault_read_object(object, &error);
    for (const struct aks_error *at = &error; at->detail_count > 0; at = &at->details[0])
        depth++;
    assert_in_range(depth, 1, 16);
    aks_error_clear(&error);
    json_decref(object);
}

static void cuts_what_is_too_long(void **state)
{
    char *body = malloc(100001);
    struct aks_error error = {0};

    (void)state;
    memset(body, 'x', 100000);
    body[100000] = '\0';
    read_fault(500, body, &error);
    assert_true(strlen(error.message) < 300);
    aks_error_clear(&error);
    memcpy(body, "{\"code\":\"", 9);
    memcpy(body + 99998, "\"}", 2);
    read_fault(400, body, &error);
    assert_true(strlen(error.code) <= 128);
    aks_error_clear(&error);
    free(body);
}

static void reads_objects_in_documents(void **state)
{
    static const struct {
        const char *text, *code;
    } rows[] = {{"{\"code\":\"A\",\"message\":\"m\"}", "A"},
                {"{\"error\":{\"code\":\"B\"}}", "B"},
                {"{\"message\":\"m\"}", "operation_failed"},
                {"{}", "operation_failed"},
                {"\"words\"", "operation_failed"},
                {"null", "operation_failed"},
                {"[]", "operation_failed"}};
    struct aks_error error = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *object = aks_document_parse(rows[i].text, strlen(rows[i].text), &error);

        assert_non_null(object);
        aks_fault_read_object(object, &error);
        assert_string_equal(aks_error_code(&error), rows[i].code);
        aks_error_clear(&error);
        json_decref(object);
    }
    aks_fault_read_object(NULL, &error);
    assert_string_equal(aks_error_code(&error), "operation_failed");
    aks_error_clear(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_envelope),        cmocka_unit_test(says_what_may_be_tried_again),
        cmocka_unit_test(takes_ids_from_the_headers),  cmocka_unit_test(gives_the_hint_of_the_innermost_code),
        cmocka_unit_test(bounds_how_deep_errors_nest), cmocka_unit_test(cuts_what_is_too_long),
        cmocka_unit_test(reads_objects_in_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
