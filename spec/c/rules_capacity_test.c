/* Planning addresses, at its edges and against counting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "rules/capacity.h"

static struct aks_cidr cidr(const char *text)
{
    struct aks_cidr prefix;

    assert_int_equal(aks_cidr_parse(text, &prefix), AKS_CIDR_VALID);
    return prefix;
}

static void a_subnet_holds_nine_addresses_a_cluster(void **state)
{
    static const struct {
        const char *subnet;
        unsigned long long used, clusters;
    } rows[] = {{"10.0.0.0/29", 0, 0},  {"10.0.0.0/28", 0, 1},   {"10.0.0.0/28", 2, 1},
                {"10.0.0.0/28", 3, 0},  {"10.0.0.0/27", 0, 3},   {"10.0.0.0/26", 0, 6},
                {"10.0.0.0/24", 0, 27}, {"10.0.0.0/24", 250, 0}, {"10.0.0.0/24", 9999, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_cidr subnet = cidr(rows[i].subnet);

        assert_int_equal(aks_capacity_clusters(&subnet, rows[i].used), rows[i].clusters);
    }
}

static void the_smallest_subnet_is_the_first_that_is_large_enough(void **state)
{
    (void)state;
    assert_int_equal(aks_capacity_length(0), 29);
    assert_int_equal(aks_capacity_length(3), 29);
    assert_int_equal(aks_capacity_length(4), 28);
    assert_int_equal(aks_capacity_length(11), 28);
    assert_int_equal(aks_capacity_length(12), 27);
    assert_int_equal(aks_capacity_length(251), 24);
    assert_int_equal(aks_capacity_length(252), 23);
    assert_int_equal(aks_capacity_length((1ULL << 31) - 5), 1);
    assert_int_equal(aks_capacity_length(1ULL << 31), 0);
    assert_int_equal(aks_capacity_apiserver_length(1), 28);
    assert_int_equal(aks_capacity_apiserver_length(2), 27);
    assert_int_equal(aks_capacity_apiserver_length(3), 27);
    assert_int_equal(aks_capacity_apiserver_length(4), 26);
    assert_int_equal(aks_capacity_addresses(3, 1, 0), 4);
    assert_int_equal(aks_capacity_addresses(3, 1, 30), 124);
}

static void expect_free(const char *network, const char *const *taken, size_t count, unsigned length,
                        const char *expected)
{
    struct aks_cidr prefixes[8], outer = cidr(network), found;
    struct aks_error error = {0};
    char text[AKS_CIDR_TEXT_SIZE];

    for (size_t i = 0; i < count; i++)
        prefixes[i] = cidr(taken[i]);
    if (aks_capacity_next_free(&outer, prefixes, count, length, &found, &error))
        assert_string_equal(aks_cidr_text(&found, text), expected);
    else
        assert_string_equal("none", expected);
    assert_false(aks_error_is_set(&error));
}

static void a_free_block_is_the_first_beside_what_is_taken(void **state)
{
    static const char *const few[] = {"10.0.0.0/28", "10.0.1.0/24"}, *const all[] = {"10.0.0.0/9", "10.128.0.0/9"};
    static const char *const last[] = {"255.255.255.0/24"}, *const mixed[] = {"fd00::/64", "10.0.0.0/24"};

    (void)state;
    expect_free("10.0.0.0/16", NULL, 0, 24, "10.0.0.0/24");
    expect_free("10.0.0.0/16", few, 2, 28, "10.0.0.16/28");
    expect_free("10.0.0.0/16", few, 2, 24, "10.0.2.0/24");
    expect_free("10.0.0.0/16", few, 2, 25, "10.0.0.128/25");
    expect_free("10.0.0.0/16", few, 2, 16, "none");
    expect_free("10.0.0.0/16", few, 2, 8, "none");
    expect_free("10.0.0.0/16", few, 2, 33, "none");
    expect_free("10.0.0.0/8", all, 2, 24, "none");
    expect_free("255.255.255.0/24", last, 1, 28, "none");
    expect_free("10.0.0.0/16", mixed, 2, 24, "10.0.1.0/24");
    expect_free("fd00::/48", mixed, 2, 64, "fd00:0:0:1::/64");
}

/* Against trying every block in turn. */
static void a_free_block_is_the_one_that_counting_finds(void **state)
{
    struct aks_cidr network = cidr("10.0.0.0/24");

    (void)state;
    srand(7);
    for (int round = 0; round < 3000; round++) {
        struct aks_cidr taken[6], found, candidate;
        size_t count = (size_t)(rand() % 7);
        unsigned length = 25 + (unsigned)(rand() % 5);
        struct aks_error error = {0};
        bool expected = false;

        for (size_t i = 0; i < count; i++) {
            unsigned own = 25 + (unsigned)(rand() % 7);

            assert_true(aks_cidr_subnet(&network, own, (unsigned long long)rand() % (1ULL << (own - 24)), &taken[i]));
        }
        for (unsigned long long index = 0; !expected && aks_cidr_subnet(&network, length, index, &candidate); index++) {
            expected = true;
            for (size_t i = 0; i < count; i++)
                expected = expected && !aks_cidr_overlaps(&taken[i], &candidate);
        }
        assert_int_equal(aks_capacity_next_free(&network, taken, count, length, &found, &error), expected);
        if (expected)
            assert_int_equal(aks_cidr_compare(&found, &candidate), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_subnet_holds_nine_addresses_a_cluster),
        cmocka_unit_test(the_smallest_subnet_is_the_first_that_is_large_enough),
        cmocka_unit_test(a_free_block_is_the_first_beside_what_is_taken),
        cmocka_unit_test(a_free_block_is_the_one_that_counting_finds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
