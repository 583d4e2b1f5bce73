/* The engine against a server on loopback: answers, ceilings, failures, queue, cancelling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>

#include "../support/http_world.h"
#include "http/exchange.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
#define HELLO OK_HEAD "Content-Length: 5\r\nX-One: 1\r\nX-Two:  two words \r\n\r\nhello"

static const char gzip_hello[] = OK_HEAD
    "Content-Encoding: gzip\r\nContent-Length: 31\r\n\r\n"
    "\037\213\010\000\000\000\000\000\002\003\313\110\315\311\311\327\121\110\257\312\054\000\000\112\233\261\134\013"
    "\000\000\000";

/* 100,000 zeros in 132 bytes */
static const char gzip_zeros[] = OK_HEAD
    "Content-Encoding: gzip\r\nContent-Length: 132\r\n\r\n"
    "\037\213\010\000\000\000\000\000\002\003\355\301\061\001\000\000\000\302\240\365\117\155\015\017\240\000\000\000"
    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
    "\000\000\000\000\000\000\000\000\000\200\127\003\175\225\021\324\240\206\001\000";

#define BYTES(text) .bytes = (text), .length = sizeof(text) - 1
#define LONG_HEADER "X-Long: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n"

static const struct wire_answer answers[] = {
    {.path = "/hello", BYTES(HELLO)},
    {.path = "/echo", .bytes = NULL},
    {.path = "/a/../b", .bytes = NULL},
    {.path = "/hold", BYTES(HELLO), .end = WIRE_HOLD},
    {.path = "/hang", .bytes = "", .end = WIRE_HANG},
    {.path = "/missing", BYTES("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno")},
    {.path = "/moved", BYTES("HTTP/1.1 302 Found\r\nLocation: /hello\r\nContent-Length: 0\r\n\r\n")},
    {.path = "/gzip", BYTES(gzip_hello)},
    {.path = "/zeros", BYTES(gzip_zeros)},
    {.path = "/notgzip", BYTES(OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello")},
    {.path = "/reset", BYTES(""), .end = WIRE_RESET},
    {.path = "/late-reset", BYTES(OK_HEAD "Content-Length: 9\r\n\r\nhello"), .end = WIRE_RESET},
    {.path = "/cut", BYTES(OK_HEAD "Content-Length: 9\r\n\r\nhello"), .end = WIRE_CLOSE},
    {.path = "/nothing", BYTES(""), .end = WIRE_CLOSE},
    {.path = "/garbage", BYTES("this is not HTTP\r\n\r\n"), .end = WIRE_CLOSE},
    {.path = "/interim", BYTES("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nX-One: 0\r\n\r\n" HELLO)},
    {.path = "/endless", BYTES(""), .repeat = 100000, .filler = "HTTP/1.1 103 Early Hints\r\n\r\n"},
    {.path = "/trailer", BYTES(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nRetry-After: 9\r\n\r\n")},
    {.path = "/199", BYTES(OK_HEAD "Content-Length: 0\r\n"), .repeat = 199, .filler = "X: y\r\n", .tail = "\r\n"},
    {.path = "/200", BYTES(OK_HEAD "Content-Length: 0\r\n"), .repeat = 200, .filler = "X: y\r\n", .tail = "\r\n"},
    {.path = "/64k", BYTES(OK_HEAD "Content-Length: 0\r\n"), .repeat = 900, .filler = LONG_HEADER, .tail = "\r\n"},
    {.path = "example.invalid:443", BYTES("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")},
    {0},
};

static struct world world;

static void open_with(const struct aks_transport_options *options)
{
    world_open(&world, answers, options);
}

static int open_world(void **state)
{
    (void)state;
    open_with(NULL);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

static void reopen_with(struct aks_transport_options options)
{
    world_close(&world);
    options.connect_timeout = 20;
    open_with(&options);
}

static struct outcome get(const char *url)
{
    struct outcome outcome = {0};

    if (world_send(&world, &outcome, (struct aks_http_request){.url = url}))
        world_wait(&world, &outcome);
    return outcome;
}

/* The code of the error that the request ended with. */
static void expect_failure(struct aks_http_request request, const char *code, bool unsent)
{
    struct outcome outcome = {0};

    if (world_send(&world, &outcome, request))
        world_wait(&world, &outcome);
    assert_string_equal(aks_error_code(&outcome.error), code);
    assert_int_equal(outcome.error.unsent, unsent);
    outcome_clear(&outcome);
}

static int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void an_answer_arrives_whole(void **state)
{
    struct outcome outcome = get("/hello");

    (void)state;
    assert_int_equal(outcome.status, 200);
    assert_string_equal(outcome.body, "hello");
    assert_int_equal(outcome.headers.count, 3);
    assert_string_equal(outcome.headers.items[1].name, "X-One");
    assert_string_equal(aks_headers_get(&outcome.headers, "x-two"), "two words");
    outcome_clear(&outcome);
}

static void a_status_is_no_failure_and_no_redirect_is_followed(void **state)
{
    struct outcome missing = get("/missing"), moved = get("/moved");

    (void)state;
    assert_int_equal(missing.status, 404);
    assert_string_equal(missing.body, "no");
    assert_int_equal(moved.status, 302);
    assert_string_equal(aks_headers_get(&moved.headers, "Location"), "/hello");
    outcome_clear(&missing);
    outcome_clear(&moved);
}

/* What the server saw of a request; the caller frees it. */
static char *sent(struct aks_http_request request)
{
    struct outcome outcome = {0};
    char *text;

    assert_true(world_send(&world, &outcome, request));
    world_wait(&world, &outcome);
    assert_int_equal(outcome.status, 200);
    text = outcome.body;
    outcome.body = NULL;
    outcome_clear(&outcome);
    return text;
}

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strcasestr(text, part))
        fail_msg("'%s' is in: %s", part, text);
}

static void a_request_is_sent_as_it_stands(void **state)
{
    struct aks_headers headers = {0};
    char *text;

    (void)state;
    assert_true(aks_headers_add(&headers, "Authorization", "Bearer secret"));
    assert_true(aks_headers_add(&headers, "X-Empty", ""));
    text = sent((struct aks_http_request){.url = "/a/../b", .headers = &headers});
    assert_contains(text, "GET /a/../b HTTP/1.1\r\n");
    assert_contains(text, "\r\nAuthorization: Bearer secret\r\n");
    assert_contains(text, "\r\nX-Empty:\r\n");
    assert_contains(text, "gzip");
    assert_lacks(text, "User-Agent");
    free(text);
    aks_headers_clear(&headers);
}

static void a_body_is_sent_with_the_method_of_the_request(void **state)
{
    static const char *const methods[] = {"PUT", "PATCH", "POST", "DELETE"};
    static const char *const empty[] = {"PUT", "PATCH", "POST"};
    char line[32], *text;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        text = sent((struct aks_http_request){.method = methods[i], .url = "/echo", .body = "{}", .body_length = 2});
        snprintf(line, sizeof line, "%s /echo HTTP/1.1\r\n", methods[i]);
        assert_memory_equal(text, line, strlen(line));
        assert_contains(text, "\r\nContent-Length: 2\r\n");
        assert_contains(text, "\r\n\r\n{}");
        assert_lacks(text, "Expect");
        assert_lacks(text, "Content-Type");
        free(text);
    }
    for (size_t i = 0; i < 3; i++) {
        text = sent((struct aks_http_request){.method = empty[i], .url = "/echo"});
        assert_contains(text, "\r\nContent-Length: 0\r\n");
        assert_lacks(text, "Content-Type");
        free(text);
    }
    text = sent((struct aks_http_request){.method = "DELETE", .url = "/echo"});
    assert_lacks(text, "Content-Length");
    free(text);
}

static void a_large_body_is_sent_without_asking_first(void **state)
{
    char *body = calloc(1, 9001), *text;

    (void)state;
    memset(body, 'x', 9000);
    text = sent((struct aks_http_request){.method = "PUT", .url = "/echo", .body = body, .body_length = 9000});
    assert_lacks(text, "Expect");
    assert_contains(text, body);
    free(text);
    free(body);
}

static void head_has_no_body(void **state)
{
    struct outcome outcome = {0};

    (void)state;
    assert_true(world_send(&world, &outcome, (struct aks_http_request){.method = "HEAD", .url = "/199"}));
    world_wait(&world, &outcome);
    assert_int_equal(outcome.status, 200);
    assert_int_equal(outcome.body_length, 0);
    outcome_clear(&outcome);
}

static void a_connection_is_used_again(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct outcome outcome = get("/hello");

        assert_int_equal(outcome.status, 200);
        outcome_clear(&outcome);
    }
    assert_int_equal(atomic_load(&world.server.counts->connections), 1);
}

static void at_most_so_many_are_under_way_and_the_rest_follow(void **state)
{
    struct outcome outcomes[7] = {0};

    (void)state;
    reopen_with((struct aks_transport_options){.concurrency = 2});
    for (int i = 0; i < 7; i++)
        assert_true(world_send(&world, &outcomes[i], (struct aks_http_request){.url = "/hold"}));
    world_wait_requests(&world, 2); /* at the same time, over the first connections of all */
    wire_server_release(&world.server, 7);
    for (int i = 0; i < 7; i++) {
        world_wait(&world, &outcomes[i]);
        assert_int_equal(outcomes[i].status, 200);
        outcome_clear(&outcomes[i]);
    }
    assert_int_equal(atomic_load(&world.server.counts->connections), 2);
}

/* The last digits of the statuses, as they were told. */
static char order[8];

static void note_order(struct outcome *outcome)
{
    order[strlen(order)] = (char)('0' + outcome->status % 10);
}

static void what_waits_goes_in_order(void **state)
{
    static const char *const paths[] = {"/missing", "/hello", "/moved"};
    struct outcome outcomes[3] = {0};

    (void)state;
    reopen_with((struct aks_transport_options){.concurrency = 1});
    memset(order, 0, sizeof order);
    for (int i = 0; i < 3; i++) {
        outcomes[i].then = note_order;
        assert_true(world_send(&world, &outcomes[i], (struct aks_http_request){.url = paths[i]}));
    }
    for (int i = 0; i < 3; i++) {
        world_wait(&world, &outcomes[i]);
        outcome_clear(&outcomes[i]);
    }
    assert_string_equal(order, "402");
}

static void gzip_is_decoded(void **state)
{
    struct outcome outcome = get("/gzip");

    (void)state;
    assert_string_equal(outcome.body, "hello, gzip");
    outcome_clear(&outcome);
    expect_failure((struct aks_http_request){.url = "/notgzip"}, "response_invalid", false);
}

static void the_limit_is_of_decoded_bytes(void **state)
{
    struct outcome outcome = {0};

    (void)state;
    assert_true(world_send(&world, &outcome, (struct aks_http_request){.url = "/zeros", .response_limit = 100000}));
    world_wait(&world, &outcome);
    assert_int_equal(outcome.body_length, 100000);
    outcome_clear(&outcome);
    expect_failure((struct aks_http_request){.url = "/zeros", .response_limit = 99999}, "response_too_large", false);
    expect_failure((struct aks_http_request){.url = "/hello", .response_limit = 4}, "response_too_large", false);
}

static void only_the_final_headers_are_kept(void **state)
{
    struct outcome interim = get("/interim"), trailer = get("/trailer");

    (void)state;
    assert_int_equal(interim.status, 200);
    assert_int_equal(interim.headers.count, 3);
    assert_string_equal(aks_headers_get(&interim.headers, "X-One"), "1");
    assert_string_equal(trailer.body, "hello");
    assert_null(aks_headers_get(&trailer.headers, "Retry-After"));
    outcome_clear(&interim);
    outcome_clear(&trailer);
}

static void headers_have_ceilings(void **state)
{
    struct outcome outcome = get("/199");

    (void)state;
    assert_int_equal(outcome.headers.count, AKS_HEADERS_LIMIT);
    outcome_clear(&outcome);
    expect_failure((struct aks_http_request){.url = "/200"}, "response_too_large", false);
    expect_failure((struct aks_http_request){.url = "/64k"}, "response_too_large", false);
    expect_failure((struct aks_http_request){.url = "/endless"}, "response_too_large", false);
}

static void a_lost_connection_may_have_carried_the_request(void **state)
{
    static const char *const paths[] = {"/reset", "/late-reset", "/cut", "/nothing"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct outcome outcome = get(paths[i]);

        assert_string_equal(aks_error_code(&outcome.error), "connection_failed");
        assert_true(outcome.error.retryable);
        assert_false(outcome.error.unsent);
        outcome_clear(&outcome);
    }
    expect_failure((struct aks_http_request){.url = "/garbage"}, "response_invalid", false);
}

/* libcurl sends again by itself what brought no byte of an answer on a connection that had served before. */
static void what_may_have_had_its_effect_is_not_sent_twice_by_libcurl(void **state)
{
    static const char *const methods[] = {"POST", "PATCH"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct outcome first = get("/hello"), outcome = {0};
        int before = atomic_load(&world.server.counts->requests);

        assert_int_equal(first.status, 200);
        outcome_clear(&first);
        assert_true(world_send(&world, &outcome, (struct aks_http_request){.method = methods[i], .url = "/nothing"}));
        world_wait(&world, &outcome);
        assert_string_equal(aks_error_code(&outcome.error), "connection_failed");
        assert_true(outcome.error.retryable);
        assert_false(outcome.error.unsent);
        assert_int_equal(atomic_load(&world.server.counts->requests), before + 1);
        outcome_clear(&outcome);
    }
}

static void a_server_that_is_silent_times_out(void **state)
{
    (void)state;
    expect_failure((struct aks_http_request){.url = "/hang", .timeout = 0.2}, "timeout", false);
}

static void nobody_listening_is_unsent_and_named(void **state)
{
    struct outcome outcome = {0};
    unsigned port;
    char url[64], name[32];

    (void)state;
    close(wire_listen(&port));
    snprintf(url, sizeof url, "http://127.0.0.1:%u/x?secret=1", port);
    snprintf(name, sizeof name, "127.0.0.1:%u", port);
    assert_true(world_send(&world, &outcome, (struct aks_http_request){.url = url}));
    world_wait(&world, &outcome);
    assert_string_equal(aks_error_code(&outcome.error), "connection_failed");
    assert_true(outcome.error.unsent);
    assert_true(outcome.error.retryable);
    assert_contains(outcome.error.message, name);
    assert_lacks(outcome.error.message, "secret");
    assert_non_null(outcome.error.hint);
    outcome_clear(&outcome);
}

static void plain_http_leaves_this_machine_never(void **state)
{
    (void)state;
    expect_failure((struct aks_http_request){.url = "http://example.invalid/"}, "host_not_trusted", true);
    expect_failure((struct aks_http_request){.url = "http://localhost.example.invalid/"}, "host_not_trusted", true);
    assert_true(aks_loop_timeout(world.loop) < 0); /* nothing was begun */
}

static void plain_http_stays_on_the_link_when_it_may_go_there(void **state)
{
    static const char *const beyond[] = {"http://10.0.0.1/", "http://169.254.1.1.example.invalid/",
                                         "http://169.255.0.1/", "http://example.invalid/"};
    struct aks_http_request request = {
        .method = "GET", .url = "http://169.254.1.1/", .timeout = 1, .response_limit = 1};
    struct aks_error error = {0};
    struct aks_exchange *exchange;

    (void)state;
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++)
        expect_failure((struct aks_http_request){.url = beyond[i], .link_local = true}, "host_not_trusted", true);
    expect_failure((struct aks_http_request){.url = request.url}, "host_not_trusted", true);
    request.link_local = true;
    exchange = aks_exchange_new(&request, &error); /* made, and never sent */
    assert_non_null(exchange);
    assert_true(exchange->direct);
    aks_exchange_free(exchange);
}

