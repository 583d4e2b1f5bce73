/* The managed identity credential: what each host is asked, and when it is asked again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/fake_transport.h"
#include "auth/credential.h"
#include "auth/managed_host.h"

#define AUDIENCE "https://management.azure.com"
#define RESOURCE "resource=https%3A%2F%2Fmanagement.azure.com"
#define TOKEN "{\"access_token\":\"abc\",\"expires_in\":\"86399\",\"expires_on\":\"1\",\"token_type\":\"Bearer\"}"
#define QUICK "retry-after-ms: 1"
#define SECRET "secret-of-the-host"

/* The environment of one test: name, value, name, value, ..., NULL. */
static const char *const *environment;

static const char *variable(void *context, const char *name)
{
    assert_null(context);
    for (size_t i = 0; environment[i]; i += 2)
        if (strcmp(environment[i], name) == 0)
            return environment[i + 1];
    return NULL;
}

struct world {
    struct aks_loop *loop;
    struct fake_transport transport;
    struct aks_token_source *source;
    bool told;
    char token[64];
    struct aks_error error;
};

static void begin(struct world *world, const struct fake_answer *answers, size_t count,
                  struct aks_managed_identity options)
{
    struct aks_credential *credential;
    struct aks_token_target target = {.audience = AUDIENCE};

    *world = (struct world){.loop = aks_loop_new(&world->error)};
    fake_transport_init(&world->transport, world->loop, answers, count);
    options.variable = variable;
    credential = aks_credential_new_managed_identity(&options, &world->error);
    assert_non_null(credential);
    assert_string_equal(aks_credential_kind(credential), "managed_identity");
    target.loop = world->loop;
    target.transport = &world->transport.base;
    world->source = aks_token_source_new(credential, &target, &world->error);
    assert_non_null(world->source);
    aks_credential_release(credential);
}

static void on_told(void *context, const char *token, const struct aks_error *error)
{
    struct world *world = context;

    world->told = true;
    if (token)
        snprintf(world->token, sizeof world->token, "%s", token);
    else
        aks_error_copy(&world->error, error);
}

static void start_asking(struct world *world)
{
    world->told = false;
    aks_error_clear(&world->error);
    assert_non_null(world->source->methods->get(world->source, NULL, NULL, on_told, world, &world->error));
}

static void run(struct world *world)
{
    while (!world->told)
        assert_true(aks_loop_step(world->loop, 10, NULL, &world->error));
}

static void ask(struct world *world)
{
    start_asking(world);
    run(world);
}

static void end(struct world *world)
{
    world->source->methods->free(world->source);
    assert_int_equal(world->transport.pending, 0);
    assert_true(aks_loop_timeout(world->loop) < 0);
    fake_transport_clear(&world->transport);
    aks_loop_free(world->loop);
    aks_error_clear(&world->error);
}

static const char *header(const struct world *world, size_t request, const char *name)
{
    const char *value = aks_headers_get(&world->transport.requests[request].headers, name);

    return value ? value : "";
}

