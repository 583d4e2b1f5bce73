/* A token as a value: checked once, counted, overwritten when it is no longer needed. */
#include "auth/token.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define LONG_LIFE 7200.0 /* seconds */

static double refresh_time(double expires_on)
{
    double life = expires_on - aks_clock_wall();

    if (expires_on <= 0)
        return 0;
    return expires_on - (life / 2 < AKS_TOKEN_REFRESH_AHEAD ? life / 2 : AKS_TOKEN_REFRESH_AHEAD);
}

struct aks_token *aks_token_new(const char *text, double expires_on, struct aks_error *error)
{
    struct aks_token *token;
    size_t length = strlen(text);

    if (length == 0 || length > AKS_TOKEN_TEXT_LIMIT) {
        aks_error_set(error, "credential_unavailable", length == 0 ? "the token is empty" : "the token is too long");
        return NULL;
    }
    for (const char *character = text; *character; character++)
        if (*character <= ' ' || *character > '~') {
            aks_error_set(error, "credential_unavailable", "the token has a character that no token can have");
            aks_error_note(&error->hint, "look for white space or a line break around it");
            return NULL;
        }
    token = malloc(sizeof *token + length + 1);
    if (!token) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    token->references = 1;
    token->kind = NULL;
    token->expires_on = expires_on > 0 ? expires_on : 0;
    token->refresh_on = refresh_time(token->expires_on);
    memcpy(token->text, text, length + 1);
    return token;
}

struct aks_token *aks_token_retain(struct aks_token *token)
{
    token->references++;
    return token;
}

void aks_token_release(struct aks_token *token)
{
    if (!token || --token->references > 0)
        return;
    explicit_bzero(token->text, strlen(token->text));
    free(token);
}

void aks_token_refresh_halfway(struct aks_token *token, double from)
{
    double life = token->expires_on - from;

    if (life >= LONG_LIFE && token->refresh_on > from + life / 2)
        token->refresh_on = from + life / 2;
}

bool aks_token_has_expired(const struct aks_token *token)
{
    return token->expires_on > 0 && token->expires_on <= aks_clock_wall();
}
