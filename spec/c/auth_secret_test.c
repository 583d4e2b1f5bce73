/* The client secret credential, over a transport that answers from a script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/credential.h"

#define SECRET "p&ss=w rd~%"
#define ENCODED_SECRET "p%26ss%3Dw%20rd~%25"
#define TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define TOKEN_ANSWER "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"abc\"}"

/* One answer of the script. */
struct answer {
    int status;          /* 0: the connection was lost */
    const char *headers; /* "retry-after-ms: 1", or NULL */
    const char *body;    /* or the code of the error */
};

struct aks_exchange {
    struct aks_timer timer;
    aks_transport_done *done;
    void *context;
    struct answer answer;
};

struct script {
    struct aks_transport base;
    const struct answer *answers; /* the last one is repeated */
    size_t count;
    unsigned sent, cancelled;
    struct aks_exchange *under_way;
    char url[256], body[512], content_type[64];
    bool refuses_to_send;
};

static struct aks_loop *loop;
static struct script script;
static struct aks_error error;

static void on_time(void *context)
{
    struct aks_exchange exchange = *(struct aks_exchange *)context;
    struct aks_http_response response = {.status = exchange.answer.status};
    struct aks_error failure = {0};

    free(context);
    script.under_way = NULL;
    aks_buffer_init(&response.body, 1 << 20);
    if (exchange.answer.status == 0) {
        aks_error_set(&failure, exchange.answer.body, "lost on the way");
        exchange.done(exchange.context, NULL, &failure);
    } else {
        assert_true(aks_buffer_append_text(&response.body, exchange.answer.body));
        if (exchange.answer.headers)
            assert_true(aks_headers_add(&response.headers, "retry-after-ms", exchange.answer.headers));
        exchange.done(exchange.context, &response, &failure);
    }
    aks_headers_clear(&response.headers);
    aks_buffer_clear(&response.body);
    aks_error_clear(&failure);
}

static struct aks_exchange *send_request(struct aks_transport *transport, const struct aks_http_request *request,
                                         aks_transport_done *done, void *context, struct aks_error *failure)
{
    size_t index = script.sent < script.count ? script.sent : script.count - 1;
    struct aks_exchange *exchange;

    assert_ptr_equal(transport, &script.base);
    assert_null(script.under_way);
    if (script.refuses_to_send) {
        aks_error_set(failure, "connection_failed", "no descriptors");
        return NULL;
    }
    assert_string_equal(request->method, "POST");
    assert_true(request->timeout > 0 && request->response_limit <= 1 << 20);
    snprintf(script.url, sizeof script.url, "%s", request->url);
    snprintf(script.body, sizeof script.body, "%.*s", (int)request->body_length, (const char *)request->body);
    snprintf(script.content_type, sizeof script.content_type, "%s", aks_headers_get(request->headers, "content-type"));
    script.sent++;
    exchange = calloc(1, sizeof *exchange);
    assert_non_null(exchange);
    *exchange = (struct aks_exchange){.done = done, .context = context, .answer = script.answers[index]};
    exchange->timer = (struct aks_timer){.fire = on_time, .context = exchange};
    assert_true(aks_timer_start(loop, &exchange->timer, 0, failure));
    script.under_way = exchange;
    return exchange;
}

static void cancel_request(struct aks_transport *transport, struct aks_exchange *exchange)
{
    (void)transport;
    assert_ptr_equal(exchange, script.under_way);
    aks_timer_stop(&exchange->timer);
    free(exchange);
    script.under_way = NULL;
    script.cancelled++;
}

static int set_up(void **state)
{
    static const struct aks_transport_methods methods = {send_request, cancel_request, NULL};

    (void)state;
    script = (struct script){.base = {&methods}};
    loop = aks_loop_new(&error);
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    assert_null(script.under_way);
    assert_true(aks_loop_timeout(loop) < 0); /* no timer is left */
    aks_loop_free(loop);
    aks_error_clear(&error);
    return 0;
}

static struct aks_token_source *new_source_of(const char *own_tenant, const char *authority, const char *tenant)
{
    struct aks_client_secret secret = {.tenant = own_tenant, .client_id = "app id", .client_secret = SECRET};
    struct aks_credential *credential = aks_credential_new_client_secret(&secret, &error);
    struct aks_token_target target = {.loop = loop,
                                      .transport = &script.base,
                                      .authority = authority,
                                      .audience = "https://management.azure.com",
                                      .tenant = tenant};
    struct aks_token_source *source;

    assert_non_null(credential);
    assert_string_equal(aks_credential_kind(credential), "client_secret");
    source = aks_token_source_new(credential, &target, &error);
    assert_non_null(source);
    aks_credential_release(credential);
    return source;
}

