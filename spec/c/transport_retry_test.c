/* When a request is tried again, and after how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transport/retry.h"

static const struct aks_retry_policy policy = {.retries = 3, .base = 1, .cap = 4};

static void tries_again_what_may_be_repeated(void **state)
{
    static const struct {
        int status;
        bool lost, unsent, repeatable, again;
    } rows[] = {
        {429, false, false, false, true},  {429, false, false, true, true},  {503, false, false, true, true},
        {503, false, false, false, false}, {500, false, false, true, true},  {502, false, false, true, true},
        {504, false, false, true, true},   {408, false, false, true, true},  {408, false, false, false, false},
        {501, false, false, true, false},  {400, false, false, true, false}, {401, false, false, true, false},
        {404, false, false, true, false},  {409, false, false, true, false}, {200, false, false, true, false},
        {0, true, false, true, true},      {0, true, false, false, false},   {0, true, true, false, true},
        {0, false, true, false, true},     {0, false, false, true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct aks_retry_outcome outcome = {.status = rows[i].status,
                                                  .connection_lost = rows[i].lost,
                                                  .unsent = rows[i].unsent,
                                                  .repeatable = rows[i].repeatable,
                                                  .retry_after = -1};

        if ((aks_retry_wait(&policy, 1, &outcome, 0.5) >= 0) != rows[i].again)
            fail_msg("row %zu", i);
    }
}

/* Every status there is. */
static void leaves_all_other_answers_alone(void **state)
{
    (void)state;
    for (int status = 100; status < 600; status++) {
        const struct aks_retry_outcome outcome = {.status = status, .repeatable = true, .retry_after = 1};
        bool again = status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);

        if ((aks_retry_wait(&policy, 1, &outcome, 0) >= 0) != again)
            fail_msg("%d", status);
    }
}

static void gives_up_after_so_many_retries(void **state)
{
    const struct aks_retry_outcome outcome = {.status = 429, .retry_after = 1};

    (void)state;
    for (unsigned retries = 0; retries < 5; retries++)
        for (unsigned attempt = 1; attempt < 8; attempt++) {
            const struct aks_retry_policy some = {.retries = retries, .base = 1, .cap = 4};

            assert_int_equal(aks_retry_wait(&some, attempt, &outcome, 0) >= 0, attempt <= retries);
        }
}

static void waits_longer_each_time_up_to_the_cap(void **state)
{
    const struct aks_retry_outcome outcome = {.status = 503, .repeatable = true, .retry_after = -1};
    const struct aks_retry_policy long_policy = {.retries = 5, .base = 1, .cap = 4};

    (void)state;
    assert_true(aks_retry_wait(&long_policy, 1, &outcome, 0.5) == 0.5);
    assert_true(aks_retry_wait(&long_policy, 2, &outcome, 0.5) == 1);
    assert_true(aks_retry_wait(&long_policy, 3, &outcome, 0.5) == 2);
    assert_true(aks_retry_wait(&long_policy, 4, &outcome, 0.5) == 2);
    assert_true(aks_retry_wait(&long_policy, 5, &outcome, 0) == 0);
    assert_true(aks_retry_wait(&long_policy, 6, &outcome, 0.5) < 0);
}

static void does_what_the_server_asks(void **state)
{
    struct aks_retry_outcome outcome = {.status = 429, .retry_after = 10};

    (void)state;
    assert_true(aks_retry_wait(&policy, 1, &outcome, 0) == 10);
    assert_true(aks_retry_wait(&policy, 1, &outcome, 0.99) >= 10);
    assert_true(aks_retry_wait(&policy, 1, &outcome, 0.99) <= 11);
    outcome.retry_after = AKS_RETRY_AFTER_LIMIT;
    assert_true(aks_retry_wait(&policy, 1, &outcome, 0) == AKS_RETRY_AFTER_LIMIT);
    outcome.retry_after = AKS_RETRY_AFTER_LIMIT + 1;
    assert_true(aks_retry_wait(&policy, 1, &outcome, 0) < 0);
}

