/* A private key and its certificate, as files have them. */
#ifndef AKS_AUTH_KEY_PAIR_H
#define AKS_AUTH_KEY_PAIR_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/attributes.h"
#include "base/error.h"

/* Zero-initialised is empty. */
struct aks_key_pair {
    EVP_PKEY *key; /* RSA: Entra ID takes no other */
    X509 *certificate;
    STACK_OF(X509) * chain; /* further certificates, in their order; may be NULL */
};

/* Reads PEM (the key, its certificate, perhaps those above it, in any order) or PKCS #12. `password` (NULL: none)
   decrypts the key; nobody is asked for one. Fails with "credential_unavailable", and `source` ("certificate
   '/a/b.pem'") is what the message names; the pair is empty then. */
AKS_CHECK bool aks_key_pair_read(const void *bytes, size_t length, const char *password, const char *source,
                                 struct aks_key_pair *pair, struct aks_error *error);
void aks_key_pair_clear(struct aks_key_pair *pair);

#endif
