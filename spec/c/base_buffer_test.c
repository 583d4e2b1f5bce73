/* Buffers: never beyond their limit, nothing half appended, nothing left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/torture.h"
#include "base/buffer.h"

static void holds_exactly_its_limit(void **state)
{
    (void)state;
    for (size_t limit = 0; limit < 200; limit++) {
        struct aks_buffer buffer;

        aks_buffer_init(&buffer, limit);
        for (size_t i = 0; i < limit; i++)
            assert_true(aks_buffer_append(&buffer, "x", 1));
        assert_int_equal(buffer.length, limit);
        assert_false(aks_buffer_append(&buffer, "x", 1));
        assert_true(aks_buffer_append(&buffer, "", 0));
        assert_int_equal(buffer.length, limit);
        assert_int_equal(strlen(buffer.data), limit);
        assert_true(buffer.capacity <= limit + 1);
        aks_buffer_clear(&buffer);
    }
}

static void appends_all_or_nothing(void **state)
{
    struct aks_buffer buffer;

    (void)state;
    aks_buffer_init(&buffer, 5);
    assert_null(buffer.data);
    assert_true(aks_buffer_append_text(&buffer, "abc"));
    assert_false(aks_buffer_append_text(&buffer, "def"));
    assert_false(aks_buffer_append(&buffer, "x", SIZE_MAX));
    assert_false(aks_buffer_append(&buffer, "x", SIZE_MAX - 3));
    assert_string_equal(buffer.data, "abc");
    assert_true(aks_buffer_append_format(&buffer, "%d", 12));
    assert_false(aks_buffer_append_format(&buffer, "%d", 3));
    assert_string_equal(buffer.data, "abc12");
    assert_true(aks_buffer_append_format(&buffer, "%s", ""));
    aks_buffer_clear(&buffer);
    assert_int_equal(buffer.limit, 5);
    assert_true(aks_buffer_append_text(&buffer, "again"));
    aks_buffer_clear(&buffer);
}

static void a_limit_of_all_memory_does_not_overflow(void **state)
{
    struct aks_buffer buffer;

    (void)state;
    aks_buffer_init(&buffer, SIZE_MAX);
    assert_true(aks_buffer_append_text(&buffer, "abc"));
    assert_false(aks_buffer_append(&buffer, "x", SIZE_MAX - 3));
    assert_false(aks_buffer_append(&buffer, "x", SIZE_MAX));
    assert_string_equal(buffer.data, "abc");
    aks_buffer_clear(&buffer);
}

static void keeps_bytes_that_are_no_text(void **state)
{
    struct aks_buffer buffer;

    (void)state;
    aks_buffer_init(&buffer, 1000);
    for (int i = 0; i < 3; i++)
        assert_true(aks_buffer_append(&buffer, "a\0\xff", 3));
    assert_int_equal(buffer.length, 9);
    assert_memory_equal(buffer.data,
                        "a\0\xff"
                        "a\0\xff"
                        "a\0\xff",
                        10);
    aks_buffer_clear(&buffer);
}

static void gives_its_bytes_away(void **state)
{
    struct aks_buffer buffer;
    char *taken;

    (void)state;
    aks_buffer_init(&buffer, 5);
    taken = aks_buffer_take(&buffer);
    assert_string_equal(taken, "");
    free(taken);
    assert_true(aks_buffer_append_text(&buffer, "abc"));
    taken = aks_buffer_take(&buffer);
    assert_string_equal(taken, "abc");
    free(taken);
    assert_null(buffer.data);
    assert_int_equal(buffer.limit, 5);
    assert_true(aks_buffer_append_text(&buffer, "again"));
    aks_buffer_erase(&buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.length, 0);
    aks_buffer_erase(&buffer);
}

static void encodes_every_byte_for_urls(void **state)
{
    static const char unreserved[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        const char text[2] = {(char)byte, '\0'};
        struct aks_buffer buffer, expected;

        aks_buffer_init(&buffer, 3);
        aks_buffer_init(&expected, 3);
        assert_true(aks_buffer_append_percent_encoded(&buffer, text));
        assert_true(strchr(unreserved, byte) ? aks_buffer_append_text(&expected, text)
                                             : aks_buffer_append_format(&expected, "%%%02X", (unsigned)byte));
        assert_string_equal(buffer.data, expected.data);
        aks_buffer_clear(&buffer);
        aks_buffer_clear(&expected);
    }
}

static void encodes_all_or_nothing(void **state)
{
    struct aks_buffer buffer;

    (void)state;
    aks_buffer_init(&buffer, 5);
    assert_true(aks_buffer_append_percent_encoded(&buffer, ""));
    assert_true(aks_buffer_append_text(&buffer, "ab"));
    assert_false(aks_buffer_append_percent_encoded(&buffer, "c "));
    assert_string_equal(buffer.data, "ab");
    assert_true(aks_buffer_append_percent_encoded(&buffer, " "));
    assert_string_equal(buffer.data, "ab%20");
    aks_buffer_clear(&buffer);
}

/* Every call fails or does its work, and what was there stays. */
static bool use_buffer(void)
{
    char expected[600] = "", *taken;
    struct aks_buffer buffer;
    bool ok = true;

    aks_buffer_init(&buffer, 500);
    for (int i = 0; i < 40; i++) {
        if (aks_buffer_append_text(&buffer, "text"))
            strcat(expected, "text");
        if (aks_buffer_append_format(&buffer, "%02d", i))
            strcat(expected, (const char[]){(char)('0' + i / 10), (char)('0' + i % 10), '\0'});
        if (aks_buffer_append_percent_encoded(&buffer, "a b"))
            strcat(expected, "a%20b");
        ok = ok && buffer.length == strlen(expected) && (!buffer.data || strcmp(buffer.data, expected) == 0);
    }
    taken = aks_buffer_take(&buffer);
    ok = ok && (taken ? strcmp(taken, expected) == 0 : torture_state.refused) && !buffer.data;
    free(taken);
    return ok && (torture_state.refused || strlen(expected) > 400);
}

static void keeps_what_it_has_when_memory_is_short(void **state)
{
    const char *wrong = torture(use_buffer);

    (void)state;
    if (wrong)
        fail_msg("%s", wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_exactly_its_limit),
        cmocka_unit_test(appends_all_or_nothing),
        cmocka_unit_test(a_limit_of_all_memory_does_not_overflow),
        cmocka_unit_test(keeps_bytes_that_are_no_text),
        cmocka_unit_test(gives_its_bytes_away),
        cmocka_unit_test(encodes_every_byte_for_urls),
        cmocka_unit_test(encodes_all_or_nothing),
        cmocka_unit_test(keeps_what_it_has_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
