/* Lock files. The convention is that of kubectl (client-go, tools/clientcmd: lockFile), with flock(2) on top. */
#include "kubeconfig/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "kubeconfig/path.h"

/* Seconds between two looks at a lock that another program has. */
#define FIRST_PAUSE 0.01
#define LAST_PAUSE 0.25

/* What a lock of ours holds: "aks PID", then the name of the unfinished file. */
#define LOCK_FORMAT "aks %ld\n"
#define LOCK_MARK "aks "
#define LOCK_TEXT_SIZE 1024
#define SUFFIX ".lock"

/* Whether the path still names the open file. */
static bool names(const char *path, int descriptor)
{
    struct stat here, there;

    return fstat(descriptor, &here) == 0 && lstat(path, &there) == 0 && here.st_dev == there.st_dev &&
           here.st_ino == there.st_ino;
}

/* The whole of a short text, in one go. False with errno. */
static bool write_short(int descriptor, const char *text, size_t length)
{
    ssize_t count = write(descriptor, text, length);

    if (count >= 0 && (size_t)count != length)
        errno = ENOSPC;
    return count >= 0 && (size_t)count == length;
}

/* Marks the open lock file as ours, if flock holds: a file system without flock has the lock file all the same. False
   with errno. */
static bool mark(int descriptor)
{
    char text[LOCK_TEXT_SIZE];
    int length = snprintf(text, sizeof text, LOCK_FORMAT, (long)getpid());

    return flock(descriptor, LOCK_EX | LOCK_NB) != 0 || write_short(descriptor, text, (size_t)length);
}

/* The lock file as a file that has no name until it is marked: being killed in between leaves nothing. The descriptor,
   or -1 with errno. */
static int create_marked(const char *path)
{
    char *directory = aks_kubeconfig_directory(path), name[sizeof "/proc/self/fd/" + 3 * sizeof(int)];
    int descriptor = directory ? open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1, reason;

    free(directory);
    if (descriptor < 0)
        return -1;
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    if (mark(descriptor) && linkat(AT_FDCWD, name, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
        return descriptor;
    reason = errno;
    close(descriptor);
    errno = reason;
    return -1;
}

/* The same where there are no files without a name (open(2), O_TMPFILE). */
static int create_named(const char *path)
{
    int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), reason;

    if (descriptor < 0 || mark(descriptor))
        return descriptor;
    reason = errno;
    unlink(path);
    close(descriptor);
    errno = reason;
    return -1;
}

/* Creates the lock file. False with errno, EEXIST when it is there. */
static bool create(struct aks_lock *lock, const char *path)
{
    int descriptor = create_marked(path);

    if (descriptor < 0 && errno != EEXIST)
        descriptor = create_named(path);
    if (descriptor >= 0)
        lock->descriptor = descriptor;
    return descriptor >= 0;
}

/* Removes the unfinished file that a dead program noted: a name beside the lock, of the form that we give. */
static void remove_unfinished(const char *lock_path, const char *name)
{
    const char *slash = strrchr(lock_path, '/'), *base = slash ? slash + 1 : lock_path;
    size_t base_length = strlen(base) - strlen(SUFFIX), prefix_length = strlen(AKS_LOCK_UNFINISHED);
    char *path;

    if (strncmp(name, base, base_length) != 0 || strncmp(name + base_length, AKS_LOCK_UNFINISHED, prefix_length) != 0 ||
        strlen(name) != base_length + prefix_length + AKS_LOCK_RANDOM || strchr(name, '/'))
        return;
    path = aks_text_format("%.*s%s", (int)(base - lock_path), lock_path, name);
    if (path)
        unlink(path);
    free(path);
}

/* Removes what the lines after the first name. */
static void remove_all_unfinished(const char *lock_path, char *text)
{
    char *name = strchr(text, '\n'), *end;

    while (name && (end = strchr(name + 1, '\n'))) {
        *end = '\0';
        remove_unfinished(lock_path, name + 1);
        name = end;
    }
}

/* Removes the lock when a program of ours left it and is dead. */
static void remove_if_dead(const char *path)
{
    char text[LOCK_TEXT_SIZE];
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t length;

    if (descriptor < 0)
        return;
    length = read(descriptor, text, sizeof text - 1);
    if (length > 0) {
        text[length] = '\0';
        if (strncmp(text, LOCK_MARK, strlen(LOCK_MARK)) == 0 && flock(descriptor, LOCK_EX | LOCK_NB) == 0 &&
            names(path, descriptor)) {
            remove_all_unfinished(path, text);
            unlink(path);
        }
    }
    close(descriptor);
}

static void pause_for(double seconds)
{
    struct timespec time = {.tv_nsec = (long)(seconds * 1e9)};

    nanosleep(&time, NULL); /* a signal cuts it short, which does no harm */
}

static bool give_up(const char *path, const char *lock_path, struct aks_error *error)
{
    aks_error_set(error, "file_failed", "%s is locked: another program writes it, or has died and left %s", path,
                  lock_path);
    aks_error_note(&error->hint, "try again; if no other program (kubectl, aks) is at work, remove the lock file");
    error->retryable = true;
    return false;
}

static bool take(struct aks_lock *lock, const char *path, const char *lock_path, double deadline,
                 struct aks_error *error)
{
    double pause = FIRST_PAUSE;

    while (!create(lock, lock_path)) {
        if (errno != EEXIST)
            return aks_kubeconfig_file_failed(error, "create lock file", lock_path, errno);
        remove_if_dead(lock_path);
        if (create(lock, lock_path))
            break;
        if (aks_clock_monotonic() >= deadline)
            return give_up(path, lock_path, error);
        pause_for(pause);
        pause = pause * 2 < LAST_PAUSE ? pause * 2 : LAST_PAUSE;
    }
    return true;
}

bool aks_lock_take(struct aks_lock *lock, const char *path, double deadline, struct aks_error *error)
{
    char *lock_path = aks_text_format("%s" SUFFIX, path);

    if (!lock_path)
        return aks_error_set_no_memory(error);
    if (!take(lock, path, lock_path, deadline, error)) {
        free(lock_path);
        return false;
    }
    lock->path = lock_path;
    return true;
}

bool aks_lock_note(struct aks_lock *lock, const char *unfinished)
{
    const char *slash = strrchr(unfinished, '/');
    char *line = aks_text_format("%s\n", slash ? slash + 1 : unfinished);
    bool ok = line && write_short(lock->descriptor, line, strlen(line));

    free(line);
    return ok;
}

void aks_lock_release(struct aks_lock *lock)
{
    if (!lock->path)
        return;
    if (names(lock->path, lock->descriptor)) /* somebody may have removed it by hand, and another program taken it */
        unlink(lock->path);
    close(lock->descriptor);
    free(lock->path);
    *lock = (struct aks_lock){0};
}
