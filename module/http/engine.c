/* curl's multi interface on the event loop, with a pool of handles that are used again. curl's callbacks only note what
   it wants watched; ended exchanges are told when curl has returned. */
#include "http/engine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "http/exchange.h"
#include "http/signal.h"

#define CONCURRENCY_LIMIT 50

struct list {
    struct aks_exchange *first, *last;
};

struct engine {
    struct aks_transport transport; /* first: the core knows this alone */
    struct aks_transport_options options;
    char *ca_file, *proxy;
    CURLM *multi;
    struct aks_timer timer;    /* curl's */
    struct aks_timer reporter; /* tells exchanges that ended outside a drive */
    struct list lists[3];      /* by exchange state */
    CURL *idle[CONCURRENCY_LIMIT];
    unsigned idle_count;
    unsigned active_count;
    bool failed; /* something curl wanted watched could not be */
    bool freed;  /* freed while `depth` > 0: goes when the outermost drive ends */
    unsigned depth;
};

static void append(struct engine *engine, struct aks_exchange *exchange, enum exchange_state state)
{
    struct list *list = &engine->lists[state];

    exchange->state = state;
    exchange->next = NULL;
    exchange->previous = list->last;
    if (list->last)
        list->last->next = exchange;
    else
        list->first = exchange;
    list->last = exchange;
}

static void unlink_exchange(struct engine *engine, struct aks_exchange *exchange)
{
    struct list *list = &engine->lists[exchange->state];

    if (exchange->previous)
        exchange->previous->next = exchange->next;
    else
        list->first = exchange->next;
    if (exchange->next)
        exchange->next->previous = exchange->previous;
    else
        list->last = exchange->previous;
}

/* Gives the handle back to the pool; its connection stays in curl's cache. */
static void release_handle(struct engine *engine, struct aks_exchange *exchange)
{
    struct signal_guard guard;

    signal_guard_begin(&guard);
    curl_multi_remove_handle(engine->multi, exchange->easy);
    curl_easy_reset(exchange->easy);
    signal_guard_end(&guard);
    engine->idle[engine->idle_count++] = exchange->easy; /* there are no more handles than places */
    engine->active_count--;
    exchange->easy = NULL;
}

static void end(struct engine *engine, struct aks_exchange *exchange)
{
    struct aks_error ignored = {0};

    unlink_exchange(engine, exchange);
    append(engine, exchange, EXCHANGE_ENDED);
    /* Inside a drive they are told at its end; the timer is for those that end outside. Without memory for the timer
       the next drive tells them. */
    if (!aks_timer_start(engine->options.loop, &engine->reporter, 0, &ignored))
        aks_error_clear(&ignored);
}

static void activate(struct engine *engine, struct aks_exchange *exchange)
{
    CURL *easy = engine->idle_count > 0 ? engine->idle[--engine->idle_count] : curl_easy_init();
    struct signal_guard guard;
    CURLMcode code;

    if (!easy) {
        aks_error_set_no_memory(&exchange->error);
        end(engine, exchange);
        return;
    }
    unlink_exchange(engine, exchange);
    append(engine, exchange, EXCHANGE_ACTIVE);
    engine->active_count++;
    if (exchange_prepare(exchange, easy, &engine->options)) {
        signal_guard_begin(&guard);
        code = curl_multi_add_handle(engine->multi, easy);
        signal_guard_end(&guard);
        if (code == CURLM_OK)
            return;
    }
    aks_error_set(&exchange->error, "connection_failed", "libcurl refused the request");
    release_handle(engine, exchange);
    end(engine, exchange);
}

static void start_queued(struct engine *engine)
{
    while (engine->lists[EXCHANGE_QUEUED].first && engine->active_count < engine->options.concurrency)
        activate(engine, engine->lists[EXCHANGE_QUEUED].first);
}

static void collect(struct engine *engine)
{
    struct aks_exchange *exchange;
    CURLMsg *message;
    char *private;
    int left;

    while ((message = curl_multi_info_read(engine->multi, &left))) {
        CURLcode result = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        exchange = (struct aks_exchange *)private;
        exchange_finish(exchange, result);
        release_handle(engine, exchange);
        end(engine, exchange);
    }
}

/* After curl's own machinery has failed nothing that is under way can be trusted. */
static void fail_active(struct engine *engine, const char *why)
{
    struct aks_exchange *exchange;

    while ((exchange = engine->lists[EXCHANGE_ACTIVE].first)) {
        aks_error_set(&exchange->error, "connection_failed", "the HTTP engine failed: %s", why);
        exchange->error.retryable = true;
        release_handle(engine, exchange);
        end(engine, exchange);
    }
    engine->failed = false;
}

static void destroy(struct engine *engine)
{
    struct signal_guard guard;

    aks_timer_stop(&engine->timer);
    aks_timer_stop(&engine->reporter);
    signal_guard_begin(&guard);
    while (engine->idle_count > 0)
        curl_easy_cleanup(engine->idle[--engine->idle_count]);
    curl_multi_cleanup(engine->multi); /* closes connections: sockets are unwatched through on_socket */
    signal_guard_end(&guard);
    aks_timer_stop(&engine->timer);
    free(engine->ca_file);
    free(engine->proxy);
    free(engine);
}