static void each_host_is_asked_in_its_own_way(void **state)
{
    static const struct fake_answer answers[] = {{.status = 200, .body = TOKEN}};
    static const struct {
        const char *environment[9];
        struct aks_managed_identity identity;
        const char *method, *url, *body, *header, *value;
        size_t before; /* requests before the one that counts */
    } rows[] = {
        {{"IDENTITY_ENDPOINT", "http://localhost:1/msi/token", "IDENTITY_HEADER", SECRET, NULL},
         {0},
         "GET",
         "http://localhost:1/msi/token?api-version=2019-08-01&" RESOURCE,
         NULL,
         "X-IDENTITY-HEADER",
         SECRET,
         0},
        {{"IDENTITY_ENDPOINT", "http://169.254.129.2:8081/msi/token", "IDENTITY_HEADER", SECRET, NULL},
         {.client_id = "a b"},
         "GET",
         "http://169.254.129.2:8081/msi/token?api-version=2019-08-01&" RESOURCE "&client_id=a%20b",
         NULL,
         "Metadata",
         "",
         0},
        {{"IDENTITY_ENDPOINT", "http://localhost:1/t", "IDENTITY_HEADER", SECRET, NULL},
         {.object_id = "o"},
         "GET",
         "http://localhost:1/t?api-version=2019-08-01&" RESOURCE "&principal_id=o",
         NULL,
         "Metadata",
         "",
         0},
        {{"IDENTITY_ENDPOINT", "http://localhost:1/t", "IDENTITY_HEADER", SECRET, NULL},
         {.resource_id = "/r"},
         "GET",
         "http://localhost:1/t?api-version=2019-08-01&" RESOURCE "&mi_res_id=%2Fr",
         NULL,
         "Metadata",
         "",
         0},
        {{"IDENTITY_ENDPOINT", "http://localhost:40342/metadata/identity/oauth2/token", "IMDS_ENDPOINT",
          "http://localhost:40342", NULL},
         {0},
         "GET",
         "http://localhost:40342/metadata/identity/oauth2/token?api-version=2019-11-01&" RESOURCE,
         NULL,
         "Metadata",
         "true",
         0},
        {{"MSI_ENDPOINT", "http://127.0.0.1:46808/MSI/auth?x=y", "MSI_SECRET", SECRET, NULL},
         {.client_id = "c"},
         "GET",
         "http://127.0.0.1:46808/MSI/auth?x=y&api-version=2017-09-01&" RESOURCE "&clientid=c",
         NULL,
         "secret",
         SECRET,
         0},
        {{"MSI_ENDPOINT", "http://localhost:50342/oauth2/token", "MSI_SECRET", "", NULL},
         {0},
         "POST",
         "http://localhost:50342/oauth2/token",
         RESOURCE,
         "Metadata",
         "true",
         0},
        {{NULL},
         {0},
         "GET",
         "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&" RESOURCE,
         NULL,
         "Metadata",
         "true",
         1},
        {{"AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:2//", NULL},
         {.resource_id = "r"},
         "GET",
         "http://127.0.0.1:2/metadata/identity/oauth2/token?api-version=2018-02-01&" RESOURCE "&msi_res_id=r",
         NULL,
         "Metadata",
         "true",
         1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        const struct fake_request *request;

        environment = rows[i].environment;
        begin(&world, answers, 1, rows[i].identity);
        ask(&world);
        assert_string_equal(world.token, "abc");
        assert_int_equal(world.transport.sent, rows[i].before + 1);
        request = &world.transport.requests[rows[i].before];
        assert_string_equal(request->method, rows[i].method);
        assert_string_equal(request->url, rows[i].url);
        assert_string_equal(request->body ? request->body : "", rows[i].body ? rows[i].body : "");
        assert_string_equal(header(&world, rows[i].before, rows[i].header), rows[i].value);
        for (size_t j = 0; j < rows[i].before; j++) /* only who is the service refuses this */
            assert_string_equal(header(&world, j, "Metadata"), "");
        end(&world);
    }
}

static void what_a_host_cannot_do_is_refused_at_once(void **state)
{
    static const struct {
        const char *environment[9];
        struct aks_managed_identity identity;
        const char *code;
    } rows[] = {
        {{"IDENTITY_ENDPOINT", "https://a", "IDENTITY_HEADER", "b", "IDENTITY_SERVER_THUMBPRINT", "c", NULL},
         {0},
         "credential_unavailable"},
        {{"IDENTITY_ENDPOINT", "http://localhost:1", "IMDS_ENDPOINT", "b", NULL},
         {.client_id = "a"},
         "credential_unavailable"},
        {{"MSI_ENDPOINT", "http://localhost:1", NULL}, {.resource_id = "a"}, "credential_unavailable"},
        {{NULL}, {.client_id = "a", .object_id = "b"}, "credential_unavailable"},
        {{"IDENTITY_ENDPOINT", "http://10.0.0.1/", "IDENTITY_HEADER", "b", NULL}, {0}, "host_not_trusted"},
        {{"MSI_ENDPOINT", "http://169.254.1.1.example/", NULL}, {0}, "host_not_trusted"},
        {{"AZURE_POD_IDENTITY_AUTHORITY_HOST", "nonsense", NULL}, {0}, "host_not_trusted"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_managed_identity options = rows[i].identity;
        struct aks_error error = {0};

        environment = rows[i].environment;
        options.variable = variable;
        assert_null(aks_credential_new_managed_identity(&options, &error));
        assert_string_equal(aks_error_code(&error), rows[i].code);
        aks_error_clear(&error);
    }
}

static void the_service_is_looked_for_once(void **state)
{
    static const char *const none[] = {NULL};
    static const struct fake_answer answers[] = {{.status = 400, .body = "{}"},
                                                 {.status = 500, .headers = QUICK, .body = "{}"},
                                                 {.status = 503, .headers = QUICK},
                                                 {.status = 400, .body = "{\"error\":\"invalid_request\"}"},
                                                 {.status = 200, .body = TOKEN}};
    struct world world;

    (void)state;
    environment = none;
    begin(&world, answers, 5, (struct aks_managed_identity){0});
    ask(&world);
    assert_string_equal(aks_error_code(&world.error), "credential_unavailable");
    assert_int_equal(world.error.status, 400);
    assert_false(world.error.retryable);
    assert_int_equal(world.transport.sent, 4);
    ask(&world); /* it is known to be there */
    assert_string_equal(world.token, "abc");
    assert_int_equal(world.transport.sent, 5);
    end(&world);
}

static void a_service_that_does_not_answer_is_none(void **state)
{
    static const char *const none[] = {NULL};
    static const struct {
        struct fake_answer answer;
        const char *code;
    } rows[] = {
        {{.error = "timeout"}, "credential_unavailable"},
        {{.error = "connection_failed", .unsent = true}, "credential_unavailable"},
        {{.error = "host_not_trusted"}, "host_not_trusted"},
        {{.error = "out_of_memory"}, "out_of_memory"},
    };

    (void)state;
    environment = none;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;

        begin(&world, &rows[i].answer, 1, (struct aks_managed_identity){0});
        ask(&world);
        assert_string_equal(aks_error_code(&world.error), rows[i].code);
        assert_false(world.error.retryable);
        assert_int_equal(world.transport.sent, 1);
        end(&world);
    }
}

static void statuses_that_pass_are_waited_out(void **state)
{
    static const char *const none[] = {NULL};
    static const int statuses[] = {404, 410, 429, 500, 502, 503, 504, 599};

    (void)state;
    environment = none;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        const struct fake_answer answers[] = {{.status = 400},
                                              {.status = statuses[i], .headers = QUICK},
                                              {.status = statuses[i], .headers = QUICK},
                                              {.status = 200, .body = TOKEN}};
        struct world world;

        begin(&world, answers, 4, (struct aks_managed_identity){0});
        ask(&world);
        assert_string_equal(world.token, "abc");
        assert_int_equal(world.transport.sent, 4);
        end(&world);
    }
}

