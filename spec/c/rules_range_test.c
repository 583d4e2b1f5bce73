/* Ranges and sets of them: edges at both ends of 128 bits, and sets against one bit a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/security_rules.h"
#include "../support/torture.h"
#include "rules/range.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct aks_number least = {0, 0}, greatest = {UINT64_MAX, UINT64_MAX};

static struct aks_range small(unsigned first, unsigned last)
{
    return (struct aks_range){.first = {.low = first}, .last = {.low = last}};
}

static void numbers_are_compared_by_both_halves(void **state)
{
    static const struct aks_number rising[] = {{0, 0},          {0, 1},          {0, UINT64_MAX},         {1, 0},
                                               {1, UINT64_MAX}, {UINT64_MAX, 0}, {UINT64_MAX, UINT64_MAX}};

    (void)state;
    for (size_t i = 0; i < COUNT(rising); i++)
        for (size_t j = 0; j < COUNT(rising); j++) {
            int order = aks_number_compare(rising[i], rising[j]);

            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

static void prefixes_and_ports_are_ranges(void **state)
{
    static const struct {
        const char *prefix;
        struct aks_range range;
    } rows[] = {
        {"0.0.0.0/0", {{0, 0}, {0, 0xffffffff}}},
        {"10.0.0.0/8", {{0, 0x0a000000}, {0, 0x0affffff}}},
        {"255.255.255.255/32", {{0, 0xffffffff}, {0, 0xffffffff}}},
        {"::/0", {{0, 0}, {UINT64_MAX, UINT64_MAX}}},
        {"fd00::/64", {{0xfd00000000000000, 0}, {0xfd00000000000000, UINT64_MAX}}},
        {"fd00::/63", {{0xfd00000000000000, 0}, {0xfd00000000000001, UINT64_MAX}}},
        {"fd00::/65", {{0xfd00000000000000, 0}, {0xfd00000000000000, 0x7fffffffffffffff}}},
        {"1:2:3:4:5:6:7:8/128", {{0x0001000200030004, 0x0005000600070008}, {0x0001000200030004, 0x0005000600070008}}},
    };
    const struct aks_port_range ports = {443, 4443};
    struct aks_range range = aks_range_of_ports(&ports), expected = small(443, 4443);

    (void)state;
    assert_true(aks_range_equal(&range, &expected));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aks_cidr prefix = cidr_of(rows[i].prefix);
        char text[AKS_RANGE_TEXT_SIZE];

        range = aks_range_of_cidr(&prefix);
        if (!aks_range_equal(&range, &rows[i].range))
            fail_msg("%s", rows[i].prefix);
        assert_string_equal(aks_range_text(&range, prefix.bits, text), rows[i].prefix);
    }
}

static void what_is_no_prefix_shows_both_ends(void **state)
{
    static const struct {
        struct aks_range range;
        unsigned bits;
        const char *text;
    } rows[] = {
        {{{0, 0x0a000001}, {0, 0x0a0000ff}}, 32, "10.0.0.1 to 10.0.0.255"},
        {{{0, 0x0a000000}, {0, 0x0a0000fe}}, 32, "10.0.0.0 to 10.0.0.254"},
        {{{0, 0x0a0000ff}, {0, 0x0a000100}}, 32, "10.0.0.255 to 10.0.1.0"},
        {{{0, 0x0a000001}, {0, 0x0a000002}}, 32, "10.0.0.1 to 10.0.0.2"},
        {{{0, 0x0a000002}, {0, 0x0a000003}}, 32, "10.0.0.2/31"},
        {{{0, 0}, {0, 0}}, 32, "0.0.0.0/32"},
        {{{0, 0}, {0, 0xfffffffe}}, 32, "0.0.0.0 to 255.255.255.254"},
        {{{0, 0}, {0, 0}}, 128, "::/128"},
        {{{0, 1}, {UINT64_MAX, UINT64_MAX}}, 128, "::1 to ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {{{0x2600111122223333, 0x4444555566667777}, {0xffffffffffffffff, 0xfffffffffffffffe}},
         128,
         "2600:1111:2222:3333:4444:5555:6666:7777 to ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[AKS_RANGE_TEXT_SIZE];

        assert_string_equal(aks_range_text(&rows[i].range, rows[i].bits, text), rows[i].text);
    }
}

static void ranges_meet_and_leave_rests(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 6; a++)
        for (unsigned b = a; b < 6; b++)
            for (unsigned c = 0; c < 6; c++)
                for (unsigned d = c; d < 6; d++) {
                    struct aks_range x = small(a, b), y = small(c, d), result = small(99, 99), expected;
                    bool meet = a <= d && c <= b;

                    assert_int_equal(aks_range_meet(&x, &y, &result), meet);
                    expected = meet ? small(a > c ? a : c, b < d ? b : d) : small(99, 99);
                    assert_true(aks_range_equal(&result, &expected));
                    if (!meet)
                        continue;
                    assert_int_equal(aks_range_below(&x, &y, &result), a < c);
                    if (a < c)
                        assert_true(result.first.low == a && result.last.low == c - 1);
                    assert_int_equal(aks_range_above(&x, &y, &result), b > d);
                    if (b > d)
                        assert_true(result.first.low == d + 1 && result.last.low == b);
                }
}

static void rests_carry_between_the_halves(void **state)
{
    const struct aks_range whole = {least, greatest}, inner = {{1, 0}, {1, UINT64_MAX}};
    struct aks_range rest;

    (void)state;
    assert_true(aks_range_below(&whole, &inner, &rest));
    assert_int_equal(aks_number_compare(rest.last, (struct aks_number){0, UINT64_MAX}), 0);
    assert_true(aks_range_above(&whole, &inner, &rest));
    assert_int_equal(aks_number_compare(rest.first, (struct aks_number){2, 0}), 0);
    assert_false(aks_range_below(&whole, &whole, &rest));
    assert_false(aks_range_above(&whole, &whole, &rest));
}

static uint64_t seed = 0x5eed;

static unsigned any(unsigned count)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % count);
}

/* A settled set has the fewest ranges for its numbers, in order. */
static void compare_with_bits(const struct aks_range_set *set, uint64_t bits)
{
    uint64_t found = 0;

    for (size_t i = 0; i < set->count; i++) {
        for (uint64_t number = set->items[i].first.low; number <= set->items[i].last.low; number++)
            found |= UINT64_C(1) << number;
        if (i > 0)
            assert_true(set->items[i].first.low > set->items[i - 1].last.low + 1);
    }
    assert_true(found == bits);
}

