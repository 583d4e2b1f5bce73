/* A transport and a token source that answer from a script, through the loop, and remember what they were asked. */
#ifndef AKS_SPEC_FAKE_TRANSPORT_H
#define AKS_SPEC_FAKE_TRANSPORT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/session.h"

#define FAKE_REQUESTS_LIMIT 64

/* As assert, but in every build. */
static inline void fake_require(bool condition)
{
    if (!condition)
        abort();
}

/* One answer of the script: a status, or an error's code. The last one is given again and again. */
struct fake_answer {
    int status;
    const char *headers; /* "Name: value\nName: value", or NULL */
    const char *body;
    const char *error;
    bool unsent;
    bool never; /* no answer comes: for cancelling */
};

struct fake_request {
    char method[16];
    char *url;
    char *body; /* NULL: none */
    struct aks_headers headers;
};

struct fake_transport {
    struct aks_transport base;
    struct aks_loop *loop;
    const struct fake_answer *answers;
    size_t answer_count;
    struct fake_request requests[FAKE_REQUESTS_LIMIT];
    size_t sent;
    size_t canceled;
    size_t pending;
    bool refuses; /* `send` fails */
    bool freed;
};

struct aks_exchange {
    struct aks_timer timer;
    struct fake_transport *fake;
    const struct fake_answer *answer;
    aks_transport_done *done;
    void *context;
};

static inline void fake_add_headers(struct aks_headers *headers, const char *text)
{
    while (text && *text) {
        size_t length = strcspn(text, "\n");
        char *line = strndup(text, length);
        char *colon = strstr(line, ": ");

        fake_require(colon);
        *colon = '\0';
        if (!aks_headers_add(headers, line, colon + 2))
            abort();
        free(line);
        text += length + (text[length] == '\n');
    }
}

static inline void fake_answer_now(void *context)
{
    struct aks_exchange *exchange = context;
    const struct fake_answer *answer = exchange->answer;
    aks_transport_done *done = exchange->done;
    struct aks_http_response response = {.status = answer->status};
    struct aks_error error = {0};
    void *caller = exchange->context;

    exchange->fake->pending--;
    free(exchange);
    aks_buffer_init(&response.body, 1 << 20);
    if (answer->error) {
        aks_error_set(&error, answer->error, "scripted");
        error.unsent = answer->unsent;
        done(caller, NULL, &error);
    } else {
        fake_add_headers(&response.headers, answer->headers);
        if (answer->body && !aks_buffer_append_text(&response.body, answer->body))
            abort();
        done(caller, &response, &error);
    }
    aks_buffer_clear(&response.body);
    aks_headers_clear(&response.headers);
    aks_error_clear(&error);
}

static inline void fake_remember(struct fake_transport *fake, const struct aks_http_request *request)
{
    struct fake_request *memory = &fake->requests[fake->sent];

    fake_require(fake->sent < FAKE_REQUESTS_LIMIT);
    snprintf(memory->method, sizeof memory->method, "%s", request->method);
    memory->url = strdup(request->url);
    memory->body = request->body ? strndup(request->body, request->body_length) : NULL;
    for (size_t i = 0; i < request->headers->count; i++)
        if (!aks_headers_add(&memory->headers, request->headers->items[i].name, request->headers->items[i].value))
            abort();
}

static inline struct aks_exchange *fake_send(struct aks_transport *transport, const struct aks_http_request *request,
                                             aks_transport_done *done, void *context, struct aks_error *error)
{
    struct fake_transport *fake = (struct fake_transport *)transport;
    size_t index = fake->sent < fake->answer_count ? fake->sent : fake->answer_count - 1;
    struct aks_exchange *exchange;

    if (fake->refuses) {
        aks_error_set(error, "connection_failed", "scripted refusal");
        return NULL;
    }
    exchange = calloc(1, sizeof *exchange);
    fake_remember(fake, request);
    exchange->fake = fake;
    exchange->answer = &fake->answers[index];
    exchange->done = done;
    exchange->context = context;
    exchange->timer.fire = fake_answer_now;
    exchange->timer.context = exchange;
    if (!exchange->answer->never && !aks_timer_start(fake->loop, &exchange->timer, 0, error))
        abort();
    fake->sent++;
    fake->pending++;
    return exchange;
}

static inline void fake_cancel(struct aks_transport *transport, struct aks_exchange *exchange)
{
    struct fake_transport *fake = (struct fake_transport *)transport;

    aks_timer_stop(&exchange->timer);
    free(exchange);
    fake->pending--;
    fake->canceled++;
}

static inline void fake_free(struct aks_transport *transport)
{
    ((struct fake_transport *)transport)->freed = true; /* the test's own: it is asked about afterwards */
}

static inline void fake_transport_init(struct fake_transport *fake, struct aks_loop *loop,
                                       const struct fake_answer *answers, size_t count)
{
    static const struct aks_transport_methods methods = {fake_send, fake_cancel, fake_free};

    *fake = (struct fake_transport){.base = {&methods}, .loop = loop, .answers = answers, .answer_count = count};
}

