/* A list of credentials: the first that can give a token is asked from then on. One that cannot is passed over; one
   that was refused, or whose server is in trouble, ends the search: the next one may well be somebody else. */
#include <stdlib.h>
#include <string.h>

#include "auth/kind.h"

struct chain_credential {
    struct aks_credential base;
    struct aks_credential_methods methods; /* its own, as its kind is */
    char *kind;
    struct aks_credential **links; /* retained */
    size_t count;
    size_t found; /* the link that answered; `count`: none yet */
};

struct fetch {
    struct aks_fetch base;
    struct chain_credential *credential;
    const struct aks_token_target *target;
    size_t link;               /* the one that is asked */
    struct aks_fetch *inner;   /* its fetch */
    struct aks_error failures; /* a detail for each link that was passed over */
};

static void free_fetch(struct fetch *fetch)
{
    aks_error_clear(&fetch->failures);
    free(fetch);
}

/* Takes the token and clears the error; the fetch is gone afterwards. */
static void finish(struct fetch *fetch, struct aks_token *token, struct aks_error *error)
{
    struct aks_fetch told = fetch->base;

    free_fetch(fetch);
    told.done(told.context, token, error);
    aks_error_clear(error);
}

static bool may_pass_over(const struct fetch *fetch, const struct aks_error *error)
{
    return fetch->credential->found == fetch->credential->count && !error->retryable &&
           strcmp(aks_error_code(error), "credential_unavailable") == 0;
}

/* Takes the error of the link that was asked. */
static bool pass_over(struct fetch *fetch, struct aks_error *error)
{
    struct aks_error *detail = aks_error_add_detail(&fetch->failures);

    if (!detail)
        return false;
    aks_error_move(detail, error);
    aks_error_note(&detail->target, aks_credential_kind(fetch->credential->links[fetch->link]));
    return true;
}

/* Says of all links what they said. */
static void tell_failures(struct fetch *fetch, struct aks_error *error)
{
    struct aks_error *failures = &fetch->failures;
    struct aks_buffer text;
    bool enough = true;

    aks_buffer_init(&text, AKS_ERROR_TEXT_LIMIT);
    for (size_t i = 0; i < failures->detail_count && enough; i++) {
        const struct aks_error *detail = &failures->details[i];

        enough = aks_buffer_append_format(&text, "%s%s: %s", i > 0 ? "; " : "", detail->target ? detail->target : "?",
                                          detail->message ? detail->message : aks_error_code(detail));
    }
    aks_error_set(failures, "credential_unavailable", "no credential of the chain gave a token: %s",
                  text.length > 0 ? text.data : "it is empty");
    aks_error_note(&failures->hint, "sign in with 'az login', or set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
                                    "AZURE_CLIENT_SECRET; doc/credentials.md has all ways");
    aks_buffer_clear(&text);
    aks_error_move(error, failures);
}

static aks_fetch_done on_link;

/* Asks the link, or the first behind it that can be asked. False, and the error is set, when there is none. */
static bool ask_links(struct fetch *fetch, struct aks_error *error)
{
    struct chain_credential *credential = fetch->credential;

    for (; fetch->link < credential->count; fetch->link++) {
        struct aks_credential *link = credential->links[fetch->link];

        fetch->inner = link->methods->fetch(link, fetch->target, on_link, fetch, error);
        if (fetch->inner)
            return true;
        if (!may_pass_over(fetch, error))
            return false;
        if (!pass_over(fetch, error)) {
            aks_error_clear(error);
            return aks_error_set_no_memory(error);
        }
    }
    tell_failures(fetch, error);
    return false;
}

static void on_link(void *context, struct aks_token *token, struct aks_error *error)
{
    struct fetch *fetch = context;
    struct chain_credential *credential = fetch->credential;
    struct aks_error failure = {0};

    fetch->inner = NULL;
    if (token) {
        credential->found = fetch->link;
        if (!token->kind)
            token->kind = aks_credential_kind(credential->links[fetch->link]);
        finish(fetch, token, &failure);
        return;
    }
    aks_error_move(&failure, error);
    if (may_pass_over(fetch, &failure) && pass_over(fetch, &failure)) {
        fetch->link++;
        if (ask_links(fetch, &failure))
            return;
    }
    finish(fetch, NULL, &failure);
}

static struct aks_fetch *fetch_token(struct aks_credential *base, const struct aks_token_target *target,
                                     aks_fetch_done *done, void *context, struct aks_error *error)
{
    struct chain_credential *credential = (struct chain_credential *)base;
    struct fetch *fetch = calloc(1, sizeof *fetch);

    if (!fetch) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    fetch->base = (struct aks_fetch){done, context};
    fetch->credential = credential;
    fetch->target = target;
    fetch->link = credential->found < credential->count ? credential->found : 0;
    if (ask_links(fetch, error))
        return &fetch->base;
    free_fetch(fetch);
    return NULL;
}

static void cancel_fetch(struct aks_credential *base, struct aks_fetch *canceled)
{
    struct fetch *fetch = (struct fetch *)canceled;
    struct aks_credential *link = fetch->credential->links[fetch->link];

    (void)base;
    link->methods->cancel(link, fetch->inner);
    free_fetch(fetch);
}

static void free_chain(struct aks_credential *base)
{
    struct chain_credential *credential = (struct chain_credential *)base;

    for (size_t i = 0; credential->links && i < credential->count; i++)
        aks_credential_release(credential->links[i]);
    free(credential->links);
    free(credential->kind);
    free(credential);
}

struct aks_credential *aks_credential_new_chain(const char *kind, struct aks_credential *const *links, size_t count,
                                                struct aks_error *error)
{
    struct chain_credential *credential = calloc(1, sizeof *credential);

    if (!credential) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    credential->kind = strdup(kind);
    credential->links = calloc(count > 0 ? count : 1, sizeof(struct aks_credential *));
    credential->methods =
        (struct aks_credential_methods){credential->kind, fetch_token, cancel_fetch, free_chain, false};
    aks_credential_init(&credential->base, &credential->methods);
    if (!credential->kind || !credential->links) {
        free_chain(&credential->base);
        aks_error_set_no_memory(error);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        credential->links[i] = aks_credential_retain(links[i]);
    credential->count = count;
    credential->found = count;
    return &credential->base;
}