static void a_method_must_be_one(void **state)
{
    (void)state;
    expect_failure((struct aks_http_request){.method = "GET /x\r\nX:", .url = "/hello"}, "connection_failed", true);
}

static void loopback_is_never_reached_through_a_proxy(void **state)
{
    struct outcome outcome;
    unsigned port;
    char proxy[64];

    (void)state;
    close(wire_listen(&port));
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", port);
    setenv("http_proxy", proxy, 1);
    reopen_with((struct aks_transport_options){.concurrency = 2, .proxy = proxy});
    outcome = get("/hello");
    unsetenv("http_proxy");
    assert_int_equal(outcome.status, 200);
    outcome_clear(&outcome);
}

static void a_proxy_that_refuses_has_not_seen_the_request(void **state)
{
    struct outcome outcome;
    char proxy[64];

    (void)state;
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", world.server.port);
    {
        struct aks_transport_options options = {.concurrency = 2, .connect_timeout = 20, .proxy = proxy};
        struct aks_error error = {0};

        world.transport->methods->free(world.transport);
        options.loop = world.loop;
        world.transport = aks_engine_new(&options, &error);
        assert_non_null(world.transport);
    }
    outcome = get("https://example.invalid/"); /* its name is the proxy's to resolve */
    assert_string_equal(aks_error_code(&outcome.error), "connection_failed");
    assert_true(outcome.error.unsent);
    assert_int_equal(atomic_load(&world.server.counts->requests), 1);
    outcome_clear(&outcome);
}

