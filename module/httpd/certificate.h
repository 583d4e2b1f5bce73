/* X.509 certificates for a server on loopback, and the authority that signs them. No files, no Lua. */
#ifndef AKS_HTTPD_CERTIFICATE_H
#define AKS_HTTPD_CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

#include "base/attributes.h"

/* A certificate and its key. Zero-initialised is empty. */
struct certificate {
    X509 *x509;
    EVP_PKEY *key;
};

/* Makes an authority that signs itself. By RFC 5280 section 4.2.1.10 it can vouch for loopback alone, so that whoever
   trusts it, or steals its key, trusts or gains nothing else. False: libcrypto would not; `authority` is then empty. */
bool certificate_make_authority(struct certificate *authority) AKS_CHECK;

/* Makes a certificate for 127.0.0.1 and localhost, signed by the authority; false as above. */
bool certificate_make_server(struct certificate *server, const struct certificate *authority) AKS_CHECK;

/* Whether it is valid now and for some days more, and has this key; with an authority: whether that has signed it. */
bool certificate_is_good(const struct certificate *certificate, const struct certificate *authority);

void certificate_clear(struct certificate *certificate);

#endif
