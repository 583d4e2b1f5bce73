/* Every kind of credential without memory: with each allocation failing in turn, alone and with all that follow, there
   is a token or an error, and nothing is lost. Certificates are not among them: libcrypto makes more than 10000
   allocations to read one and sign. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/torture.h"

#include <cmocka.h>

#include <jansson.h>

#include "auth/credential.h"

#define TOKEN "{\"access_token\":\"abc\",\"expires_in\":3600}"
#define CLOUD                                                                                                          \
    "[{\"authentication\":{\"loginEndpoint\":\"https://login.example/\",\"audiences\":[\"https://arm.example\"]}}]"

static char directory[] = "/tmp/aks-memory-XXXXXX";
static char token_file[64], program[64];

static struct aks_credential *new_secret(struct aks_error *error)
{
    return aks_credential_new_client_secret(
        &(struct aks_client_secret){.tenant = "t", .client_id = "c", .client_secret = "s"}, error);
}

static struct aks_credential *new_workload(struct aks_error *error)
{
    return aks_credential_new_workload_identity(
        &(struct aks_workload_identity){.client_id = "c", .token_file = token_file}, error);
}

static struct aks_credential *new_job(struct aks_error *error)
{
    return aks_credential_new_ci_job(&(struct aks_ci_job){.client_id = "c",
                                                          .method = "GET",
                                                          .request_url = "https://ci.example/",
                                                          .request_token = "r",
                                                          .member = "value"},
                                     error);
}

static const char *variable(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "IDENTITY_ENDPOINT") == 0 ? "http://localhost:1/" : "x";
}

static const char *no_variable(void *context, const char *name)
{
    (void)context;
    (void)name;
    return NULL;
}

static struct aks_credential *new_metadata(struct aks_error *error)
{
    return aks_credential_new_managed_identity(
        &(struct aks_managed_identity){.client_id = "c", .variable = no_variable}, error);
}

static const char *app_variable(void *context, const char *name)
{
    return strcmp(name, "IDENTITY_SERVER_THUMBPRINT") == 0 ? NULL : variable(context, name);
}

static struct aks_credential *new_app(struct aks_error *error)
{
    return aks_credential_new_managed_identity(&(struct aks_managed_identity){.variable = app_variable}, error);
}

static struct aks_credential *new_cli(struct aks_error *error)
{
    return aks_credential_new_azure_cli(&(struct aks_azure_cli){.program = program}, error);
}

static struct aks_credential *new_chain(struct aks_error *error)
{
    struct aks_credential *links[2] = {aks_credential_new_absent("environment", "nothing is set", error),
                                       new_secret(error)};
    struct aks_credential *chain = links[0] && links[1] ? aks_credential_new_chain("c", links, 2, error) : NULL;

    aks_credential_release(links[0]);
    aks_credential_release(links[1]);
    return chain;
}

static struct aks_credential *new_poor_chain(struct aks_error *error)
{
    struct aks_credential *links[2] = {aks_credential_new_absent("environment", "nothing is set", error),
                                       aks_credential_new_absent("azure_cli", "there is none", error)};
    struct aks_credential *chain = links[0] && links[1] ? aks_credential_new_chain("c", links, 2, error) : NULL;

    aks_credential_release(links[0]);
    aks_credential_release(links[1]);
    return chain;
}

struct answer {
    int status;       /* 0: the connection was lost */
    const char *body; /* or the code of the error */
};

/* What one run of `attempt` is about. */
static const struct row {
    struct aks_credential *(*make)(struct aks_error *error);
    bool discovers;
    struct answer answers[3]; /* the last one is given again */
    size_t count;
    const char *code; /* of the failure; NULL: there is a token */
} rows[] = {
    {new_secret, false, {{200, TOKEN}}, 1, NULL},
    {new_secret, true, {{200, CLOUD}, {200, TOKEN}}, 2, NULL},
    {new_secret, false, {{401, "{\"error_description\":\"AADSTS7000215: s\"}"}}, 1, "token_refused"},
    {new_secret, false, {{503, ""}, {200, TOKEN}}, 2, NULL},
    {new_secret, false, {{0, "tls_failed"}}, 1, "tls_failed"},
    {new_workload, false, {{200, TOKEN}}, 1, NULL},
    {new_workload, false, {{401, "{\"error\":\"AADSTS700213\"}"}}, 1, "token_refused"},
    {new_job, false, {{200, "{\"value\":\"job\"}"}, {200, TOKEN}}, 2, NULL},
    {new_job, false, {{404, "{}"}}, 1, "credential_unavailable"},
    {new_metadata, false, {{400, ""}, {200, TOKEN}}, 2, NULL},
    {new_metadata, false, {{400, ""}, {400, "{}"}}, 2, "credential_unavailable"},
    {new_app, false, {{200, TOKEN}}, 1, NULL},
    {new_cli, false, {{500, ""}}, 1, NULL},
    {new_chain, false, {{200, TOKEN}}, 1, NULL},
    {new_poor_chain, false, {{500, ""}}, 1, "credential_unavailable"},
};
static const struct row *row;

/* The transport is the test's own: its allocations do not fail, and answers are made before they are waited for. */
struct aks_exchange {
    struct aks_timer timer;
    aks_transport_done *done;
    void *context;
    struct aks_http_response response;
    struct aks_error error;
};
static struct aks_transport transport;
static struct aks_loop *loop;
static size_t sent, pending;

