/* A form posted to Entra ID's token endpoint until there is an answer that counts. What the answer says is read
   elsewhere (answer.h). */
#include "auth/entra.h"

#include <stdlib.h>
#include <string.h>

#include "auth/answer.h"
#include "auth/inquiry.h"
#include "base/clock.h"
#include "base/text.h"
#include "transport/retry.h"

#define EXCHANGE_TIMEOUT 30.0 /* seconds */
#define ASSERTION_TYPE "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"

/* What Entra says to an assertion that is not valid yet, or not any more. */
#define WRONG_TIME "AADSTS700024"

/* Fewer tries than for a call: whoever waits for a token has not begun yet, and tries again itself. */
static const struct aks_retry_policy policy = {.retries = 4, .base = 0.5, .cap = 15.0};

struct fetch {
    struct aks_fetch base;
    struct aks_credential *credential;
    const struct aks_entra_client *client; /* the credential's */
    const struct aks_token_target *target;
    char *url;
    struct aks_buffer proof; /* kept to know it in a message */
    struct aks_inquiry *inquiry;
    double sent;    /* wall clock: a token's life begins no earlier */
    bool corrected; /* the proof was made by Entra's clock */
};

bool aks_entra_client_init(struct aks_entra_client *client, const char *tenant, const char *client_id,
                           struct aks_error *error)
{
    /* A value that is missing in the environment often arrives as an empty one. */
    bool has_tenant = tenant && *tenant != '\0';

    if (!client_id || *client_id == '\0')
        return aks_error_set(error, "credential_unavailable", "the client_id of the service principal is missing");
    client->tenant = has_tenant ? strdup(tenant) : NULL;
    client->client_id = strdup(client_id);
    return ((!has_tenant || client->tenant) && client->client_id) || aks_error_set_no_memory(error);
}

void aks_entra_client_clear(struct aks_entra_client *client)
{
    free(client->tenant);
    free(client->client_id);
}

/* AD FS, which some Azure Stack Hubs sign in with, has no tenants and an endpoint of its own. */
static bool is_adfs(const char *authority)
{
    const char *last = strrchr(authority, '/');

    return last && aks_text_equal_fold(last, "/adfs");
}

static void free_fetch(struct fetch *fetch)
{
    aks_inquiry_cancel(fetch->inquiry);
    free(fetch->url);
    aks_buffer_erase(&fetch->proof);
    free(fetch);
}

/* Takes the token and clears the error; the fetch is gone afterwards. */
static void finish(struct fetch *fetch, struct aks_token *token, struct aks_error *error)
{
    struct aks_fetch told = fetch->base;

    aks_secret_hide(error, fetch->proof.data);
    free_fetch(fetch);
    told.done(told.context, token, error);
    aks_error_clear(error);
}

static double wait_for_answer(unsigned attempt, const struct aks_http_response *response, const struct aks_error *error)
{
    struct aks_error refusal = {0};
    double wait;

    if (response && response->status != 200)
        aks_answer_read_refusal(response->status, response->body.data, response->body.length, &refusal);
    wait = aks_inquiry_retry(&policy, attempt, response, refusal.retryable, error);
    aks_error_clear(&refusal);
    return wait;
}

static bool add_field(struct aks_buffer *form, const char *name, const char *value)
{
    return aks_buffer_append_text(form, name) && aks_buffer_append_percent_encoded(form, value);
}

static bool fill_form(const struct fetch *fetch, struct aks_buffer *form)
{
    const struct aks_entra_client *client = fetch->client;
    const char *proof_name =
        client->asserts ? "&client_assertion_type=" ASSERTION_TYPE "&client_assertion=" : "&client_secret=";
    const char *claims = fetch->target->claims;

    return add_field(form, "grant_type=client_credentials&client_id=", client->client_id) &&
           add_field(form, proof_name, fetch->proof.data) && add_field(form, "&scope=", fetch->target->audience) &&
           aks_buffer_append_text(form, "%2F.default") && (!claims || add_field(form, "&claims=", claims));
}

static aks_inquiry_done on_answer;