static void reads_how_long_the_server_wants(void **state)
{
    static const struct {
        const char *name, *value;
        double seconds;
    } rows[] = {
        {"Retry-After", "7", 7},
        {"retry-after", "1", 1},
        {"Retry-After", "0", -1},
        {"Retry-After", "-3", -1},
        {"Retry-After", "soon", -1},
        {"Retry-After", "1.5", -1},
        {"Retry-After", "99999999999999999999", -1},
        {"Retry-After", "Thu, 01 Jan 1970 00:01:40 GMT", 60},
        {"Retry-After", "Thu, 01 Jan 1970 00:00:41 GMT", 1},
        {"Retry-After", "Thu, 01 Jan 1970 00:00:40 GMT", -1},
        {"Retry-After", "Thu, 01 Jan 1970 00:00:39 GMT", -1},
        {"Retry-After", "Thursday, 01-Jan-70 00:01:40 GMT", 60},
        {"Retry-After", "Thu Jan  1 00:01:40 1970", 60},
        {"Retry-After", "1970-01-01T00:01:40Z", -1},
        {"retry-after-ms", "250", 0.25},
        {"x-ms-retry-after-ms", "1500", 1.5},
        {"x-ms-retry-after-ms", "0", -1},
        {"X-Other", "3", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_headers headers = {0};

        assert_true(aks_headers_add(&headers, rows[i].name, rows[i].value));
        if (aks_retry_after(&headers, 40) != rows[i].seconds)
            fail_msg("%s: %s", rows[i].name, rows[i].value);
        aks_headers_clear(&headers);
    }
}

static void prefers_milliseconds(void **state)
{
    struct aks_headers headers = {0};

    (void)state;
    assert_true(aks_headers_add(&headers, "Retry-After", "30"));
    assert_true(aks_headers_add(&headers, "x-ms-retry-after-ms", "20"));
    assert_true(aks_retry_after(&headers, 0) == 0.02);
    assert_true(aks_headers_add(&headers, "retry-after-ms", "10"));
    assert_true(aks_retry_after(&headers, 0) == 0.01);
    aks_headers_clear(&headers);
}

static void what_says_nothing_does_not_hide_the_next(void **state)
{
    static const struct {
        const char *first, *second, *third;
        double seconds;
    } rows[] = {
        {"0", "500", "7", 0.5}, {"soon", "500", "7", 0.5}, {"0", "0", "7", 7},       {"-1", "x", "7", 7},
        {"0", "0", "0", -1},    {"1", "0", "0", 0.001},    {"", "", "Thursday", -1}, {"0", "9999999999999", "7", 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_headers headers = {0};

        assert_true(aks_headers_add(&headers, "Retry-After", rows[i].third));
        assert_true(aks_headers_add(&headers, "X-MS-Retry-After-MS", rows[i].second));
        assert_true(aks_headers_add(&headers, "Retry-After-Ms", rows[i].first));
        if (aks_retry_after(&headers, 0) != rows[i].seconds)
            fail_msg("row %zu", i);
        aks_headers_clear(&headers);
    }
}

static void no_headers_ask_for_nothing(void **state)
{
    const struct aks_headers headers = {0};

    (void)state;
    assert_true(aks_retry_after(&headers, 0) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tries_again_what_may_be_repeated),
        cmocka_unit_test(leaves_all_other_answers_alone),
        cmocka_unit_test(gives_up_after_so_many_retries),
        cmocka_unit_test(waits_longer_each_time_up_to_the_cap),
        cmocka_unit_test(does_what_the_server_asks),
        cmocka_unit_test(reads_how_long_the_server_wants),
        cmocka_unit_test(prefers_milliseconds),
        cmocka_unit_test(what_says_nothing_does_not_hide_the_next),
        cmocka_unit_test(no_headers_ask_for_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