static void a_proxys_password_is_not_shown(void **state)
{
    struct outcome outcome;

    (void)state;
    reopen_with((struct aks_transport_options){.concurrency = 2, .proxy = "odd://user:secret@127.0.0.1:1"});
    outcome = get("https://example.invalid/");
    assert_true(aks_error_is_set(&outcome.error));
    assert_lacks(outcome.error.message, "secret");
    outcome_clear(&outcome);
}

/* The body is more than the socket's buffers hold, and the server answers after the head, then resets. */
static void a_peer_that_closes_while_we_send_raises_no_signal(void **state)
{
    size_t length = 16 << 20;
    char *body = calloc(1, length);
    struct outcome outcome = {0};
    struct aks_headers headers = {0};

    (void)state;
    assert_true(aks_headers_add(&headers, "Content-Length", "0")); /* for the server, which reads no body then */
    assert_true(
        world_send(&world, &outcome,
                   (struct aks_http_request){
                       .method = "PUT", .url = "/reset", .headers = &headers, .body = body, .body_length = length}));
    world_wait(&world, &outcome);
    assert_string_equal(aks_error_code(&outcome.error), "connection_failed");
    assert_false(outcome.error.unsent);
    aks_headers_clear(&headers);
    outcome_clear(&outcome);
    free(body);
}

