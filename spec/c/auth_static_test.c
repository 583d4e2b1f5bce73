/* The credentials that need no request: a given token, and a function. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/credential.h"
#include "base/clock.h"

static struct aks_loop *loop;
static struct aks_error error;

static int set_up(void **state)
{
    (void)state;
    loop = aks_loop_new(&error);
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    assert_true(aks_loop_timeout(loop) < 0); /* no timer is left */
    aks_loop_free(loop);
    aks_error_clear(&error);
    return 0;
}

static void settle(void)
{
    for (int i = 0; i < 4; i++)
        assert_true(aks_loop_step(loop, 0, NULL, &error));
}

static struct aks_token_source *new_source(struct aks_credential *credential)
{
    struct aks_token_target target = {.loop = loop, .audience = "https://management.azure.com"};
    struct aks_token_source *source;

    assert_non_null(credential);
    source = aks_token_source_new(credential, &target, &error);
    assert_non_null(source);
    aks_credential_release(credential); /* the source has it */
    return source;
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

/* The token, or the error's code; good until the next question. */
static const char *ask(struct aks_token_source *source, const char *refused)
{
    static char answer[64];
    struct told told = {0};

    assert_non_null(source->methods->get(source, refused, NULL, on_told, &told, &error));
    settle();
    assert_int_equal(told.times, 1);
    snprintf(answer, sizeof answer, "%s", *told.token ? told.token : aks_error_code(&told.error));
    aks_error_clear(&told.error);
    return answer;
}

static void a_given_token_is_given_until_it_is_refused(void **state)
{
    struct aks_credential *credential = aks_credential_new_token("abc", 0, &error);
    struct aks_token_source *source;

    (void)state;
    assert_string_equal(aks_credential_kind(credential), "token");
    source = new_source(credential);
    assert_string_equal(ask(source, NULL), "abc");
    assert_string_equal(ask(source, "another"), "abc");
    assert_string_equal(ask(source, "abc"), "token_refused");
    assert_string_equal(ask(source, NULL), "token_refused");
    source->methods->free(source);
}

static void a_given_token_expires(void **state)
{
    struct aks_token_source *source = new_source(aks_credential_new_token("abc", aks_clock_wall() - 1, &error));

    (void)state;
    assert_string_equal(ask(source, NULL), "credential_unavailable");
    source->methods->free(source);
    source = new_source(aks_credential_new_token("abc", aks_clock_wall() + 60, &error));
    assert_string_equal(ask(source, NULL), "abc");
    source->methods->free(source);
}

static void a_given_token_is_checked_at_once(void **state)
{
    (void)state;
    assert_null(aks_credential_new_token("a secret\n", 0, &error));
    assert_string_equal(error.code, "credential_unavailable");
    assert_null(strstr(error.message, "secret"));
}

/* What the function does at its next call. */
struct script {
    const char *token; /* NULL: fail */
    size_t length;     /* 0: as the text has */
    double life;
    const char *code;                 /* of the failure; NULL: says nothing */
    struct aks_token_source *leaving; /* freed during the call */
    bool runs_loop;
    unsigned calls, releases;
};

static bool give_token(void *context, struct aks_buffer *token, double *expires_on, struct aks_error *failure)
{
    struct script *script = context;

    script->calls++;
    if (script->runs_loop)
        settle();
    if (script->leaving)
        script->leaving->methods->free(script->leaving);
    if (script->code)
        return aks_error_set(failure, script->code, "the vault is shut");
    if (!script->token)
        return false;
    if (script->life != 0)
        *expires_on = aks_clock_wall() + script->life;
    return aks_buffer_append(token, script->token, script->length ? script->length : strlen(script->token)) ||
           aks_error_set_no_memory(failure);
}

static void count_release(void *context)
{
    struct script *script = context;

    script->releases++;
}

static struct aks_token_source *new_function_source(struct script *script)
{
    return new_source(aks_credential_new_function(give_token, script, count_release, &error));
}

static void a_function_is_called_once_and_again_after_a_refusal(void **state)
{
    struct script script = {.token = "one", .runs_loop = true};
    struct aks_token_source *source = new_function_source(&script);

    (void)state;
    assert_int_equal(script.calls, 0);
    assert_string_equal(ask(source, NULL), "one");
    assert_string_equal(ask(source, NULL), "one");
    assert_int_equal(script.calls, 1);
    script.token = "two";
    assert_string_equal(ask(source, "one"), "two");
    assert_int_equal(script.calls, 2);
    assert_string_equal(ask(source, "two"), "token_refused");
    assert_int_equal(script.releases, 0);
    source->methods->free(source);
    assert_int_equal(script.releases, 1);
}

static void what_a_function_gives_is_checked(void **state)
{
    struct script rows[] = {
        {.token = NULL},        {.token = "nul\0inside", .length = 10}, {.token = "", .length = 0},
        {.token = "two words"}, {.token = "old", .life = -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_token_source *source = new_function_source(&rows[i]);

        assert_string_equal(ask(source, NULL), "credential_unavailable");
        source->methods->free(source);
    }
}

static void the_error_of_a_function_is_told(void **state)
{
    struct script script = {.code = "vault_shut"};
    struct aks_token_source *source = new_function_source(&script);

    (void)state;
    assert_string_equal(ask(source, NULL), "vault_shut");
    source->methods->free(source);
}

static void the_source_may_go_away_while_the_function_runs(void **state)
{
    struct script script = {.token = "one", .runs_loop = true};
    struct aks_token_source *source = new_function_source(&script);
    struct told told = {0};

    (void)state;
    script.leaving = source;
    assert_non_null(source->methods->get(source, NULL, NULL, on_told, &told, &error));
    settle();
    assert_int_equal(script.calls, 1);
    assert_int_equal(told.times, 0);
    assert_int_equal(script.releases, 1);
}

static void the_source_may_go_away_before_the_function_runs(void **state)
{
    struct script script = {.token = "one"};
    struct aks_token_source *source = new_function_source(&script);
    struct told told = {0};

    (void)state;
    assert_non_null(source->methods->get(source, NULL, NULL, on_told, &told, &error));
    source->methods->free(source);
    settle();
    assert_int_equal(script.calls + told.times, 0);
    assert_int_equal(script.releases, 1);
}

#define test_of(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_of(a_given_token_is_given_until_it_is_refused),
        test_of(a_given_token_expires),
        test_of(a_given_token_is_checked_at_once),
        test_of(a_function_is_called_once_and_again_after_a_refusal),
        test_of(what_a_function_gives_is_checked),
        test_of(the_error_of_a_function_is_told),
        test_of(the_source_may_go_away_while_the_function_runs),
        test_of(the_source_may_go_away_before_the_function_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
