/* The entries of the cache: finding them, the token that each keeps, and the claims that the next one needs. */
#include "auth/entry.h"

#include <stdlib.h>
#include <string.h>

#include "auth/answer.h"
#include "auth/base64url.h"
#include "base/text.h"

#define CLAIMS_LIMIT (16 * 1024)

bool aks_token_entry_serves(const struct aks_token_entry *entry)
{
    return entry->token && !entry->refused && !aks_token_has_expired(entry->token);
}

bool aks_token_entry_knows_refused(const struct aks_token_entry *entry, const struct aks_token *token)
{
    return entry->refused && strcmp(entry->token->text, token->text) == 0;
}

void aks_token_entry_keep(struct aks_token_entry *entry, struct aks_token *token)
{
    if (!token->kind)
        token->kind = aks_credential_kind(entry->credential);
    aks_token_release(entry->token);
    entry->token = aks_token_retain(token);
    entry->refused = false;
    free(entry->sent_claims);
    entry->sent_claims = NULL;
}

const char *aks_token_entry_claims(struct aks_token_entry *entry)
{
    if (entry->wanted_claims) {
        free(entry->sent_claims);
        entry->sent_claims = entry->wanted_claims;
        entry->wanted_claims = NULL;
    }
    return entry->sent_claims;
}

/* The text of claims that came in a challenge: base64 of a JSON object. What is none is left alone: a new token may do.
   False only for want of memory. */
static bool read_claims(const char *text, char **claims)
{
    struct aks_buffer decoded;
    json_t *object = NULL;

    aks_buffer_init(&decoded, CLAIMS_LIMIT);
    if (text && strlen(text) <= CLAIMS_LIMIT && aks_base64url_decode(text, strlen(text), &decoded))
        object = aks_answer_parse(decoded.data, decoded.length);
    *claims = object ? aks_buffer_take(&decoded) : NULL;
    aks_buffer_clear(&decoded);
    json_decref(object);
    return !object || *claims;
}

/* Takes the claims. */
static void want_claims(struct aks_token_entry *entry, char *claims)
{
    if (entry->fetch && entry->sent_claims && strcmp(entry->sent_claims, claims) == 0) {
        free(claims); /* they are being asked for */
        return;
    }
    free(entry->wanted_claims);
    entry->wanted_claims = claims;
}

bool aks_token_entry_refuse(struct aks_token_entry *entry, const char *refused, const char *challenge)
{
    char *claims;

    if (!entry->token || strcmp(entry->token->text, refused) != 0)
        return true;
    if (!read_claims(challenge, &claims))
        return false;
    entry->refused = true;
    if (claims)
        want_claims(entry, claims);
    return true;
}

static void free_entry(struct aks_token_entry *entry)
{
    aks_token_release(entry->token);
    free(entry->sent_claims);
    free(entry->wanted_claims);
    free(entry->authority);
    free(entry->tenant);
    free(entry->audience);
    free(entry->resource_manager);
    aks_token_place_clear(&entry->place);
    free(entry);
}

void aks_token_entries_clear(struct aks_token_entry **entries)
{
    while (*entries) {
        struct aks_token_entry *entry = *entries;

        *entries = entry->next;
        free_entry(entry);
    }
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool copy_text(char **copy, const char *text, size_t length)
{
    *copy = text ? aks_text_copy_n(text, length) : NULL;
    return !text || *copy;
}

struct aks_token_entry *aks_token_entry_find(struct aks_credential *credential, const struct aks_token_target *target)
{
    bool complete = (target->authority && target->audience) || credential->methods->is_given;
    const char *manager = complete ? NULL : target->resource_manager;
    size_t length = target->authority ? strlen(target->authority) : 0;
    struct aks_token_entry *entry = calloc(1, sizeof *entry);

    while (length > 0 && target->authority[length - 1] == '/')
        length--;
    if (!entry || !copy_text(&entry->authority, target->authority, length) ||
        !copy_text(&entry->tenant, target->tenant, target->tenant ? strlen(target->tenant) : 0) ||
        !copy_text(&entry->audience, target->audience, target->audience ? strlen(target->audience) : 0) ||
        !copy_text(&entry->resource_manager, manager, manager ? strlen(manager) : 0)) {
        if (entry)
            free_entry(entry);
        return NULL;
    }
    for (struct aks_token_entry *other = credential->entries; other; other = other->next)
        if (same_text(other->authority, entry->authority) && same_text(other->tenant, entry->tenant) &&
            same_text(other->audience, entry->audience) &&
            same_text(other->resource_manager, entry->resource_manager)) {
            free_entry(entry);
            return other;
        }
    entry->credential = credential;
    entry->next = credential->entries;
    credential->entries = entry;
    return entry;
}
