/* The token cache: who waits for a token, when one is fetched, and which one is given. How a token is fetched is the
   business of the credential's kind. */
#include "auth/cache.h"

#include <stdlib.h>
#include <string.h>

#include "auth/kind.h"
#include "base/clock.h"
#include "base/text.h"
#include "transport/url.h"

struct source;

/* Somebody who asked. First its timer gives it a turn at the next step of the loop, so that nobody is told from inside
   `get`; then it is told, or waits for the fetch that is under way. */
struct aks_token_request {
    struct aks_token_request *next, *previous;
    struct source *source;
    aks_token_done *done;
    void *context;
    struct aks_timer turn;
    unsigned long long round; /* the fetch it waits for; 0: its turn has not come */
};

struct aks_token_entry {
    struct aks_token_entry *next;
    struct aks_credential *credential; /* which owns the entry */
    char *authority;
    char *tenant;
    char *audience;
    struct aks_token *token;  /* the last one, or NULL */
    bool refused;             /* the server does not take that token: kept only to know it again */
    double refresh_at;        /* monotonic: no refresh of a token that still serves before then */
    struct aks_fetch *fetch;  /* under way, or NULL */
    struct source *fetcher;   /* whose loop and transport the fetch uses */
    unsigned long long round; /* number of the last fetch */
    struct aks_token_request *first, *last;
};

struct source {
    struct aks_token_source base;
    struct aks_credential *credential; /* retained: so the entry stays */
    struct aks_token_entry *entry;
    struct aks_token_target target; /* texts are the entry's */
};

static bool can_serve(const struct aks_token_entry *entry)
{
    return entry->token && !entry->refused && !aks_token_has_expired(entry->token);
}

static void unlink_request(struct aks_token_request *request)
{
    struct aks_token_entry *entry = request->source->entry;

    if (request->previous)
        request->previous->next = request->next;
    else
        entry->first = request->next;
    if (request->next)
        request->next->previous = request->previous;
    else
        entry->last = request->previous;
}

static void free_request(struct aks_token_request *request)
{
    aks_timer_stop(&request->turn);
    unlink_request(request);
    free(request);
}

/* Ends the request. Whoever is told may free the source, and with it all that is not held here. */
static void tell(struct aks_token_request *request, struct aks_token *token, const struct aks_error *error)
{
    aks_token_done *done = request->done;
    void *context = request->context;

    free_request(request);
    if (!token) {
        done(context, NULL, error);
        return;
    }
    aks_token_retain(token);
    done(context, token->text, NULL);
    aks_token_release(token);
}

/* The first that waits for the fetch `round`. Later ones may have joined while the others were told. */
static struct aks_token_request *next_waiter(const struct aks_token_entry *entry, unsigned long long round)
{
    for (struct aks_token_request *request = entry->first; request; request = request->next)
        if (request->round == round)
            return request;
    return NULL;
}

static bool is_refused_again(const struct aks_token_entry *entry, const struct aks_token *token)
{
    return entry->refused && strcmp(entry->token->text, token->text) == 0;
}

static void keep(struct aks_token_entry *entry, struct aks_token *token)
{
    aks_token_release(entry->token);
    entry->token = aks_token_retain(token);
    entry->refused = false;
}

/* `token` is taken. A failed refresh that nobody waits for is not told to anybody: the old token still serves. */
static void on_fetched(void *context, struct aks_token *token, struct aks_error *error)
{
    struct aks_token_entry *entry = context;
    struct aks_credential *credential = aks_credential_retain(entry->credential); /* those told may release theirs */
    unsigned long long round = entry->round;
    struct aks_token_request *request;

    entry->fetch = NULL;
    entry->fetcher = NULL;
    if (token && is_refused_again(entry, token)) {
        aks_token_release(token);
        token = NULL;
        aks_error_set(error, "token_refused", "the server refused the token, and the %s credential has no other one",
                      aks_credential_kind(credential));
        aks_error_note(&error->hint, "check that the token is for this cloud and tenant, and has not expired");
    }
    if (token)
        keep(entry, token);
    while ((request = next_waiter(entry, round)))
        tell(request, token, error);
    aks_token_release(token);
    aks_credential_release(credential);
}

static bool start_fetch(struct source *source, struct aks_error *error)
{
    struct aks_token_entry *entry = source->entry;
    struct aks_credential *credential = source->credential;

    entry->fetch = credential->methods->fetch(credential, &source->target, on_fetched, entry, error);
    if (!entry->fetch)
        return false;
    entry->fetcher = source;
    entry->round++;
    return true;
}

static void refresh_ahead(struct source *source)
{
    struct aks_token_entry *entry = source->entry;
    double refresh_on = entry->token->refresh_on;
    struct aks_error ignored = {0}; /* the token still serves, and there will be another try */

    if (entry->fetch || refresh_on <= 0 || aks_clock_wall() < refresh_on || aks_clock_monotonic() < entry->refresh_at)
        return;
    entry->refresh_at = aks_clock_monotonic() + AKS_TOKEN_REFRESH_PAUSE;
    if (!start_fetch(source, &ignored))
        aks_error_clear(&ignored);
}

