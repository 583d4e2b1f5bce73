/* The HTTP engine: a queue of exchanges, a pool of easy handles, and one curl multi handle that the loop drives.
   Callbacks of libcurl only note or change a watch; what an exchange's sender is told, it is told after libcurl has
   returned, so that it may send, cancel, step the loop or free the engine. */
#include "http/engine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "http/exchange.h"
#include "http/signal.h"

/* While there are exchanges, `guard` is always running: this place in the loop's heap is there when memory is not, and
   bringing the timer forward ends what libcurl can no longer be told about. */
#define GUARD_SECONDS 60.0

TAILQ_HEAD(exchange_list, aks_exchange);

struct engine {
    struct aks_transport base;
    struct aks_transport_options options; /* with texts of our own */
    char *ca_file;
    char *proxy;
    CURLM *multi;           /* NULL after a fault, until the next start */
    struct aks_timer timer; /* what libcurl waits for */
    struct aks_timer guard;
    struct exchange_list lists[AKS_EXCHANGE_PLACES];
    size_t counts[AKS_EXCHANGE_PLACES];
    CURL *idle[AKS_ENGINE_CONCURRENCY_LIMIT];
    size_t idle_count;
    struct aks_error fault; /* set: the multi handle is of no use any more */
    unsigned telling;       /* nested calls of `tell` on the stack */
    bool freed;             /* by a sender that was being told */
};

/* Lists. An exchange is in exactly one from being sent to being told; each is in order of arrival. */

static struct aks_exchange *first(struct engine *engine, enum aks_exchange_place place)
{
    return TAILQ_FIRST(&engine->lists[place]);
}

static void leave(struct engine *engine, struct aks_exchange *exchange)
{
    TAILQ_REMOVE(&engine->lists[exchange->place], exchange, link);
    engine->counts[exchange->place]--;
}

static void enter(struct engine *engine, struct aks_exchange *exchange, enum aks_exchange_place place)
{
    exchange->place = place;
    TAILQ_INSERT_TAIL(&engine->lists[place], exchange, link);
    engine->counts[place]++;
}

static bool is_empty(const struct engine *engine)
{
    return engine->counts[AKS_EXCHANGE_WAITING] + engine->counts[AKS_EXCHANGE_RUNNING] +
               engine->counts[AKS_EXCHANGE_ENDED] ==
           0;
}

/* Lets the next step do what is left to do. It cannot fail while there are exchanges (see GUARD_SECONDS). */
static void wake(struct engine *engine)
{
    struct aks_error ignored = {0};

    if (!aks_timer_start(engine->options.loop, &engine->guard, 0, &ignored))
        aks_error_clear(&ignored);
}

static bool hold_guard(struct engine *engine, struct aks_error *error)
{
    return engine->guard.position != 0 || aks_timer_start(engine->options.loop, &engine->guard, GUARD_SECONDS, error);
}

/* Callbacks of libcurl. */

static aks_loop_ready on_ready;

static int on_socket(CURL *easy, curl_socket_t descriptor, int what, void *context, void *unused)
{
    struct engine *engine = context;
    struct aks_error error = {0};
    unsigned events = 0;

    (void)easy;
    (void)unused;
    if (what == CURL_POLL_REMOVE) {
        aks_loop_unwatch(engine->options.loop, descriptor);
        return 0;
    }
    events |= (what & CURL_POLL_IN) ? EPOLLIN : 0;
    events |= (what & CURL_POLL_OUT) ? EPOLLOUT : 0;
    if (!aks_loop_watch(engine->options.loop, descriptor, events, on_ready, engine, &error)) {
        aks_error_move(&engine->fault, &error);
        wake(engine);
    }
    return 0; /* failing here would leave the multi handle half alive: the fault ends it as a whole */
}

static int on_timeout(CURLM *multi, long milliseconds, void *context)
{
    struct engine *engine = context;
    struct aks_error error = {0};

    (void)multi;
    if (milliseconds < 0) {
        aks_timer_stop(&engine->timer);
    } else if (!aks_timer_start(engine->options.loop, &engine->timer, (double)milliseconds / 1000.0, &error)) {
        aks_error_move(&engine->fault, &error);
        wake(engine);
    }
    return 0;
}

static CURL *take_handle(struct engine *engine)
{
    return engine->idle_count > 0 ? engine->idle[--engine->idle_count] : curl_easy_init();
}

/* Resets it: options point into the exchange, which is about to go. */
static void give_handle(struct engine *engine, CURL *easy)
{
    curl_easy_reset(easy);
    if (engine->idle_count < engine->options.concurrency)
        engine->idle[engine->idle_count++] = easy;
    else
        curl_easy_cleanup(easy);
}

