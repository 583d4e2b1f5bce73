/* Header fields: found without case, clean, not too many, and whole when memory runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../support/torture.h"
#include "transport/transport.h"

static void finds_the_first_without_case(void **state)
{
    struct aks_headers headers = {0};

    (void)state;
    assert_null(aks_headers_get(&headers, "Content-Type"));
    assert_true(aks_headers_add(&headers, "Content-Type", "text/plain"));
    assert_true(aks_headers_add(&headers, "content-type", "second"));
    assert_true(aks_headers_add(&headers, "Empty", ""));
    assert_string_equal(aks_headers_get(&headers, "CONTENT-TYPE"), "text/plain");
    assert_string_equal(aks_headers_get(&headers, "empty"), "");
    assert_null(aks_headers_get(&headers, "Content"));
    assert_null(aks_headers_get(&headers, "Content-Type2"));
    assert_null(aks_headers_get(&headers, ""));
    assert_string_equal(headers.items[1].value, "second");
    aks_headers_clear(&headers);
    assert_int_equal(headers.count, 0);
    assert_null(headers.items);
    aks_headers_clear(&headers);
}

static void holds_copies(void **state)
{
    struct aks_headers headers = {0};
    char name[] = "Name", value[] = "value";

    (void)state;
    assert_true(aks_headers_add(&headers, name, value));
    name[0] = value[0] = 'x';
    assert_string_equal(headers.items[0].name, "Name");
    assert_string_equal(headers.items[0].value, "value");
    aks_headers_clear(&headers);
}

static void refuses_what_could_smuggle_another_header_in(void **state)
{
    static const struct {
        const char *name, *value;
        bool ok;
    } rows[] = {
        {"X", "a", true},     {"X", "a: b, c", true}, {"X", " \t\xc3\xa9", true}, {"X", "a\r\nY: b", false},
        {"X", "a\n", false},  {"X", "\ra", false},    {"X\n", "a", false},        {"X\r", "a", false},
        {"X: y", "a", false}, {":", "a", false},      {"", "a", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_headers headers = {0};

        if (aks_headers_add(&headers, rows[i].name, rows[i].value) != rows[i].ok || headers.count != rows[i].ok)
            fail_msg("row %zu", i);
        aks_headers_clear(&headers);
    }
}

static void holds_so_many_and_no_more(void **state)
{
    struct aks_headers headers = {0};

    (void)state;
    while (headers.count < AKS_HEADERS_LIMIT)
        assert_true(aks_headers_add(&headers, "X", "y"));
    assert_false(aks_headers_add(&headers, "X", "y"));
    assert_int_equal(headers.count, AKS_HEADERS_LIMIT);
    aks_headers_clear(&headers);
}

static bool use_headers(void)
{
    struct aks_headers headers = {0};
    size_t added = 0;
    bool ok;

    for (int i = 0; i < 3; i++)
        added += aks_headers_add(&headers, "Name", "value");
    ok = headers.count == added && (torture_state.refused || added == 3);
    for (size_t i = 0; i < headers.count; i++)
        ok = ok && strcmp(headers.items[i].name, "Name") == 0 && strcmp(headers.items[i].value, "value") == 0;
    aks_headers_clear(&headers);
    return ok;
}

static void adds_whole_fields_when_memory_is_short(void **state)
{
    const char *wrong = torture(use_headers);

    (void)state;
    if (wrong)
        fail_msg("%s", wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_first_without_case),
        cmocka_unit_test(holds_copies),
        cmocka_unit_test(refuses_what_could_smuggle_another_header_in),
        cmocka_unit_test(holds_so_many_and_no_more),
        cmocka_unit_test(adds_whole_fields_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
