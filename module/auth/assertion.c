/* Composing and signing an assertion (RFC 7515, RFC 7523). */
#include "auth/assertion.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "auth/base64url.h"
#include "base/uuid.h"

#define THUMBPRINT_TEXT_LIMIT 64

/* New text, NULL for want of memory (or of the digest). */
static json_t *thumbprint(X509 *certificate, const EVP_MD *digest)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    struct aks_buffer text;
    json_t *value = NULL;

    aks_buffer_init(&text, THUMBPRINT_TEXT_LIMIT);
    if (X509_digest(certificate, digest, bytes, &length) == 1 && aks_base64url_encode(bytes, length, &text))
        value = json_string(text.data);
    aks_buffer_clear(&text);
    return value;
}

/* DER in ordinary base64, as RFC 7515 section 4.1.6 has it. New text or NULL. */
static json_t *encoded(X509 *certificate)
{
    unsigned char *der = NULL;
    int length = i2d_X509(certificate, &der);
    char *text = length > 0 ? malloc((size_t)(length + 2) / 3 * 4 + 1) : NULL;
    json_t *value = NULL;

    if (text) {
        EVP_EncodeBlock((unsigned char *)text, der, length);
        value = json_string(text);
    }
    free(text);
    OPENSSL_free(der);
    return value;
}

static json_t *chain_of(const struct aks_key_pair *pair)
{
    json_t *chain = json_array();
    int failed = json_array_append_new(chain, encoded(pair->certificate));

    for (int i = 0; pair->chain && i < sk_X509_num(pair->chain); i++)
        failed |= json_array_append_new(chain, encoded(sk_X509_value(pair->chain, i)));
    if (!failed)
        return chain;
    json_decref(chain);
    return NULL;
}

static json_t *header_of(const struct aks_assertion *assertion)
{
    const struct aks_key_pair *pair = assertion->pair;
    json_t *header = json_object();
    int failed = 0;

    failed |= json_object_set_new(header, "typ", json_string("JWT"));
    failed |= json_object_set_new(header, "alg", json_string(assertion->pkcs1 ? "RS256" : "PS256"));
    failed |= json_object_set_new(header, "x5t#S256", thumbprint(pair->certificate, EVP_sha256()));
    if (assertion->sha1)
        failed |= json_object_set_new(header, "x5t", thumbprint(pair->certificate, EVP_sha1()));
    if (assertion->sends_chain)
        failed |= json_object_set_new(header, "x5c", chain_of(pair));
    if (!failed)
        return header;
    json_decref(header);
    return NULL;
}

static json_t *claims_of(const struct aks_assertion *assertion)
{
    json_t *claims = json_object();
    char id[AKS_UUID_SIZE];
    int failed = !aks_uuid_random(id);

    failed |= json_object_set_new(claims, "aud", json_string(assertion->url));
    failed |= json_object_set_new(claims, "iss", json_string(assertion->client_id));
    failed |= json_object_set_new(claims, "sub", json_string(assertion->client_id));
    failed |= json_object_set_new(claims, "jti", failed ? NULL : json_string(id));
    failed |= json_object_set_new(claims, "nbf", json_integer((json_int_t)(assertion->now - AKS_ASSERTION_BEFORE)));
    failed |= json_object_set_new(claims, "exp", json_integer((json_int_t)(assertion->now + AKS_ASSERTION_AFTER)));
    if (!failed)
        return claims;
    json_decref(claims);
    return NULL;
}

/* Takes the object (NULL: there was no memory). */
static bool append_object(struct aks_buffer *text, json_t *object)
{
    char *json = object ? json_dumps(object, JSON_COMPACT) : NULL;
    bool done = json && aks_base64url_encode(json, strlen(json), text);

    free(json);
    json_decref(object);
    return done;
}

static bool set_padding(EVP_PKEY_CTX *options, bool pkcs1)
{
    if (pkcs1)
        return EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PADDING) == 1;
    return EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* The signature of what the text has so far; the caller frees it. NULL on failure. */
static unsigned char *signature_of(const struct aks_assertion *assertion, const struct aks_buffer *text, size_t *length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    const unsigned char *bytes = (const unsigned char *)text->data;
    unsigned char *signature = NULL;

    if (context && EVP_DigestSignInit(context, &options, EVP_sha256(), NULL, assertion->pair->key) == 1 &&
        set_padding(options, assertion->pkcs1) && EVP_DigestSign(context, NULL, length, bytes, text->length) == 1)
        signature = malloc(*length);
    if (signature && EVP_DigestSign(context, signature, length, bytes, text->length) != 1) {
        free(signature);
        signature = NULL;
    }
    EVP_MD_CTX_free(context);
    return signature;
}

bool aks_assertion_sign(const struct aks_assertion *assertion, struct aks_buffer *text, struct aks_error *error)
{
    unsigned char *signature;
    size_t length = 0;
    bool done;

    if (!append_object(text, header_of(assertion)) || !aks_buffer_append_text(text, ".") ||
        !append_object(text, claims_of(assertion)))
        return aks_error_set_no_memory(error);
    signature = signature_of(assertion, text, &length);
    ERR_clear_error(); /* the queue belongs to whoever uses libcrypto next */
    if (!signature)
        return aks_error_set(error, "credential_unavailable", "the certificate's key cannot sign an assertion");
    done = aks_buffer_append_text(text, ".") && aks_base64url_encode(signature, length, text);
    free(signature);
    return done || aks_error_set_no_memory(error);
}
