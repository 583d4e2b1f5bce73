/* Looking up hosts: those that the system knows itself, and what cannot be one. Nothing is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "loop/lookup.h"

struct answer {
    bool told;
    char address[64];
};

static void take(void *context, const char *address)
{
    struct answer *answer = context;

    assert_false(answer->told);
    answer->told = true;
    snprintf(answer->address, sizeof answer->address, "%s", address ? address : "none");
}

static struct answer look_up(const char *host)
{
    struct aks_error error = {0};
    struct aks_loop *loop = aks_loop_new(&error);
    struct answer answer = {0};

    assert_non_null(aks_lookup_start(loop, host, 30, take, &answer, &error));
    assert_false(answer.told);
    while (!answer.told)
        assert_true(aks_loop_step(loop, 1, NULL, &error));
    aks_loop_free(loop);
    return answer;
}

static void a_host_that_the_system_knows_has_an_address(void **state)
{
    struct answer local = look_up("localhost");

    (void)state;
    assert_true(strcmp(local.address, "127.0.0.1") == 0 || strcmp(local.address, "::1") == 0);
    assert_string_equal(look_up("192.0.2.7").address, "192.0.2.7");
    assert_string_equal(look_up("2001:db8::1").address, "2001:db8::1");
}

static void what_cannot_be_a_host_has_none(void **state)
{
    char label[200];

    (void)state;
    memset(label, 'a', sizeof label - 1); /* a label has at most 63 characters */
    label[sizeof label - 1] = '\0';
    assert_string_equal(look_up(label).address, "none");
}

static void one_that_is_canceled_is_not_told(void **state)
{
    struct aks_error error = {0};
    struct aks_loop *loop = aks_loop_new(&error);
    struct answer answer = {0};

    (void)state;
    aks_lookup_cancel(aks_lookup_start(loop, "localhost", 30, take, &answer, &error));
    aks_lookup_cancel(NULL);
    assert_true(aks_loop_step(loop, 0, NULL, &error));
    assert_false(answer.told);
    aks_loop_free(loop);
}

static void one_without_time_ends_at_once(void **state)
{
    struct aks_error error = {0};
    struct aks_loop *loop = aks_loop_new(&error);
    struct answer answer = {0};

    (void)state;
    assert_non_null(aks_lookup_start(loop, "localhost", 0, take, &answer, &error));
    assert_true(aks_loop_step(loop, 1, NULL, &error));
    assert_true(answer.told);
    aks_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_that_the_system_knows_has_an_address),
        cmocka_unit_test(what_cannot_be_a_host_has_none),
        cmocka_unit_test(one_that_is_canceled_is_not_told),
        cmocka_unit_test(one_without_time_ends_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
