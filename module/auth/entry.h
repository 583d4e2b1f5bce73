/* What the cache knows of one authority, tenant and audience. For cache.c alone. */
#ifndef AKS_AUTH_ENTRY_H
#define AKS_AUTH_ENTRY_H

#include "auth/discovery.h"

struct aks_token_source;

struct aks_token_entry {
    struct aks_token_entry *next;
    struct aks_credential *credential; /* which owns the entry */
    char *authority;                   /* NULL: the place's, or none is needed */
    char *tenant;
    char *audience;                   /* NULL: the place's */
    char *resource_manager;           /* NULL: the place is not needed */
    struct aks_token_place place;     /* filled by the first fetch */
    struct aks_token *token;          /* the last one, or NULL */
    bool refused;                     /* the server does not take that token: kept only to know it again */
    double refresh_at;                /* monotonic: no refresh of a token that still serves before then */
    struct aks_fetch *fetch;          /* under way, or NULL */
    bool discovers;                   /* that fetch began by asking for the place */
    struct aks_token_source *fetcher; /* whose loop and transport the fetch uses */
    char *sent_claims;                /* that fetch asks for them; NULL: none */
    char *wanted_claims;              /* the next fetch must ask for them; NULL: none */
    unsigned long long round;         /* number of the last fetch */
    struct aks_token_request *first, *last;
};

/* A new entry at the head of the credential's list, or the one that is there already. NULL for want of memory. */
struct aks_token_entry *aks_token_entry_find(struct aks_credential *credential, const struct aks_token_target *target);

/* Notes that the server refused this token, and what its challenge wants of the next one (may be NULL). An older token
   than the one that is kept does not matter any more. False only for want of memory. */
AKS_CHECK bool aks_token_entry_refuse(struct aks_token_entry *entry, const char *refused, const char *challenge);

/* Whether the token that is kept may be given. */
bool aks_token_entry_serves(const struct aks_token_entry *entry);

/* Whether the server has refused this very token. */
bool aks_token_entry_knows_refused(const struct aks_token_entry *entry, const struct aks_token *token);

/* Keeps another reference to the token, in place of the one before. What claims were asked for it has. */
void aks_token_entry_keep(struct aks_token_entry *entry, struct aks_token *token);

/* The claims that a fetch which begins now must ask for; NULL: none. They count until there is a token. */
const char *aks_token_entry_claims(struct aks_token_entry *entry);

#endif
