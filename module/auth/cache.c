/* The token cache: who waits for a token, when one is fetched, and which one is given. How a token is fetched is the
   business of the credential's kind. */
#include "auth/cache.h"

#include <stdlib.h>
#include <string.h>

#include "auth/entry.h"
#include "base/clock.h"
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

struct source {
    struct aks_token_source base;
    struct aks_credential *credential; /* retained: so the entry stays */
    struct aks_token_entry *entry;
    struct aks_token_target target; /* texts are the entry's */
};

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

static aks_fetch_done on_fetched;

static bool start_fetch(struct source *source, struct aks_error *error)
{
    struct aks_token_entry *entry = source->entry;
    struct aks_credential *credential = source->credential;

    source->target.claims = aks_token_entry_claims(entry);
    source->target.authority = entry->authority ? entry->authority : entry->place.authority;
    source->target.audience = entry->audience ? entry->audience : entry->place.audience;
    entry->discovers = entry->resource_manager && !entry->place.audience;
    if (entry->discovers)
        entry->fetch = aks_discovery_fetch(credential, &source->target, &entry->place, on_fetched, entry, error);
    else
        entry->fetch = credential->methods->fetch(credential, &source->target, on_fetched, entry, error);
    if (!entry->fetch)
        return false;
    entry->fetcher = &source->base;
    entry->round++;
    return true;
}

/* A token came, but meanwhile claims are wanted that it was not asked for: another is fetched, for all who wait. */
static bool fetch_again(struct source *source, struct aks_error *error)
{
    struct aks_token_entry *entry = source->entry;
    unsigned long long round = entry->round;

    if (!start_fetch(source, error))
        return false;
    for (struct aks_token_request *request = entry->first; request; request = request->next)
        if (request->round == round)
            request->round = entry->round;
    return true;
}

/* Whether the token that was fetched may be given; else the error is set. */
static bool is_good(const struct aks_token_entry *entry, const struct aks_token *token, struct aks_error *error)
{
    if (!token || !aks_token_entry_knows_refused(entry, token))
        return token != NULL;
    aks_error_set(error, "token_refused", "the server refused the token, and the %s credential has no other one",
                  aks_credential_kind(entry->credential));
    aks_error_note(&error->hint, entry->sent_claims
                                     ? "the server wants a sign-in that meets a policy: sign in anew, or ask the "
                                       "tenant's administrator"
                                     : "check that the token is for this cloud and tenant, and has not expired");
    return false;
}

/* `token` is taken. A failed refresh that nobody waits for is not told to anybody: the old token still serves. */
static void on_fetched(void *context, struct aks_token *token, struct aks_error *error)
{
    struct aks_token_entry *entry = context;
    struct aks_credential *credential = aks_credential_retain(entry->credential); /* those told may release theirs */
    struct source *fetcher = (struct source *)entry->fetcher;
    unsigned long long round = entry->round;
    struct aks_token_request *request;
    bool again = token && entry->wanted_claims, good;

    entry->fetch = NULL;
    entry->fetcher = NULL;
    if (!again || !fetch_again(fetcher, error)) {
        good = !again && is_good(entry, token, error);
        if (good)
            aks_token_entry_keep(entry, token);
        while ((request = next_waiter(entry, round)))
            tell(request, good ? token : NULL, error);
    }
    aks_token_release(token);
    aks_credential_release(credential);
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

    if (aks_token_entry_serves(entry)) {
        refresh_ahead(source);
        tell(request, entry->token, NULL);
    } else if (entry->fetch || start_fetch(source, &error)) {
        request->round = entry->round;
    } else {
        tell(request, NULL, &error);
        aks_error_clear(&error);
    }
}

static struct aks_token_request *source_get(struct aks_token_source *base, const char *refused, const char *claims,
                                            aks_token_done *done, void *context, struct aks_error *error)
{
    struct source *source = (struct source *)base;
    struct aks_token_entry *entry = source->entry;
    struct aks_token_request *request = calloc(1, sizeof *request);

    if (!request || (refused && !aks_token_entry_refuse(entry, refused, claims))) {
        free(request);
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

    if (entry->fetcher != &source->base)
        return;
    if (entry->discovers)
        aks_discovery_cancel(entry->fetch);
    else
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

static bool source_describe(const struct aks_token_source *base, struct aks_token_origin *origin)
{
    const struct aks_token_entry *entry = ((const struct source *)base)->entry;

    if (!entry->token)
        return false;
    *origin = (struct aks_token_origin){.credential = entry->token->kind,
                                        .authority = entry->authority ? entry->authority : entry->place.authority,
                                        .expires_on = entry->token->expires_on};
    return true;
}

struct aks_token_source *aks_token_source_new(struct aks_credential *credential, const struct aks_token_target *target,
                                              struct aks_error *error)
{
    static const struct aks_token_source_methods methods = {source_get, source_cancel, source_free, source_describe};
    struct aks_token_entry *entry;
    struct source *source;

    if (target->authority && !aks_url_check_secure(target->authority, "the authority", error))
        return NULL;
    entry = aks_token_entry_find(credential, target);
    source = entry ? calloc(1, sizeof *source) : NULL;
    if (!source) {
        aks_error_set_no_memory(error); /* an entry stays: it is the credential's, and empty */
        return NULL;
    }
    source->base.methods = &methods;
    source->credential = aks_credential_retain(credential);
    source->entry = entry;
    source->target = *target;
    source->target.tenant = entry->tenant;
    source->target.resource_manager = entry->resource_manager;
    return &source->base;
}
