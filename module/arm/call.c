/* One ARM call: token, exchange, tries, answer. Long-running operations and paging are built upon it. */
#include "arm/call.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "arm/fault.h"
#include "arm/request.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"
#include "transport/challenge.h"
#include "transport/chance.h"
#include "transport/url.h"

/* At any time one of three is under way: a token request, an exchange, or the timer of the wait before the next try. */
struct aks_call {
    struct aks_session *session; /* retained */
    aks_call_done *done;
    void *context;
    struct aks_request request;
    bool repeatable;
    unsigned long long operation;
    struct aks_token_request *token_request;
    struct aks_exchange *exchange;
    struct aks_timer timer;
    struct aks_buffer token; /* the last one sent: a 401 answer refuses it */
    bool refreshed;          /* a token was refused: the next 401 is final */
    unsigned attempt;        /* 1 for the first try */
    double sent;             /* when the try was sent */
    bool telling;            /* an observer is being told, which may cancel us */
    bool canceled;           /* ... and did */
};

static void free_call(struct aks_call *call)
{
    struct aks_session *session = call->session;

    aks_request_clear(&call->request);
    aks_buffer_erase(&call->token);
    free(call);
    aks_session_release(session);
}

/* Ends the call. `reply` is NULL on failure. */
static void finish(struct aks_call *call, struct aks_reply *reply, struct aks_error *error)
{
    call->done(call->context, reply, error);
    free_call(call);
}

static void fail(struct aks_call *call, struct aks_error *error)
{
    aks_error_note(&error->correlation_id, call->request.correlation_id);
    finish(call, NULL, error);
    aks_error_clear(error);
}

/* Tells the observer; false when it has cancelled the call, which is gone then. */
static bool observe(struct aks_call *call, const char *kind, int status, double seconds, const struct aks_error *error)
{
    struct aks_event event = {.kind = kind,
                              .id = call->operation,
                              .method = call->request.method,
                              .http_status = status,
                              .attempt = call->attempt,
                              .seconds = seconds,
                              .error = error && aks_error_is_set(error) ? error : NULL};
    char *url;

    if (!call->session->observe)
        return true;
    url = aks_url_redact(call->request.url);
    event.url = url;
    call->telling = true;
    aks_session_observe(call->session, &event);
    call->telling = false;
    free(url);
    if (!call->canceled)
        return true;
    free_call(call);
    return false;
}

static aks_transport_done on_answer;
static aks_token_done on_token;

static bool send_try(struct aks_call *call, struct aks_error *error)
{
    struct aks_session *session = call->session;
    struct aks_headers headers = {0};
    struct aks_http_request request = {.method = call->request.method,
                                       .url = call->request.url,
                                       .headers = &headers,
                                       .body = call->request.body,
                                       .body_length = call->request.body ? strlen(call->request.body) : 0,
                                       .timeout = session->timeout,
                                       .response_limit = session->response_limit};

    call->sent = aks_clock_monotonic();
    if (aks_request_add_headers(&call->request, session, call->token.data, &headers, error))
        call->exchange = session->transport->methods->send(session->transport, &request, on_answer, call, error);
    aks_headers_clear(&headers);
    return call->exchange != NULL;
}

static bool request_token(struct aks_call *call, const char *refused, const char *claims, struct aks_error *error)
{
    struct aks_token_source *tokens = call->session->tokens;

    call->token_request = tokens->methods->get(tokens, refused, claims, on_token, call, error);
    return call->token_request != NULL;
}

static bool keep_token(struct aks_call *call, const char *token, struct aks_error *error)
{
    aks_buffer_erase(&call->token);
    if (*token == '\0' || strlen(token) > AKS_TOKEN_LIMIT)
        return aks_error_set(error, "credential_unavailable", "the token is empty or longer than %d bytes",
                             AKS_TOKEN_LIMIT);
    return aks_buffer_append_text(&call->token, token) || aks_error_set_no_memory(error);
}

static void on_token(void *context, const char *token, const struct aks_error *failure)
{
    struct aks_call *call = context;
    struct aks_error error = {0};

    call->token_request = NULL;
    if (!token)
        aks_error_copy(&error, failure);
    else if (keep_token(call, token, &error) && send_try(call, &error))
        return;
    fail(call, &error);
}

static void on_wait_over(void *context)
{
    struct aks_call *call = context;
    struct aks_error error = {0};

    call->attempt++;
    /* Asked for again, as the token may have expired during the wait. */
    if (!request_token(call, NULL, NULL, &error))
        fail(call, &error);
}

/* The message of an error that came back after all tries says how many there were. */
static void note_tries(struct aks_error *error, unsigned tries)
{
    char *message;

    if (tries < 2 || !error->message)
        return;
    message = aks_text_format("%s (tried %u times)", error->message, tries);
    if (!message)
        return;
    free(error->message);
    error->message = message;
}

/* The try failed with `error`: tries again, or gives up. */
static void retry_or_fail(struct aks_call *call, const struct aks_retry_outcome *outcome, struct aks_error *error)
{
    double wait = aks_retry_wait(&call->session->retry, call->attempt, outcome, aks_chance());

    if (wait < 0) {
        note_tries(error, call->attempt);
        fail(call, error);
        return;
    }
    if (observe(call, "retry", outcome->status, wait, error)) {
        struct aks_error failure = {0};

        if (!aks_timer_start(call->session->loop, &call->timer, wait, &failure))
            fail(call, &failure);
    }
    aks_error_clear(error);
}