static struct aks_token_source *new_source(const struct answer *answers, size_t count)
{
    script.answers = answers;
    script.count = count;
    return new_source_of(TENANT, "https://login.microsoftonline.com", NULL);
}

struct told {
    unsigned times;
    char token[64];
    struct aks_error error;
};

static void on_told(void *context, const char *token, const struct aks_error *failure)
{
    struct told *told = context;

    told->times++;
    if (token)
        snprintf(told->token, sizeof told->token, "%s", token);
    else
        aks_error_copy(&told->error, failure);
}

static void refuse_secrets(const struct aks_error *failure)
{
#define X(member)                                                                                                      \
    if (failure->member) {                                                                                             \
        assert_null(strstr(failure->member, SECRET));                                                                  \
        assert_null(strstr(failure->member, ENCODED_SECRET));                                                          \
    }
    AKS_ERROR_TEXTS(X)
#undef X
    for (size_t i = 0; i < failure->detail_count; i++)
        refuse_secrets(&failure->details[i]);
}

/* Asks, and runs the loop until there is an answer. The error is the caller's to clear. */
static struct told ask(struct aks_token_source *source)
{
    struct told told = {0};

    assert_non_null(source->methods->get(source, NULL, NULL, on_told, &told, &error));
    while (told.times == 0)
        assert_true(aks_loop_step(loop, 10, NULL, &error));
    assert_int_equal(told.times, 1);
    refuse_secrets(&told.error);
    return told;
}

static void the_form_is_posted_to_the_tenant(void **state)
{
    static const struct answer answers[] = {{200, NULL, TOKEN_ANSWER}};
    struct aks_token_source *source = new_source(answers, 1);
    struct told told = ask(source);

    (void)state;
    assert_string_equal(told.token, "abc");
    assert_string_equal(script.url, "https://login.microsoftonline.com/" TENANT "/oauth2/v2.0/token");
    assert_string_equal(script.content_type, "application/x-www-form-urlencoded");
    assert_string_equal(script.body, "grant_type=client_credentials&client_id=app%20id&client_secret=" ENCODED_SECRET
                                     "&scope=https%3A%2F%2Fmanagement.azure.com%2F.default");
    told = ask(source);
    assert_string_equal(told.token, "abc");
    assert_int_equal(script.sent, 1);
    source->methods->free(source);
}

static void the_tenant_is_its_own_or_the_targets(void **state)
{
    static const struct answer answers[] = {{200, NULL, TOKEN_ANSWER}};
    static const struct {
        const char *own, *target, *url; /* NULL: credential_unavailable */
    } rows[] = {
        {"own.com", "target.com", "http://127.0.0.1:8080/own.com/oauth2/v2.0/token"},
        {NULL, "target.com", "http://127.0.0.1:8080/target.com/oauth2/v2.0/token"},
        {"", "target.com", "http://127.0.0.1:8080/target.com/oauth2/v2.0/token"},
        {NULL, NULL, NULL},
        {NULL, "", NULL},
        {"../common", NULL, NULL},
        {"..", NULL, NULL},
        {"a/b", NULL, NULL},
        {"a?b", NULL, NULL},
        {"a b", NULL, NULL},
        {"a#", NULL, NULL},
        {"a%2f", NULL, NULL},
    };

    (void)state;
    script.answers = answers;
    script.count = 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_token_source *source = new_source_of(rows[i].own, "http://127.0.0.1:8080/", rows[i].target);
        unsigned before = script.sent;
        struct told told = ask(source);

        if (rows[i].url) {
            assert_string_equal(told.token, "abc");
            assert_string_equal(script.url, rows[i].url);
        } else {
            assert_string_equal(told.error.code, "credential_unavailable");
            assert_int_equal(script.sent, before);
        }
        aks_error_clear(&told.error);
        source->methods->free(source);
    }
}

static void without_an_authority_there_is_no_token(void **state)
{
    struct aks_token_source *source = new_source_of(TENANT, NULL, NULL);
    struct told told = ask(source);

    (void)state;
    assert_string_equal(told.error.code, "credential_unavailable");
    aks_error_clear(&told.error);
    source->methods->free(source);
}

static void a_refusal_is_final_and_keeps_the_secret(void **state)
{
    static const struct answer answers[] = {
        {401, NULL,
         "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client secret " SECRET
         " or " ENCODED_SECRET " provided.\\r\\nTrace ID: x\"}"}};
    struct aks_token_source *source = new_source(answers, 1);
    struct told told = ask(source);

    (void)state;
    assert_int_equal(script.sent, 1);
    assert_string_equal(told.error.code, "token_refused");
    assert_int_equal(told.error.status, 401);
    assert_non_null(strstr(told.error.message, "AADSTS7000215: Invalid client secret *"));
    assert_null(strstr(told.error.message, "Trace ID"));
    assert_non_null(told.error.hint);
    aks_error_clear(&told.error);
    source->methods->free(source);
}

