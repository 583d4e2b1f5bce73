/* The event loop: timers in order, descriptors, and both changed from inside callbacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "loop/loop.h"

static struct aks_loop *loop;
static char trace[64];

static int set_up(void **state)
{
    struct aks_error error = {0};

    (void)state;
    trace[0] = '\0';
    loop = aks_loop_new(&error);
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    aks_loop_free(loop);
    return 0;
}

static void note(const char *what)
{
    strncat(trace, what, sizeof trace - strlen(trace) - 1);
}

static void step(double timeout)
{
    struct aks_error error = {0};

    assert_true(aks_loop_step(loop, timeout, NULL, &error));
}

/* Steps until so many notes were made. */
static void step_until(size_t count)
{
    while (strlen(trace) < count)
        step(-1);
}

static void start(struct aks_timer *timer, double seconds)
{
    struct aks_error error = {0};

    assert_true(aks_timer_start(loop, timer, seconds, &error));
}

static void fire_note(void *context)
{
    note(context);
}

static void timers_fire_in_their_order(void **state)
{
    struct aks_timer a = {.fire = fire_note, .context = "a"}, b = {.fire = fire_note, .context = "b"},
                     c = {.fire = fire_note, .context = "c"}, stopped = {.fire = fire_note, .context = "x"};

    (void)state;
    assert_true(aks_loop_timeout(loop) < 0);
    start(&c, 0.03);
    start(&stopped, 0.001);
    start(&a, 0.01);
    start(&b, 5);
    start(&b, 0.02); /* anew */
    aks_timer_stop(&stopped);
    aks_timer_stop(&stopped);
    step_until(3);
    assert_string_equal(trace, "abc");
    assert_true(aks_loop_timeout(loop) < 0);
}

static void many_timers_keep_their_order(void **state)
{
    struct aks_timer timers[40] = {0};
    static const char names[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn";
    static char texts[40][2];

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        size_t place = i * 17 % 40; /* a permutation */

        texts[place][0] = names[place];
        timers[place] = (struct aks_timer){.fire = fire_note, .context = texts[place]};
        start(&timers[place], 0.001 * (double)(place + 1));
    }
    step_until(40);
    assert_string_equal(trace, names);
}

static struct aks_timer again, other;

static void fire_again(void *context)
{
    (void)context;
    note("r");
    start(&again, 0);
}

static void a_timer_that_starts_itself_fires_once_a_step(void **state)
{
    (void)state;
    again = (struct aks_timer){.fire = fire_again};
    start(&again, 0);
    step(0);
    step(0);
    step(0);
    assert_string_equal(trace, "rrr");
    aks_timer_stop(&again);
}

static void fire_stop_other(void *context)
{
    (void)context;
    note("s");
    aks_timer_stop(&other);
}

static void a_timer_may_stop_another_that_is_due(void **state)
{
    struct aks_timer first = {.fire = fire_stop_other};

    (void)state;
    other = (struct aks_timer){.fire = fire_note, .context = "o"};
    start(&first, 0);
    start(&other, 0.0001);
    usleep(1000);
    step(0);
    step(0);
    assert_string_equal(trace, "s");
}

static void fire_nested(void *context)
{
    note("(");
    step(0);
    note(context);
}

static void steps_may_nest(void **state)
{
    struct aks_timer outer = {.fire = fire_nested, .context = ")"}, inner = {.fire = fire_note, .context = "i"};

    (void)state;
    start(&outer, 0);
    start(&inner, 0.0001);
    usleep(1000);
    step(0);
    assert_string_equal(trace, "(i)");
}

static void an_outer_poll_wakes_for_a_timer(void **state)
{
    struct aks_timer timer = {.fire = fire_note, .context = "t"};
    struct pollfd wait = {.fd = aks_loop_descriptor(loop), .events = POLLIN};

    (void)state;
    assert_int_equal(poll(&wait, 1, 0), 0);
    start(&timer, 0.01);
    assert_int_equal(poll(&wait, 1, 10000), 1);
    step(0);
    assert_string_equal(trace, "t");
    assert_int_equal(poll(&wait, 1, 0), 0);
    start(&timer, 0); /* 0 must not disarm the descriptor */
    assert_int_equal(poll(&wait, 1, 10000), 1);
    aks_timer_stop(&timer);
}

static int pipes[2][2];

static void ready_note(void *context, int descriptor, unsigned events)
{
    (void)descriptor;
    assert_true(events & EPOLLIN);
    note(context);
}

static void watch(int descriptor, aks_loop_ready *ready, void *context)
{
    struct aks_error error = {0};

    assert_true(aks_loop_watch(loop, descriptor, EPOLLIN, ready, context, &error));
}

static void ready_swap(void *context, int descriptor, unsigned events)
{
    (void)events;
    note(context);
    /* The other one is ready too: its event, of the watch that ends here, must not reach the new one. */
    for (int i = 0; i < 2; i++)
        if (pipes[i][0] != descriptor) {
            aks_loop_unwatch(loop, pipes[i][0]);
            watch(pipes[i][0], ready_note, "n");
        }
    aks_loop_unwatch(loop, descriptor);
}

static void an_event_of_a_watch_that_ended_is_not_delivered(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe(pipes[i]), 0);
        assert_int_equal(write(pipes[i][1], "x", 1), 1);
        watch(pipes[i][0], ready_swap, "w");
    }
    step(0);
    assert_string_equal(trace, "w");
    step(0);
    assert_string_equal(trace, "wn");
    for (int i = 0; i < 2; i++) {
        aks_loop_unwatch(loop, pipes[i][0]);
        aks_loop_unwatch(loop, pipes[i][0]);
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
    step(0);
    assert_string_equal(trace, "wn");
}

static void what_is_no_descriptor_is_an_error(void **state)
{
    struct aks_error error = {0};

    (void)state;
    assert_false(aks_loop_watch(loop, -1, EPOLLIN, ready_note, NULL, &error));
    assert_string_equal(aks_error_code(&error), "loop_failed");
    aks_error_clear(&error);
    aks_loop_unwatch(loop, -1);
    aks_loop_unwatch(loop, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_fire_in_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_timers_keep_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_that_starts_itself_fires_once_a_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_may_stop_another_that_is_due, set_up, tear_down),
        cmocka_unit_test_setup_teardown(steps_may_nest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_outer_poll_wakes_for_a_timer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_event_of_a_watch_that_ended_is_not_delivered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_descriptor_is_an_error, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
