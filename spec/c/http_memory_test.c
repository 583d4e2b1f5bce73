/* The engine when memory runs out: every allocation of a few exchanges is made to fail in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <limits.h>

#include "../support/http_world.h"

#if defined(__SANITIZE_ADDRESS__) /* it has an allocator of its own, which must not be replaced */

int main(void)
{
    return 0;
}

#else

/* glibc's allocator under its other names: ours call it, or fail. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

static bool counting;
static long left;     /* allocations until the first that fails */
static bool only_one; /* the next ones succeed again */
static bool has_failed;

static bool is_refused(void)
{
    if (!counting || left-- > 0 || (only_one && has_failed))
        return false;
    has_failed = true;
    errno = ENOMEM;
    return true;
}

/* Blocks that are held: what is lost shows as a difference. */
static long held;
static long lost; /* of all lives together */

static void *count_block(void *block)
{
    held += block != NULL;
    return block;
}

void *malloc(size_t size)
{
    return is_refused() ? NULL : count_block(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : count_block(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
    void *moved = is_refused() ? NULL : __libc_realloc(block, size);

    held += !block && moved;
    return moved;
}

void free(void *block)
{
    held -= block != NULL;
    __libc_free(block);
}

static const struct wire_answer answers[] = {
    {.path = "/hello", .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-One: 1\r\n\r\nhello"},
    {.path = "/cut", .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", .end = WIRE_CLOSE},
    {.path = "/echo", .bytes = NULL},
    {0},
};

static struct wire_server server;

/* What is told without memory: how often, and nothing kept. */
static void count_done(void *context, struct aks_http_response *response, struct aks_error *error)
{
    wire_require(!response == aks_error_is_set(error));
    ++*(int *)context;
}

static void send_all(struct aks_transport *transport, struct aks_loop *loop)
{
    static const char *const paths[] = {"/hello", "/cut", "/echo", "/hello"};
    struct aks_headers none = {0};
    struct aks_error error = {0};
    int told[4] = {0}, due[4];
    char url[64];

    for (int i = 0; i < 4; i++) {
        struct aks_http_request request = {.url = url, .headers = &none, .timeout = 20, .response_limit = 1 << 20};

        snprintf(url, sizeof url, "http://127.0.0.1:%u%s", server.port, paths[i]);
        request.method = i == 2 ? "PUT" : "GET";
        request.body = i == 2 ? "{}" : NULL;
        request.body_length = i == 2 ? 2 : 0;
        due[i] = transport->methods->send(transport, &request, count_done, &told[i], &error) != NULL;
        aks_error_clear(&error);
    }
    for (int i = 0; i < 1000 && aks_loop_timeout(loop) >= 0; i++) {
        if (!aks_loop_step(loop, 1, NULL, &error))
            aks_error_clear(&error); /* a step may fail for want of memory, and be tried again */
    }
    counting = false;
    assert_true(aks_loop_timeout(loop) < 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(told[i], due[i]);
}

/* One life of an engine, with the allocation number `number` failing; false when there was no such. */
static bool survive(long number, bool once)
{
    struct aks_transport_options options = {.connect_timeout = 20, .concurrency = 2};
    struct aks_error error = {0};
    long before;

    before = held;
    options.loop = aks_loop_new(&error);
    assert_non_null(options.loop);
    left = number;
    only_one = once;
    has_failed = false;
    counting = true;
    {
        struct aks_transport *transport = aks_engine_new(&options, &error);

        if (transport) {
            send_all(transport, options.loop);
            transport->methods->free(transport);
        }
    }
    counting = false;
    aks_error_clear(&error);
    assert_true(aks_loop_timeout(options.loop) < 0);
    aks_loop_free(options.loop);
    lost += held - before;
    return has_failed;
}

static void every_allocation_may_fail(void **state)
{
    struct aks_error error = {0};
    long number = 0;

    (void)state;
    wire_server_start(&server, answers);
    assert_true(aks_engine_prepare(&error));
    survive(LONG_MAX, true); /* what libraries keep for good is allocated now */
    while (survive(number, true))
        number++;
    assert_in_range(number, 50, 100000);
    /* libcurl 7.88 itself loses a block at one point of setting up a connection; a loss of ours would come again at
       each allocation behind it. */
    assert_in_range(lost, 0, 2);
    wire_server_stop(&server);
}

static void all_allocations_may_fail_from_some_point_on(void **state)
{
    long number = 0;

    (void)state;
    wire_server_start(&server, answers);
    lost = 0;
    while (survive(number, false))
        number++;
    assert_int_equal(lost, 0);
    wire_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(all_allocations_may_fail_from_some_point_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
