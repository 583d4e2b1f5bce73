/* The credential of a CI service's job: first the service is asked for a token of the job, then Entra ID for one of the
   application that trusts it.
   https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments
   https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create */
#include <stdlib.h>
#include <string.h>

#include "auth/answer.h"
#include "auth/entra.h"
#include "auth/inquiry.h"
#include "auth/workload.h"
#include "base/text.h"
#include "transport/retry.h"
#include "transport/url.h"

#define EXCHANGE_TIMEOUT 30.0 /* seconds */

static const struct aks_retry_policy policy = {.retries = 4, .base = 0.5, .cap = 15.0};

struct job_credential {
    struct aks_credential base;
    struct aks_entra_client client;
    char *method, *url, *member;
    char *request_token;
    struct aks_buffer assertion; /* the last one */
};

struct fetch {
    struct aks_fetch base;
    struct job_credential *credential;
    const struct aks_token_target *target;
    struct aks_inquiry *inquiry; /* to the CI service */
    struct aks_fetch *inner;     /* to Entra ID, afterwards */
};

static void finish(struct fetch *fetch, struct aks_token *token, struct aks_error *error)
{
    struct aks_fetch told = fetch->base;

    aks_secret_hide(error, fetch->credential->request_token);
    free(fetch);
    told.done(told.context, token, error);
    aks_error_clear(error);
}

static bool prove(struct aks_credential *base, const struct aks_entra_occasion *occasion, struct aks_buffer *proof,
                  struct aks_error *error)
{
    const struct aks_buffer *assertion = &((const struct job_credential *)base)->assertion;

    (void)occasion;
    return aks_buffer_append(proof, assertion->data, assertion->length) || aks_error_set_no_memory(error);
}

static double wait_for_answer(unsigned attempt, const struct aks_http_response *response, const struct aks_error *error)
{
    return aks_inquiry_retry(&policy, attempt, response, false, error);
}

static bool read_assertion(struct job_credential *credential, const struct aks_http_response *response,
                           struct aks_error *error)
{
    json_t *answer = response->status == 200 ? aks_answer_parse(response->body.data, response->body.length) : NULL;
    const char *text = json_string_value(json_object_get(answer, credential->member));
    bool done = false;

    aks_buffer_erase(&credential->assertion);
    if (!text || *text == '\0') {
        aks_error_set(error, "credential_unavailable", "the CI service gave no token of the job (HTTP status %d)",
                      response->status);
        aks_error_note(&error->hint, "the job must be allowed to have one: in GitHub, permissions: id-token: write");
        error->status = response->status;
        error->retryable = true; /* and a chain must not go on to somebody else */
    } else {
        done = aks_buffer_append_text(&credential->assertion, text) || aks_error_set_no_memory(error);
    }
    aks_answer_erase(answer);
    return done;
}

static void on_inner(void *context, struct aks_token *token, struct aks_error *error)
{
    struct aks_error failure = {0};

    aks_error_move(&failure, error);
    finish(context, token, &failure);
}

static void on_answer(void *context, struct aks_http_response *response, struct aks_error *error)
{
    struct fetch *fetch = context;
    struct job_credential *credential = fetch->credential;
    struct aks_error failure = {0};

    fetch->inquiry = NULL;
    if (!response) {
        aks_error_move(&failure, error);
    } else if (read_assertion(credential, response, &failure)) {
        aks_buffer_erase(&response->body);
        fetch->inner =
            aks_entra_fetch(&credential->base, &credential->client, fetch->target, on_inner, fetch, &failure);
        if (fetch->inner)
            return;
    }
    finish(fetch, NULL, &failure);
}

static bool ask(struct fetch *fetch, struct aks_error *error)
{
    const struct job_credential *credential = fetch->credential;
    struct aks_headers headers = {0};
    const struct aks_inquiry_request request = {.method = credential->method,
                                                .url = credential->url,
                                                .headers = &headers,
                                                .timeout = EXCHANGE_TIMEOUT,
                                                .wait = wait_for_answer};
    char *bearer = aks_text_format("Bearer %s", credential->request_token);

    if (bearer && aks_headers_add(&headers, "Authorization", bearer))
        fetch->inquiry = aks_inquiry_start(fetch->target, &request, on_answer, fetch, error);
    else
        aks_error_set_no_memory(error);
    aks_secret_free(bearer);
    aks_headers_clear(&headers);
    return fetch->inquiry != NULL;
}

static struct aks_fetch *fetch_token(struct aks_credential *base, const struct aks_token_target *target,
                                     aks_fetch_done *done, void *context, struct aks_error *error)
{
    struct fetch *fetch = calloc(1, sizeof *fetch);

    if (!fetch) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    fetch->base = (struct aks_fetch){done, context};
    fetch->credential = (struct job_credential *)base;
    fetch->target = target;
    if (ask(fetch, error))
        return &fetch->base;
    free(fetch);
    return NULL;
}

static void cancel_fetch(struct aks_credential *credential, struct aks_fetch *base)
{
    struct fetch *fetch = (struct fetch *)base;

    if (fetch->inner)
        aks_entra_cancel(credential, fetch->inner);
    aks_inquiry_cancel(fetch->inquiry);
    free(fetch);
}

static void free_job(struct aks_credential *base)
{
    struct job_credential *credential = (struct job_credential *)base;

    aks_entra_client_clear(&credential->client);
    free(credential->method);
    free(credential->url);
    free(credential->member);
    aks_secret_free(credential->request_token);
    aks_buffer_erase(&credential->assertion);
    free(credential);
}

static bool fill(struct job_credential *credential, const struct aks_ci_job *options, struct aks_error *error)
{
    if (!aks_url_check_secure(options->request_url, "the URL that gives tokens of the job", error))
        return false;
    credential->client.asserts = true;
    credential->client.prove = prove;
    credential->client.explain = aks_workload_explain;
    credential->method = strdup(options->method);
    credential->url = strdup(options->request_url);
    credential->member = strdup(options->member);
    credential->request_token = strdup(options->request_token);
    return aks_entra_client_init(&credential->client, options->tenant, options->client_id, error) &&
           ((credential->method && credential->url && credential->member && credential->request_token) ||
            aks_error_set_no_memory(error));
}

struct aks_credential *aks_credential_new_ci_job(const struct aks_ci_job *options, struct aks_error *error)
{
    static const struct aks_credential_methods methods = {"ci_job", fetch_token, cancel_fetch, free_job, false};
    struct job_credential *credential = calloc(1, sizeof *credential);

    if (!credential) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    aks_credential_init(&credential->base, &methods);
    aks_buffer_init(&credential->assertion, AKS_TOKEN_TEXT_LIMIT);
    if (fill(credential, options, error))
        return &credential->base;
    free_job(&credential->base);
    return NULL;
}