static void on_lost(struct aks_call *call, struct aks_error *error)
{
    const char *code = aks_error_code(error);
    bool passes = strcmp(code, "connection_failed") == 0 || strcmp(code, "timeout") == 0;
    /* A refused certificate leaves the request unsent too, but is refused again. */
    struct aks_retry_outcome outcome = {.connection_lost = passes,
                                        .unsent = error->unsent && passes,
                                        .repeatable = call->repeatable,
                                        .retry_after = -1};

    error->retryable = error->retryable || outcome.connection_lost;
    if (observe(call, "request", 0, aks_clock_monotonic() - call->sent, error))
        retry_or_fail(call, &outcome, error);
    else
        aks_error_clear(error);
}

/* The token was refused: asks for another, once, which has the claims that the challenge wants
   (https://learn.microsoft.com/entra/identity-platform/claims-challenge). */
static void refresh_token(struct aks_call *call, const struct aks_headers *headers)
{
    struct aks_error error = {0};
    char *claims = NULL;
    bool asked = false;

    call->refreshed = true;
    if (!aks_challenge_find(headers, "Bearer", "claims", &claims))
        aks_error_set_no_memory(&error);
    else
        asked = request_token(call, call->token.data, claims, &error);
    free(claims);
    if (!asked)
        fail(call, &error);
}

static void on_refused(struct aks_call *call, const struct aks_http_response *response)
{
    struct aks_retry_outcome outcome = {.status = response->status,
                                        .repeatable = call->repeatable,
                                        .retry_after = aks_retry_after(&response->headers, aks_clock_wall())};
    struct aks_error error = {0};

    aks_fault_read(response->status, &response->headers, response->body.data, response->body.length, &error);
    if (!observe(call, "request", outcome.status, aks_clock_monotonic() - call->sent, &error)) {
        aks_error_clear(&error);
    } else if (outcome.status == 401 && !call->refreshed) {
        aks_error_clear(&error);
        refresh_token(call, &response->headers);
    } else {
        retry_or_fail(call, &outcome, &error);
    }
}

static bool is_blank(const struct aks_buffer *body)
{
    return body->length == 0 || strspn(body->data, " \t\r\n") == body->length;
}

static void on_success(struct aks_call *call, struct aks_http_response *response)
{
    struct aks_reply reply = {.status = response->status, .url = call->request.url};
    struct aks_error error = {0};

    /* Taken, as `done` may release the session, and the transport with it. */
    reply.headers = response->headers;
    response->headers = (struct aks_headers){0};
    memcpy(reply.client_request_id, call->request.client_request_id, sizeof reply.client_request_id);
    if (response->status != 204 && !is_blank(&response->body))
        reply.body = aks_document_parse(response->body.data, response->body.length, &error);
    if (aks_error_is_set(&error)) {
        error.status = response->status;
        aks_error_note(&error.request_id, aks_headers_get(&reply.headers, "x-ms-request-id"));
        aks_error_note(&error.correlation_id, aks_headers_get(&reply.headers, "x-ms-correlation-request-id"));
    }
    if (observe(call, "request", reply.status, aks_clock_monotonic() - call->sent, &error)) {
        if (aks_error_is_set(&error))
            fail(call, &error);
        else
            finish(call, &reply, &error);
    }
    aks_error_clear(&error);
    json_decref(reply.body);
    aks_headers_clear(&reply.headers);
}

static void on_answer(void *context, struct aks_http_response *response, struct aks_error *failure)
{
    struct aks_call *call = context;
    struct aks_error error = {0};

    call->exchange = NULL;
    if (!response) {
        aks_error_move(&error, failure);
        on_lost(call, &error);
    } else if (response->status >= 200 && response->status <= 299) {
        on_success(call, response);
    } else {
        on_refused(call, response);
    }
}

struct aks_call *aks_call_start(struct aks_session *session, const struct aks_call_request *request,
                                aks_call_done *done, void *context, struct aks_error *error)
{
    struct aks_call *call;

    if (session->closed) {
        aks_error_set(error, "session_closed", "the client is closed");
        return NULL;
    }
    call = calloc(1, sizeof *call);
    if (!call) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    call->session = aks_session_retain(session);
    call->done = done;
    call->context = context;
    call->attempt = 1;
    call->timer.fire = on_wait_over;
    call->timer.context = call;
    aks_buffer_init(&call->token, AKS_TOKEN_LIMIT);
    call->operation = request->operation;
    call->repeatable =
        request->repeatable || strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    if (aks_request_make(&call->request, session, request, error) && request_token(call, NULL, NULL, error))
        return call;
    free_call(call);
    return NULL;
}

void aks_call_cancel(struct aks_call *call)
{
    struct aks_session *session;

    if (!call)
        return;
    session = call->session;
    aks_timer_stop(&call->timer);
    if (call->token_request)
        session->tokens->methods->cancel(session->tokens, call->token_request);
    if (call->exchange)
        session->transport->methods->cancel(session->transport, call->exchange);
    call->token_request = NULL;
    call->exchange = NULL;
    call->canceled = true;
    if (!call->telling)
        free_call(call);
}

bool aks_call_is_absent(const struct aks_error *error)
{
    /* What these say is wrong is the question, not that its object is missing. */
    static const char others[] = "SubscriptionNotFound|InvalidSubscriptionId|InvalidResourceType|"
                                 "InvalidResourceNamespace|NoRegisteredProviderFound|FeatureNotFound";

    return error->status == 404 && !aks_text_is_choice(others, aks_error_code(error));
}