static uint64_t bits_of(unsigned first, unsigned last)
{
    uint64_t bits = 0;

    for (unsigned number = first; number <= last; number++)
        bits |= UINT64_C(1) << number;
    return bits;
}

static void sets_are_those_of_bits(void **state)
{
    struct aks_range_set set = {0};

    (void)state;
    for (int round = 0; round < 20000; round++) {
        unsigned low = any(64), high = low + any(64 - low), cut, end;
        struct aks_range window = small(low, high), range;
        uint64_t bits = 0;

        aks_range_set_reset(&set);
        for (unsigned left = any(8); left > 0; left--) {
            unsigned first = any(64), last = first + any(64 - first) / (1 + any(8));

            range = small(first, last);
            assert_true(aks_range_set_add(&set, &range, &window));
            bits |= bits_of(first, last) & bits_of(low, high);
        }
        aks_range_set_settle(&set);
        compare_with_bits(&set, bits);
        cut = any(64);
        end = cut + any(64 - cut);
        range = small(cut, end);
        assert_int_equal(aks_range_set_meets(&set, &range), (bits & bits_of(cut, end)) != 0);
        for (size_t i = 0, found = aks_range_set_find(&set, &range); i < set.count; i++)
            assert_int_equal(set.items[i].last.low < cut, i < found);
        assert_true(aks_range_set_remove(&set, &range));
        compare_with_bits(&set, bits & ~bits_of(cut, end));
    }
    aks_range_set_clear(&set);
    assert_null(set.items);
}

static void the_greatest_number_has_none_after_it(void **state)
{
    const struct aks_range whole = {least, greatest}, top = {greatest, greatest}, bottom = {least, least};
    struct aks_range_set set = {0};

    (void)state;
    assert_true(aks_range_set_add(&set, &top, &whole));
    assert_true(aks_range_set_add(&set, &bottom, &whole));
    assert_true(aks_range_set_add(&set, &top, &whole));
    aks_range_set_settle(&set);
    assert_int_equal(set.count, 2);
    assert_true(aks_range_equal(&set.items[0], &bottom) && aks_range_equal(&set.items[1], &top));
    assert_true(aks_range_set_add(&set, &whole, &whole));
    aks_range_set_settle(&set);
    assert_int_equal(set.count, 1);
    assert_true(aks_range_equal(&set.items[0], &whole));
    assert_true(aks_range_set_remove(&set, &top));
    assert_int_equal(aks_number_compare(set.items[0].last, (struct aks_number){UINT64_MAX, UINT64_MAX - 1}), 0);
    assert_true(aks_range_set_remove(&set, &whole));
    assert_int_equal(set.count, 0);
    aks_range_set_clear(&set);
}

static bool adds_and_removes_or_keeps_what_was(void)
{
    const struct aks_range whole = small(0, 99);
    struct aks_range_set set = {0};
    size_t added = 0;
    bool right = true;

    for (unsigned i = 0; i < 6; i++) {
        struct aks_range range = small(10 * i, 10 * i + 5);

        added += aks_range_set_add(&set, &range, &whole);
    }
    right = set.count == added && (added == 6 || torture_state.refused);
    if (added == 6) {
        struct aks_range inner = small(12, 13);
        bool removed = aks_range_set_remove(&set, &inner);

        right = right && (removed ? set.count == 7 : torture_state.refused && set.count == 6);
    }
    aks_range_set_clear(&set);
    return right;
}

static void nothing_is_lost_without_memory(void **state)
{
    const char *problem = torture(adds_and_removes_or_keeps_what_was);

    (void)state;
    if (problem)
        fail_msg("%s", problem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_compared_by_both_halves),   cmocka_unit_test(prefixes_and_ports_are_ranges),
        cmocka_unit_test(what_is_no_prefix_shows_both_ends),     cmocka_unit_test(ranges_meet_and_leave_rests),
        cmocka_unit_test(rests_carry_between_the_halves),        cmocka_unit_test(sets_are_those_of_bits),
        cmocka_unit_test(the_greatest_number_has_none_after_it), cmocka_unit_test(nothing_is_lost_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