/* Tells what has ended. Those told may send, cancel, run the loop or free the engine. */
static void report(struct engine *engine)
{
    struct aks_exchange *exchange;

    while (!engine->freed && (exchange = engine->lists[EXCHANGE_ENDED].first)) {
        bool failed = aks_error_is_set(&exchange->error);

        unlink_exchange(engine, exchange);
        exchange->done(exchange->context, failed ? NULL : &exchange->response, &exchange->error);
        exchange_free(exchange);
    }
}

/* One round: curl works (unless there is nothing for it), what ended is told, what waits begins. */
static void drive(struct engine *engine, bool act, curl_socket_t descriptor, int events)
{
    struct signal_guard guard;
    CURLMcode code = CURLM_OK;
    int running;

    engine->depth++;
    if (act) {
        signal_guard_begin(&guard);
        code = curl_multi_socket_action(engine->multi, descriptor, events, &running);
        signal_guard_end(&guard);
    }
    collect(engine);
    if (code != CURLM_OK || engine->failed)
        fail_active(engine, code != CURLM_OK ? curl_multi_strerror(code) : "a socket cannot be watched");
    start_queued(engine);
    report(engine);
    engine->depth--;
    if (engine->freed && engine->depth == 0)
        destroy(engine);
}

static void on_ready(void *context, int descriptor, unsigned events)
{
    int bits = (events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (events & EPOLLERR ? CURL_CSELECT_ERR : 0);

    drive(context, true, descriptor, bits);
}

static void on_timer(void *context)
{
    drive(context, true, CURL_SOCKET_TIMEOUT, 0);
}

static void on_reporter(void *context)
{
    drive(context, false, CURL_SOCKET_TIMEOUT, 0);
}

/* Called by curl: which socket to watch for what. */
static int on_socket(CURL *easy, curl_socket_t descriptor, int what, void *context, void *socket_context)
{
    struct engine *engine = context;
    struct aks_error error = {0};
    unsigned events = (what & CURL_POLL_IN ? EPOLLIN : 0U) | (what & CURL_POLL_OUT ? EPOLLOUT : 0U);

    (void)easy;
    (void)socket_context;
    if (what == CURL_POLL_REMOVE) {
        aks_loop_unwatch(engine->options.loop, descriptor);
    } else if (!aks_loop_watch(engine->options.loop, descriptor, events, on_ready, engine, &error)) {
        aks_error_clear(&error);
        engine->failed = true;
    }
    return 0;
}

/* Called by curl: when to call it again; negative: never. */
static int on_timeout(CURLM *multi, long timeout, void *context)
{
    struct engine *engine = context;
    struct aks_error error = {0};

    (void)multi;
    if (timeout < 0) {
        aks_timer_stop(&engine->timer);
    } else if (!aks_timer_start(engine->options.loop, &engine->timer, (double)timeout / 1000, &error)) {
        aks_error_clear(&error);
        engine->failed = true;
    }
    return 0;
}

static struct aks_exchange *engine_send(struct aks_transport *transport, const struct aks_http_request *request,
                                        aks_transport_done *done, void *context, struct aks_error *error)
{
    struct engine *engine = (struct engine *)transport;
    struct aks_exchange *exchange = exchange_new(request, done, context, error);

    if (!exchange)
        return NULL;
    append(engine, exchange, EXCHANGE_QUEUED);
    start_queued(engine);
    return exchange;
}

static void engine_cancel(struct aks_transport *transport, struct aks_exchange *exchange)
{
    struct engine *engine = (struct engine *)transport;

    if (exchange->state == EXCHANGE_ACTIVE)
        release_handle(engine, exchange);
    unlink_exchange(engine, exchange);
    exchange_free(exchange);
    start_queued(engine);
}

static void engine_free(struct aks_transport *transport)
{
    struct engine *engine = (struct engine *)transport;

    engine->options.concurrency = 0; /* nothing that waits begins any more */
    for (size_t state = 0; state < sizeof engine->lists / sizeof *engine->lists; state++)
        while (engine->lists[state].first)
            engine_cancel(transport, engine->lists[state].first);
    engine->freed = true;
    if (engine->depth == 0)
        destroy(engine);
}

static const struct aks_transport_methods methods = {engine_send, engine_cancel, engine_free};

static bool set_up(struct engine *engine)
{
    CURLM *multi = engine->multi;

    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, engine) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, engine) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX) == CURLM_OK;
}

struct aks_transport *engine_new(const struct aks_transport_options *options, struct aks_error *error)
{
    struct engine *engine = calloc(1, sizeof *engine);

    if (!engine) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    engine->transport.methods = &methods;
    engine->options = *options;
    if (engine->options.concurrency < 1 || engine->options.concurrency > CONCURRENCY_LIMIT)
        engine->options.concurrency = engine->options.concurrency < 1 ? 1 : CONCURRENCY_LIMIT;
    engine->options.ca_file = engine->ca_file = options->ca_file ? strdup(options->ca_file) : NULL;
    engine->options.proxy = engine->proxy = options->proxy ? strdup(options->proxy) : NULL;
    engine->timer = (struct aks_timer){.fire = on_timer, .context = engine};
    engine->reporter = (struct aks_timer){.fire = on_reporter, .context = engine};
    engine->multi = curl_multi_init();
    if (!engine->multi || (options->ca_file && !engine->ca_file) || (options->proxy && !engine->proxy) ||
        !set_up(engine)) {
        destroy(engine);
        aks_error_set_no_memory(error);
        return NULL;
    }
    return &engine->transport;
}
