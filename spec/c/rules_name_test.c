/* Names: both sides of every edge of every rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/name.h"

/* For each kind of name: its lengths, and what a single ASCII character may be inside, first and last. */
struct edge {
    const char *kind;
    size_t minimum, maximum;
    const char *inside, *first, *last; /* besides the letters and digits of `base` */
    const char *base;
    const char *first_base;
};

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define LETTERS LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static const struct edge edges[] = {
    {"resource_group", 1, 90, "-_.()", "-_.()", "-_()", LETTERS DIGITS, LETTERS DIGITS},
    {"vnet", 2, 64, "-_.", "", "_", LETTERS DIGITS, LETTERS DIGITS},
    {"subnet", 1, 80, "-_.", "", "_", LETTERS DIGITS, LETTERS DIGITS},
    {"nsg", 1, 80, "-_.", "", "_", LETTERS DIGITS, LETTERS DIGITS},
    {"security_rule", 1, 80, "-_.", "", "_", LETTERS DIGITS, LETTERS DIGITS},
    {"route_table", 1, 80, "-_.", "", "_", LETTERS DIGITS, LETTERS DIGITS},
    {"identity", 3, 128, "-_", "", "-_", LETTERS DIGITS, LETTERS DIGITS},
    {"cluster", 1, 63, "-_", "", "", LETTERS DIGITS, LETTERS DIGITS},
    {"agent_pool", 1, 12, "", "", "", LOWER DIGITS, LOWER},
    {"windows_agent_pool", 1, 6, "", "", "", LOWER DIGITS, LOWER},
    {"dns_prefix", 1, 54, "-", "", "", LETTERS DIGITS, LETTERS DIGITS},
    {"provider", 1, 128, ".", "", "", LETTERS DIGITS, LETTERS},
    {"feature", 1, 128, "-_.", "", "", LETTERS DIGITS, LETTERS DIGITS},
    {"linux_admin", 1, 64, "-_", "", "-_", LETTERS DIGITS, LETTERS},
};

static enum aks_name_fault fault_of(const struct edge *edge, const char *name)
{
    const struct aks_name_rule *rule = aks_name_rule_find(edge->kind);
    enum aks_name_fault fault;
    bool valid;

    assert_non_null(rule);
    valid = aks_name_is_valid(rule, name, &fault);
    assert_int_equal(valid, fault == AKS_NAME_VALID);
    return fault;
}

static void expect(const struct edge *edge, const char *name, enum aks_name_fault expected)
{
    enum aks_name_fault fault = fault_of(edge, name);

    if (fault != expected)
        fail_msg("%s \"%s\" %s, expected that it %s", edge->kind, name, aks_name_fault_text(fault),
                 aks_name_fault_text(expected));
}

static void lengths_have_two_edges(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        for (size_t length = 0; length <= edges[i].maximum + 1; length++) {
            char name[200];

            memset(name, 'a', length);
            name[length] = '\0';
            expect(&edges[i], name,
                   length < edges[i].minimum   ? AKS_NAME_TOO_SHORT
                   : length > edges[i].maximum ? AKS_NAME_TOO_LONG
                                               : AKS_NAME_VALID);
        }
    }
}

static void every_character_is_allowed_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        const struct edge *edge = &edges[i];

        for (int character = 1; character < 128; character++) {
            char inside[] = "aaXaa", first[] = "Xaaa", last[] = "aaaX";
            bool in = strchr(edge->base, character) || strchr(edge->inside, character);
            bool begins = strchr(edge->first_base, character) || strchr(edge->first, character);
            bool ends = strchr(edge->base, character) || strchr(edge->last, character);

            inside[2] = first[0] = last[3] = (char)character;
            expect(edge, inside, in ? AKS_NAME_VALID : AKS_NAME_BAD_CHARACTER);
            expect(edge, first, begins ? AKS_NAME_VALID : in ? AKS_NAME_BAD_FIRST : AKS_NAME_BAD_CHARACTER);
            expect(edge, last, ends ? AKS_NAME_VALID : in ? AKS_NAME_BAD_LAST : AKS_NAME_BAD_CHARACTER);
        }
    }
}

static void only_resource_groups_have_letters_beyond_ascii(void **state)
{
    char name[3 * 91 + 1] = "";

    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        expect(&edges[i], "gr\xc3\xbcn",
               strcmp(edges[i].kind, "resource_group") == 0 ? AKS_NAME_VALID : AKS_NAME_BAD_CHARACTER);
    for (int i = 0; i < 90; i++)
        strcat(name, "\xe7\xb6\xb2"); /* three bytes, one character */
    expect(&edges[0], name, AKS_NAME_VALID);
    strcat(name, "\xe7\xb6\xb2");
    expect(&edges[0], name, AKS_NAME_TOO_LONG);
}

static void every_rule_is_tested_and_says_what_it_is(void **state)
{
    size_t count;
    const struct aks_name_rule *rules = aks_name_rules(&count);

    (void)state;
    assert_int_equal(count, sizeof edges / sizeof *edges);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(aks_name_rule_find(rules[i].kind), &rules[i]);
        assert_true(strlen(rules[i].words) > 10);
        assert_memory_equal(rules[i].source, "https://learn.microsoft.com/", 28);
    }
    assert_null(aks_name_rule_find("cluster "));
    assert_null(aks_name_rule_find(""));
}

static void the_fault_need_not_be_asked_for(void **state)
{
    (void)state;
    assert_true(aks_name_is_valid(aks_name_rule_find("subnet"), "apiserver", NULL));
    assert_false(aks_name_is_valid(aks_name_rule_find("subnet"), "", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_have_two_edges),
        cmocka_unit_test(every_character_is_allowed_or_not),
        cmocka_unit_test(only_resource_groups_have_letters_beyond_ascii),
        cmocka_unit_test(every_rule_is_tested_and_says_what_it_is),
        cmocka_unit_test(the_fault_need_not_be_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
