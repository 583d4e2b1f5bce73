/* Chains of credentials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/kind.h"

/* A link whose fetch fails at once, or ends when the test says so. */
struct link {
    struct aks_credential base;
    const char *fails_at_once; /* a code; NULL: it begins */
    struct aks_fetch under_way;
    unsigned fetches, cancels;
};

static struct aks_fetch *link_fetch(struct aks_credential *base, const struct aks_token_target *target,
                                    aks_fetch_done *done, void *context, struct aks_error *error)
{
    struct link *link = (struct link *)base;

    assert_non_null(target->audience);
    link->fetches++;
    link->under_way = (struct aks_fetch){done, context};
    if (!link->fails_at_once)
        return &link->under_way;
    aks_error_set(error, link->fails_at_once, "failed at once");
    return NULL;
}

static void link_cancel(struct aks_credential *base, struct aks_fetch *fetch)
{
    struct link *link = (struct link *)base;

    assert_ptr_equal(fetch, &link->under_way);
    link->cancels++;
}

static void link_free(struct aks_credential *base)
{
    (void)base;
}

static const struct aks_credential_methods methods = {"link", link_fetch, link_cancel, link_free, false};

#define LINKS 3

static struct link links[LINKS];
static struct aks_credential *chain;
static struct aks_fetch *fetch;
static const struct aks_token_target target = {.audience = "https://arm.example"};

/* What the chain told. */
static unsigned told;
static char token_text[32], kind[32];
static struct aks_error told_error;

static void on_told(void *context, struct aks_token *token, struct aks_error *error)
{
    assert_ptr_equal(context, &told);
    told++;
    snprintf(token_text, sizeof token_text, "%s", token ? token->text : "");
    snprintf(kind, sizeof kind, "%s", token && token->kind ? token->kind : "");
    aks_error_copy(&told_error, error);
    aks_token_release(token);
}

static int set_up(void **state)
{
    struct aks_credential *list[LINKS];
    struct aks_error error = {0};

    (void)state;
    told = 0;
    for (size_t i = 0; i < LINKS; i++) {
        links[i] = (struct link){0};
        aks_credential_init(&links[i].base, &methods);
        list[i] = &links[i].base;
    }
    chain = aks_credential_new_chain("list", list, LINKS, &error);
    return chain && strcmp(aks_credential_kind(chain), "list") == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    aks_credential_release(chain);
    for (size_t i = 0; i < LINKS; i++)
        assert_int_equal(links[i].base.references, 1);
    aks_error_clear(&told_error);
    return 0;
}

static bool ask(struct aks_error *error)
{
    fetch = chain->methods->fetch(chain, &target, on_told, &told, error);
    return fetch != NULL;
}

static void begin(void)
{
    struct aks_error error = {0};

    aks_error_clear(&told_error);
    told = 0;
    assert_true(ask(&error));
    assert_int_equal(told, 0);
}

static void give(struct link *link, const char *text)
{
    struct aks_error error = {0};
    struct aks_token *token = aks_token_new(text, 0, &error);

    assert_non_null(token);
    link->under_way.done(link->under_way.context, token, &error);
}

static void refuse(struct link *link, const char *code, bool retryable)
{
    struct aks_error error = {0};

    aks_error_set(&error, code, "refused later");
    error.retryable = retryable;
    link->under_way.done(link->under_way.context, NULL, &error);
    aks_error_clear(&error);
}

static void the_first_that_can_gives_the_token(void **state)
{
    (void)state;
    links[0].fails_at_once = "credential_unavailable";
    begin();
    refuse(&links[1], "credential_unavailable", false);
    assert_int_equal(told, 0);
    give(&links[2], "abc");
    assert_int_equal(told, 1);
    assert_string_equal(token_text, "abc");
    assert_string_equal(kind, "link");
}

static void it_is_asked_alone_from_then_on(void **state)
{
    (void)state;
    links[0].fails_at_once = "credential_unavailable";
    begin();
    give(&links[1], "one");
    begin();
    give(&links[1], "two");
    assert_string_equal(token_text, "two");
    begin();
    refuse(&links[1], "credential_unavailable", false);
    assert_string_equal(aks_error_code(&told_error), "credential_unavailable");
    assert_string_equal(told_error.message, "refused later");
    assert_int_equal(links[0].fetches, 1);
    assert_int_equal(links[1].fetches, 3);
    assert_int_equal(links[2].fetches, 0);
}

static void what_is_not_for_want_of_a_credential_ends_the_search(void **state)
{
    static const struct {
        const char *code;
        bool retryable;
    } rows[] = {{"token_refused", false}, {"credential_unavailable", true}, {"connection_failed", true},
                {"tls_failed", false},    {"host_not_trusted", false},      {"response_invalid", false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin();
        refuse(&links[0], rows[i].code, rows[i].retryable);
        assert_int_equal(told, 1);
        assert_string_equal(aks_error_code(&told_error), rows[i].code);
        assert_int_equal(links[1].fetches, 0);
    }
}

static void an_error_at_once_ends_it_too(void **state)
{
    struct aks_error error = {0};

    (void)state;
    links[0].fails_at_once = "credential_unavailable";
    links[1].fails_at_once = "host_not_trusted";
    assert_false(ask(&error));
    assert_string_equal(aks_error_code(&error), "host_not_trusted");
    assert_int_equal(links[2].fetches, 0);
    aks_error_clear(&error);
}

static void all_reasons_are_told_when_there_is_no_token(void **state)
{
    struct aks_error error = {0};

    (void)state;
    for (size_t i = 0; i < LINKS; i++)
        links[i].fails_at_once = "credential_unavailable";
    assert_false(ask(&error));
    assert_string_equal(aks_error_code(&error), "credential_unavailable");
    assert_int_equal(error.detail_count, LINKS);
    assert_non_null(strstr(error.message, "link: failed at once; link: failed at once; link: failed at once"));
    assert_non_null(error.hint);
    aks_error_clear(&error);
    links[1].fails_at_once = NULL;
    begin();
    refuse(&links[1], "credential_unavailable", false);
    assert_non_null(strstr(told_error.message, "link: failed at once; link: refused later; link: failed at once"));
}

static void canceling_cancels_the_link_that_is_asked(void **state)
{
    (void)state;
    links[0].fails_at_once = "credential_unavailable";
    begin();
    refuse(&links[1], "credential_unavailable", false);
    chain->methods->cancel(chain, fetch);
    assert_int_equal(links[2].cancels, 1);
    assert_int_equal(told, 0);
}

static void an_absent_link_says_why(void **state)
{
    struct aks_error error = {0};
    struct aks_credential *absent = aks_credential_new_absent("environment", "NAME is not set", &error);
    struct aks_credential *outer = aks_credential_new_chain("outer", &absent, 1, &error);

    (void)state;
    assert_non_null(outer);
    aks_credential_release(absent);
    assert_null(outer->methods->fetch(outer, &target, on_told, &told, &error));
    assert_non_null(strstr(error.message, "environment: NAME is not set"));
    aks_error_clear(&error);
    aks_credential_release(outer);
}

#define test_of(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_of(the_first_that_can_gives_the_token),
        test_of(it_is_asked_alone_from_then_on),
        test_of(what_is_not_for_want_of_a_credential_ends_the_search),
        test_of(an_error_at_once_ends_it_too),
        test_of(all_reasons_are_told_when_there_is_no_token),
        test_of(canceling_cancels_the_link_that_is_asked),
        test_of(an_absent_link_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
