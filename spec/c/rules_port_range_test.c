/* Ranges of ports: every text of a port, and rows for the rest of the syntax. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/port_range.h"

static void every_port_reads_and_writes_itself(void **state)
{
    (void)state;
    for (unsigned port = 0; port <= 70000; port++) {
        struct aks_port_range range = {7, 8};
        char text[16], written[AKS_PORT_RANGE_TEXT_SIZE];

        snprintf(text, sizeof text, "%u", port);
        if (port > 65535) {
            assert_false(aks_port_range_parse(text, &range));
            assert_true(range.first == 7 && range.last == 8);
            continue;
        }
        assert_true(aks_port_range_parse(text, &range));
        assert_true(range.first == port && range.last == port);
        assert_string_equal(aks_port_range_text(&range, written), text);
    }
}

static void ranges_read_and_write_themselves(void **state)
{
    static const struct {
        const char *text;
        unsigned first, last;
        const char *written;
    } rows[] = {
        {"*", 0, 65535, "*"},
        {"0-65535", 0, 65535, "*"},
        {"4000-5000", 4000, 5000, "4000-5000"},
        {"443-443", 443, 443, "443"},
        {"0-0", 0, 0, "0"},
        {"0-1", 0, 1, "0-1"},
        {"1-65535", 1, 65535, "1-65535"},
        {"0-65534", 0, 65534, "0-65534"},
        {"65534-65535", 65534, 65535, "65534-65535"},
        {"65535-65535", 65535, 65535, "65535"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_port_range range;
        char written[AKS_PORT_RANGE_TEXT_SIZE];

        if (!aks_port_range_parse(rows[i].text, &range))
            fail_msg("%s", rows[i].text);
        assert_int_equal(range.first, rows[i].first);
        assert_int_equal(range.last, rows[i].last);
        assert_string_equal(aks_port_range_text(&range, written), rows[i].written);
    }
}

static void nothing_else_is_a_range(void **state)
{
    static const char *const rows[] = {
        "",         " ",          "-",
        "443-",     "-443",       "443-444-445",
        "444-443",  "65536",      "443-65536",
        "65536-1",  "0443",       "00",
        "0-00",     "443-0444",   "443,444",
        "443 ",     " 443",       "443 -444",
        "443- 444", "+443",       "-1",
        "443--444", "0x1bb",      "1e3",
        "443.0",    "https",      "**",
        "*-443",    "443-*",      "1-1*",
        "100000",   "4294967739", "18446744073709552059",
        "443\n",    "\xd9\xa4",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_port_range range = {7, 8};
        struct aks_error error = {0};

        if (aks_port_range_parse(rows[i], &range))
            fail_msg("\"%s\"", rows[i]);
        assert_true(range.first == 7 && range.last == 8);
        assert_false(aks_port_range_read(rows[i], &range, &error));
        assert_string_equal(aks_error_code(&error), "port_range_invalid");
        assert_non_null(strstr(error.message, rows[i]));
        aks_error_clear(&error);
    }
}

static void an_error_says_what_to_write(void **state)
{
    struct aks_port_range range;
    struct aks_error error = {0};
    char text[5000];

    (void)state;
    assert_true(aks_port_range_read("443", &range, &error));
    assert_false(aks_error_is_set(&error));
    assert_false(aks_port_range_read("444-443", &range, &error));
    assert_string_equal(error.message,
                        "\"444-443\" is not a range of ports: write a port from 0 to 65535 (\"443\"), two "
                        "with the lower first (\"4000-5000\"), or \"*\" for all");
    aks_error_clear(&error);
    memset(text, '1', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_false(aks_port_range_read(text, &range, &error));
    assert_in_range(strlen(error.message), 80, 300);
    aks_error_clear(&error);
}

static void both_ends_belong_to_a_range(void **state)
{
    const struct aks_port_range range = {443, 445}, one = {0, 0}, last = {65535, 65535};

    (void)state;
    assert_false(aks_port_range_contains(&range, 442));
    assert_true(aks_port_range_contains(&range, 443));
    assert_true(aks_port_range_contains(&range, 444));
    assert_true(aks_port_range_contains(&range, 445));
    assert_false(aks_port_range_contains(&range, 446));
    assert_true(aks_port_range_contains(&one, 0));
    assert_false(aks_port_range_contains(&one, 1));
    assert_true(aks_port_range_contains(&last, 65535));
    assert_false(aks_port_range_contains(&last, 65534));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_port_reads_and_writes_itself),
        cmocka_unit_test(ranges_read_and_write_themselves),
        cmocka_unit_test(nothing_else_is_a_range),
        cmocka_unit_test(an_error_says_what_to_write),
        cmocka_unit_test(both_ends_belong_to_a_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
