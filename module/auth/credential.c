/* What all kinds of credentials have in common: counting references, and forgetting secrets. */
#include <stdlib.h>
#include <string.h>

#include "auth/kind.h"

#define ENCODED_LIMIT (256 * 1024)

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

static void mask(char *message, const char *secret)
{
    size_t length = strlen(secret);
    char *found = message;

    while (length > 0 && (found = strstr(found, secret))) {
        memset(found, '*', length);
        found += length;
    }
}

void aks_secret_hide(struct aks_error *error, const char *secret)
{
    struct aks_buffer encoded;

    if (!error->message || !secret || *secret == '\0')
        return;
    aks_buffer_init(&encoded, ENCODED_LIMIT);
    mask(error->message, secret);
    if (aks_buffer_append_percent_encoded(&encoded, secret)) {
        mask(error->message, encoded.data);
    } else { /* nobody can tell whether it is there */
        free(error->message);
        error->message = NULL;
    }
    aks_buffer_erase(&encoded);
}

void aks_secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}
