/* Sending a request until there is an answer that counts. What the answer says is not looked at here. */
#include "auth/inquiry.h"

#include <stdlib.h>
#include <string.h>

#include "auth/answer.h"
#include "base/clock.h"
#include "transport/chance.h"
#include "transport/retry.h"

struct aks_inquiry {
    const struct aks_token_target *target;
    struct aks_inquiry_request request; /* its texts are ours */
    char *url;
    struct aks_headers headers; /* may hold a secret */
    struct aks_buffer body;     /* the same */
    struct aks_exchange *exchange;
    struct aks_timer timer;
    unsigned attempt;
    aks_inquiry_done *done;
    void *context;
};

static void free_inquiry(struct aks_inquiry *inquiry)
{
    aks_timer_stop(&inquiry->timer);
    free(inquiry->url);
    aks_headers_clear(&inquiry->headers);
    aks_buffer_erase(&inquiry->body);
    free(inquiry);
}

static void finish(struct aks_inquiry *inquiry, struct aks_http_response *response, struct aks_error *error)
{
    aks_inquiry_done *done = inquiry->done;
    void *context = inquiry->context;

    free_inquiry(inquiry);
    done(context, response, error);
}

static bool is_lost(const struct aks_error *error)
{
    const char *code = aks_error_code(error);

    return strcmp(code, "connection_failed") == 0 || strcmp(code, "timeout") == 0;
}

static void on_answer(void *context, struct aks_http_response *response, struct aks_error *error)
{
    struct aks_inquiry *inquiry = context;
    double wait = inquiry->request.wait(inquiry->attempt, response, error);
    struct aks_error failure = {0};

    inquiry->exchange = NULL;
    if (wait >= 0) {
        if (aks_timer_start(inquiry->target->loop, &inquiry->timer, wait, &failure))
            return;
        response = NULL;
    } else if (!response) {
        aks_error_move(&failure, error); /* it is the transport's */
        failure.retryable = failure.retryable || is_lost(&failure);
    }
    finish(inquiry, response, &failure);
    aks_error_clear(&failure);
}

static bool send_try(struct aks_inquiry *inquiry, struct aks_error *error)
{
    struct aks_transport *transport = inquiry->target->transport;
    struct aks_http_request request = {.method = inquiry->request.method,
                                       .url = inquiry->url,
                                       .headers = &inquiry->headers,
                                       .body = inquiry->body.data,
                                       .body_length = inquiry->body.length,
                                       .timeout = inquiry->request.timeout,
                                       .response_limit = AKS_ANSWER_LIMIT,
                                       .link_local = inquiry->request.link_local};

    inquiry->attempt++;
    inquiry->exchange = transport->methods->send(transport, &request, on_answer, inquiry, error);
    return inquiry->exchange != NULL;
}

static void on_wait_over(void *context)
{
    struct aks_inquiry *inquiry = context;
    struct aks_error error = {0};

    if (send_try(inquiry, &error))
        return;
    finish(inquiry, NULL, &error);
    aks_error_clear(&error);
}

static bool copy_request(struct aks_inquiry *inquiry, const struct aks_inquiry_request *request)
{
    const struct aks_headers none = {0}, *headers = request->headers ? request->headers : &none;

    inquiry->request = *request;
    aks_buffer_init(&inquiry->body, request->body_length);
    inquiry->url = strdup(request->url);
    if (!inquiry->url || !aks_headers_add(&inquiry->headers, "Accept", "application/json") ||
        !aks_headers_add(&inquiry->headers, "User-Agent", "aks/" AKS_VERSION))
        return false;
    for (size_t i = 0; i < headers->count; i++)
        if (!aks_headers_add(&inquiry->headers, headers->items[i].name, headers->items[i].value))
            return false;
    return !request->body || aks_buffer_append(&inquiry->body, request->body, request->body_length);
}

struct aks_inquiry *aks_inquiry_start(const struct aks_token_target *target, const struct aks_inquiry_request *request,
                                      aks_inquiry_done *done, void *context, struct aks_error *error)
{
    struct aks_inquiry *inquiry = calloc(1, sizeof *inquiry);

    if (!inquiry) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    inquiry->target = target;
    inquiry->done = done;
    inquiry->context = context;
    inquiry->timer = (struct aks_timer){.fire = on_wait_over, .context = inquiry};
    if (!copy_request(inquiry, request))
        aks_error_set_no_memory(error);
    else if (send_try(inquiry, error))
        return inquiry;
    free_inquiry(inquiry);
    return NULL;
}

void aks_inquiry_cancel(struct aks_inquiry *inquiry)
{
    if (!inquiry)
        return;
    if (inquiry->exchange)
        inquiry->target->transport->methods->cancel(inquiry->target->transport, inquiry->exchange);
    free_inquiry(inquiry);
}

double aks_inquiry_retry(const struct aks_retry_policy *policy, unsigned attempt,
                         const struct aks_http_response *response, bool passing, const struct aks_error *error)
{
    /* A token that got lost does no harm: everything may be repeated. */
    struct aks_retry_outcome outcome = {.repeatable = true, .retry_after = -1};

    if (response) {
        outcome.status = response->status > 500 || (passing && response->status != 429) ? 503 : response->status;
        outcome.retry_after = aks_retry_after(&response->headers, aks_clock_wall());
    } else {
        outcome.connection_lost = is_lost(error);
        outcome.unsent = error->unsent;
    }
    return aks_retry_wait(policy, attempt, &outcome, aks_chance());
}
