/* A credential that there is not: in a chain it says why one of the usual ways to sign in could not even be tried. */
#include <stdlib.h>
#include <string.h>

#include "auth/kind.h"

struct absent_credential {
    struct aks_credential base;
    struct aks_credential_methods methods; /* its own, as its kind is */
    char *kind;
    char *reason;
};

static struct aks_fetch *fetch_token(struct aks_credential *base, const struct aks_token_target *target,
                                     aks_fetch_done *done, void *context, struct aks_error *error)
{
    (void)target;
    (void)done;
    (void)context;
    aks_error_set(error, "credential_unavailable", "%s", ((const struct absent_credential *)base)->reason);
    return NULL;
}

static void free_absent(struct aks_credential *base)
{
    struct absent_credential *credential = (struct absent_credential *)base;

    free(credential->kind);
    free(credential->reason);
    free(credential);
}

struct aks_credential *aks_credential_new_absent(const char *kind, const char *reason, struct aks_error *error)
{
    struct absent_credential *credential = calloc(1, sizeof *credential);

    if (!credential) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    credential->kind = strdup(kind);
    credential->reason = strdup(reason);
    /* There is no fetch that could be cancelled. */
    credential->methods = (struct aks_credential_methods){credential->kind, fetch_token, NULL, free_absent, true};
    aks_credential_init(&credential->base, &credential->methods);
    if (credential->kind && credential->reason)
        return &credential->base;
    free_absent(&credential->base);
    aks_error_set_no_memory(error);
    return NULL;
}
