/* The table of rules: whole, in order, and what is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rules/rule.h"

static void every_rule_says_what_it_is(void **state)
{
    size_t count;
    const struct aks_rule *rules = aks_rules(&count);

    (void)state;
    assert_true(count > 40);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(aks_rule_find(rules[i].code), &rules[i]); /* so codes are unique */
        assert_int_equal(strspn(rules[i].code, "abcdefghijklmnopqrstuvwxyz_"), strlen(rules[i].code));
        assert_int_equal(rules[i].rule[strlen(rules[i].rule) - 1], '.');
        assert_true(!rules[i].source || strncmp(rules[i].source, "https://", 8) == 0);
    }
    assert_null(aks_rule_find("nothing"));
}

static void a_finding_takes_severity_and_remedy_from_its_rule(void **state)
{
    struct aks_findings findings = {0};

    (void)state;
    assert_true(aks_rule_break(&findings, "convert_one_way", "cluster 'a'", NULL, NULL, "number %d", 7));
    assert_true(aks_rule_break(&findings, "node_subnet_surge", NULL, NULL, "do this", "x"));
    assert_true(aks_rule_break(&findings, "approval_required", NULL, "approve", NULL, "y"));
    assert_true(aks_rule_break(&findings, "cidr_reserved", NULL, NULL, NULL, "z"));
    assert_int_equal(findings.items[0].severity, AKS_SEVERITY_INFO);
    assert_string_equal(findings.items[0].message, "number 7");
    assert_string_equal(findings.items[1].remedy, "do this");
    assert_string_equal(findings.items[2].remedy, "pass approve = true");
    aks_rules_sort(&findings);
    assert_string_equal(findings.items[0].code, "cidr_reserved");
    assert_string_equal(findings.items[1].code, "approval_required");
    assert_string_equal(findings.items[2].code, "node_subnet_surge");
    assert_string_equal(findings.items[3].code, "convert_one_way");
    aks_findings_clear(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_says_what_it_is),
        cmocka_unit_test(a_finding_takes_severity_and_remedy_from_its_rule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
