/* Lists of findings: what they hold, when they refuse, copies, and memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/torture.h"
#include "base/finding.h"

static void holds_copies_of_what_was_said(void **state)
{
    struct aks_findings findings = {0};
    char field[] = "tgs";

    (void)state;
    assert_true(aks_findings_add(&findings, "unknown_field", AKS_SEVERITY_ERROR, "vnet 'a'", field,
                                 "did you mean 'tags'?", "unknown field '%s'", field));
    assert_true(aks_findings_add(&findings, "note", AKS_SEVERITY_INFO, NULL, NULL, NULL, "%d%%", 100));
    memset(field, 'x', 3);
    assert_int_equal(findings.count, 2);
    assert_string_equal(findings.items[0].code, "unknown_field");
    assert_int_equal(findings.items[0].severity, AKS_SEVERITY_ERROR);
    assert_string_equal(findings.items[0].resource, "vnet 'a'");
    assert_string_equal(findings.items[0].field, "tgs");
    assert_string_equal(findings.items[0].remedy, "did you mean 'tags'?");
    assert_string_equal(findings.items[0].message, "unknown field 'tgs'");
    assert_string_equal(findings.items[1].message, "100%");
    assert_null(findings.items[1].resource);
    assert_null(findings.items[1].field);
    assert_null(findings.items[1].remedy);
    aks_findings_clear(&findings);
    assert_int_equal(findings.count, 0);
    assert_null(findings.items);
    aks_findings_clear(&findings);
}

static void refuses_for_an_error_alone(void **state)
{
    static const struct {
        const char *severities; /* one letter a finding */
        bool refuses;
    } rows[] = {{"", false},  {"w", false}, {"i", false},  {"wi", false}, {"e", true},
                {"we", true}, {"ew", true}, {"iwe", true}, {"ee", true},  {"iiiiiiwwwwww", false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_findings findings = {0};

        for (const char *at = rows[i].severities; *at; at++)
            assert_true(aks_findings_add(&findings, "code",
                                         *at == 'e'   ? AKS_SEVERITY_ERROR
                                         : *at == 'w' ? AKS_SEVERITY_WARNING
                                                      : AKS_SEVERITY_INFO,
                                         NULL, NULL, NULL, "message"));
        if (aks_findings_refuse(&findings) != rows[i].refuses)
            fail_msg("'%s'", rows[i].severities);
        aks_findings_clear(&findings);
    }
}

static void names_severities(void **state)
{
    (void)state;
    assert_string_equal(aks_severity_name(AKS_SEVERITY_ERROR), "error");
    assert_string_equal(aks_severity_name(AKS_SEVERITY_WARNING), "warning");
    assert_string_equal(aks_severity_name(AKS_SEVERITY_INFO), "info");
}

static void copies_replace_what_was_there(void **state)
{
    struct aks_findings source = {0}, target = {0};

    (void)state;
    assert_true(aks_findings_add(&target, "old", AKS_SEVERITY_ERROR, "a", "b", "c", "d"));
    assert_true(aks_findings_add(&source, "new", AKS_SEVERITY_WARNING, NULL, "field", NULL, "100%%"));
    assert_true(aks_findings_copy(&target, &source));
    assert_int_equal(target.count, 1);
    assert_string_equal(target.items[0].code, "new");
    assert_string_equal(target.items[0].field, "field");
    assert_string_equal(target.items[0].message, "100%");
    assert_null(target.items[0].resource);
    assert_true(aks_findings_copy(&target, &target));
    assert_int_equal(target.count, 1);
    aks_findings_clear(&source);
    assert_string_equal(target.items[0].field, "field");
    assert_true(aks_findings_copy(&target, &source));
    assert_int_equal(target.count, 0);
}

/* A finding is added whole or not at all; a copy is whole or empty. */
static bool use_findings(void)
{
    struct aks_findings findings = {0}, copied = {0};
    size_t added = 0;
    bool ok, is_copied;

    for (int i = 0; i < 3; i++)
        added += aks_findings_add(&findings, "code", AKS_SEVERITY_ERROR, "resource", "field", "remedy", "number %d", i);
    ok = findings.count == added && (torture_state.refused || added == 3);
    for (size_t i = 0; i < findings.count; i++)
        ok = ok && findings.items[i].resource && findings.items[i].field && findings.items[i].remedy &&
             findings.items[i].message;
    is_copied = aks_findings_copy(&copied, &findings);
    ok = ok && copied.count == (is_copied ? findings.count : 0) && (is_copied || torture_state.refused);
    aks_findings_clear(&findings);
    aks_findings_clear(&copied);
    return ok;
}

static void adds_whole_findings_when_memory_is_short(void **state)
{
    const char *wrong = torture(use_findings);

    (void)state;
    if (wrong)
        fail_msg("%s", wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_copies_of_what_was_said),
        cmocka_unit_test(refuses_for_an_error_alone),
        cmocka_unit_test(names_severities),
        cmocka_unit_test(copies_replace_what_was_there),
        cmocka_unit_test(adds_whole_findings_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
