/* Starting a program by posix_spawn, and waiting for its end by a process descriptor (pidfd_open). */
#include "auth/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

/* Seconds between looks at the process where the system has no descriptor of it. */
#define LOOK_INTERVAL 0.02

#define FIRST_FREE_DESCRIPTOR 3

struct aks_process {
    struct aks_loop *loop;
    pid_t id;                       /* 0: not begun, or over */
    int descriptor;                 /* readable when it is over; -1: none */
    int pipes[AKS_PROCESS_STREAMS]; /* what we read; -1: closed */
    struct aks_process_result result;
    struct aks_timer timer;
    double deadline; /* monotonic */
    aks_process_done *done;
    void *context;
};

static void close_descriptor(struct aks_process *process, int *descriptor)
{
    if (*descriptor < 0)
        return;
    aks_loop_unwatch(process->loop, *descriptor);
    close(*descriptor);
    *descriptor = -1;
}

/* It ends at once, unless the kernel itself is stuck in it. */
static void kill_process(struct aks_process *process)
{
    if (process->id == 0)
        return;
    kill(-process->id, SIGKILL);
    while (waitpid(process->id, NULL, 0) < 0 && errno == EINTR)
        continue;
    process->id = 0;
}

/* Ends it, and all that the loop has to do with it. */
static void stop(struct aks_process *process)
{
    kill_process(process);
    aks_timer_stop(&process->timer);
    close_descriptor(process, &process->descriptor);
    for (int i = 0; i < AKS_PROCESS_STREAMS; i++)
        close_descriptor(process, &process->pipes[i]);
}

static void free_process(struct aks_process *process)
{
    stop(process);
    for (int i = 0; i < AKS_PROCESS_STREAMS; i++)
        aks_buffer_erase(&process->result.streams[i]);
    free(process);
}

/* The process is gone afterwards. An error that is set counts more than the result. */
static void finish(struct aks_process *process, struct aks_error *error)
{
    stop(process); /* whoever is told may free the loop */
    process->done(process->context, aks_error_is_set(error) ? NULL : &process->result, error);
    free_process(process);
    aks_error_clear(error);
}

/* Reads what is there; closes at the end. False when there is more than may be. */
static bool drain(struct aks_process *process, int stream)
{
    char part[4096];
    ssize_t count = 1;
    bool enough = true;

    while (process->pipes[stream] >= 0 && enough && count > 0) {
        do
            count = read(process->pipes[stream], part, sizeof part);
        while (count < 0 && errno == EINTR);
        if (count > 0)
            enough = aks_buffer_append(&process->result.streams[stream], part, (size_t)count);
        else if (count == 0 || errno != EAGAIN)
            close_descriptor(process, &process->pipes[stream]);
    }
    explicit_bzero(part, sizeof part);
    return enough;
}

/* False, and the error is set, when one has written too much. */
static bool drain_all(struct aks_process *process, struct aks_error *error)
{
    for (int i = 0; i < AKS_PROCESS_STREAMS; i++)
        if (!drain(process, i))
            return aks_error_set(error, "response_too_large",
                                 "the program wrote more than %zu bytes, or memory is short",
                                 process->result.streams[i].limit);
    return true;
}

static void on_output(void *context, int descriptor, unsigned events)
{
    struct aks_process *process = context;
    struct aks_error error = {0};

    (void)descriptor;
    (void)events;
    if (!drain_all(process, &error))
        finish(process, &error);
}

/* Notes how it ended; false while it runs. A host that ignores SIGCHLD has thrown its status away. */
static bool has_ended(struct aks_process *process)
{
    int status = 0;
    pid_t found = waitpid(process->id, &status, WNOHANG);

    if (found == 0 || (found < 0 && errno == EINTR))
        return false;
    process->id = 0;
    process->result.status = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    return true;
}

static void look(struct aks_process *process)
{
    double left = process->deadline - aks_clock_monotonic();
    struct aks_error error = {0};

    if (has_ended(process)) {
        drain_all(process, &error);
        finish(process, &error);
    } else if (left <= 0) {
        aks_error_set(&error, "timeout", "the program did not end in time");
        finish(process, &error);
    } else if (!aks_timer_start(process->loop, &process->timer,
                                process->descriptor < 0 && left > LOOK_INTERVAL ? LOOK_INTERVAL : left, &error)) {
        finish(process, &error);
    }
}

static void on_time(void *context)
{
    look(context);
}

static void on_end(void *context, int descriptor, unsigned events)
{
    (void)descriptor;
    (void)events;
    look(context);
}

/* Above the standard ones, which a host may have closed. */
static bool move_up(int *descriptor)
{
    int moved = fcntl(*descriptor, F_DUPFD_CLOEXEC, FIRST_FREE_DESCRIPTOR);

    close(*descriptor);
    *descriptor = moved;
    return moved >= 0;
}

/* written[i] is the program's end. */
static bool open_pipes(struct aks_process *process, int written[AKS_PROCESS_STREAMS])
{
    bool done = true;

    for (int i = 0; i < AKS_PROCESS_STREAMS && done; i++) {
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) != 0)
            return false;
        process->pipes[i] = ends[0];
        written[i] = ends[1];
        done = move_up(&process->pipes[i]);
        done = move_up(&written[i]) && done;
        done = done && fcntl(process->pipes[i], F_SETFL, O_NONBLOCK) == 0;
    }
    return done;
}