static bool open_multi(struct engine *engine)
{
    CURLM *multi = engine->multi ? NULL : curl_multi_init();
    CURLMcode code = CURLM_OK;

    if (engine->multi)
        return true;
    if (!multi)
        return false;
    code = code ? code : curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    code = code ? code : curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, engine);
    code = code ? code : curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    code = code ? code : curl_multi_setopt(multi, CURLMOPT_TIMERDATA, engine);
    code = code ? code : curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    code = code ? code : curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)engine->options.concurrency);
    if (code) {
        curl_multi_cleanup(multi);
        return false;
    }
    engine->multi = multi;
    return true;
}

static void close_multi(struct engine *engine)
{
    struct signal_guard guard;

    signal_guard_begin(&guard);
    if (engine->multi)
        curl_multi_cleanup(engine->multi);
    signal_guard_end(&guard);
    engine->multi = NULL;
    aks_timer_stop(&engine->timer);
}

/* The way of an exchange: waiting, running, ended, told. */

/* Gives an exchange that is in no list to libcurl. */
static bool start(struct engine *engine, struct aks_exchange *exchange, struct aks_error *error)
{
    CURL *easy = open_multi(engine) ? take_handle(engine) : NULL;
    struct signal_guard guard;
    CURLMcode code;

    if (!easy)
        return aks_error_set_no_memory(error);
    if (!aks_exchange_set_up(exchange, easy, &engine->options, error)) {
        give_handle(engine, easy);
        return false;
    }
    signal_guard_begin(&guard);
    code = curl_multi_add_handle(engine->multi, easy);
    signal_guard_end(&guard);
    if (code) {
        give_handle(engine, easy);
        if (code == CURLM_OUT_OF_MEMORY)
            return aks_error_set_no_memory(error);
        return aks_error_set(error, "connection_failed", "libcurl refuses a request: %s", curl_multi_strerror(code));
    }
    exchange->easy = easy;
    enter(engine, exchange, AKS_EXCHANGE_RUNNING);
    return true;
}

/* Takes a running exchange, which leaves its list, back from libcurl. `code` NULL: it was cut short. */
static void stop(struct engine *engine, struct aks_exchange *exchange, const CURLcode *code)
{
    CURL *easy = exchange->easy;
    struct signal_guard guard;

    leave(engine, exchange);
    if (code)
        aks_exchange_finish(exchange, easy, *code);
    exchange->easy = NULL;
    signal_guard_begin(&guard);
    curl_multi_remove_handle(engine->multi, easy);
    give_handle(engine, easy);
    signal_guard_end(&guard);
}

static void fill(struct engine *engine)
{
    struct aks_exchange *exchange;

    while (engine->counts[AKS_EXCHANGE_RUNNING] < engine->options.concurrency &&
           (exchange = first(engine, AKS_EXCHANGE_WAITING)) != NULL) {
        leave(engine, exchange);
        if (start(engine, exchange, &exchange->error))
            continue;
        exchange->error.unsent = true;
        enter(engine, exchange, AKS_EXCHANGE_ENDED);
        wake(engine);
    }
}