static void on_turn(void *context)
{
    struct aks_token_request *request = context;
    struct source *source = request->source;
    struct aks_token_entry *entry = source->entry;
    struct aks_error error = {0};

    if (can_serve(entry)) {
        refresh_ahead(source);
        tell(request, entry->token, NULL);
    } else if (entry->fetch || start_fetch(source, &error)) {
        request->round = entry->round;
    } else {
        tell(request, NULL, &error);
        aks_error_clear(&error);
    }
}

static struct aks_token_request *source_get(struct aks_token_source *base, const char *refused, aks_token_done *done,
                                            void *context, struct aks_error *error)
{
    struct source *source = (struct source *)base;
    struct aks_token_entry *entry = source->entry;
    struct aks_token_request *request = calloc(1, sizeof *request);

    if (!request) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    request->source = source;
    request->done = done;
    request->context = context;
    request->turn = (struct aks_timer){.fire = on_turn, .context = request};
    request->previous = entry->last;
    if (entry->last)
        entry->last->next = request;
    else
        entry->first = request;
    entry->last = request;
    if (!aks_timer_start(source->target.loop, &request->turn, 0, error)) {
        free_request(request);
        return NULL;
    }
    if (refused && entry->token && strcmp(entry->token->text, refused) == 0)
        entry->refused = true;
    return request;
}

static void source_cancel(struct aks_token_source *base, struct aks_token_request *request)
{
    (void)base;
    free_request(request); /* the fetch goes on: what it brings is kept */
}

static void cancel_requests(struct source *source)
{
    struct aks_token_request *next;

    for (struct aks_token_request *request = source->entry->first; request; request = next) {
        next = request->next;
        if (request->source == source)
            free_request(request);
    }
}

/* The source's loop and transport go away, and so must its fetch. Those of other sources who wait for it get a new
   turn, to fetch by their own means. */
static void stop_fetch(struct source *source)
{
    struct aks_token_entry *entry = source->entry;
    unsigned long long round = entry->round;
    struct aks_token_request *request;
    struct aks_error error = {0};

    if (entry->fetcher != source)
        return;
    source->credential->methods->cancel(source->credential, entry->fetch);
    entry->fetch = NULL;
    entry->fetcher = NULL;
    while ((request = next_waiter(entry, round))) {
        request->round = 0;
        if (!aks_timer_start(request->source->target.loop, &request->turn, 0, &error))
            tell(request, NULL, &error);
    }
    aks_error_clear(&error);
}

static void source_free(struct aks_token_source *base)
{
    struct source *source = (struct source *)base;

    cancel_requests(source);
    stop_fetch(source);
    aks_credential_release(source->credential);
    free(source);
}

static void free_entry(struct aks_token_entry *entry)
{
    aks_token_release(entry->token);
    free(entry->authority);
    free(entry->tenant);
    free(entry->audience);
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

/* A new entry at the head of the credential's list, or the one that is there already. */
static struct aks_token_entry *find_entry(struct aks_credential *credential, const struct aks_token_target *target,
                                          struct aks_error *error)
{
    size_t length = target->authority ? strlen(target->authority) : 0;
    struct aks_token_entry *entry = calloc(1, sizeof *entry);

    while (length > 0 && target->authority[length - 1] == '/')
        length--;
    if (!entry || !copy_text(&entry->authority, target->authority, length) ||
        !copy_text(&entry->tenant, target->tenant, target->tenant ? strlen(target->tenant) : 0) ||
        !copy_text(&entry->audience, target->audience, strlen(target->audience))) {
        if (entry)
            free_entry(entry);
        aks_error_set_no_memory(error);
        return NULL;
    }
    for (struct aks_token_entry *other = credential->entries; other; other = other->next)
        if (same_text(other->authority, entry->authority) && same_text(other->tenant, entry->tenant) &&
            same_text(other->audience, entry->audience)) {
            free_entry(entry);
            return other;
        }
    entry->credential = credential;
    entry->next = credential->entries;
    credential->entries = entry;
    return entry;
}

struct aks_token_source *aks_token_source_new(struct aks_credential *credential, const struct aks_token_target *target,
                                              struct aks_error *error)
{
    static const struct aks_token_source_methods methods = {source_get, source_cancel, source_free};
    struct aks_token_entry *entry;
    struct source *source;

    if (target->authority && !aks_url_check_secure(target->authority, "the authority", error))
        return NULL;
    entry = find_entry(credential, target, error);
    if (!entry)
        return NULL;
    source = calloc(1, sizeof *source);
    if (!source) {
        aks_error_set_no_memory(error); /* the entry stays: it is the credential's, and empty */
        return NULL;
    }
    source->base.methods = &methods;
    source->credential = aks_credential_retain(credential);
    source->entry = entry;
    source->target = *target;
    source->target.authority = entry->authority;
    source->target.tenant = entry->tenant;
    source->target.audience = entry->audience;
    return &source->base;
}