static void free_exchange(struct aks_exchange *exchange)
{
    aks_timer_stop(&exchange->timer);
    aks_headers_clear(&exchange->response.headers);
    aks_buffer_clear(&exchange->response.body);
    aks_error_clear(&exchange->error);
    free(exchange);
    pending--;
}

static void on_time(void *context)
{
    struct aks_exchange *exchange = context;

    exchange->done(exchange->context, aks_error_is_set(&exchange->error) ? NULL : &exchange->response,
                   &exchange->error);
    free_exchange(exchange);
}

static void fill(struct aks_exchange *exchange, const struct answer *answer)
{
    aks_buffer_init(&exchange->response.body, 1 << 20);
    exchange->response.status = answer->status;
    if (answer->status == 0)
        aks_error_set(&exchange->error, answer->body, "scripted");
    else if (!aks_buffer_append_text(&exchange->response.body, answer->body) ||
             !aks_headers_add(&exchange->response.headers, "retry-after-ms", "1"))
        abort();
}

static struct aks_exchange *send_request(struct aks_transport *base, const struct aks_http_request *request,
                                         aks_transport_done *done, void *context, struct aks_error *error)
{
    bool on = torture_state.on;
    struct aks_exchange *exchange;

    (void)base;
    (void)request;
    torture_state.on = false;
    exchange = calloc(1, sizeof *exchange);
    fill(exchange, &row->answers[sent < row->count ? sent : row->count - 1]);
    exchange->done = done;
    exchange->context = context;
    exchange->timer = (struct aks_timer){.fire = on_time, .context = exchange};
    if (!aks_timer_start(loop, &exchange->timer, 0, error))
        abort();
    sent++;
    pending++;
    torture_state.on = on;
    return exchange;
}

static void cancel_request(struct aks_transport *base, struct aks_exchange *exchange)
{
    (void)base;
    free_exchange(exchange);
}

struct told {
    unsigned times;
    bool given;
    struct aks_error error;
};

static void on_told(void *context, const char *token, const struct aks_error *error)
{
    struct told *told = context;

    told->times++;
    told->given = token && strcmp(token, "abc") == 0;
    if (!token)
        aks_error_copy(&told->error, error);
}

static bool is_as_it_must_be(const struct told *told)
{
    const char *code = told->given ? "" : aks_error_code(&told->error);

    if (told->times != 1)
        return false;
    if (torture_state.refused) /* then anything goes but silence */
        return told->given || aks_error_is_set(&told->error);
    return row->code ? strcmp(code, row->code) == 0 : told->given;
}

/* Asks once, and steps until there is an answer. */
static void ask(struct aks_token_source *source, struct told *told)
{
    struct aks_error error = {0};

    if (!source->methods->get(source, NULL, NULL, on_told, told, &told->error)) {
        told->times = 1;
        return;
    }
    while (told->times == 0)
        if (!aks_loop_step(loop, 1, NULL, &error))
            aks_error_clear(&error); /* for want of memory: it is there the next time */
}

static struct aks_token_source *new_source(struct aks_error *error)
{
    struct aks_token_target target = {.loop = loop, .transport = &transport, .tenant = "tenant"};
    struct aks_credential *credential = row->make(error);
    struct aks_token_source *source;

    if (!credential)
        return NULL;
    if (row->discovers) {
        target.resource_manager = "https://arm.example";
    } else {
        target.authority = "https://login.example";
        target.audience = "https://arm.example";
    }
    source = aks_token_source_new(credential, &target, error);
    aks_credential_release(credential);
    return source;
}

static bool attempt(void)
{
    struct told told = {0};
    struct aks_token_source *source;
    bool good;

    sent = 0;
    loop = aks_loop_new(&told.error);
    source = loop ? new_source(&told.error) : NULL;
    if (source) {
        ask(source, &told);
        source->methods->free(source);
    } else {
        told.times = 1;
    }
    torture_state.on = false;
    good = is_as_it_must_be(&told) && pending == 0;
    aks_error_clear(&told.error);
    if (loop)
        aks_loop_free(loop);
    return good;
}

static void nothing_is_lost_without_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *problem;

        row = &rows[i];
        assert_true(attempt()); /* what the libraries make once is made */
        problem = torture(attempt);
        if (problem)
            fail_msg("row %zu: %s (allocation %ld)", i, problem, torture_state.left);
    }
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fchmod(fileno(file), 0700), 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    static const struct aks_transport_methods methods = {send_request, cancel_request, NULL};

    (void)state;
    /* jansson 2.14 itself aborts when it is short of memory inside a text with escapes */
    json_set_alloc_funcs(TORTURE_SYSTEM(malloc), TORTURE_SYSTEM(free));
    transport.methods = &methods;
    if (!mkdtemp(directory))
        return -1;
    snprintf(token_file, sizeof token_file, "%s/token", directory);
    snprintf(program, sizeof program, "%s/az", directory);
    write_file(token_file, "a.eyJpc3MiOiJtZSJ9.c\n");
    write_file(program, "#!/bin/sh\necho '{\"accessToken\":\"abc\",\"expires_on\":4000000000}'\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(token_file);
    unlink(program);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost_without_memory)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
