/* The event loop: timers in order, descriptors, and both changed from inside callbacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../support/torture.h"
#include "base/clock.h"
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

/* Starts all, starts and stops some at random, then stops the earliest until none is left. */
static void the_earliest_is_always_known(void **state)
{
    struct aks_timer timers[60] = {0};
    unsigned random = 1;

    (void)state;
    for (int turn = 0; turn < 200; turn++) {
        for (int i = 0; i < 120; i++) {
            random = random * 1103515245u + 12345u;
            if (i >= 60 && random >> 31)
                aks_timer_stop(&timers[(random >> 16) % 60]);
            else
                start(&timers[i < 60 ? (unsigned)i : (random >> 16) % 60], 1000 + (random >> 4) % 997);
        }
        for (;;) {
            struct aks_timer *earliest = NULL;

            for (size_t i = 0; i < 60; i++)
                if (timers[i].position > 0 && (!earliest || timers[i].due < earliest->due))
                    earliest = &timers[i];
            if (!earliest)
                break;
            assert_true(fabs(earliest->due - aks_clock_monotonic() - aks_loop_timeout(loop)) < 0.5);
            aks_timer_stop(earliest);
        }
        assert_true(aks_loop_timeout(loop) < 0);
    }
}

static void odd_times_do_no_harm(void **state)
{
    static const struct {
        double seconds;
        bool is_now;
    } rows[] = {{INFINITY, false}, {1e300, false}, {1e9, false}, {NAN, true}, {-INFINITY, true}, {-1, true}, {0, true}};
    struct pollfd wait = {.fd = aks_loop_descriptor(loop), .events = POLLIN};

    (void)state;
    step(NAN); /* does not wait */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_timer timer = {.fire = fire_note, .context = "t"};

        trace[0] = '\0';
        start(&timer, rows[i].seconds);
        assert_int_equal(aks_loop_timeout(loop) == 0, rows[i].is_now);
        assert_int_equal(poll(&wait, 1, rows[i].is_now ? 10000 : 0), rows[i].is_now);
        step(0);
        assert_string_equal(trace, rows[i].is_now ? "t" : "");
        aks_timer_stop(&timer);
    }
}

static void a_timer_may_change_its_loop(void **state)
{
    struct aks_error error = {0};
    struct aks_loop *second = aks_loop_new(&error);
    struct aks_timer timer = {.fire = fire_note, .context = "t"};

    (void)state;
    assert_non_null(second);
    start(&timer, 0);
    assert_true(aks_timer_start(second, &timer, 0, &error));
    step(0);
    assert_string_equal(trace, "");
    assert_true(aks_loop_step(second, 0, NULL, &error));
    assert_string_equal(trace, "t");
    aks_loop_free(second);
}

static void waits_as_long_as_it_may(void **state)
{
    struct aks_timer timer = {.fire = fire_note, .context = "t"};
    double before = aks_clock_monotonic();

    (void)state;
    step(0.02);
    assert_true(aks_clock_monotonic() - before >= 0.02);
    start(&timer, 1000);
    before = aks_clock_monotonic();
    step(0.0001);
    assert_true(aks_clock_monotonic() - before >= 0.0001);
    assert_string_equal(trace, "");
    aks_timer_stop(&timer);
}

static void on_alarm(int number)
{
    (void)number;
}

static void a_signal_ends_the_wait(void **state)
{
    const struct itimerval soon = {.it_interval.tv_usec = 10000, .it_value.tv_usec = 10000}, never = {0};
    const struct sigaction noted = {.sa_handler = on_alarm};
    struct aks_error error = {0};
    struct sigaction before;
    bool interrupted = false;

    (void)state;
    assert_int_equal(sigaction(SIGALRM, &noted, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    assert_true(aks_loop_step(loop, -1, &interrupted, &error));
    assert_true(interrupted);
    assert_true(aks_loop_step(loop, -1, NULL, &error));
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    assert_true(aks_loop_step(loop, 0, &interrupted, &error));
    assert_false(interrupted);
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

/* The first that is called wants something else of the other from now on. */
static void ready_change(void *context, int descriptor, unsigned events)
{
    struct aks_error error = {0};

    (void)events;
    note(context);
    for (int i = 0; i < 2; i++)
        if (pipes[i][0] != descriptor)
            assert_true(aks_loop_watch(loop, pipes[i][0], EPOLLPRI, ready_change, "c", &error));
}

static void an_event_that_is_no_longer_wanted_is_not_delivered(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pipes[i]), 0);
        assert_int_equal(write(pipes[i][1], "x", 1), 1);
        watch(pipes[i][0], ready_change, "w");
    }
    step(0);
    assert_string_equal(trace, "w");
    for (int i = 0; i < 2; i++) {
        watch(pipes[i][0], ready_note, "n");
        close(pipes[i][1]);
    }
    step(0);
    assert_string_equal(trace, "wnn");
    for (int i = 0; i < 2; i++) {
        aks_loop_unwatch(loop, pipes[i][0]);
        close(pipes[i][0]);
    }
}

/* Ends every watch in a step of its own. */
static void fire_unwatch(void *context)
{
    (void)context;
    note("u");
    for (int i = 0; i < 2; i++)
        aks_loop_unwatch(loop, pipes[i][0]);
}

