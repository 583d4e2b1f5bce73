/* The signed assertion by which an application proves that it has the key of a certificate:
   https://learn.microsoft.com/entra/identity-platform/certificate-credentials */
#ifndef AKS_AUTH_ASSERTION_H
#define AKS_AUTH_ASSERTION_H

#include "auth/key_pair.h"
#include "base/buffer.h"

/* Seconds that an assertion is good for, before and after the moment that it is made at. */
#define AKS_ASSERTION_BEFORE 300.0
#define AKS_ASSERTION_AFTER 600.0

struct aks_assertion {
    const struct aks_key_pair *pair;
    const char *client_id;
    const char *url;  /* of the token endpoint: the audience */
    double now;       /* seconds since 1970 */
    bool pkcs1;       /* RS256, and else PS256, RSASSA-PSS */
    bool sha1;        /* the header has x5t too, the SHA-1 thumbprint: AD FS knows no other */
    bool sends_chain; /* the header has x5c: certificates of the application are then known by name and issuer */
};

/* Appends the assertion, a JSON Web Token. Fails with "credential_unavailable" when libcrypto cannot sign. */
AKS_CHECK bool aks_assertion_sign(const struct aks_assertion *assertion, struct aks_buffer *text,
                                  struct aks_error *error);

#endif
