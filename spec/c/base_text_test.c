/* Text: numbers, comparing, the nearest name, copies. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

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

static void lowers_ascii_letters_alone(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char expected = (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);

        assert_int_equal(aks_text_lower((char)byte), expected);
    }
}

static void makes_new_texts(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        const char *copy;
    } rows[] = {{"abc", 0, ""}, {"abc", 2, "ab"}, {"abc", 3, "abc"}, {"abc", 4, "abc"}, {"", 9, ""}};
    char *text;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        text = aks_text_copy_n(rows[i].text, rows[i].length);
        assert_string_equal(text, rows[i].copy);
        free(text);
    }
    text = aks_text_format("%s is a /%d, %5000s", "10.0.0.0/29", 29, "");
    assert_int_equal(strlen(text), 5022);
    assert_memory_equal(text, "10.0.0.0/29 is a /29, ", 22);
    free(text);
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
    assert_true(aks_text_equal_fold_n("a", "b", 0));
    assert_false(aks_text_equal_fold("\xc3\x89", "\xc3\xa9"));
    assert_false(aks_text_equal_fold("@", "`"));
    assert_false(aks_text_equal_fold("[", "{"));
}

static void knows_choices(void **state)
{
    static const struct {
        const char *choices, *value;
        bool is_one;
    } rows[] = {
        {"azure|kubenet|none", "azure", true},
        {"azure|kubenet|none", "KUBENET", true},
        {"azure|kubenet|none", "none", true},
        {"azure|kubenet|none", "kube", false},
        {"azure|kubenet|none", "zure", false},
        {"azure|kubenet|none", "nonesuch", false},
        {"azure|kubenet|none", "", false},
        {"azure|kubenet", "azure|kubenet", false},
        {"azure", "azure", true},
        {"", "azure", false},
        {"", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (aks_text_is_choice(rows[i].choices, rows[i].value) != rows[i].is_one)
            fail_msg("'%s' of '%s'", rows[i].value, rows[i].choices);
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
    assert_int_equal(aks_text_distance("abc", "abd", 1), 1);
    assert_int_equal(aks_text_distance("abc", "abd", 0), 1);
}

static void leaves_long_texts_alone(void **state)
{
    char text[66];

    (void)state;
    memset(text, 'x', 65);
    text[65] = '\0';
    assert_true(aks_text_distance(text, text, 3) > 3);
    assert_true(aks_text_distance(text, "", 3) > 3);
    text[64] = '\0';
    assert_int_equal(aks_text_distance(text, text, 3), 0);
    assert_int_equal(aks_text_distance(text, text + 3, 3), 3);
    assert_int_equal(aks_text_distance(text, text + 4, 3), 4);
}

static void finds_the_nearest_name(void **state)
{
    static const struct {
        const char *name, *best;
    } rows[] = {{"loction", "location"},
                {"tag", "tags"},
                {"x", NULL},
                {"adress_prefixes", "address_prefixes"},
                {"TAGS", "tags"},
                {"tgaa", NULL},
                {"loctin", "location"},
                {"locin", NULL},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_integers_whole),    cmocka_unit_test(lowers_ascii_letters_alone),
        cmocka_unit_test(makes_new_texts),         cmocka_unit_test(compares_without_case),
        cmocka_unit_test(knows_choices),           cmocka_unit_test(counts_edits),
        cmocka_unit_test(leaves_long_texts_alone), cmocka_unit_test(finds_the_nearest_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
