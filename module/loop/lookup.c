/* Lookups by the C library's own asynchronous resolver, which is looked at by a timer: its threads run no code of ours,
   so that the module can be unloaded at any time. */
#include "loop/lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

/* Seconds between two looks. */
#define INTERVAL 0.02

/* What the resolver works on. It must live on while the resolver does, also when nobody waits any more. */
struct job {
    struct gaicb request;
    struct addrinfo hints;
    char host[]; /* NUL-terminated */
};

struct aks_lookup {
    struct aks_loop *loop;
    struct aks_timer timer;
    struct job *job;
    double deadline;
    aks_lookup_done *done;
    void *context;
};

/* Takes the job back. One that the resolver is at work on cannot be: it is left to it, for good. */
static void drop(struct aks_lookup *lookup)
{
    struct job *job = lookup->job;

    aks_timer_stop(&lookup->timer);
    gai_cancel(&job->request);
    if (gai_error(&job->request) != EAI_INPROGRESS) {
        if (job->request.ar_result)
            freeaddrinfo(job->request.ar_result);
        free(job);
    }
    free(lookup);
}

void aks_lookup_cancel(struct aks_lookup *lookup)
{
    if (lookup)
        drop(lookup);
}

static const struct addrinfo *choose(const struct addrinfo *list)
{
    for (const struct addrinfo *at = list; at; at = at->ai_next)
        if (at->ai_family == AF_INET)
            return at;
    return list;
}

static void end(struct aks_lookup *lookup)
{
    const struct addrinfo *found = NULL;
    aks_lookup_done *done = lookup->done;
    void *context = lookup->context;
    char address[NI_MAXHOST];

    if (gai_error(&lookup->job->request) == 0)
        found = choose(lookup->job->request.ar_result);
    if (found && getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST) != 0)
        found = NULL;
    drop(lookup);
    done(context, found ? address : NULL);
}

static void look(void *context)
{
    struct aks_lookup *lookup = context;
    struct aks_error error = {0};

    if (gai_error(&lookup->job->request) != EAI_INPROGRESS || aks_clock_monotonic() >= lookup->deadline ||
        !aks_timer_start(lookup->loop, &lookup->timer, INTERVAL, &error))
        end(lookup);
    aks_error_clear(&error);
}

static struct job *new_job(const char *host)
{
    size_t size = strlen(host) + 1;
    struct job *job = calloc(1, sizeof *job + size);

    if (!job)
        return NULL;
    memcpy(job->host, host, size);
    job->hints.ai_socktype = SOCK_STREAM;
    job->request.ar_name = job->host;
    job->request.ar_request = &job->hints;
    return job;
}

struct aks_lookup *aks_lookup_start(struct aks_loop *loop, const char *host, double seconds, aks_lookup_done *done,
                                    void *context, struct aks_error *error)
{
    struct aks_lookup *lookup = calloc(1, sizeof *lookup);
    struct gaicb *list[1];

    if (!lookup || !(lookup->job = new_job(host))) {
        free(lookup);
        aks_error_set_no_memory(error);
        return NULL;
    }
    lookup->loop = loop;
    lookup->deadline = aks_clock_monotonic() + seconds;
    lookup->done = done;
    lookup->context = context;
    lookup->timer.fire = look;
    lookup->timer.context = lookup;
    list[0] = &lookup->job->request;
    if (getaddrinfo_a(GAI_NOWAIT, list, 1, NULL) != 0)
        aks_error_set(error, "lookup_failed", "the system cannot look up host names now");
    else if (aks_timer_start(loop, &lookup->timer, 0, error))
        return lookup;
    drop(lookup);
    return NULL;
}