static void cancel(struct outcome *outcome)
{
    world.transport->methods->cancel(world.transport, outcome->exchange);
}

static void a_cancelled_exchange_is_never_told(void **state)
{
    struct outcome fresh = {0}, waiting = {0}, held = {0}, last = {0};

    (void)state;
    reopen_with((struct aks_transport_options){.concurrency = 1});
    assert_true(world_send(&world, &held, (struct aks_http_request){.url = "/hold"}));
    assert_true(world_send(&world, &waiting, (struct aks_http_request){.url = "/hello"}));
    assert_true(world_send(&world, &fresh, (struct aks_http_request){.url = "/hello"}));
    assert_true(world_send(&world, &last, (struct aks_http_request){.url = "/hello"}));
    cancel(&waiting);
    world_wait_requests(&world, 1);
    cancel(&held);  /* its request has been sent */
    cancel(&fresh); /* it has just taken held's place, and nothing of it has been done */
    world_wait(&world, &last);
    assert_int_equal(last.status, 200);
    assert_int_equal(held.told + waiting.told + fresh.told, 0);
    outcome_clear(&last);
}

static void cancel_other(struct outcome *outcome)
{
    if (outcome->other->exchange) {
        cancel(outcome->other);
        outcome->other->exchange = NULL;
    }
}