static inline void fake_transport_clear(struct fake_transport *fake)
{
    for (size_t i = 0; i < fake->sent; i++) {
        free(fake->requests[i].url);
        free(fake->requests[i].body);
        aks_headers_clear(&fake->requests[i].headers);
    }
    fake->sent = 0;
}

/* Gives "token-1", then after each refusal the next; `failure` as a code gives that error instead. */
struct fake_tokens {
    struct aks_token_source base;
    struct aks_loop *loop;
    unsigned current;
    size_t asked;
    size_t refused;
    size_t canceled;
    size_t pending;
    const char *failure;
    char claims[64]; /* of the last request */
    bool never;
    bool freed;
};

struct aks_token_request {
    struct aks_timer timer;
    struct fake_tokens *fake;
    aks_token_done *done;
    void *context;
};

static inline void fake_token_now(void *context)
{
    struct aks_token_request *request = context;
    struct fake_tokens *fake = request->fake;
    aks_token_done *done = request->done;
    struct aks_error error = {0};
    void *caller = request->context;
    char token[32];

    fake->pending--;
    free(request);
    snprintf(token, sizeof token, "token-%u", fake->current);
    if (fake->failure)
        aks_error_set(&error, fake->failure, "scripted");
    done(caller, fake->failure ? NULL : token, &error);
    aks_error_clear(&error);
}

static inline struct aks_token_request *fake_token_get(struct aks_token_source *source, const char *refused,
                                                       const char *claims, aks_token_done *done, void *context,
                                                       struct aks_error *error)
{
    struct fake_tokens *fake = (struct fake_tokens *)source;
    struct aks_token_request *request = calloc(1, sizeof *request);
    char token[32];

    snprintf(token, sizeof token, "token-%u", fake->current);
    snprintf(fake->claims, sizeof fake->claims, "%s", claims ? claims : "");
    fake->asked++;
    if (refused) {
        fake_require(strcmp(refused, token) == 0);
        fake->refused++;
        fake->current++;
    }
    request->fake = fake;
    request->done = done;
    request->context = context;
    request->timer.fire = fake_token_now;
    request->timer.context = request;
    if (!fake->never && !aks_timer_start(fake->loop, &request->timer, 0, error))
        abort();
    fake->pending++;
    return request;
}

static inline void fake_token_cancel(struct aks_token_source *source, struct aks_token_request *request)
{
    struct fake_tokens *fake = (struct fake_tokens *)source;

    aks_timer_stop(&request->timer);
    free(request);
    fake->pending--;
    fake->canceled++;
}

static inline void fake_token_free(struct aks_token_source *source)
{
    ((struct fake_tokens *)source)->freed = true;
}

static inline void fake_tokens_init(struct fake_tokens *fake, struct aks_loop *loop)
{
    static const struct aks_token_source_methods methods = {
        .get = fake_token_get, .cancel = fake_token_cancel, .free = fake_token_free};

    *fake = (struct fake_tokens){.base = {&methods}, .loop = loop, .current = 1};
}

/* Loop, transport, tokens and a session over them, for one test. */
struct fake_world {
    struct aks_loop *loop;
    struct fake_transport transport;
    struct fake_tokens tokens;
    struct aks_session *session;
};

static inline void fake_world_init(struct fake_world *world, const struct fake_answer *answers, size_t count,
                                   aks_observer *observe, void *observer)
{
    struct aks_error error = {0};
    struct aks_session_options options = {.endpoint = "https://management.azure.com/",
                                          .user_agent = "spec/1",
                                          .retries = -1,
                                          .observe = observe,
                                          .observer = observer};

    world->loop = aks_loop_new(&error);
    fake_require(world->loop);
    fake_transport_init(&world->transport, world->loop, answers, count);
    fake_tokens_init(&world->tokens, world->loop);
    options.loop = world->loop;
    options.transport = &world->transport.base;
    options.tokens = &world->tokens.base;
    world->session = aks_session_new(&options, &error);
    fake_require(world->session);
    world->session->retry.base = 0.0001; /* the waits are not what is tested */
    world->session->retry.cap = 0.0001;
}

/* Steps until *over is set, or nothing happens any more. */
static inline void fake_world_run(struct fake_world *world, const bool *over)
{
    struct aks_error error = {0};

    for (int i = 0; i < 10000 && !*over && aks_loop_timeout(world->loop) >= 0; i++)
        if (!aks_loop_step(world->loop, -1, NULL, &error))
            abort();
}

/* Releases everything, and asserts that nothing was left under way. */
static inline void fake_world_clear(struct fake_world *world)
{
    fake_require(world->transport.pending == 0 && world->tokens.pending == 0);
    aks_session_release(world->session);
    fake_require(world->transport.freed && world->tokens.freed);
    fake_require(aks_loop_timeout(world->loop) < 0);
    fake_transport_clear(&world->transport);
    aks_loop_free(world->loop);
}

#endif