static void what_may_pass_is_tried_again(void **state)
{
    static const struct answer answers[] = {{429, "1", "{}"},
                                            {503, "1", "busy"},
                                            {400, "1", "{\"error\":\"temporarily_unavailable\"}"},
                                            {0, NULL, "connection_failed"},
                                            {200, NULL, TOKEN_ANSWER}};
    struct aks_token_source *source = new_source(answers, 5);
    struct told told = ask(source);

    (void)state;
    assert_string_equal(told.token, "abc");
    assert_int_equal(script.sent, 5);
    source->methods->free(source);
}

static void tries_come_to_an_end(void **state)
{
    static const struct answer answers[] = {{503, "1", "busy"}};
    struct aks_token_source *source = new_source(answers, 1);
    struct told told = ask(source);

    (void)state;
    assert_string_equal(told.error.code, "credential_unavailable");
    assert_int_equal(told.error.status, 503);
    assert_true(told.error.retryable);
    assert_in_range(script.sent, 3, 10);
    aks_error_clear(&told.error);
    source->methods->free(source);
}

static void a_connection_that_cannot_be_is_told_with_its_own_code(void **state)
{
    static const struct answer answers[] = {{0, NULL, "tls_failed"}};
    struct aks_token_source *source = new_source(answers, 1);
    struct told told = ask(source);

    (void)state;
    assert_string_equal(told.error.code, "tls_failed");
    assert_false(told.error.retryable);
    assert_int_equal(script.sent, 1);
    aks_error_clear(&told.error);
    source->methods->free(source);
}

static void a_transport_that_cannot_send_is_told(void **state)
{
    static const struct answer answers[] = {{200, NULL, TOKEN_ANSWER}};
    struct aks_token_source *source = new_source(answers, 1);
    struct told told;

    (void)state;
    script.refuses_to_send = true;
    told = ask(source);
    assert_string_equal(told.error.code, "connection_failed");
    aks_error_clear(&told.error);
    source->methods->free(source);
}

static void an_answer_that_is_none_is_not_tried_again(void **state)
{
    static const struct answer answers[] = {{200, NULL, "<html>Sign in</html>"}};
    struct aks_token_source *source = new_source(answers, 1);
    struct told told = ask(source);

    (void)state;
    assert_string_equal(told.error.code, "response_invalid");
    assert_int_equal(script.sent, 1);
    aks_error_clear(&told.error);
    source->methods->free(source);
}

static void a_source_that_goes_away_ends_its_exchange_or_its_wait(void **state)
{
    static const struct answer answers[] = {{429, "600000", "{}"}};
    struct aks_token_source *source = new_source(answers, 1);
    struct told told = {0};

    (void)state;
    assert_non_null(source->methods->get(source, NULL, NULL, on_told, &told, &error));
    while (script.sent == 0)
        assert_true(aks_loop_step(loop, 10, NULL, &error));
    assert_non_null(script.under_way);
    source->methods->free(source);
    assert_int_equal(script.cancelled, 1);

    source = new_source(answers, 1);
    assert_non_null(source->methods->get(source, NULL, NULL, on_told, &told, &error));
    while (script.sent == 1 || script.under_way)
        assert_true(aks_loop_step(loop, 10, NULL, &error));
    assert_true(aks_loop_timeout(loop) > 0); /* it waits for the next try */
    source->methods->free(source);
    assert_int_equal(script.cancelled, 1);
    assert_int_equal(told.times, 0);
}

static void id_and_secret_are_required(void **state)
{
    static const struct aks_client_secret rows[] = {
        {TENANT, NULL, SECRET}, {TENANT, "", SECRET}, {TENANT, "app", NULL}, {TENANT, "app", ""}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_null(aks_credential_new_client_secret(&rows[i], &error));
        assert_string_equal(error.code, "credential_unavailable");
        refuse_secrets(&error);
        aks_error_clear(&error);
    }
}

#define test_of(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_of(the_form_is_posted_to_the_tenant),
        test_of(the_tenant_is_its_own_or_the_targets),
        test_of(without_an_authority_there_is_no_token),
        test_of(a_refusal_is_final_and_keeps_the_secret),
        test_of(what_may_pass_is_tried_again),
        test_of(tries_come_to_an_end),
        test_of(a_connection_that_cannot_be_is_told_with_its_own_code),
        test_of(a_transport_that_cannot_send_is_told),
        test_of(an_answer_that_is_none_is_not_tried_again),
        test_of(a_source_that_goes_away_ends_its_exchange_or_its_wait),
        test_of(id_and_secret_are_required),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
