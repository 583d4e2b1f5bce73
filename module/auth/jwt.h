/* What a token says of itself: the claims of a JSON Web Token (RFC 7519). Its signature is for others to check, so this
   is only to be shown, and decides nothing. */
#ifndef AKS_AUTH_JWT_H
#define AKS_AUTH_JWT_H

#include <jansson.h>

/* New object, or NULL when the text is no such token. */
json_t *aks_jwt_claims(const char *token);

#endif
