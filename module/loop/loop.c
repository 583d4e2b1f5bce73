/* epoll for descriptors, a heap for timers, and a timerfd inside the epoll set that wakes an outer poller in time. */
#include "loop/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"

#define EVENTS_PER_STEP 64

/* Seconds. Longer is forever, and would not fit into a struct timespec. */
#define TIMER_LIMIT 1e9

/* A watched descriptor. Its generation tells an event of this watch from one that an earlier watch of the same number
   left behind in a batch. */
struct watch {
    aks_loop_ready *ready; /* NULL: not watched */
    void *context;
    uint32_t events;
    uint32_t generation;
};

struct aks_loop {
    int epoll;
    int timer;
    double armed;          /* when the timerfd fires; 0: disarmed */
    struct watch *watches; /* by descriptor */
    size_t watch_count;
    struct aks_timer **heap; /* the earliest first */
    size_t heap_count;
    size_t heap_capacity;
};

static void fail(struct aks_error *error, const char *what)
{
    aks_error_set(error, "loop_failed", "%s: %s", what, strerror(errno));
}

struct aks_loop *aks_loop_new(struct aks_error *error)
{
    struct aks_loop *loop = calloc(1, sizeof *loop);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = UINT64_MAX};

    if (!loop) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (loop->epoll < 0 || loop->timer < 0 || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->timer, &event) != 0) {
        fail(error, "cannot make an event loop");
        aks_loop_free(loop);
        return NULL;
    }
    return loop;
}

void aks_loop_free(struct aks_loop *loop)
{
    if (!loop)
        return;
    if (loop->timer >= 0)
        close(loop->timer);
    if (loop->epoll >= 0)
        close(loop->epoll);
    free(loop->watches);
    free(loop->heap);
    free(loop);
}

int aks_loop_descriptor(const struct aks_loop *loop)
{
    return loop->epoll;
}

double aks_loop_timeout(const struct aks_loop *loop)
{
    double left;

    if (loop->heap_count == 0)
        return -1;
    left = loop->heap[0]->due - aks_clock_monotonic();
    return left > 0 ? left : 0;
}

/* Sets the timerfd to the earliest timer. Zero would disarm it, so what is overdue is set to the first nanosecond. */
static void arm(struct aks_loop *loop)
{
    double due = loop->heap_count > 0 ? loop->heap[0]->due : 0;
    struct itimerspec when = {0};

    if (due == loop->armed)
        return;
    if (loop->heap_count > 0) {
        when.it_value.tv_sec = (time_t)due;
        when.it_value.tv_nsec = (long)((due - (double)when.it_value.tv_sec) * 1e9);
        if (when.it_value.tv_sec <= 0 && when.it_value.tv_nsec <= 0)
            when.it_value.tv_nsec = 1;
    }
    timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &when, NULL); /* fails for a bad pointer or descriptor alone */
    loop->armed = due;
}

/* Timers: a binary heap by time; equal times in no particular order. */

static void place(struct aks_loop *loop, size_t index, struct aks_timer *timer)
{
    loop->heap[index] = timer;
    timer->position = index + 1;
}

