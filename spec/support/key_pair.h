/* A key and a certificate of its own, for tests of what signs. */
#ifndef AKS_SPEC_KEY_PAIR_H
#define AKS_SPEC_KEY_PAIR_H

#include <stdlib.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* A self-signed certificate of the key. */
static inline X509 *key_pair_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = certificate ? X509_get_subject_name(certificate) : NULL;

    if (!name || !X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0) ||
        !X509_set_issuer_name(certificate, name) || !X509_gmtime_adj(X509_getm_notBefore(certificate), -60) ||
        !X509_gmtime_adj(X509_getm_notAfter(certificate), 86400) || !X509_set_pubkey(certificate, key) ||
        !X509_sign(certificate, key, EVP_sha256()))
        abort();
    return certificate;
}

/* PEM with both; the caller frees it. */
static inline char *key_pair_pem(void)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *certificate = key_pair_certificate(key);
    BIO *output = BIO_new(BIO_s_mem());
    char *bytes, *text;
    long length;

    if (!PEM_write_bio_PrivateKey(output, key, NULL, NULL, 0, NULL, NULL) || !PEM_write_bio_X509(output, certificate))
        abort();
    length = BIO_get_mem_data(output, &bytes);
    text = strndup(bytes, (size_t)length);
    BIO_free(output);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return text;
}

#endif
