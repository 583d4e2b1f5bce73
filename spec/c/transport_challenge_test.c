/* Challenges of WWW-Authenticate headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/challenge.h"

#define CLAIMS "eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="

static void a_parameter_is_found_in_its_own_challenge(void **state)
{
    static const struct {
        const char *header, *scheme, *name, *value; /* NULL: none */
    } rows[] = {
        {"Bearer realm=\"\", error=\"insufficient_claims\", claims=\"" CLAIMS "\"", "Bearer", "claims", CLAIMS},
        {"Bearer realm=\"\", error=\"insufficient_claims\", claims=\"" CLAIMS "\"", "Bearer", "realm", ""},
        {"bearer CLAIMS=" CLAIMS, "Bearer", "claims", CLAIMS},
        {"Bearer claims = \"a\"", "Bearer", "claims", "a"},
        {"Basic realm=/var/opt/azcmagent/tokens/1.key", "Basic", "realm", "/var/opt/azcmagent/tokens/1.key"},
        {"Basic realm=\"a, claims=b\", Bearer claims=\"c\"", "Bearer", "claims", "c"},
        {"Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\"", "Newauth", "title",
         "Login to \"apps\""},
        {"Newauth realm=\"apps\", type=1, Basic realm=\"simple\"", "Basic", "realm", "simple"},
        {"Negotiate, Bearer claims=x", "Bearer", "claims", "x"},
        {"Negotiate abc==, Bearer claims=x", "Bearer", "claims", "x"},
        {",, Bearer  claims=x ,", "Bearer", "claims", "x"},
        {"PoP claims=x", "Bearer", "claims", NULL},
        {"Bearer", "Bearer", "claims", NULL},
        {"claims=x", "Bearer", "claims", NULL},
        {"", "Bearer", "claims", NULL},
        {"Bearer claims=\"never ends", "Bearer", "claims", NULL},
        {"Bearer \"claims\"=x", "Bearer", "claims", NULL},
        {"Bearer error=\"claims=x\"", "Bearer", "claims", NULL},
        {"Bearer claims=\"\\", "Bearer", "claims", NULL},
        {"Bearer =", "Bearer", "claims", NULL},
        {"Bearer claims=", "Bearer", "claims", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_headers headers = {0};
        char *value;

        assert_true(aks_headers_add(&headers, "Www-Authenticate", rows[i].header));
        assert_true(aks_challenge_find(&headers, rows[i].scheme, rows[i].name, &value));
        if (!rows[i].value != !value || (value && strcmp(value, rows[i].value) != 0))
            fail_msg("%s: '%s'", rows[i].header, value ? value : "(none)");
        free(value);
        aks_headers_clear(&headers);
    }
}

static void all_headers_are_looked_at(void **state)
{
    struct aks_headers headers = {0};
    char *value;

    (void)state;
    assert_true(aks_headers_add(&headers, "Date", "Bearer claims=no"));
    assert_true(aks_headers_add(&headers, "WWW-Authenticate", "Basic realm=x"));
    assert_true(aks_headers_add(&headers, "WWW-Authenticate", "Bearer claims=yes"));
    assert_true(aks_headers_add(&headers, "WWW-Authenticate", "Bearer claims=later"));
    assert_true(aks_challenge_find(&headers, "Bearer", "claims", &value));
    assert_string_equal(value, "yes");
    free(value);
    aks_headers_clear(&headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parameter_is_found_in_its_own_challenge),
        cmocka_unit_test(all_headers_are_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