static void sift_up(struct aks_loop *loop, size_t index, struct aks_timer *timer)
{
    while (index > 0 && loop->heap[(index - 1) / 2]->due > timer->due) {
        place(loop, index, loop->heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    place(loop, index, timer);
}

static void sift_down(struct aks_loop *loop, size_t index, struct aks_timer *timer)
{
    for (;;) {
        size_t child = 2 * index + 1;

        if (child >= loop->heap_count)
            break;
        if (child + 1 < loop->heap_count && loop->heap[child + 1]->due < loop->heap[child]->due)
            child++;
        if (loop->heap[child]->due >= timer->due)
            break;
        place(loop, index, loop->heap[child]);
        index = child;
    }
    place(loop, index, timer);
}

static void remove_timer(struct aks_timer *timer)
{
    struct aks_loop *loop = timer->loop;
    size_t index = timer->position - 1;
    struct aks_timer *last = loop->heap[--loop->heap_count];

    timer->position = 0;
    if (last == timer)
        return;
    if (index > 0 && loop->heap[(index - 1) / 2]->due > last->due)
        sift_up(loop, index, last);
    else
        sift_down(loop, index, last);
}

bool aks_timer_start(struct aks_loop *loop, struct aks_timer *timer, double seconds, struct aks_error *error)
{
    if (!(seconds > 0)) /* or it is no number */
        seconds = 0;
    if (seconds > TIMER_LIMIT)
        seconds = TIMER_LIMIT;
    if (timer->position > 0)
        remove_timer(timer);
    if (loop->heap_count == loop->heap_capacity) {
        size_t capacity = loop->heap_capacity > 0 ? loop->heap_capacity * 2 : 16;
        struct aks_timer **heap = reallocarray(loop->heap, capacity, sizeof(struct aks_timer *));

        if (!heap) {
            arm(loop);
            return aks_error_set_no_memory(error);
        }
        loop->heap = heap;
        loop->heap_capacity = capacity;
    }
    timer->loop = loop;
    timer->due = aks_clock_monotonic() + seconds;
    loop->heap_count++;
    sift_up(loop, loop->heap_count - 1, timer);
    arm(loop);
    return true;
}

void aks_timer_stop(struct aks_timer *timer)
{
    if (timer->position == 0)
        return;
    remove_timer(timer);
    arm(timer->loop);
}

/* Fires what is due at the start of the step; what is started meanwhile is for the next one. */
static void fire_due(struct aks_loop *loop)
{
    double now = aks_clock_monotonic();

    while (loop->heap_count > 0 && loop->heap[0]->due <= now) {
        struct aks_timer *timer = loop->heap[0];

        remove_timer(timer);
        timer->fire(timer->context);
    }
    arm(loop);
}

/* Descriptors. */

static bool make_room(struct aks_loop *loop, int descriptor)
{
    size_t count = loop->watch_count > 0 ? loop->watch_count : 16;
    struct watch *watches;

    while (count <= (size_t)descriptor)
        count *= 2;
    if (count == loop->watch_count)
        return true;
    watches = reallocarray(loop->watches, count, sizeof *watches);
    if (!watches)
        return false;
    memset(watches + loop->watch_count, 0, (count - loop->watch_count) * sizeof *watches);
    loop->watches = watches;
    loop->watch_count = count;
    return true;
}

bool aks_loop_watch(struct aks_loop *loop, int descriptor, unsigned events, aks_loop_ready *ready, void *context,
                    struct aks_error *error)
{
    struct epoll_event event = {.events = events};
    struct watch *watch;
    bool known;

    if (descriptor < 0 || !make_room(loop, descriptor))
        return descriptor < 0 ? aks_error_set(error, "loop_failed", "not a descriptor")
                              : aks_error_set_no_memory(error);
    watch = &loop->watches[descriptor];
    known = watch->ready;
    if (!known)
        watch->generation++;
    event.data.u64 = (uint64_t)watch->generation << 32 | (uint32_t)descriptor;
    if (epoll_ctl(loop->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor, &event) != 0) {
        fail(error, "cannot watch a descriptor");
        return false;
    }
    watch->ready = ready;
    watch->context = context;
    watch->events = events;
    return true;
}

void aks_loop_unwatch(struct aks_loop *loop, int descriptor)
{
    if (descriptor < 0 || (size_t)descriptor >= loop->watch_count || !loop->watches[descriptor].ready)
        return;
    loop->watches[descriptor].ready = NULL;
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, descriptor, NULL); /* a descriptor that was closed has left the set already */
}

static void dispatch(struct aks_loop *loop, const struct epoll_event *event)
{
    size_t descriptor = (uint32_t)event->data.u64;
    uint32_t generation = (uint32_t)(event->data.u64 >> 32);
    const struct watch *watch;
    uint32_t ready;

    if (event->data.u64 == UINT64_MAX || descriptor >= loop->watch_count)
        return; /* the timerfd: fire_due looks at the clock */
    watch = &loop->watches[descriptor];
    if (!watch->ready || watch->generation != generation)
        return;
    ready = event->events & (watch->events | EPOLLERR | EPOLLHUP); /* an earlier callback may have changed its mind */
    if (ready)
        watch->ready(watch->context, (int)descriptor, ready);
}

/* Milliseconds for epoll: not before the time is over, and at least until the next timer. */
static int to_milliseconds(double seconds)
{
    double milliseconds = seconds * 1000;

    if (seconds < 0)
        return -1;
    if (!(seconds > 0)) /* or it is no number */
        return 0;
    if (milliseconds > INT_MAX - 1)
        return INT_MAX;
    return (int)milliseconds + (milliseconds > (double)(int)milliseconds);
}

bool aks_loop_step(struct aks_loop *loop, double timeout, bool *interrupted, struct aks_error *error)
{
    struct epoll_event events[EVENTS_PER_STEP];
    uint64_t expirations;
    double due = aks_loop_timeout(loop);
    int count;

    if (interrupted)
        *interrupted = false;
    if (due >= 0 && (timeout < 0 || due < timeout))
        timeout = due;
    count = epoll_wait(loop->epoll, events, EVENTS_PER_STEP, to_milliseconds(timeout));
    if (count < 0) {
        if (errno == EINTR) {
            if (interrupted)
                *interrupted = true;
            return true;
        }
        fail(error, "cannot wait");
        return false;
    }
    if (read(loop->timer, &expirations, sizeof expirations) > 0)
        loop->armed = 0; /* it fired: it must be set again even for the same moment */
    for (int i = 0; i < count; i++)
        dispatch(loop, &events[i]);
    fire_due(loop);
    return true;
}
