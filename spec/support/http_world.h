/* A loop, an engine and a server on loopback for one test, and what the engine told. */
#ifndef AKS_SPEC_HTTP_WORLD_H
#define AKS_SPEC_HTTP_WORLD_H

#include "http/engine.h"
#include "wire_server.h"

struct world {
    struct aks_loop *loop;
    struct aks_transport *transport; /* NULL once freed by the test */
    struct wire_server server;
};

/* What one exchange ended with. */
struct outcome {
    int told; /* how often */
    int status;
    char *body;
    size_t body_length;
    struct aks_headers headers;
    struct aks_error error;
    struct world *world;
    void (*then)(struct outcome *outcome); /* NULL, or called last */
    struct outcome *other;                 /* for `then` */
    struct aks_exchange *exchange;
};

static inline void outcome_done(void *context, struct aks_http_response *response, struct aks_error *error)
{
    struct outcome *outcome = context;

    outcome->told++;
    outcome->exchange = NULL;
    wire_require(!response == aks_error_is_set(error));
    aks_error_move(&outcome->error, error);
    if (response) {
        outcome->status = response->status;
        outcome->headers = response->headers;
        response->headers = (struct aks_headers){0};
        outcome->body_length = response->body.length;
        outcome->body = aks_buffer_take(&response->body);
    }
    if (outcome->then)
        outcome->then(outcome);
}

static inline void outcome_clear(struct outcome *outcome)
{
    free(outcome->body);
    aks_headers_clear(&outcome->headers);
    aks_error_clear(&outcome->error);
    *outcome = (struct outcome){0};
}

static inline void world_open(struct world *world, const struct wire_answer *answers,
                              const struct aks_transport_options *wishes)
{
    struct aks_transport_options options = {.connect_timeout = 20, .concurrency = 4};
    struct aks_error error = {0};

    wire_server_start(&world->server, answers);
    wire_require(aks_engine_prepare(&error));
    world->loop = aks_loop_new(&error);
    wire_require(world->loop);
    if (wishes)
        options = *wishes;
    options.loop = world->loop;
    world->transport = aks_engine_new(&options, &error);
    wire_require(world->transport);
}

static inline void world_close(struct world *world)
{
    if (world->transport)
        world->transport->methods->free(world->transport);
    wire_require(aks_loop_timeout(world->loop) < 0); /* no timer is left */
    aks_loop_free(world->loop);
    wire_server_stop(&world->server);
}

/* Sends a request; what is left empty is "GET", no headers, 20 s, 1 MiB. `url` with a '/' first is the server's. */
static inline bool world_send(struct world *world, struct outcome *outcome, struct aks_http_request request)
{
    static const struct aks_headers none = {0};
    char url[256];

    if (*request.url == '/') {
        snprintf(url, sizeof url, "http://127.0.0.1:%u%s", world->server.port, request.url);
        request.url = url;
    }
    request.method = request.method ? request.method : "GET";
    request.headers = request.headers ? request.headers : &none;
    request.timeout = request.timeout > 0 ? request.timeout : 20;
    request.response_limit = request.response_limit > 0 ? request.response_limit : 1 << 20;
    outcome->world = world;
    outcome->exchange =
        world->transport->methods->send(world->transport, &request, outcome_done, outcome, &outcome->error);
    wire_require(outcome->told == 0);
    wire_require(!outcome->exchange == aks_error_is_set(&outcome->error));
    return outcome->exchange != NULL;
}

static inline void world_step(struct world *world)
{
    struct aks_error error = {0};

    wire_require(aks_loop_step(world->loop, 1, NULL, &error));
}

/* Steps until `outcome` has been told. The bound is there to end a test that hangs. */
static inline void world_wait(struct world *world, const struct outcome *outcome)
{
    for (int i = 0; i < 2000 && outcome->told == 0; i++)
        world_step(world);
    wire_require(outcome->told == 1);
}

static inline void world_wait_requests(struct world *world, int count)
{
    struct aks_error error = {0};

    for (int i = 0; i < 20000 && atomic_load(&world->server.counts->requests) < count; i++)
        wire_require(aks_loop_step(world->loop, 0.001, NULL, &error));
    wire_require(atomic_load(&world->server.counts->requests) == count);
}

#endif
