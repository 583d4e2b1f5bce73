/* A form posted to Entra ID's token endpoint until there is an answer that counts. What the answer says is read
   elsewhere (answer.h). */
#include "auth/entra.h"

#include <stdlib.h>
#include <string.h>

#include "auth/answer.h"
#include "base/clock.h"
#include "base/text.h"
#include "transport/chance.h"
#include "transport/retry.h"

#define EXCHANGE_TIMEOUT 30.0 /* seconds */

/* Fewer tries than for a call: whoever waits for a token has not begun yet, and tries again itself. */
static const struct aks_retry_policy policy = {.retries = 4, .base = 0.5, .cap = 15.0};

struct fetch {
    struct aks_fetch base;
    const struct aks_token_target *target;
    char *url;
    struct aks_buffer form;          /* holds the proof */
    struct aks_buffer proof;         /* to know it in a message */
    struct aks_buffer encoded_proof; /* the same */
    struct aks_exchange *exchange;
    struct aks_timer timer;
    unsigned attempt;
    double sent; /* wall clock: a token's life begins no earlier */
};

static void free_fetch(struct fetch *fetch)
{
    aks_timer_stop(&fetch->timer);
    free(fetch->url);
    aks_buffer_erase(&fetch->form);
    aks_buffer_erase(&fetch->proof);
    aks_buffer_erase(&fetch->encoded_proof);
    free(fetch);
}

static void mask(char *message, const struct aks_buffer *proof)
{
    char *found = message;

    if (!found || proof->length == 0)
        return;
    while ((found = strstr(found, proof->data))) {
        memset(found, '*', proof->length);
        found += proof->length;
    }
}

/* No endpoint has a reason to repeat a proof to us; but what it says ends up in logs. */
static void mask_proof(const struct fetch *fetch, struct aks_error *error)
{
    mask(error->message, &fetch->proof);
    mask(error->message, &fetch->encoded_proof);
}

/* Takes the token and clears the error; the fetch is gone afterwards. */
static void finish(struct fetch *fetch, struct aks_token *token, struct aks_error *error)
{
    struct aks_fetch told = fetch->base;

    mask_proof(fetch, error);
    free_fetch(fetch);
    told.done(told.context, token, error);
    aks_error_clear(error);
}

static void wait_or_fail(struct fetch *fetch, const struct aks_retry_outcome *outcome, struct aks_error *error)
{
    double wait = aks_retry_wait(&policy, fetch->attempt, outcome, aks_chance());
    struct aks_error failure = {0};

    if (wait < 0) {
        finish(fetch, NULL, error);
        return;
    }
    aks_error_clear(error);
    if (!aks_timer_start(fetch->target->loop, &fetch->timer, wait, &failure))
        finish(fetch, NULL, &failure);
}

static void on_lost(struct fetch *fetch, struct aks_error *error)
{
    const char *code = aks_error_code(error);
    struct aks_retry_outcome outcome = {.connection_lost =
                                            strcmp(code, "connection_failed") == 0 || strcmp(code, "timeout") == 0,
                                        .unsent = error->unsent,
                                        .repeatable = true, /* a token that got lost does no harm */
                                        .retry_after = -1};
    struct aks_error moved = {0};

    aks_error_move(&moved, error); /* it is the transport's */
    moved.retryable = moved.retryable || outcome.connection_lost;
    aks_error_note(&moved.hint, "no connection to the authority that gives tokens: check network, proxy and cloud");
    wait_or_fail(fetch, &outcome, &moved);
}

static void on_answer(void *context, struct aks_http_response *response, struct aks_error *error)
{
    struct fetch *fetch = context;
    struct aks_token *token = NULL;
    struct aks_error failure = {0};
    const char *text;

    fetch->exchange = NULL;
    if (!response) {
        on_lost(fetch, error);
        return;
    }
    text = response->body.data ? response->body.data : "";
    if (response->status == 200)
        token = aks_answer_read_token(text, response->body.length, fetch->sent, &failure);
    else
        aks_answer_read_refusal(response->status, text, response->body.length, &failure);
    aks_buffer_erase(&response->body);
    if (failure.retryable) {
        struct aks_retry_outcome outcome = {.status = response->status < 429 ? 503 : response->status,
                                            .repeatable = true,
                                            .retry_after = aks_retry_after(&response->headers, aks_clock_wall())};

        wait_or_fail(fetch, &outcome, &failure);
    } else {
        finish(fetch, token, &failure);
    }
}

