/* Assertions, read and verified as Entra ID does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/key_pair.h"
#include "auth/assertion.h"
#include "auth/base64url.h"
#include "auth/jwt.h"

#define URL "https://login.example/tenant/oauth2/v2.0/token"
#define NOW 1769855696.5

static struct aks_key_pair pair;

static int set_up(void **state)
{
    char *pem = key_pair_pem();
    struct aks_error error = {0};
    bool done = aks_key_pair_read(pem, strlen(pem), NULL, "certificate", &pair, &error);

    (void)state;
    free(pem);
    return done ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    aks_key_pair_clear(&pair);
    return 0;
}

static struct aks_buffer sign(struct aks_assertion assertion)
{
    struct aks_error error = {0};
    struct aks_buffer text;

    assertion.pair = &pair;
    assertion.client_id = "client";
    assertion.url = URL;
    assertion.now = NOW;
    aks_buffer_init(&text, 64 * 1024);
    assert_true(aks_assertion_sign(&assertion, &text, &error));
    return text;
}

static json_t *header_of(const struct aks_buffer *text)
{
    struct aks_buffer bytes;
    json_t *header;

    aks_buffer_init(&bytes, 64 * 1024);
    assert_true(aks_base64url_decode(text->data, strcspn(text->data, "."), &bytes));
    header = json_loadb(bytes.data, bytes.length, 0, NULL);
    assert_non_null(header);
    aks_buffer_clear(&bytes);
    return header;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

static bool is_signed(const struct aks_buffer *text, int padding)
{
    const char *dot = strrchr(text->data, '.');
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options;
    struct aks_buffer signature;
    bool good;

    aks_buffer_init(&signature, 1024);
    assert_true(aks_base64url_decode(dot + 1, strlen(dot + 1), &signature));
    assert_int_equal(EVP_DigestVerifyInit(context, &options, EVP_sha256(), NULL, X509_get0_pubkey(pair.certificate)),
                     1);
    assert_true(EVP_PKEY_CTX_set_rsa_padding(options, padding) > 0);
    if (padding == RSA_PKCS1_PSS_PADDING)
        assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, 32) > 0); /* RFC 7518 section 3.5 */
    good = EVP_DigestVerify(context, (const unsigned char *)signature.data, signature.length,
                            (const unsigned char *)text->data, (size_t)(dot - text->data)) == 1;
    aks_buffer_clear(&signature);
    EVP_MD_CTX_free(context);
    return good;
}

static void it_says_for_whom_and_how_long_it_is(void **state)
{
    struct aks_buffer text = sign((struct aks_assertion){0}), other = sign((struct aks_assertion){0});
    json_t *claims = aks_jwt_claims(text.data), *others = aks_jwt_claims(other.data);

    (void)state;
    assert_string_equal(text_of(claims, "aud"), URL);
    assert_string_equal(text_of(claims, "iss"), "client");
    assert_string_equal(text_of(claims, "sub"), "client");
    assert_true(json_integer_value(json_object_get(claims, "nbf")) == (json_int_t)(NOW - AKS_ASSERTION_BEFORE));
    assert_true(json_integer_value(json_object_get(claims, "exp")) == (json_int_t)(NOW + AKS_ASSERTION_AFTER));
    assert_int_equal(strlen(text_of(claims, "jti")), 36);
    assert_string_not_equal(text_of(claims, "jti"), text_of(others, "jti"));
    json_decref(claims);
    json_decref(others);
    aks_buffer_erase(&text);
    aks_buffer_erase(&other);
}

static void it_is_signed_as_its_header_says(void **state)
{
    (void)state;
    for (int pkcs1 = 0; pkcs1 <= 1; pkcs1++) {
        struct aks_buffer text = sign((struct aks_assertion){.pkcs1 = pkcs1});
        json_t *header = header_of(&text);

        assert_string_equal(text_of(header, "typ"), "JWT");
        assert_string_equal(text_of(header, "alg"), pkcs1 ? "RS256" : "PS256");
        assert_true(is_signed(&text, pkcs1 ? RSA_PKCS1_PADDING : RSA_PKCS1_PSS_PADDING));
        assert_false(is_signed(&text, pkcs1 ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING));
        assert_null(strchr(text.data, '='));
        json_decref(header);
        aks_buffer_erase(&text);
    }
}

static void it_names_its_certificate(void **state)
{
    struct aks_buffer text = sign((struct aks_assertion){0}), expected;
    json_t *header = header_of(&text);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length;

    (void)state;
    aks_buffer_init(&expected, 100);
    assert_int_equal(X509_digest(pair.certificate, EVP_sha256(), digest, &length), 1);
    assert_true(aks_base64url_encode(digest, length, &expected));
    assert_string_equal(text_of(header, "x5t#S256"), expected.data);
    assert_null(json_object_get(header, "x5t"));
    assert_null(json_object_get(header, "x5c"));
    json_decref(header);
    aks_buffer_erase(&text);
    text = sign((struct aks_assertion){.sha1 = true, .sends_chain = true});
    header = header_of(&text);
    assert_int_equal(strlen(text_of(header, "x5t")), 27);
    assert_int_equal(json_array_size(json_object_get(header, "x5c")), 1);
    json_decref(header);
    aks_buffer_erase(&text);
    aks_buffer_clear(&expected);
}

static void a_limit_is_kept(void **state)
{
    const struct aks_assertion assertion = {.pair = &pair, .client_id = "client", .url = URL, .now = NOW};
    struct aks_error error = {0};
    struct aks_buffer text;

    (void)state;
    aks_buffer_init(&text, 200);
    assert_false(aks_assertion_sign(&assertion, &text, &error));
    assert_true(aks_error_is_set(&error));
    aks_error_clear(&error);
    aks_buffer_erase(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_for_whom_and_how_long_it_is),
        cmocka_unit_test(it_is_signed_as_its_header_says),
        cmocka_unit_test(it_names_its_certificate),
        cmocka_unit_test(a_limit_is_kept),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
