/* What token endpoints answer, by rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/answer.h"
#include "base/clock.h"

#define T "\"access_token\":\"abc\""

static void lives_are_numbers_or_their_text(void **state)
{
    static const struct {
        const char *answer;
        double expires_in;  /* negative: unknown */
        double refresh_gap; /* from the refresh to the end */
    } rows[] = {
        {"{" T ",\"expires_in\":3600,\"ext_expires_in\":7200,\"token_type\":\"Bearer\"}", 3600, 300},
        {"{" T ",\"expires_in\":\"3600\"}", 3600, 300},
        {"{" T ",\"expires_in\":3600.0}", 3600, 300},
        {"{" T ",\"expires_in\":86400,\"refresh_in\":43200}", 86400, 43200},
        {"{" T ",\"expires_in\":86400,\"refresh_in\":\"43200\"}", 86400, 43200},
        {"{" T ",\"expires_in\":3600,\"refresh_in\":7200}", 3600, 300},
        {"{" T ",\"expires_in\":3600,\"refresh_in\":0}", 3600, 300},
        {"{" T ",\"expires_in\":3600,\"refresh_in\":-5}", 3600, 300},
        {"{" T ",\"expires_in\":\"3600\",\"expires_on\":\"9\"}", 3600, 300},
        {"{" T "}", -1, 0},
        {"{" T ",\"expires_in\":\"soon\"}", -1, 0},
        {"{" T ",\"expires_in\":-1}", -1, 0},
        {"{" T ",\"expires_in\":1e30}", -1, 0},
        {"{" T ",\"expires_in\":\"99999999999999999999999\"}", -1, 0},
        {"{" T ",\"expires_in\":null,\"expires_on\":[]}", -1, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_error error = {0};
        double now = aks_clock_wall();
        struct aks_answer_time time = {.now = now, .ahead = 1000}; /* a life counts by our clock alone */
        struct aks_token *token = aks_answer_read_token(rows[i].answer, strlen(rows[i].answer), &time, &error);

        assert_non_null(token);
        assert_string_equal(token->text, "abc");
        if (rows[i].expires_in < 0)
            assert_true(token->expires_on == 0 && token->refresh_on == 0);
        else if (token->expires_on != now + rows[i].expires_in ||
                 token->expires_on - token->refresh_on != rows[i].refresh_gap)
            fail_msg("%s: expires in %f, refresh %f before", rows[i].answer, token->expires_on - now,
                     token->expires_on - token->refresh_on);
        aks_token_release(token);
    }
}

static void an_expiry_date_counts_when_there_is_no_life(void **state)
{
    static const char *const answers[] = {"{" T ",\"expires_on\":1769859296}", "{" T ",\"expires_on\":\"1769859296\"}",
                                          "{" T ",\"expires_in\":\"soon\",\"expires_on\":\"1769859296\"}",
                                          "{" T ",\"expires_on\":\"01/31/2026 11:34:56 +00:00\"}",
                                          "{" T ",\"expires_on\":\"1/31/2026 11:34:56 AM +00:00\"}"};
    /* their clock may be an hour ahead of ours, or behind */
    static const double ahead[] = {0, 3600, -3600};

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers * 3; i++) {
        struct aks_error error = {0};
        struct aks_answer_time time = {.now = 1769855696, .ahead = ahead[i % 3]};
        struct aks_token *token = aks_answer_read_token(answers[i / 3], strlen(answers[i / 3]), &time, &error);

        assert_non_null(token);
        assert_true(token->expires_on == 1769859296 - ahead[i % 3]);
        aks_token_release(token);
    }
}