static bool send_form(struct fetch *fetch, struct aks_error *error)
{
    struct aks_transport *transport = fetch->target->transport;
    struct aks_headers headers = {0};
    struct aks_http_request request = {.method = "POST",
                                       .url = fetch->url,
                                       .headers = &headers,
                                       .body = fetch->form.data,
                                       .body_length = fetch->form.length,
                                       .timeout = EXCHANGE_TIMEOUT,
                                       .response_limit = AKS_ANSWER_LIMIT};

    fetch->attempt++;
    fetch->sent = aks_clock_wall();
    if (aks_headers_add(&headers, "Content-Type", "application/x-www-form-urlencoded") &&
        aks_headers_add(&headers, "Accept", "application/json") &&
        aks_headers_add(&headers, "User-Agent", "aks/" AKS_VERSION))
        fetch->exchange = transport->methods->send(transport, &request, on_answer, fetch, error);
    else
        aks_error_set_no_memory(error);
    aks_headers_clear(&headers);
    return fetch->exchange != NULL;
}

static void on_wait_over(void *context)
{
    struct fetch *fetch = context;
    struct aks_error error = {0};

    if (!send_form(fetch, &error))
        finish(fetch, NULL, &error);
}

static bool add_field(struct aks_buffer *form, const char *name, const char *value)
{
    return aks_buffer_append_text(form, name) && aks_buffer_append_text(form, "=") &&
           aks_buffer_append_percent_encoded(form, value) && aks_buffer_append_text(form, "&");
}

static bool fill_form(struct fetch *fetch, const struct aks_entra_client *client)
{
    struct aks_buffer *form = &fetch->form;

    aks_buffer_init(form, AKS_ENTRA_FORM_LIMIT);
    aks_buffer_init(&fetch->proof, AKS_ENTRA_FORM_LIMIT);
    aks_buffer_init(&fetch->encoded_proof, AKS_ENTRA_FORM_LIMIT);
    return add_field(form, "grant_type", "client_credentials") && add_field(form, "client_id", client->client_id) &&
           add_field(form, client->proof_name, client->proof) && aks_buffer_append_text(form, "scope=") &&
           aks_buffer_append_percent_encoded(form, fetch->target->audience) &&
           aks_buffer_append_text(form, "%2F.default") && aks_buffer_append_text(&fetch->proof, client->proof) &&
           aks_buffer_append_percent_encoded(&fetch->encoded_proof, client->proof);
}

/* The tenant becomes a part of the URL's path. */
static bool is_tenant(const char *tenant)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

    return *tenant != '\0' && *tenant != '.' && tenant[strspn(tenant, allowed)] == '\0';
}

static bool check(const char *authority, const char *tenant, struct aks_error *error)
{
    if (!authority)
        return aks_error_set(error, "credential_unavailable", "this cloud has no authority that gives tokens");
    if (!tenant || *tenant == '\0') {
        aks_error_set(error, "credential_unavailable", "no tenant is known to ask for a token");
        aks_error_note(&error->hint, "give the credential a tenant, or set AZURE_TENANT_ID");
        return false;
    }
    if (!is_tenant(tenant))
        return aks_error_set(error, "credential_unavailable", "\"%.80s\" is not a tenant: it is an id or a domain",
                             tenant);
    return true;
}

struct aks_fetch *aks_entra_fetch(const struct aks_entra_client *client, const struct aks_token_target *target,
                                  aks_fetch_done *done, void *context, struct aks_error *error)
{
    const char *tenant = client->tenant ? client->tenant : target->tenant;
    struct fetch *fetch;

    if (!check(target->authority, tenant, error))
        return NULL;
    fetch = calloc(1, sizeof *fetch);
    if (!fetch) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    fetch->base = (struct aks_fetch){done, context};
    fetch->target = target;
    fetch->timer = (struct aks_timer){.fire = on_wait_over, .context = fetch};
    fetch->url = aks_text_format("%s/%s/oauth2/v2.0/token", target->authority, tenant);
    if (!fill_form(fetch, client) || !fetch->url) {
        aks_error_set_no_memory(error);
    } else if (send_form(fetch, error)) {
        return &fetch->base;
    }
    free_fetch(fetch);
    return NULL;
}

void aks_entra_cancel(struct aks_credential *credential, struct aks_fetch *base)
{
    struct fetch *fetch = (struct fetch *)base;
    struct aks_transport *transport = fetch->target->transport;

    (void)credential;
    if (fetch->exchange)
        transport->methods->cancel(transport, fetch->exchange);
    free_fetch(fetch);
}
