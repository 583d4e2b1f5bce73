/* Signatures and certificates, for the simulated Entra ID: what the client signs is checked by other code than signed
 * it. */
#ifndef AKS_HTTPD_SIGNATURE_H
#define AKS_HTTPD_SIGNATURE_H

#include <lua.h>

/* verify(algorithm, certificate, text, signature) -> boolean: "RS256" or "PS256" of RFC 7518, a PEM certificate. Raises
   on what is no certificate, and on another algorithm. */
int signature_verify(lua_State *L);

/* thumbprint(certificate, digest) -> bytes: of a certificate, PEM or DER, by "SHA1" or "SHA256". Raises on what is no
   certificate. */
int signature_thumbprint(lua_State *L);

#endif
