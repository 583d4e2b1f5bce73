/* Checking signatures with libcrypto. */
#include "httpd/signature.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static X509 *parse_certificate(const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    BIO *input;
    X509 *certificate;

    if (length > INT_MAX)
        return NULL;
    if (!memmem(bytes, length, "-----BEGIN ", 11))
        return d2i_X509(NULL, &at, (long)length);
    input = BIO_new_mem_buf(bytes, (int)length);
    certificate = input ? PEM_read_bio_X509(input, NULL, NULL, NULL) : NULL;
    BIO_free(input);
    return certificate;
}

static bool set_padding(EVP_PKEY_CTX *options, bool pss)
{
    if (!pss)
        return EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PADDING) == 1;
    /* RFC 7518 section 3.5: the salt is as long as the digest */
    return EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool is_signed(X509 *certificate, bool pss, const char *text, size_t length, const char *signature,
                      size_t signature_length)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    bool good = context && key && EVP_PKEY_is_a(key, "RSA") &&
                EVP_DigestVerifyInit(context, &options, EVP_sha256(), NULL, key) == 1 && set_padding(options, pss) &&
                EVP_DigestVerify(context, (const unsigned char *)signature, signature_length,
                                 (const unsigned char *)text, length) == 1;

    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

int signature_verify(lua_State *L)
{
    static const char *const algorithms[] = {"RS256", "PS256", NULL};
    bool pss = luaL_checkoption(L, 1, NULL, algorithms) == 1, good;
    size_t certificate_length, length, signature_length;
    const char *bytes = luaL_checklstring(L, 2, &certificate_length);
    const char *text = luaL_checklstring(L, 3, &length);
    const char *signature = luaL_checklstring(L, 4, &signature_length);
    X509 *certificate = parse_certificate(bytes, certificate_length);

    if (!certificate)
        return luaL_argerror(L, 2, "certificate expected");
    good = is_signed(certificate, pss, text, length, signature, signature_length);
    X509_free(certificate);
    lua_pushboolean(L, good);
    return 1;
}

int signature_thumbprint(lua_State *L)
{
    static const char *const digests[] = {"SHA1", "SHA256", NULL};
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    const EVP_MD *digest = luaL_checkoption(L, 2, NULL, digests) == 0 ? EVP_sha1() : EVP_sha256();
    X509 *certificate = parse_certificate(bytes, length);
    unsigned char thumbprint[EVP_MAX_MD_SIZE];
    unsigned thumbprint_length = 0;
    bool done;

    if (!certificate)
        return luaL_argerror(L, 1, "certificate expected");
    done = X509_digest(certificate, digest, thumbprint, &thumbprint_length) == 1;
    X509_free(certificate);
    if (!done)
        return luaL_error(L, "no digest could be made");
    lua_pushlstring(L, (const char *)thumbprint, thumbprint_length);
    return 1;
}