static void ready_nested(void *context, int descriptor, unsigned events)
{
    struct aks_timer timer = {.fire = fire_unwatch};

    (void)events;
    note(context);
    aks_loop_unwatch(loop, descriptor);
    start(&timer, 0);
    while (timer.position > 0)
        step(-1);
}

static void a_nested_step_may_end_watches(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe(pipes[i]), 0);
        assert_int_equal(write(pipes[i][1], "x", 1), 1);
        watch(pipes[i][0], ready_nested, "w");
    }
    step(0);
    assert_non_null(strchr(trace, 'u'));
    assert_string_equal(trace + strlen(trace) - 1, "u");
    step(0);
    assert_string_equal(trace + strlen(trace) - 1, "u");
    for (int i = 0; i < 2; i++) {
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
}

static int ready_count;

static void ready_read(void *context, int descriptor, unsigned events)
{
    char byte;

    (void)context;
    (void)events;
    assert_int_equal(read(descriptor, &byte, 1), 1);
    ready_count++;
}

static void watches_more_than_a_step_reports(void **state)
{
    int many[200][2];

    (void)state;
    ready_count = 0;
    for (int i = 0; i < 200; i++) {
        assert_int_equal(pipe(many[i]), 0);
        watch(many[i][0], ready_read, NULL);
        assert_int_equal(write(many[i][1], "x", 1), 1);
    }
    for (int i = 0; i < 4; i++)
        step(0);
    assert_int_equal(ready_count, 200);
    for (int i = 0; i < 200; i++) {
        aks_loop_unwatch(loop, many[i][0]);
        close(many[i][0]);
        close(many[i][1]);
    }
}

static void the_descriptor_stays_out_of_children(void **state)
{
    (void)state;
    assert_true(fcntl(aks_loop_descriptor(loop), F_GETFD) & FD_CLOEXEC);
    aks_loop_free(NULL);
}

static bool is_success_or_short(bool ok, const struct aks_error *error)
{
    return ok ? !aks_error_is_set(error) : torture_state.refused && strcmp(aks_error_code(error), "out_of_memory") == 0;
}

/* A call fails with "out_of_memory" and leaves nothing behind, or does its work. */
static bool use_loop(void)
{
    struct aks_timer timers[20] = {0};
    struct aks_error error = {0};
    struct aks_loop *tried = aks_loop_new(&error);
    bool ok = is_success_or_short(tried, &error);
    bool watched;
    int high;

    aks_error_clear(&error);
    if (!tried)
        return ok;
    for (size_t i = 0; i < 20; i++) {
        bool started;

        timers[i] = (struct aks_timer){.fire = fire_note, .context = ""};
        started = aks_timer_start(tried, &timers[i], 0, &error);
        ok = ok && is_success_or_short(started, &error) && started == (timers[i].position > 0);
        aks_error_clear(&error);
    }
    high = fcntl(aks_loop_descriptor(tried), F_DUPFD_CLOEXEC, 100);
    watched = aks_loop_watch(tried, high, EPOLLIN, ready_note, "", &error);
    /* an epoll descriptor refuses itself */
    ok = ok && !watched && (torture_state.refused || strcmp(aks_error_code(&error), "loop_failed") == 0);
    aks_error_clear(&error);
    close(high);
    watched = aks_loop_watch(tried, pipes[0][0], EPOLLIN, ready_note, "", &error);
    ok = ok && is_success_or_short(watched, &error);
    aks_error_clear(&error);
    ok = ok && aks_loop_step(tried, 0, NULL, &error);
    for (size_t i = 0; i < 20; i++)
        ok = ok && timers[i].position == 0;
    aks_loop_unwatch(tried, pipes[0][0]);
    aks_loop_free(tried);
    return ok;
}

static void goes_on_when_memory_is_short(void **state)
{
    int before = dup(0), after;
    const char *wrong;

    (void)state;
    close(before);
    assert_int_equal(pipe(pipes[0]), 0);
    wrong = torture(use_loop);
    close(pipes[0][0]);
    close(pipes[0][1]);
    if (wrong)
        fail_msg("%s", wrong);
    after = dup(0);
    close(after);
    assert_int_equal(before, after); /* no descriptor was left open */
}

/* Room for none, and for one of the two descriptors of a loop. */
static void without_descriptors_there_is_no_loop(void **state)
{
    struct rlimit before, few;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    for (rlim_t room = 0; room < 2; room++) {
        struct aks_error error = {0};
        int next = dup(0), after;
        struct aks_loop *none;

        close(next);
        few.rlim_cur = (rlim_t)next + room;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        none = aks_loop_new(&error);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_null(none);
        assert_string_equal(aks_error_code(&error), "loop_failed");
        aks_error_clear(&error);
        after = dup(0);
        close(after);
        assert_int_equal(next, after);
    }
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
        cmocka_unit_test_setup_teardown(the_earliest_is_always_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(odd_times_do_no_harm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_may_change_its_loop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waits_as_long_as_it_may, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_signal_ends_the_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_that_starts_itself_fires_once_a_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_may_stop_another_that_is_due, set_up, tear_down),
        cmocka_unit_test_setup_teardown(steps_may_nest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_outer_poll_wakes_for_a_timer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_event_of_a_watch_that_ended_is_not_delivered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_event_that_is_no_longer_wanted_is_not_delivered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_nested_step_may_end_watches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(watches_more_than_a_step_reports, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_descriptor_stays_out_of_children, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_descriptors_there_is_no_loop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_descriptor_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_on_when_memory_is_short, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