static bool is_same_variable(const char *a, const char *b)
{
    size_t length = strcspn(a, "=");

    return strncmp(a, b, length) == 0 && b[length] == '=';
}

/* A new array whose texts are borrowed; NULL for want of memory. */
static char **environment_with(const char *const *variables)
{
    size_t count = 0, length = 0, added = 0;
    char **environment;

    while (variables[added])
        added++;
    while (environ && environ[count])
        count++;
    environment = calloc(count + added + 1, sizeof *environment);
    if (!environment)
        return NULL;
    for (size_t i = 0; i < added; i++)
        environment[length++] = (char *)variables[i];
    for (size_t i = 0; i < count; i++) {
        bool replaced = false;

        for (size_t j = 0; j < added; j++)
            replaced = replaced || is_same_variable(variables[j], environ[i]);
        if (!replaced)
            environment[length++] = environ[i];
    }
    return environment;
}

/* All return an errno. */
static int add_actions(posix_spawn_file_actions_t *actions, const struct aks_process_request *request,
                       const int written[AKS_PROCESS_STREAMS])
{
    int failed = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, written[AKS_PROCESS_OUTPUT], STDOUT_FILENO);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, written[AKS_PROCESS_ERRORS], STDERR_FILENO);
    return failed ? failed : posix_spawn_file_actions_addchdir_np(actions, request->directory);
}

/* A process group of its own, and signals as a program expects them, whatever the host does with its own. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, reset;
    int failed;

    sigemptyset(&none);
    sigemptyset(&reset);
    sigaddset(&reset, SIGPIPE);
    sigaddset(&reset, SIGCHLD);
    failed =
        posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    failed = failed ? failed : posix_spawnattr_setpgroup(attributes, 0);
    failed = failed ? failed : posix_spawnattr_setsigmask(attributes, &none);
    return failed ? failed : posix_spawnattr_setsigdefault(attributes, &reset);
}

static int spawn(struct aks_process *process, const struct aks_process_request *request,
                 const int written[AKS_PROCESS_STREAMS])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char **environment = environment_with(request->variables);
    int failed = environment ? posix_spawn_file_actions_init(&actions) : ENOMEM;

    if (failed) {
        free(environment);
        return failed;
    }
    failed = posix_spawnattr_init(&attributes);
    if (!failed) {
        failed = add_actions(&actions, request, written);
        failed = failed ? failed : set_attributes(&attributes);
        failed = failed ? failed
                        : posix_spawn(&process->id, request->program, &actions, &attributes,
                                      (char *const *)request->arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    free(environment);
    if (failed)
        process->id = 0;
    return failed;
}

static bool watch(struct aks_process *process, const struct aks_process_request *request, struct aks_error *error)
{
    process->descriptor = (int)syscall(SYS_pidfd_open, process->id, 0); /* close-on-exec by itself */
    process->deadline = aks_clock_monotonic() + request->timeout;
    for (int i = 0; i < AKS_PROCESS_STREAMS; i++)
        if (!aks_loop_watch(process->loop, process->pipes[i], EPOLLIN, on_output, process, error))
            return false;
    if (process->descriptor >= 0 &&
        !aks_loop_watch(process->loop, process->descriptor, EPOLLIN, on_end, process, error))
        return false;
    return aks_timer_start(process->loop, &process->timer, process->descriptor < 0 ? LOOK_INTERVAL : request->timeout,
                           error);
}

static bool begin(struct aks_process *process, const struct aks_process_request *request, struct aks_error *error)
{
    int written[AKS_PROCESS_STREAMS] = {-1, -1};
    int failed = open_pipes(process, written) ? 0 : errno;

    if (!failed)
        failed = spawn(process, request, written);
    for (int i = 0; i < AKS_PROCESS_STREAMS; i++)
        if (written[i] >= 0)
            close(written[i]);
    if (failed) {
        const char *reason = strerrordesc_np(failed);

        return aks_error_set(error, "credential_unavailable", "'%s' cannot be run: %s", request->program,
                             reason ? reason : "unknown reason");
    }
    return watch(process, request, error);
}

struct aks_process *aks_process_start(struct aks_loop *loop, const struct aks_process_request *request,
                                      aks_process_done *done, void *context, struct aks_error *error)
{
    struct aks_process *process = calloc(1, sizeof *process);

    if (!process) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    process->loop = loop;
    process->descriptor = -1;
    process->done = done;
    process->context = context;
    process->timer = (struct aks_timer){.fire = on_time, .context = process};
    for (int i = 0; i < AKS_PROCESS_STREAMS; i++) {
        process->pipes[i] = -1;
        aks_buffer_init(&process->result.streams[i], request->limit);
    }
    if (begin(process, request, error))
        return process;
    free_process(process);
    return NULL;
}

void aks_process_cancel(struct aks_process *process)
{
    free_process(process);
}
