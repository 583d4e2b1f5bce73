/* Reading keys and certificates with libcrypto, which is told every password and asks nobody. */
#include "auth/key_pair.h"

#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

/* What the callback for the password knows, and whether it was called. */
struct decryption {
    const char *password;
    bool needed;
};

static int give_password(char *buffer, int size, int writing, void *context)
{
    struct decryption *decryption = context;
    size_t length = decryption->password ? strlen(decryption->password) : 0;

    (void)writing;
    decryption->needed = true;
    if (length == 0 || length > (size_t)size)
        return -1;
    memcpy(buffer, decryption->password, length);
    return (int)length;
}

static bool fail(const char *source, const char *reason, const char *hint, struct aks_error *error)
{
    aks_error_set(error, "credential_unavailable", "the %s %s", source, reason);
    aks_error_note(&error->hint, hint);
    return false;
}

static bool fail_to_decrypt(const char *source, const char *password, struct aks_error *error)
{
    if (password && *password != '\0')
        return fail(source, "cannot be decrypted with the password that was given",
                    "check 'password' (AZURE_CLIENT_CERTIFICATE_PASSWORD)", error);
    return fail(source, "is encrypted", "give 'password' (AZURE_CLIENT_CERTIFICATE_PASSWORD)", error);
}

static BIO *open_bytes(const void *bytes, size_t length)
{
    return BIO_new_mem_buf(bytes, (int)length);
}

static bool read_key(const void *bytes, size_t length, const char *password, const char *source,
                     struct aks_key_pair *pair, struct aks_error *error)
{
    struct decryption decryption = {.password = password};
    BIO *input = open_bytes(bytes, length);

    if (input)
        pair->key = PEM_read_bio_PrivateKey(input, NULL, give_password, &decryption);
    BIO_free(input);
    if (pair->key)
        return true;
    if (decryption.needed)
        return fail_to_decrypt(source, password, error);
    return fail(source, "has no private key", "its file must have the key and the certificate, as PEM", error);
}

/* Takes the certificate: the key's own one, or one of the chain. */
static bool add_certificate(struct aks_key_pair *pair, X509 *certificate)
{
    if (!pair->certificate && X509_check_private_key(certificate, pair->key) == 1) {
        pair->certificate = certificate;
        return true;
    }
    if (!pair->chain)
        pair->chain = sk_X509_new_null();
    if (pair->chain && sk_X509_push(pair->chain, certificate) > 0)
        return true;
    X509_free(certificate);
    return false;
}

static bool read_certificates(const void *bytes, size_t length, struct aks_key_pair *pair)
{
    struct decryption decryption = {0};
    BIO *input = open_bytes(bytes, length);
    X509 *certificate;
    bool enough = input != NULL;

    while (enough && (certificate = PEM_read_bio_X509(input, NULL, give_password, &decryption)))
        enough = add_certificate(pair, certificate);
    BIO_free(input);
    return enough;
}

static bool read_pem(const void *bytes, size_t length, const char *password, const char *source,
                     struct aks_key_pair *pair, struct aks_error *error)
{
    if (!read_key(bytes, length, password, source, pair, error))
        return false;
    if (!read_certificates(bytes, length, pair))
        return aks_error_set_no_memory(error);
    return true;
}

static bool read_pkcs12(const void *bytes, size_t length, const char *password, const char *source,
                        struct aks_key_pair *pair, struct aks_error *error)
{
    const unsigned char *at = bytes;
    PKCS12 *file = d2i_PKCS12(NULL, &at, (long)length);
    bool done;

    if (!file)
        return fail(source, "is neither PEM nor PKCS #12", NULL, error);
    done = PKCS12_parse(file, password ? password : "", &pair->key, &pair->certificate, &pair->chain) == 1;
    PKCS12_free(file);
    if (!done)
        return fail_to_decrypt(source, password, error);
    return pair->key || fail(source, "has no private key", NULL, error);
}

static bool read(const void *bytes, size_t length, const char *password, const char *source, struct aks_key_pair *pair,
                 struct aks_error *error)
{
    bool is_pem = memmem(bytes, length, "-----BEGIN ", 11) != NULL;
    bool (*read_form)(const void *, size_t, const char *, const char *, struct aks_key_pair *, struct aks_error *) =
        is_pem ? read_pem : read_pkcs12;

    if (length > INT_MAX)
        return fail(source, "is too large", NULL, error);
    if (!read_form(bytes, length, password, source, pair, error))
        return false;
    if (!pair->certificate)
        return fail(source, "has no certificate of its key", "its file must have both", error);
    if (!EVP_PKEY_is_a(pair->key, "RSA"))
        return fail(source, "has no RSA key", "Entra ID takes certificates with RSA keys alone", error);
    return true;
}

bool aks_key_pair_read(const void *bytes, size_t length, const char *password, const char *source,
                       struct aks_key_pair *pair, struct aks_error *error)
{
    bool done = read(bytes, length, password, source, pair, error);

    ERR_clear_error(); /* the queue belongs to whoever uses libcrypto next */
    if (!done)
        aks_key_pair_clear(pair);
    return done;
}

void aks_key_pair_clear(struct aks_key_pair *pair)
{
    EVP_PKEY_free(pair->key);
    X509_free(pair->certificate);
    sk_X509_pop_free(pair->chain, X509_free);
    *pair = (struct aks_key_pair){0};
}