static void other_refusals_are_final(void **state)
{
    static const char *const none[] = {NULL};
    static const struct {
        struct fake_answer answer;
        const char *code;
    } rows[] = {
        {{.status = 403, .body = "A socket operation was attempted to an unreachable network"},
         "credential_unavailable"},
        {{.status = 403, .body = "{}"}, "token_refused"},
        {{.status = 401, .headers = "WWW-Authenticate: Basic realm=/etc/shadow.key"}, "token_refused"},
        {{.status = 302, .headers = "Location: http://elsewhere.example/"}, "response_invalid"},
        {{.status = 200, .body = "<html>"}, "response_invalid"},
        {{.status = 200, .body = "{\"access_token\":\"a b\"}"}, "credential_unavailable"},
    };

    (void)state;
    environment = none;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct fake_answer answers[] = {{.status = 400}, rows[i].answer};
        struct world world;

        begin(&world, answers, 2, (struct aks_managed_identity){0});
        ask(&world);
        if (strcmp(aks_error_code(&world.error), rows[i].code) != 0)
            fail_msg("row %zu: %s", i, aks_error_code(&world.error));
        assert_int_equal(world.transport.sent, 2);
        end(&world);
    }
}

static void a_service_that_is_updated_is_given_time(void **state)
{
    static const char *const none[] = {NULL};
    static const struct fake_answer answers[] = {{.status = 400}, {.status = 410}};
    struct world world;

    (void)state;
    environment = none;
    begin(&world, answers, 2, (struct aks_managed_identity){0});
    start_asking(&world);
    while (world.transport.sent < 2 || world.transport.pending > 0)
        assert_true(aks_loop_step(world.loop, 10, NULL, &world.error));
    assert_false(world.told);
    assert_true(aks_loop_timeout(world.loop) > 5 && aks_loop_timeout(world.loop) <= 10);
    end(&world); /* while it waits */
}

