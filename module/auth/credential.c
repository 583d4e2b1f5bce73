/* What all kinds of credentials have in common: counting references, and forgetting secrets. */
#include <stdlib.h>
#include <string.h>

#include "auth/kind.h"

void aks_credential_init(struct aks_credential *credential, const struct aks_credential_methods *methods)
{
    credential->methods = methods;
    credential->references = 1;
    credential->entries = NULL;
}

struct aks_credential *aks_credential_retain(struct aks_credential *credential)
{
    credential->references++;
    return credential;
}

void aks_credential_release(struct aks_credential *credential)
{
    if (!credential || --credential->references > 0)
        return;
    aks_token_entries_clear(&credential->entries);
    credential->methods->free(credential);
}

const char *aks_credential_kind(const struct aks_credential *credential)
{
    return credential->methods->kind;
}

void aks_secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}
