/* The credential of a service principal that proves itself by a secret. */
#include <stdlib.h>
#include <string.h>

#include "auth/entra.h"

struct secret_credential {
    struct aks_credential base;
    struct aks_entra_client client;
    char *secret;
};

static bool prove(struct aks_credential *base, const struct aks_entra_occasion *occasion, struct aks_buffer *proof,
                  struct aks_error *error)
{
    const struct secret_credential *credential = (const struct secret_credential *)base;

    (void)occasion;
    return aks_buffer_append_text(proof, credential->secret) || aks_error_set_no_memory(error);
}

static struct aks_fetch *fetch_token(struct aks_credential *base, const struct aks_token_target *target,
                                     aks_fetch_done *done, void *context, struct aks_error *error)
{
    const struct secret_credential *credential = (const struct secret_credential *)base;

    return aks_entra_fetch(base, &credential->client, target, done, context, error);
}

static void free_secret(struct aks_credential *base)
{
    struct secret_credential *credential = (struct secret_credential *)base;

    aks_entra_client_clear(&credential->client);
    aks_secret_free(credential->secret);
    free(credential);
}

struct aks_credential *aks_credential_new_client_secret(const struct aks_client_secret *secret, struct aks_error *error)
{
    static const struct aks_credential_methods methods = {"client_secret", fetch_token, aks_entra_cancel, free_secret,
                                                          false};
    struct secret_credential *credential;

    if (!secret->client_secret || *secret->client_secret == '\0') {
        aks_error_set(error, "credential_unavailable", "the client_secret of the service principal is missing");
        return NULL;
    }
    credential = calloc(1, sizeof *credential);
    if (!credential) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    aks_credential_init(&credential->base, &methods);
    credential->client.prove = prove;
    credential->secret = strdup(secret->client_secret);
    if (aks_entra_client_init(&credential->client, secret->tenant, secret->client_id, error) && credential->secret)
        return &credential->base;
    free_secret(&credential->base);
    aks_error_set_no_memory(error);
    return NULL;
}