static char *write_file(const char *directory, const char *name, const char *text)
{
    char *path;
    FILE *file;

    assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void the_key_of_arc_is_read_from_its_directory_alone(void **state)
{
    static const char *const arc[] = {"IDENTITY_ENDPOINT", "http://localhost:40342/t", "IMDS_ENDPOINT", "x", NULL};
    static const struct {
        const char *before, *after; /* the directory, in the header */
        bool good;
    } rows[] = {
        {"WWW-Authenticate: Basic realm=", "/1.key", true},
        {"WWW-Authenticate: Basic realm=\"", "/1.key\"", true},
        {"WWW-Authenticate: Basic realm=", "/../1.key", false},
        {"WWW-Authenticate: Basic realm=", "/.hidden.key", false},
        {"WWW-Authenticate: Basic realm=", "/2.txt", false},
        {"WWW-Authenticate: Basic realm=", ".key", false},
        {"WWW-Authenticate: Basic realm=", "/.key", false},
        {"WWW-Authenticate: Basic realm=", "/absent.key", false},
        {"WWW-Authenticate: Basic realm=/etc/x.key", "", false},
        {"WWW-Authenticate: Bearer realm=", "/1.key", false},
        {"Other: ", "", false},
    };
    char directory[] = "/tmp/aks-arc-XXXXXX", *first, *second;

    (void)state;
    environment = arc;
    assert_non_null(mkdtemp(directory));
    first = write_file(directory, "1.key", SECRET);
    second = write_file(directory, "2.txt", SECRET);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fake_answer answers[] = {{.status = 401}, {.status = 200, .body = TOKEN}};
        char headers[256];
        struct world world;

        snprintf(headers, sizeof headers, "%s%s%s", rows[i].before, directory, rows[i].after);
        answers[0].headers = headers;
        begin(&world, answers, 2, (struct aks_managed_identity){.key_directory = directory});
        ask(&world);
        if (rows[i].good) {
            assert_string_equal(world.token, "abc");
            assert_string_equal(header(&world, 1, "Authorization"), "Basic " SECRET);
            assert_string_equal(header(&world, 1, "Metadata"), "true");
        } else {
            assert_string_equal(aks_error_code(&world.error), "credential_unavailable");
            assert_int_equal(world.transport.sent, 1);
        }
        end(&world);
    }
    unlink(first);
    unlink(second);
    rmdir(directory);
    free(first);
    free(second);
}

static void a_key_that_is_refused_is_not_sent_again(void **state)
{
    static const char *const arc[] = {"IDENTITY_ENDPOINT", "http://localhost:40342/t", "IMDS_ENDPOINT", "x", NULL};
    char directory[] = "/tmp/aks-arc-XXXXXX", headers[256], *path;
    struct fake_answer answers[] = {{.status = 401, .headers = headers}};
    struct world world;

    (void)state;
    environment = arc;
    assert_non_null(mkdtemp(directory));
    path = write_file(directory, "1.key", SECRET);
    snprintf(headers, sizeof headers, "WWW-Authenticate: Basic realm=%s", path);
    begin(&world, answers, 1, (struct aks_managed_identity){.key_directory = directory});
    ask(&world);
    assert_string_equal(aks_error_code(&world.error), "token_refused");
    assert_int_equal(world.transport.sent, 2);
    end(&world);
    unlink(path);
    rmdir(directory);
    free(path);
}

static void leaving_ends_what_is_under_way(void **state)
{
    static const char *const none[] = {NULL};
    static const struct fake_answer answers[] = {{.status = 400}, {.never = true}};

    (void)state;
    environment = none;
    for (size_t requests = 1; requests <= 2; requests++) {
        struct world world;

        begin(&world, answers + (2 - requests), requests, (struct aks_managed_identity){0});
        start_asking(&world);
        while (world.transport.sent < requests)
            assert_true(aks_loop_step(world.loop, 10, NULL, &world.error));
        end(&world);
        assert_int_equal(world.transport.canceled, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_host_is_asked_in_its_own_way),
        cmocka_unit_test(what_a_host_cannot_do_is_refused_at_once),
        cmocka_unit_test(the_service_is_looked_for_once),
        cmocka_unit_test(a_service_that_does_not_answer_is_none),
        cmocka_unit_test(statuses_that_pass_are_waited_out),
        cmocka_unit_test(other_refusals_are_final),
        cmocka_unit_test(a_service_that_is_updated_is_given_time),
        cmocka_unit_test(the_key_of_arc_is_read_from_its_directory_alone),
        cmocka_unit_test(a_key_that_is_refused_is_not_sent_again),
        cmocka_unit_test(leaving_ends_what_is_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
