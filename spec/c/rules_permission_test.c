/* Roles: actions with wildcards, less what each leaves out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "rules/permission.h"

#define JOIN "Microsoft.Network/virtualNetworks/subnets/join/action"

static void patterns_match_as_azure_has_them(void **state)
{
    static const struct {
        const char *pattern;
        bool matches;
    } rows[] = {
        {JOIN, true},
        {"microsoft.network/VIRTUALNETWORKS/subnets/join/ACTION", true},
        {"*", true},
        {"**", true},
        {"Microsoft.Network/*", true},
        {"Microsoft.Network*", true},
        {"*/join/action", true},
        {"*/action", true},
        {"Microsoft.Network/*/join/action", true},
        {"Microsoft.*/subnets/*", true},
        {"*subnets*join*", true},
        {JOIN "*", true},
        {"", false},
        {"*/read", false},
        {"*/join", false},
        {"Microsoft.Networks/*", false},
        {"Microsoft.Network/virtualNetworks/subnets/join", false},
        {"icrosoft.Network/*", false},
        {"*subnets*subnets*", false},
        {JOIN "x", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (aks_action_matches(rows[i].pattern, JOIN) != rows[i].matches)
            fail_msg("%s", rows[i].pattern);
    assert_true(aks_action_matches("Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
                                   "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"));
    assert_false(aks_action_matches("a/*/b", "ab"));
    assert_true(aks_action_matches("", ""));
    assert_true(aks_action_matches("*", ""));
}

/* Says of all short texts over a small alphabet what a plain recursion says. */
static bool naive(const char *pattern, const char *text)
{
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '*')
        return naive(pattern + 1, text) || (*text && naive(pattern, text + 1));
    return *pattern == *text && naive(pattern + 1, text + 1);
}

static void matching_is_that_of_a_naive_reading(void **state)
{
    static const char alphabet[] = "ab*";
    char pattern[6], text[6];

    (void)state;
    for (unsigned p = 0; p < 243 * 4; p++)
        for (unsigned t = 0; t < 32 * 6; t++) {
            unsigned pattern_length = p / 243 + 2, text_length = t / 32, digits = p % 243, bits = t % 32;

            for (unsigned i = 0; i < pattern_length; i++, digits /= 3)
                pattern[i] = alphabet[digits % 3];
            for (unsigned i = 0; i < text_length; i++, bits /= 2)
                text[i] = alphabet[bits % 2];
            pattern[pattern_length] = text[text_length] = '\0';
            if (aks_action_matches(pattern, text) != naive(pattern, text))
                fail_msg("'%s' and '%s'", pattern, text);
        }
}

static void what_one_role_leaves_out_another_may_allow(void **state)
{
    static const char *const all[] = {"*"}, *const network[] = {"Microsoft.Network/*"}, *const reads[] = {"*/read"};
    const struct aks_permission without[] = {{all, network, 1, 1}};
    const struct aks_permission both[] = {{all, network, 1, 1}, {network, NULL, 1, 0}};
    const struct aks_permission reader[] = {{reads, NULL, 1, 0}};

    (void)state;
    assert_false(aks_permissions_allow(without, 1, JOIN));
    assert_true(aks_permissions_allow(without, 1, "Microsoft.Compute/disks/read"));
    assert_true(aks_permissions_allow(both, 2, JOIN));
    assert_false(aks_permissions_allow(reader, 1, JOIN));
    assert_true(aks_permissions_allow(reader, 1, "Microsoft.Network/virtualNetworks/subnets/read"));
    assert_false(aks_permissions_allow(NULL, 0, JOIN));
}

static void a_cluster_needs_to_join_and_read(void **state)
{
    size_t count;
    const char *const *actions = aks_subnet_actions(&count);

    (void)state;
    assert_int_equal(count, 2);
    assert_string_equal(actions[0], JOIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_as_azure_has_them),
        cmocka_unit_test(matching_is_that_of_a_naive_reading),
        cmocka_unit_test(what_one_role_leaves_out_another_may_allow),
        cmocka_unit_test(a_cluster_needs_to_join_and_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
