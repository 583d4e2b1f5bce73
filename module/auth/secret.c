/* The credential of a service principal that proves itself by a secret. */
#include <stdlib.h>
#include <string.h>

#include "auth/entra.h"

struct secret_credential {
    struct aks_credential base;
    char *tenant; /* or NULL */
    char *client_id;
    char *secret;
};

static struct aks_fetch *fetch_token(struct aks_credential *base, const struct aks_token_target *target,
                                     aks_fetch_done *done, void *context, struct aks_error *error)
{
    const struct secret_credential *credential = (const struct secret_credential *)base;
    struct aks_entra_client client = {.tenant = credential->tenant,
                                      .client_id = credential->client_id,
                                      .proof_name = "client_secret",
                                      .proof = credential->secret};

    return aks_entra_fetch(&client, target, done, context, error);
}

static void free_secret(struct aks_credential *base)
{
    struct secret_credential *credential = (struct secret_credential *)base;

    free(credential->tenant);
    free(credential->client_id);
    aks_secret_free(credential->secret);
    free(credential);
}

/* A value that is missing in the environment often arrives as an empty one. */
static bool is_missing(const char *text)
{
    return !text || *text == '\0';
}

static bool copy_texts(struct secret_credential *credential, const struct aks_client_secret *secret)
{
    if (!is_missing(secret->tenant) && !(credential->tenant = strdup(secret->tenant)))
        return false;
    credential->client_id = strdup(secret->client_id);
    credential->secret = strdup(secret->client_secret);
    return credential->client_id && credential->secret;
}

struct aks_credential *aks_credential_new_client_secret(const struct aks_client_secret *secret, struct aks_error *error)
{
    static const struct aks_credential_methods methods = {"client_secret", fetch_token, aks_entra_cancel, free_secret};
    struct secret_credential *credential;

    if (is_missing(secret->client_id) || is_missing(secret->client_secret)) {
        aks_error_set(error, "credential_unavailable", "the %s of the service principal is missing",
                      is_missing(secret->client_id) ? "client_id" : "client_secret");
        return NULL;
    }
    credential = calloc(1, sizeof *credential);
    if (!credential) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    aks_credential_init(&credential->base, &methods);
    if (!copy_texts(credential, secret)) {
        free_secret(&credential->base);
        aks_error_set_no_memory(error);
        return NULL;
    }
    return &credential->base;
}
