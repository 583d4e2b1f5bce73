/* Access tokens. */
#ifndef AKS_AUTH_TOKEN_H
#define AKS_AUTH_TOKEN_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"

#define AKS_TOKEN_TEXT_LIMIT (64 * 1024)

/* Seconds before its expiry from which a token is replaced while it still serves, or half of its life when that is
   shorter. As in the Azure SDKs. */
#define AKS_TOKEN_REFRESH_AHEAD 300.0

/* An access token. Reference-counted; its text is overwritten when it is freed. */
struct aks_token {
    unsigned references;
    double expires_on; /* seconds since 1970; 0: unknown */
    double refresh_on; /* from when on a new one is asked for; 0: never */
    const char *kind;  /* of the credential that gave it, static text; NULL: not told yet */
    char text[];
};

/* Fails with "credential_unavailable" unless the text can stand in a header: 1 to AKS_TOKEN_TEXT_LIMIT printable ASCII
   characters. refresh_on follows from expires_on; negative expires_on counts as 0. */
struct aks_token *aks_token_new(const char *text, double expires_on, struct aks_error *error);
struct aks_token *aks_token_retain(struct aks_token *token);
void aks_token_release(struct aks_token *token); /* NULL is allowed */

/* For a giver that keeps its tokens itself, and has a newer one from half of their life on: from then on it is
   replaced. `from`: when it was given, wall clock. Tokens of less than two hours are left as they are. */
void aks_token_refresh_halfway(struct aks_token *token, double from);

/* Whether its time is over by the wall clock. */
bool aks_token_has_expired(const struct aks_token *token);

#endif
