/* Files with secrets: never half written, never readable by others, never written by two at once. */
#include "kubeconfig/file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "kubeconfig/document.h"

/* Seconds that another writer is waited for, and between two looks. */
#define LOCK_LIMIT 10.0
#define LOCK_INTERVAL_NANOSECONDS 20000000L

/* What our lock files hold; those of kubectl are empty. */
static const char mark[] = "aks\n";

static bool fail(struct aks_error *error, const char *path, const char *what)
{
    return aks_error_set(error, "file_failed", "%s: %s: %s", path, what, strerror(errno));
}

static const char *home(void)
{
    const char *directory = getenv("HOME");
    const struct passwd *user = directory && *directory ? NULL : getpwuid(getuid());

    return user ? user->pw_dir : directory;
}

char *aks_kubeconfig_path(const char *path)
{
    const char *list = getenv("KUBECONFIG"), *directory = home();
    size_t length;

    if (path)
        return strdup(path);
    while (list && *list) {
        length = strcspn(list, ":");
        if (length > 0)
            return aks_text_copy_n(list, length);
        list++;
    }
    return aks_text_format("%s/.kube/config", directory ? directory : "");
}

/* Makes the directories above the file. */
static bool make_directories(char *path, struct aks_error *error)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        int made;

        *slash = '\0';
        made = mkdir(path, 0700);
        if (made != 0 && errno != EEXIST && !fail(error, path, "cannot make the directory")) {
            *slash = '/';
            return false;
        }
        *slash = '/';
    }
    return true;
}

/* Follows symbolic links to a regular file of the user's, which may not exist yet where no link leads to it. */
static bool resolve(struct aks_kubeconfig_file *file, char *path, struct aks_error *error)
{
    struct stat status;

    if (lstat(path, &status) != 0 && errno == ENOENT)
        return make_directories(path, error) && ((file->path = strdup(path)) != NULL || aks_error_set_no_memory(error));
    file->path = realpath(path, NULL);
    if (!file->path || stat(file->path, &status) != 0)
        return fail(error, path, S_ISLNK(status.st_mode) ? "is a symbolic link to nothing" : "cannot be found");
    if (!S_ISREG(status.st_mode))
        return aks_error_set(error, "file_failed", "%s is no regular file", path);
    if (status.st_uid != geteuid())
        return aks_error_set(error, "file_failed", "%s belongs to somebody else", path);
    return true;
}

/* Takes over the lock of a program of ours that is not there any more: nobody holds its flock, and the file is still
   the one at its path. */
static bool take_over(int fd, const char *lock)
{
    struct stat held, there;
    char content[sizeof mark] = "";

    return read(fd, content, sizeof mark - 1) == sizeof mark - 1 && strcmp(content, mark) == 0 &&
           flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &held) == 0 && stat(lock, &there) == 0 &&
           held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

/* One try; -1 with errno EEXIST when somebody else holds it. */
static int try_lock(const char *lock)
{
    int fd = open(lock, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd >= 0) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 && write(fd, mark, sizeof mark - 1) == sizeof mark - 1)
            return fd;
        unlink(lock);
        close(fd);
        return -1;
    }
    if (errno != EEXIST)
        return -1;
    fd = open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && take_over(fd, lock))
        return fd;
    if (fd >= 0)
        close(fd);
    errno = EEXIST;
    return -1;
}

static bool take_lock(struct aks_kubeconfig_file *file, struct aks_error *error)
{
    const struct timespec interval = {.tv_nsec = LOCK_INTERVAL_NANOSECONDS};
    double deadline = aks_clock_monotonic() + LOCK_LIMIT;
    char *lock = aks_text_format("%s.lock", file->path);
    int fd = -1;

    if (!lock)
        return aks_error_set_no_memory(error);
    while ((fd = try_lock(lock)) < 0 && errno == EEXIST && aks_clock_monotonic() < deadline)
        nanosleep(&interval, NULL);
    if (fd >= 0) {
        file->lock = lock;
        file->lock_fd = fd;
        return true;
    }
    if (errno == EEXIST)
        aks_error_note(&error->hint, "another program is writing the kubeconfig; if none is, remove the lock file");
    fail(error, lock, "cannot be locked");
    free(lock);
    return false;
}

/* Reads what is there; an absent file gives no text. */
static bool read_text(struct aks_kubeconfig_file *file, int fd, struct aks_error *error)
{
    struct stat status;
    size_t size, length = 0;
    ssize_t count = 1;

    if (fstat(fd, &status) != 0)
        return fail(error, file->path, "cannot be read");
    if (status.st_size > AKS_KUBECONFIG_SIZE_LIMIT)
        return aks_error_set(error, "kubeconfig_invalid", "%s is too large for a kubeconfig", file->path);
    size = (size_t)status.st_size;
    file->text = calloc(1, size + 1);
    if (!file->text)
        return aks_error_set_no_memory(error);
    while (length < size && (count = read(fd, file->text + length, size - length)) > 0)
        length += (size_t)count;
    file->length = length;
    return count >= 0 || fail(error, file->path, "cannot be read");
}

static bool read_file(struct aks_kubeconfig_file *file, struct aks_error *error)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool done;

    if (fd < 0)
        return errno == ENOENT || fail(error, file->path, "cannot be read");
    done = read_text(file, fd, error);
    close(fd);
    return done;
}

bool aks_kubeconfig_open(struct aks_kubeconfig_file *file, const char *path, struct aks_error *error)
{
    char *copy = strdup(path);
    bool done;

    *file = (struct aks_kubeconfig_file){0};
    if (!copy)
        return aks_error_set_no_memory(error);
    done = resolve(file, copy, error) && take_lock(file, error) && read_file(file, error);
    free(copy);
    if (!done)
        aks_kubeconfig_close(file);
    return done;
}

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t count = write(fd, text, length);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false;
        text += count;
        length -= (size_t)count;
    }
    return true;
}

/* So that the new name is on the disk, too. A file system that cannot do that has done what it can. */
static void sync_directory(const char *path)
{
    char *directory = strdup(path), *slash = directory ? strrchr(directory, '/') : NULL;
    int fd;

    if (slash)
        slash[slash == directory] = '\0';
    fd = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(directory);
}

bool aks_kubeconfig_replace(struct aks_kubeconfig_file *file, const char *text, size_t length, struct aks_error *error)
{
    char *fresh = aks_text_format("%s.XXXXXX", file->path);
    int fd = fresh ? mkostemp(fresh, O_CLOEXEC) : -1; /* of mode 0600 */
    bool done;

    if (fd < 0) {
        fresh ? fail(error, file->path, "cannot write beside it") : aks_error_set_no_memory(error);
        free(fresh);
        return false;
    }
    done = write_all(fd, text, length) && fsync(fd) == 0;
    done = close(fd) == 0 && done;
    done = done && rename(fresh, file->path) == 0;
    if (!done) {
        fail(error, file->path, "cannot be written");
        unlink(fresh);
    } else {
        sync_directory(file->path);
    }
    free(fresh);
    return done;
}

void aks_kubeconfig_close(struct aks_kubeconfig_file *file)
{
    if (file->lock) {
        unlink(file->lock);
        close(file->lock_fd);
    }
    if (file->text)
        OPENSSL_cleanse(file->text, file->length);
    free(file->text);
    free(file->lock);
    free(file->path);
    *file = (struct aks_kubeconfig_file){0};
}
