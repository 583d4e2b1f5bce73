/* The error value: the first wins, context is added, copies are whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/torture.h"
#include "base/error.h"

static void the_first_error_wins(void **state)
{
    struct aks_error error = {0};

    (void)state;
    assert_false(aks_error_is_set(&error));
    assert_false(aks_error_set(&error, "timeout", "after %d s", 3));
    assert_false(aks_error_set(&error, "other", "later"));
    assert_false(aks_error_set_no_memory(&error));
    assert_string_equal(aks_error_code(&error), "timeout");
    assert_string_equal(error.message, "after 3 s");
    assert_false(error.no_memory);
    aks_error_clear(&error);
    assert_false(aks_error_set_no_memory(&error));
    assert_true(aks_error_is_set(&error));
    assert_string_equal(aks_error_code(&error), "out_of_memory");
}

static void the_innermost_context_stays(void **state)
{
    struct aks_error error = {0};

    (void)state;
    aks_error_note(&error.step, NULL);
    assert_null(error.step);
    aks_error_note(&error.step, "write");
    aks_error_note(&error.step, "outer");
    assert_string_equal(error.step, "write");
    aks_error_clear(&error);
}

static void long_messages_are_cut_between_characters(void **state)
{
    struct aks_error error = {0};
    char *text = malloc(3 * AKS_ERROR_TEXT_LIMIT + 1);

    (void)state;
    assert_non_null(text);
    text[0] = '\0';
    for (size_t i = 0; i < AKS_ERROR_TEXT_LIMIT; i++)
        memcpy(text + 3 * i, "\xe2\x82\xac", 4); /* three bytes a character */
    aks_error_set(&error, "x", "%s", text);
    assert_int_equal(strlen(error.message), AKS_ERROR_TEXT_LIMIT / 3 * 3);
    free(text);
    aks_error_clear(&error);
}

