/* Base64: the vectors of RFC 4648, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"

static void expect(const char *text, const char *bytes)
{
    size_t length = 99;
    char *decoded = aks_base64_decode(text, &length);

    assert_non_null(decoded);
    assert_int_equal(length, strlen(bytes));
    assert_string_equal(decoded, bytes);
    free(decoded);
}

static void the_vectors_of_rfc_4648_are_decoded(void **state)
{
    (void)state;
    expect("", "");
    expect("Zg==", "f");
    expect("Zm8=", "fo");
    expect("Zm9v", "foo");
    expect("Zm9vYg==", "foob");
    expect("Zm9vYmE=", "fooba");
    expect("Zm9vYmFy", "foobar");
    expect("+/+/", "\xfb\xff\xbf");
}

static void bytes_may_be_zero(void **state)
{
    size_t length;
    char *decoded = aks_base64_decode("AAAA", &length);

    (void)state;
    assert_non_null(decoded);
    assert_int_equal(length, 3);
    assert_memory_equal(decoded, "\0\0\0", 4);
    free(decoded);
}

static void what_is_no_base64_is_refused(void **state)
{
    static const char *const texts[] = {"Z",     "Zg",       "Zg=",  "Z===", "====",     "Zm9v\n",
                                        " Zm9v", "Zm9v Zm9", "Zm-v", "Zm_v", "Zg==Zg==", "=Zm9"};
    size_t length;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_null(aks_base64_decode(texts[i], &length));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648_are_decoded),
        cmocka_unit_test(bytes_may_be_zero),
        cmocka_unit_test(what_is_no_base64_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