static bool send_form(struct fetch *fetch, const struct aks_buffer *form, struct aks_error *error)
{
    struct aks_headers headers = {0};
    const struct aks_inquiry_request request = {.method = "POST",
                                                .url = fetch->url,
                                                .headers = &headers,
                                                .body = form->data,
                                                .body_length = form->length,
                                                .timeout = EXCHANGE_TIMEOUT,
                                                .wait = wait_for_answer};

    fetch->sent = aks_clock_wall();
    if (aks_headers_add(&headers, "Content-Type", "application/x-www-form-urlencoded"))
        fetch->inquiry = aks_inquiry_start(fetch->target, &request, on_answer, fetch, error);
    else
        aks_error_set_no_memory(error);
    aks_headers_clear(&headers);
    return fetch->inquiry != NULL;
}

/* `ahead`: seconds that Entra's clock is ahead of ours. */
static bool ask(struct fetch *fetch, double ahead, struct aks_error *error)
{
    const struct aks_entra_occasion occasion = {
        .url = fetch->url, .now = aks_clock_wall() + ahead, .is_adfs = is_adfs(fetch->target->authority)};
    struct aks_buffer form;
    bool done = false;

    aks_buffer_init(&form, AKS_ENTRA_FORM_LIMIT);
    aks_buffer_erase(&fetch->proof);
    if (fetch->client->prove(fetch->credential, &occasion, &fetch->proof, error)) {
        if (fetch->proof.length > 0 && fill_form(fetch, &form))
            done = send_form(fetch, &form, error);
        else
            aks_error_set_no_memory(error);
    }
    aks_buffer_erase(&form);
    return done;
}

/* Whether the answer says that our clock is wrong, and by how much: the proof is then made once more. */
static bool tells_time(const struct fetch *fetch, const struct aks_http_response *response,
                       const struct aks_error *refusal, double *ahead)
{
    const char *date = aks_headers_get(&response->headers, "Date");

    if (fetch->corrected || !fetch->client->asserts || !refusal->message || !strstr(refusal->message, WRONG_TIME) ||
        !date || !aks_clock_parse_http_date(date, ahead))
        return false;
    *ahead -= aks_clock_wall();
    return true;
}

static void on_refusal(struct fetch *fetch, const struct aks_http_response *response, struct aks_error *refusal)
{
    struct aks_error failure = {0};
    double ahead;

    if (tells_time(fetch, response, refusal, &ahead)) {
        fetch->corrected = true;
        aks_error_clear(refusal);
        if (ask(fetch, ahead, &failure))
            return;
        finish(fetch, NULL, &failure);
        return;
    }
    if (fetch->client->explain)
        fetch->client->explain(fetch->proof.data, refusal);
    finish(fetch, NULL, refusal);
}

static void on_answer(void *context, struct aks_http_response *response, struct aks_error *error)
{
    struct fetch *fetch = context;
    struct aks_token *token = NULL;
    struct aks_error failure = {0};

    fetch->inquiry = NULL;
    if (!response) {
        aks_error_move(&failure, error);
        aks_error_note(&failure.hint,
                       "no connection to the authority that gives tokens: check network, proxy and cloud");
        finish(fetch, NULL, &failure);
    } else if (response->status != 200) {
        aks_answer_read_refusal(response->status, response->body.data, response->body.length, &failure);
        on_refusal(fetch, response, &failure);
    } else {
        const struct aks_answer_time time = {.now = fetch->sent};

        token = aks_answer_read_token(response->body.data, response->body.length, &time, &failure);
        aks_buffer_erase(&response->body);
        finish(fetch, token, &failure);
    }
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
    if (is_adfs(authority))
        return true;
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

struct aks_fetch *aks_entra_fetch(struct aks_credential *credential, const struct aks_entra_client *client,
                                  const struct aks_token_target *target, aks_fetch_done *done, void *context,
                                  struct aks_error *error)
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
    fetch->credential = credential;
    fetch->client = client;
    fetch->target = target;
    aks_buffer_init(&fetch->proof, AKS_ENTRA_FORM_LIMIT);
    fetch->url = is_adfs(target->authority) ? aks_text_format("%s/oauth2/token", target->authority)
                                            : aks_text_format("%s/%s/oauth2/v2.0/token", target->authority, tenant);
    if (!fetch->url)
        aks_error_set_no_memory(error);
    else if (ask(fetch, 0, error))
        return &fetch->base;
    free_fetch(fetch);
    return NULL;
}

void aks_entra_cancel(struct aks_credential *credential, struct aks_fetch *fetch)
{
    (void)credential;
    free_fetch((struct fetch *)fetch);
}
