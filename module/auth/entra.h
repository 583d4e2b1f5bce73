/* One request for a token to the token endpoint of Entra ID:
   https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
#ifndef AKS_AUTH_ENTRA_H
#define AKS_AUTH_ENTRA_H

#include "auth/kind.h"

#define AKS_ENTRA_FORM_LIMIT (256 * 1024)

/* Who asks, and how that is proven. */
struct aks_entra_client {
    const char *tenant; /* an id or a domain; NULL: the target's */
    const char *client_id;
    const char *proof_name; /* a form field: "client_secret" or "client_assertion" */
    const char *proof;      /* never shows up in an error */
};

/* As the method `fetch` of a kind. Answers that may be better the next time are asked for again. Copies the texts.
   Fails with "credential_unavailable" when there is no authority or no tenant that can be one. */
struct aks_fetch *aks_entra_fetch(const struct aks_entra_client *client, const struct aks_token_target *target,
                                  aks_fetch_done *done, void *context, struct aks_error *error);

/* As the method `cancel`; the credential is not looked at. */
void aks_entra_cancel(struct aks_credential *credential, struct aks_fetch *fetch);

#endif