static void the_one_told_may_cancel_the_other(void **state)
{
    struct outcome one = {.then = cancel_other}, two = {.then = cancel_other};

    (void)state;
    one.other = &two;
    two.other = &one;
    assert_true(world_send(&world, &one, (struct aks_http_request){.url = "/hold"}));
    assert_true(world_send(&world, &two, (struct aks_http_request){.url = "/hold"}));
    world_wait_requests(&world, 2);
    wire_server_release(&world.server, 2);
    while (one.told + two.told == 0)
        world_step(&world);
    assert_true(aks_loop_timeout(world.loop) < 0); /* nothing is left that could be told */
    assert_int_equal(one.told + two.told, 1);
    outcome_clear(&one);
    outcome_clear(&two);
}

static void free_transport(struct outcome *outcome)
{
    (void)outcome;
    world.transport->methods->free(world.transport);
    world.transport = NULL;
}

static void the_one_told_may_free_the_engine(void **state)
{
    struct outcome one = {.then = free_transport}, two = {0}, three = {0};

    (void)state;
    reopen_with((struct aks_transport_options){.concurrency = 2});
    assert_true(world_send(&world, &two, (struct aks_http_request){.url = "/hang"}));
    assert_true(world_send(&world, &one, (struct aks_http_request){.url = "/hello"}));
    assert_true(world_send(&world, &three, (struct aks_http_request){.url = "/hello"}));
    world_wait(&world, &one);
    assert_int_equal(two.told + three.told, 0);
    outcome_clear(&one);
}