static void an_answer_without_a_token_is_invalid(void **state)
{
    static const struct {
        const char *answer, *code;
    } rows[] = {
        {"", "response_invalid"},
        {"null", "response_invalid"},
        {"[]", "response_invalid"},
        {"{", "response_invalid"},
        {"{}", "response_invalid"},
        {"<html>Sign in</html>", "response_invalid"},
        {"{\"access_token\":17}", "response_invalid"},
        {"{\"access_token\":\"abc\"", "response_invalid"},
        {"{\"access_token\":\"a\\u0000b\"}", "response_invalid"},
        {"{\"access_token\":\"\"}", "credential_unavailable"},
        {"{\"access_token\":\"a\\r\\nX-Evil: 1\"}", "credential_unavailable"},
        {"{" T ",\"x\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}", "response_invalid"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_error error = {0};

        assert_null(
            aks_answer_read_token(rows[i].answer, strlen(rows[i].answer), &(struct aks_answer_time){0}, &error));
        assert_string_equal(error.code, rows[i].code);
        aks_error_clear(&error);
    }
}

static void an_answer_has_a_ceiling(void **state)
{
    size_t length = AKS_ANSWER_LIMIT + 1;
    char *text = malloc(length);
    struct aks_error error = {0};
    struct aks_token *token;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', length);
    memcpy(text, "{" T "}", strlen("{" T "}"));
    assert_null(aks_answer_read_token(text, length, &(struct aks_answer_time){0}, &error));
    aks_error_clear(&error);
    token = aks_answer_read_token(text, length - 1, &(struct aks_answer_time){0}, &error);
    assert_non_null(token);
    aks_token_release(token);
    free(text);
}

static void refusals_say_why_and_what_to_do(void **state)
{
    static const struct {
        int status;
        const char *answer, *code, *message, *hint; /* a part of the hint; NULL: none */
        bool retryable;
    } rows[] = {
        {401,
         "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client secret provided.\\r\\n"
         "Trace ID: x\\r\\nTimestamp: y\",\"error_codes\":[7000215]}",
         "token_refused", "the token endpoint gave no token: AADSTS7000215: Invalid client secret provided.",
         "give its value, not its id", false},
        {401, "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: expired keys\"}", "token_refused",
         "the token endpoint gave no token: AADSTS7000222: expired keys", "make a new one", false},
        {400, "{\"error\":\"unauthorized_client\",\"error_description\":\"AADSTS700016: not found\"}", "token_refused",
         "the token endpoint gave no token: AADSTS700016: not found", "check client_id", false},
        {400, "{\"error\":\"invalid_request\",\"error_description\":\"AADSTS90002: Tenant not found\"}",
         "token_refused", "the token endpoint gave no token: AADSTS90002: Tenant not found", "check tenant", false},
        {400, "{\"error\":\"x\",\"error_description\":\"AADSTS1: unknown\"}", "token_refused",
         "the token endpoint gave no token: AADSTS1: unknown", NULL, false},
        {400, "{\"error\":\"invalid_scope\"}", "token_refused", "the token endpoint gave no token: invalid_scope", NULL,
         false},
        {404, "<html>", "token_refused", "the token endpoint gave no token: HTTP status 404, and no reason", NULL,
         false},
        {403, "", "token_refused", "the token endpoint gave no token: HTTP status 403, and no reason", NULL, false},
        {302, "", "response_invalid", "the token endpoint gave no token: HTTP status 302, and no reason", NULL, false},
        {429, "{}", "credential_unavailable", "the token endpoint gave no token: HTTP status 429, and no reason", NULL,
         true},
        {503, "", "credential_unavailable", "the token endpoint gave no token: HTTP status 503, and no reason", NULL,
         true},
        {400, "{\"error\":\"temporarily_unavailable\"}", "credential_unavailable",
         "the token endpoint gave no token: temporarily_unavailable", NULL, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_error error = {0};

        aks_answer_read_refusal(rows[i].status, rows[i].answer, strlen(rows[i].answer), &error);
        assert_string_equal(error.code, rows[i].code);
        assert_string_equal(error.message, rows[i].message);
        assert_int_equal(error.retryable, rows[i].retryable);
        assert_int_equal(error.status, rows[i].status);
        if (rows[i].hint)
            assert_non_null(strstr(error.hint, rows[i].hint));
        else
            assert_null(error.hint);
        aks_error_clear(&error);
    }
}

static void the_ids_of_a_refusal_are_kept_when_they_are_ids(void **state)
{
    static const char answer[] = "{\"error\":\"x\",\"trace_id\":\"255d1aef-8c98-452f-ac51-23d051240864\","
                                 "\"correlation_id\":\"anything else\"}";
    struct aks_error error = {0};

    (void)state;
    aks_answer_read_refusal(400, answer, strlen(answer), &error);
    assert_string_equal(error.request_id, "255d1aef-8c98-452f-ac51-23d051240864");
    assert_null(error.correlation_id);
    aks_error_clear(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lives_are_numbers_or_their_text),
        cmocka_unit_test(an_expiry_date_counts_when_there_is_no_life),
        cmocka_unit_test(an_answer_without_a_token_is_invalid),
        cmocka_unit_test(an_answer_has_a_ceiling),
        cmocka_unit_test(refusals_say_why_and_what_to_do),
        cmocka_unit_test(the_ids_of_a_refusal_are_kept_when_they_are_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
