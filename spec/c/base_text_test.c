/* Text, buffers and UUIDs. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/text.h"
#include "base/uuid.h"

static void reads_integers_whole(void **state)
{
    static const struct {
        const char *text;
        long long minimum, maximum, value;
        bool ok;
    } rows[] = {
        {"0", 0, 9, 0, true},
        {"9", 0, 9, 9, true},
        {"10", 0, 9, 0, false},
        {"-1", 0, 9, 0, false},
        {"-1", -1, 9, -1, true},
        {"", 0, 9, 0, false},
        {"-", -9, 9, 0, false},
        {"+1", 0, 9, 0, false},
        {" 1", 0, 9, 0, false},
        {"1 ", 0, 9, 0, false},
        {"0x1", 0, 9, 0, false},
        {"007", 0, 9, 7, true},
        {"9223372036854775807", LLONG_MIN, LLONG_MAX, LLONG_MAX, true},
        {"9223372036854775808", LLONG_MIN, LLONG_MAX, 0, false},
        {"-9223372036854775808", LLONG_MIN, LLONG_MAX, LLONG_MIN, true},
        {"-9223372036854775809", LLONG_MIN, LLONG_MAX, 0, false},
        {"99999999999999999999999", LLONG_MIN, LLONG_MAX, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        long long value = 0;

        if (aks_text_to_integer(rows[i].text, rows[i].minimum, rows[i].maximum, &value) != rows[i].ok ||
            (rows[i].ok && value != rows[i].value))
            fail_msg("'%s'", rows[i].text);
    }
}

static void compares_without_case(void **state)
{
    (void)state;
    assert_true(aks_text_equal_fold("AbC", "aBc"));
    assert_true(aks_text_equal_fold("", ""));
    assert_false(aks_text_equal_fold("ab", "abc"));
    assert_false(aks_text_equal_fold("abc", "ab"));
    assert_true(aks_text_equal_fold_n("ABx", "aby", 2));
    assert_false(aks_text_equal_fold_n("ABx", "aby", 3));
    assert_true(aks_text_equal_fold_n("a", "a", 9));
    assert_true(aks_text_is_choice("azure|kubenet|none", "KUBENET"));
    assert_false(aks_text_is_choice("azure|kubenet|none", "kube"));
    assert_false(aks_text_is_choice("azure|kubenet|none", ""));
    assert_false(aks_text_is_choice("azure|kubenet", "azure|kubenet"));
}

static void counts_edits(void **state)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } rows[] = {
        {"", "", 0},
        {"abc", "abc", 0},
        {"abc", "ABC", 0},
        {"abc", "abd", 1},
        {"abc", "ab", 1},
        {"ab", "abc", 1},
        {"abc", "acb", 1},
        {"", "abc", 3},
        {"adress_prefix", "address_prefix", 1},
        {"kitten", "sitting", 3},
        {"ca", "abc", 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(aks_text_distance(rows[i].a, rows[i].b, 10), rows[i].distance);
        assert_int_equal(aks_text_distance(rows[i].b, rows[i].a, 10), rows[i].distance);
    }
    assert_int_equal(aks_text_distance("abcdef", "uvwxyz", 2), 3);
}

static void finds_the_nearest_name(void **state)
{
    static const struct {
        const char *name, *best;
    } rows[] = {{"loction", "location"},
                {"tag", "tags"},
                {"x", NULL},
                {"adress_prefixes", "address_prefixes"},
                {"zzzzzz", NULL}};
    static const char *const names[] = {"location", "tags", "address_prefixes"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_text_nearest nearest;

        aks_text_nearest_init(&nearest, rows[i].name);
        for (size_t j = 0; j < sizeof names / sizeof *names; j++)
            aks_text_nearest_try(&nearest, names[j]);
        if (rows[i].best)
            assert_string_equal(nearest.best, rows[i].best);
        else
            assert_null(nearest.best);
    }
}

static void keeps_buffers_below_their_limit(void **state)
{
    struct aks_buffer buffer;
    char *taken;

    (void)state;
    aks_buffer_init(&buffer, 5);
    assert_true(aks_buffer_append_text(&buffer, "abc"));
    assert_false(aks_buffer_append_text(&buffer, "def"));
    assert_string_equal(buffer.data, "abc");
    assert_true(aks_buffer_append_format(&buffer, "%d", 12));
    assert_false(aks_buffer_append_format(&buffer, "%d", 3));
    assert_false(aks_buffer_append(&buffer, "x", SIZE_MAX));
    assert_true(aks_buffer_append(&buffer, "", 0));
    taken = aks_buffer_take(&buffer);
    assert_string_equal(taken, "abc12");
    free(taken);
    taken = aks_buffer_take(&buffer);
    assert_string_equal(taken, "");
    free(taken);
    assert_true(aks_buffer_append_text(&buffer, "again"));
    aks_buffer_erase(&buffer);
    assert_int_equal(buffer.length, 0);
}

static void encodes_for_urls(void **state)
{
    struct aks_buffer buffer;

    (void)state;
    aks_buffer_init(&buffer, 64);
    assert_true(aks_buffer_append_percent_encoded(&buffer, "aZ09-._~ '/\xc3\xa9%"));
    assert_string_equal(buffer.data, "aZ09-._~%20%27%2F%C3%A9%25");
    aks_buffer_clear(&buffer);
    aks_buffer_init(&buffer, 4);
    assert_true(aks_buffer_append_text(&buffer, "ab"));
    assert_false(aks_buffer_append_percent_encoded(&buffer, " "));
    assert_false(aks_buffer_append_percent_encoded(&buffer, "c "));
    assert_string_equal(buffer.data, "ab");
    aks_buffer_clear(&buffer);
}

static void makes_uuids(void **state)
{
    char first[AKS_UUID_SIZE], second[AKS_UUID_SIZE];

    (void)state;
    assert_true(aks_uuid_from_name("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com", first));
    assert_string_equal(first, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    assert_false(aks_uuid_from_name("not a uuid", "x", first));
    assert_true(aks_uuid_random(first) && aks_uuid_random(second));
    assert_true(aks_uuid_is_valid(first));
    assert_int_equal(first[14], '4');
    assert_string_not_equal(first, second);
    assert_true(aks_uuid_is_valid("6BA7B810-9dad-11d1-80b4-00c04fd430c8"));
    assert_false(aks_uuid_is_valid("6ba7b810-9dad-11d1-80b4-00c04fd430c"));
    assert_false(aks_uuid_is_valid("6ba7b810-9dad-11d1-80b4-00c04fd430c88"));
    assert_false(aks_uuid_is_valid("6ba7b810x9dad-11d1-80b4-00c04fd430c8"));
    assert_false(aks_uuid_is_valid(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_integers_whole),
        cmocka_unit_test(compares_without_case),
        cmocka_unit_test(counts_edits),
        cmocka_unit_test(finds_the_nearest_name),
        cmocka_unit_test(keeps_buffers_below_their_limit),
        cmocka_unit_test(encodes_for_urls),
        cmocka_unit_test(makes_uuids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