static void let_other_end(struct outcome *outcome)
{
    wire_server_release(&world.server, 1);
    world_wait(&world, outcome->other);
}

static void the_one_told_may_run_the_loop_and_free_the_engine_in_it(void **state)
{
    struct outcome one = {.then = let_other_end}, two = {.then = free_transport};

    (void)state;
    one.other = &two;
    assert_true(world_send(&world, &one, (struct aks_http_request){.url = "/hello"}));
    assert_true(world_send(&world, &two, (struct aks_http_request){.url = "/hold"}));
    world_wait(&world, &one);
    assert_int_equal(two.status, 200);
    assert_int_equal(two.told, 1);
    outcome_clear(&one);
    outcome_clear(&two);
}

static void send_other(struct outcome *outcome)
{
    assert_true(world_send(&world, outcome->other, (struct aks_http_request){.url = "/hello"}));
}

static void the_one_told_may_send(void **state)
{
    struct outcome one = {.then = send_other}, two = {0};

    (void)state;
    one.other = &two;
    assert_true(world_send(&world, &one, (struct aks_http_request){.url = "/cut"}));
    world_wait(&world, &one);
    world_wait(&world, &two);
    assert_int_equal(two.status, 200);
    outcome_clear(&one);
    outcome_clear(&two);
}

static void freeing_ends_what_is_under_way(void **state)
{
    struct outcome outcomes[6] = {0};

    (void)state;
    reopen_with((struct aks_transport_options){.concurrency = 3});
    for (int i = 0; i < 6; i++)
        assert_true(world_send(&world, &outcomes[i], (struct aks_http_request){.url = "/hang"}));
    world_wait_requests(&world, 3);
    free_transport(NULL);
    for (int i = 0; i < 6; i++)
        assert_int_equal(outcomes[i].told, 0);
}

static void no_descriptor_is_left_open(void **state)
{
    int before;

    (void)state;
    free_transport(NULL);
    before = open_descriptors();
    for (int i = 0; i < 3; i++) {
        struct aks_transport_options options = {.loop = world.loop, .connect_timeout = 20, .concurrency = 2};
        struct aks_error error = {0};
        struct outcome outcome;

        world.transport = aks_engine_new(&options, &error);
        assert_non_null(world.transport);
        outcome = get("/hello");
        outcome_clear(&outcome);
        free_transport(NULL);
    }
    assert_int_equal(open_descriptors(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_arrives_whole),
        TEST(a_status_is_no_failure_and_no_redirect_is_followed),
        TEST(a_request_is_sent_as_it_stands),
        TEST(a_body_is_sent_with_the_method_of_the_request),
        TEST(a_large_body_is_sent_without_asking_first),
        TEST(head_has_no_body),
        TEST(a_connection_is_used_again),
        TEST(at_most_so_many_are_under_way_and_the_rest_follow),
        TEST(what_waits_goes_in_order),
        TEST(gzip_is_decoded),
        TEST(the_limit_is_of_decoded_bytes),
        TEST(only_the_final_headers_are_kept),
        TEST(headers_have_ceilings),
        TEST(a_lost_connection_may_have_carried_the_request),
        TEST(what_may_have_had_its_effect_is_not_sent_twice_by_libcurl),
        TEST(a_server_that_is_silent_times_out),
        TEST(nobody_listening_is_unsent_and_named),
        TEST(plain_http_leaves_this_machine_never),
        TEST(plain_http_stays_on_the_link_when_it_may_go_there),
        TEST(a_method_must_be_one),
        TEST(loopback_is_never_reached_through_a_proxy),
        TEST(a_proxy_that_refuses_has_not_seen_the_request),
        TEST(a_proxys_password_is_not_shown),
        TEST(a_peer_that_closes_while_we_send_raises_no_signal),
        TEST(a_cancelled_exchange_is_never_told),
        TEST(the_one_told_may_cancel_the_other),
        TEST(the_one_told_may_free_the_engine),
        TEST(the_one_told_may_run_the_loop_and_free_the_engine_in_it),
        TEST(the_one_told_may_send),
        TEST(freeing_ends_what_is_under_way),
        TEST(no_descriptor_is_left_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