/* Characters of one to four bytes, each begun at every place round the ceiling; and bytes that are no UTF-8. */
static void every_cut_is_between_characters(void **state)
{
    static const struct {
        const char *character;
        bool is_utf8;
    } rows[] = {{"a", true},     {"\xc3\xa9", true}, {"\xe2\x82\xac", true}, {"\xf0\x9f\x90\xa7", true},
                {"\x80", false}, {"\xff", false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t before = AKS_ERROR_TEXT_LIMIT - 6; before <= AKS_ERROR_TEXT_LIMIT + 2; before++) {
            char text[AKS_ERROR_TEXT_LIMIT + 40];
            struct aks_error error = {0};
            size_t size = strlen(rows[i].character), length, expected;

            memset(text, 'x', before);
            text[before] = '\0';
            while (strlen(text) < AKS_ERROR_TEXT_LIMIT + 10)
                strcat(text, rows[i].character);
            aks_error_note(&error.hint, text);
            length = strlen(error.hint);
            expected = before >= AKS_ERROR_TEXT_LIMIT ? AKS_ERROR_TEXT_LIMIT
                                                      : before + (AKS_ERROR_TEXT_LIMIT - before) / size * size;
            if (rows[i].is_utf8)
                assert_int_equal(length, expected);
            assert_true(length <= AKS_ERROR_TEXT_LIMIT && length >= AKS_ERROR_TEXT_LIMIT - 3);
            aks_error_clear(&error);
        }
}

static void a_text_of_the_limit_stays(void **state)
{
    char text[AKS_ERROR_TEXT_LIMIT + 1];
    struct aks_error error = {0};

    (void)state;
    memset(text, 'x', AKS_ERROR_TEXT_LIMIT);
    text[AKS_ERROR_TEXT_LIMIT] = '\0';
    memcpy(text + AKS_ERROR_TEXT_LIMIT - 2, "\xc3\xa9", 2);
    aks_error_set(&error, "code", "%s", text);
    assert_string_equal(error.message, text);
    aks_error_clear(&error);
}

static void codes_are_found_in_details_without_case(void **state)
{
    struct aks_error error = {0};
    struct aks_error *detail;

    (void)state;
    assert_false(aks_error_has_code(&error, "out_of_memory"));
    aks_error_set(&error, "operation_failed", "it failed");
    detail = aks_error_add_detail(&error);
    assert_non_null(detail);
    aks_error_set(detail, "QuotaExceeded", "no cores");
    assert_true(aks_error_has_code(&error, "quotaexceeded"));
    assert_true(aks_error_has_code(&error, "operation_failed"));
    assert_false(aks_error_has_code(&error, "Quota"));
    while (error.detail_count < AKS_ERROR_DETAILS_LIMIT)
        assert_non_null(aks_error_add_detail(&error));
    assert_null(aks_error_add_detail(&error));
    aks_error_clear(&error);
}

static void findings_become_an_error(void **state)
{
    struct aks_findings findings = {0};
    struct aks_error error = {0};

    (void)state;
    assert_true(aks_findings_add(&findings, "note", AKS_SEVERITY_INFO, NULL, NULL, NULL, "worth knowing"));
    assert_false(aks_findings_refuse(&findings));
    assert_true(aks_findings_add(&findings, "unknown_field", AKS_SEVERITY_ERROR, "vnet 'a'", "tgs",
                                 "did you mean 'tags'?", "unknown field '%s'", "tgs"));
    assert_true(aks_findings_refuse(&findings));
    assert_false(aks_error_set_findings(&error, &findings));
    assert_int_equal(findings.count, 0);
    assert_string_equal(aks_error_code(&error), "unknown_field");
    assert_string_equal(error.message, "unknown field 'tgs'");
    assert_string_equal(error.hint, "did you mean 'tags'?");
    assert_string_equal(error.resource, "vnet 'a'");
    assert_int_equal(error.findings.count, 2);
    aks_error_clear(&error);
}

static void warnings_alone_are_an_error_of_the_first(void **state)
{
    struct aks_findings findings = {0};
    struct aks_error error = {0};

    (void)state;
    assert_true(aks_findings_add(&findings, "first", AKS_SEVERITY_INFO, NULL, NULL, NULL, "100%%"));
    assert_true(aks_findings_add(&findings, "second", AKS_SEVERITY_WARNING, NULL, NULL, NULL, "later"));
    assert_false(aks_error_set_findings(&error, &findings));
    assert_string_equal(aks_error_code(&error), "first");
    assert_string_equal(error.message, "100%");
    assert_true(aks_findings_add(&findings, "third", AKS_SEVERITY_ERROR, NULL, NULL, NULL, "last"));
    assert_false(aks_error_set_findings(&error, &findings));
    assert_int_equal(findings.count, 0);
    assert_string_equal(aks_error_code(&error), "first");
    assert_int_equal(error.findings.count, 2);
    aks_error_clear(&error);
}

static void a_detail_may_take_the_place_of_its_error(void **state)
{
    struct aks_error error = {0};
    struct aks_error *detail;

    (void)state;
    aks_error_set(&error, "outer", "outer");
    detail = aks_error_add_detail(&error);
    aks_error_set(detail, "inner", "inner");
    aks_error_set(aks_error_add_detail(detail), "innermost", "innermost");
    aks_error_copy(&error, &error);
    assert_string_equal(error.message, "outer");
    aks_error_move(&error, &error.details[0]);
    assert_string_equal(error.message, "inner");
    assert_int_equal(error.detail_count, 1);
    aks_error_copy(&error, &error.details[0]);
    assert_string_equal(error.message, "innermost");
    assert_int_equal(error.detail_count, 0);
    aks_error_clear(&error);
}

/* Whether an error is one of these: as it was set, or "out_of_memory" when memory was short. */
static bool is_set_or_short(const struct aks_error *error, const char *code)
{
    if (error->no_memory)
        return torture_state.refused && strcmp(aks_error_code(error), "out_of_memory") == 0;
    return strcmp(aks_error_code(error), code) == 0 && error->message;
}

static bool set_fill_and_copy(void)
{
    struct aks_error error = {0}, copied = {0}, *detail;
    bool ok;

    ok = !aks_error_set(&error, "code", "%s %d", "message", 1) && is_set_or_short(&error, "code");
    aks_error_note(&error.step, "step");
    detail = aks_error_add_detail(&error);
    if (detail)
        ok = ok && !aks_error_set(detail, "inner", "detail") && is_set_or_short(detail, "inner");
    if (!aks_findings_add(&error.findings, "f", AKS_SEVERITY_ERROR, "r", "f", "h", "finding"))
        ok = ok && torture_state.refused;
    aks_error_copy(&copied, &error);
    ok = ok && is_set_or_short(&copied, "code");
    if (!torture_state.refused)
        ok = ok && copied.step && copied.detail_count == 1 && copied.findings.count == 1;
    aks_error_clear(&error);
    aks_error_clear(&copied);
    return ok;
}

static bool set_findings(void)
{
    struct aks_findings findings = {0};
    struct aks_error error = {0};
    bool added = aks_findings_add(&findings, "refused", AKS_SEVERITY_ERROR, "r", "f", "remedy", "message");
    bool ok = added || torture_state.refused;

    if (added)
        ok = !aks_error_set_findings(&error, &findings) && is_set_or_short(&error, "refused") && findings.count == 0;
    aks_error_clear(&error);
    return ok;
}

static void errors_need_no_memory(void **state)
{
    const char *wrong = torture(set_fill_and_copy);

    (void)state;
    if (!wrong)
        wrong = torture(set_findings);
    if (wrong)
        fail_msg("%s", wrong);
}

static void copies_are_whole_and_moves_empty_the_source(void **state)
{
    struct aks_error error = {0}, copy = {0}, moved = {0};

    (void)state;
    aks_error_set(&error, "code", "message");
    error.status = 409;
    error.retryable = true;
#define X(member) aks_error_note(&error.member, #member);
    AKS_ERROR_TEXTS(X)
#undef X
    aks_error_set(aks_error_add_detail(&error), "inner", "detail");
    assert_true(aks_findings_add(&error.findings, "f", AKS_SEVERITY_WARNING, NULL, "field", NULL, "finding"));
    aks_error_copy(&copy, &error);
#define X(member) assert_string_equal(copy.member, error.member);
    AKS_ERROR_TEXTS(X)
#undef X
    assert_int_equal(copy.status, 409);
    assert_true(copy.retryable);
    assert_string_equal(copy.details[0].message, "detail");
    assert_string_equal(copy.findings.items[0].field, "field");
    aks_error_move(&moved, &copy);
    assert_false(aks_error_is_set(&copy));
    assert_string_equal(moved.message, "message");
    aks_error_move(&moved, &moved);
    assert_string_equal(moved.message, "message");
    aks_error_clear(&moved);
    aks_error_clear(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_error_wins),
        cmocka_unit_test(the_innermost_context_stays),
        cmocka_unit_test(long_messages_are_cut_between_characters),
        cmocka_unit_test(every_cut_is_between_characters),
        cmocka_unit_test(a_text_of_the_limit_stays),
        cmocka_unit_test(codes_are_found_in_details_without_case),
        cmocka_unit_test(findings_become_an_error),
        cmocka_unit_test(warnings_alone_are_an_error_of_the_first),
        cmocka_unit_test(copies_are_whole_and_moves_empty_the_source),
        cmocka_unit_test(a_detail_may_take_the_place_of_its_error),
        cmocka_unit_test(errors_need_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