static void collect_ended(struct engine *engine)
{
    struct aks_exchange *exchange;
    CURLMsg *message;
    CURLcode code;
    int left;

    while (engine->multi && (message = curl_multi_info_read(engine->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        code = message->data.result; /* gone with the handle's removal */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        stop(engine, exchange, &code);
        enter(engine, exchange, AKS_EXCHANGE_ENDED);
    }
}

/* After a fault: all that run fail, and the next start opens a new multi handle. */
static void break_off(struct engine *engine)
{
    struct aks_exchange *exchange;

    while ((exchange = first(engine, AKS_EXCHANGE_RUNNING)) != NULL) {
        stop(engine, exchange, NULL);
        aks_error_set(&exchange->error, "connection_failed", "the connections were lost: %s",
                      engine->fault.message ? engine->fault.message : "out of memory");
        exchange->error.retryable = true;
        enter(engine, exchange, AKS_EXCHANGE_ENDED);
    }
    close_multi(engine);
    aks_error_clear(&engine->fault);
}

/* Tells the senders. Each exchange has left its list by then, so a nested call, or a freed engine, is met in order.
   The engine may be gone afterwards. */
static void tell(struct engine *engine)
{
    struct aks_exchange *exchange;
    bool failed;

    engine->telling++;
    while ((exchange = first(engine, AKS_EXCHANGE_ENDED)) != NULL) {
        leave(engine, exchange);
        failed = aks_error_is_set(&exchange->error);
        exchange->done(exchange->context, failed ? NULL : &exchange->response, &exchange->error);
        aks_exchange_free(exchange);
    }
    engine->telling--;
    if (!engine->freed && is_empty(engine))
        aks_timer_stop(&engine->guard);
    if (engine->freed && engine->telling == 0)
        free(engine);
}

/* What follows every call that lets libcurl work. The engine may be gone afterwards. */
static void settle(struct engine *engine)
{
    collect_ended(engine);
    if (aks_error_is_set(&engine->fault))
        break_off(engine);
    fill(engine);
    tell(engine);
}

static void act(struct engine *engine, curl_socket_t descriptor, int events)
{
    struct signal_guard guard;
    CURLMcode code = CURLM_OK;
    int running;

    if (engine->multi) {
        signal_guard_begin(&guard);
        code = curl_multi_socket_action(engine->multi, descriptor, events, &running);
        signal_guard_end(&guard);
    }
    if (code)
        aks_error_set(&engine->fault, "connection_failed", "libcurl: %s", curl_multi_strerror(code));
    settle(engine);
}

static void on_ready(void *context, int descriptor, unsigned events)
{
    /* Whatever is wrong with a connection, reading and writing are how libcurl finds out. */
    unsigned broken = events & (EPOLLERR | EPOLLHUP);
    int ready = 0;

    ready |= (broken || (events & EPOLLIN)) ? CURL_CSELECT_IN : 0;
    ready |= (broken || (events & EPOLLOUT)) ? CURL_CSELECT_OUT : 0;
    act(context, descriptor, ready);
}

static void on_timer(void *context)
{
    act(context, CURL_SOCKET_TIMEOUT, 0);
}

static void on_guard(void *context)
{
    struct engine *engine = context;
    struct aks_error ignored = {0};

    if (!hold_guard(engine, &ignored))
        aks_error_clear(&ignored);
    settle(engine);
}

static struct aks_exchange *engine_send(struct aks_transport *transport, const struct aks_http_request *request,
                                        aks_transport_done *done, void *context, struct aks_error *error)
{
    struct engine *engine = (struct engine *)transport;
    struct aks_exchange *exchange = aks_exchange_new(request, error);
    bool room =
        engine->counts[AKS_EXCHANGE_RUNNING] < engine->options.concurrency && engine->counts[AKS_EXCHANGE_WAITING] == 0;

    if (!exchange || !hold_guard(engine, error) || (room && !start(engine, exchange, error))) {
        aks_exchange_free(exchange);
        if (is_empty(engine))
            aks_timer_stop(&engine->guard);
        error->unsent = true;
        return NULL;
    }
    if (!room)
        enter(engine, exchange, AKS_EXCHANGE_WAITING);
    exchange->done = done;
    exchange->context = context;
    return exchange;
}

static void cancel(struct engine *engine, struct aks_exchange *exchange)
{
    if (exchange->place == AKS_EXCHANGE_RUNNING)
        stop(engine, exchange, NULL);
    else
        leave(engine, exchange);
    aks_exchange_free(exchange);
}

static void engine_cancel(struct aks_transport *transport, struct aks_exchange *exchange)
{
    struct engine *engine = (struct engine *)transport;

    cancel(engine, exchange);
    fill(engine);
    if (is_empty(engine))
        aks_timer_stop(&engine->guard);
}

static void engine_free(struct aks_transport *transport)
{
    struct engine *engine = (struct engine *)transport;
    struct aks_exchange *exchange;
    struct signal_guard guard;

    for (int place = 0; place < AKS_EXCHANGE_PLACES; place++)
        while ((exchange = first(engine, (enum aks_exchange_place)place)) != NULL)
            cancel(engine, exchange);
    signal_guard_begin(&guard);
    while (engine->idle_count > 0)
        curl_easy_cleanup(engine->idle[--engine->idle_count]);
    signal_guard_end(&guard);
    close_multi(engine);
    aks_timer_stop(&engine->guard);
    aks_error_clear(&engine->fault);
    free(engine->ca_file);
    free(engine->proxy);
    engine->freed = true;
    if (engine->telling == 0)
        free(engine);
}

static const struct aks_transport_methods methods = {engine_send, engine_cancel, engine_free};

bool aks_engine_prepare(struct aks_error *error)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);

    if (code)
        return aks_error_set(error, "connection_failed", "libcurl cannot start: %s", curl_easy_strerror(code));
    return true;
}

/* A copy of a text that may be absent. */
static bool copy_text(char **copy, const char *text)
{
    *copy = text ? strdup(text) : NULL;
    return *copy || !text;
}

struct aks_transport *aks_engine_new(const struct aks_transport_options *options, struct aks_error *error)
{
    struct engine *engine = calloc(1, sizeof *engine);

    if (!engine) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    engine->base.methods = &methods;
    engine->options = *options;
    if (engine->options.concurrency < 1)
        engine->options.concurrency = 1;
    if (engine->options.concurrency > AKS_ENGINE_CONCURRENCY_LIMIT)
        engine->options.concurrency = AKS_ENGINE_CONCURRENCY_LIMIT;
    engine->timer = (struct aks_timer){.fire = on_timer, .context = engine};
    engine->guard = (struct aks_timer){.fire = on_guard, .context = engine};
    for (int place = 0; place < AKS_EXCHANGE_PLACES; place++)
        TAILQ_INIT(&engine->lists[place]);
    if (!copy_text(&engine->ca_file, options->ca_file) || !copy_text(&engine->proxy, options->proxy) ||
        !open_multi(engine)) {
        engine_free(&engine->base);
        aks_error_set_no_memory(error);
        return NULL;
    }
    engine->options.ca_file = engine->ca_file;
    engine->options.proxy = engine->proxy;
    return &engine->base;
}
