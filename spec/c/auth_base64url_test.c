/* Base64 for URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/base64url.h"
#include "auth/jwt.h"

static void bytes_become_text_and_bytes_again(void **state)
{
    /* of RFC 4648 section 10, and what tells the alphabets apart */
    static const struct {
        const char *bytes, *text;
    } rows[] = {{"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
                {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "-_-_"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t length = strlen(rows[i].bytes);
        struct aks_buffer text, bytes;

        aks_buffer_init(&text, 100);
        aks_buffer_init(&bytes, 100);
        assert_true(aks_base64url_encode(rows[i].bytes, length, &text));
        assert_string_equal(text.data ? text.data : "", rows[i].text);
        assert_true(aks_base64url_decode(rows[i].text, strlen(rows[i].text), &bytes));
        assert_int_equal(bytes.length, length);
        assert_memory_equal(bytes.data ? bytes.data : "", rows[i].bytes, length);
        aks_buffer_clear(&text);
        aks_buffer_clear(&bytes);
    }
}

static void every_byte_survives(void **state)
{
    unsigned char all[256];
    struct aks_buffer text, bytes;

    (void)state;
    for (unsigned i = 0; i < 256; i++)
        all[i] = (unsigned char)i;
    for (size_t length = 0; length <= sizeof all; length++) {
        aks_buffer_init(&text, 400);
        aks_buffer_init(&bytes, 400);
        assert_true(aks_base64url_encode(all, length, &text));
        assert_true(aks_base64url_decode(text.data ? text.data : "", text.length, &bytes));
        assert_int_equal(bytes.length, length);
        assert_memory_equal(bytes.data ? bytes.data : "", all, length);
        aks_buffer_clear(&text);
        aks_buffer_clear(&bytes);
    }
}

static void padding_and_the_ordinary_alphabet_are_read_too(void **state)
{
    static const char *const good[] = {"-_-_Zg", "+/+/Zg==", "+_-/Zg="};
    static const char *const bad[] = {"Z", "Zg===", "Z g", "Zg=v", "Zm9v\n", "Zm9vZ", "Zm*v"};
    struct aks_buffer bytes;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        aks_buffer_init(&bytes, 100);
        assert_true(aks_base64url_decode(good[i], strlen(good[i]), &bytes));
        assert_memory_equal(bytes.data,
                            "\xfb\xff\xbf"
                            "f",
                            4);
        aks_buffer_clear(&bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        aks_buffer_init(&bytes, 100);
        if (aks_base64url_decode(bad[i], strlen(bad[i]), &bytes))
            fail_msg("'%s' is not base64", bad[i]);
        aks_buffer_clear(&bytes);
    }
}

static void a_limit_is_kept(void **state)
{
    struct aks_buffer buffer;

    (void)state;
    aks_buffer_init(&buffer, 3);
    assert_false(aks_base64url_encode("foo", 3, &buffer));
    aks_buffer_clear(&buffer);
    aks_buffer_init(&buffer, 2);
    assert_false(aks_base64url_decode("Zm9v", 4, &buffer));
    aks_buffer_clear(&buffer);
}

static void claims_are_read_from_tokens_alone(void **state)
{
    static const char *const others[] = {"", ".", "..", "a.b", "a.b.c", "a.Zm9v.c", "a.W10.c", "a.e30", "a.eyJ9.c"};
    json_t *claims = aks_jwt_claims("eyJhbGciOiJub25lIn0.eyJvaWQiOiJtZSJ9.");

    (void)state;
    assert_non_null(claims);
    assert_string_equal(json_string_value(json_object_get(claims, "oid")), "me");
    json_decref(claims);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_null(aks_jwt_claims(others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_become_text_and_bytes_again),
        cmocka_unit_test(every_byte_survives),
        cmocka_unit_test(padding_and_the_ordinary_alphabet_are_read_too),
        cmocka_unit_test(a_limit_is_kept),
        cmocka_unit_test(claims_are_read_from_tokens_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
