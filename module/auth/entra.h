/* One request for a token to the token endpoint of Entra ID:
   https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
#ifndef AKS_AUTH_ENTRA_H
#define AKS_AUTH_ENTRA_H

#include "auth/kind.h"

#define AKS_ENTRA_FORM_LIMIT (256 * 1024)

/* What a proof is made for. */
struct aks_entra_occasion {
    const char *url; /* of the token endpoint: the audience of an assertion */
    double now;      /* seconds since 1970, by Entra's clock as far as it is known */
    bool is_adfs;    /* AD FS, which knows only older forms */
};

/* Who asks, and how that is proven. Part of a credential. */
struct aks_entra_client {
    char *tenant; /* an id or a domain; NULL: the target's */
    char *client_id;
    bool asserts; /* the proof is an assertion, else a client secret */
    /* Appends the proof, which never shows up in an error. */
    bool (*prove)(struct aks_credential *credential, const struct aks_entra_occasion *occasion,
                  struct aks_buffer *proof, struct aks_error *error);
    /* Adds to a refusal what only the kind knows; NULL: nothing. */
    void (*explain)(const char *proof, struct aks_error *error);
};

/* Copies tenant (which may be NULL or empty) and client_id. Fails with "credential_unavailable" without a client_id. */
AKS_CHECK bool aks_entra_client_init(struct aks_entra_client *client, const char *tenant, const char *client_id,
                                     struct aks_error *error);
void aks_entra_client_clear(struct aks_entra_client *client);

/* As the method `fetch` of a kind. Answers that may be better the next time are asked for again; one that says that our
   clock is wrong is asked for once more by Entra's. Fails with "credential_unavailable" when there is no authority or
   no tenant that can be one. */
struct aks_fetch *aks_entra_fetch(struct aks_credential *credential, const struct aks_entra_client *client,
                                  const struct aks_token_target *target, aks_fetch_done *done, void *context,
                                  struct aks_error *error);

/* As the method `cancel`; the credential is not looked at. */
void aks_entra_cancel(struct aks_credential *credential, struct aks_fetch *fetch);

#endif
