/* Reading and replacing a file. The new one is written beside it, flushed, and renamed. */
#include "kubeconfig/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/text.h"
#include "kubeconfig/path.h"

#define READ_SIZE 65536

/* How often another name is chosen when there is a file of that name. */
#define NAME_ATTEMPT_LIMIT 100

static bool refuse(const char *path, const char *why, const char *hint, struct aks_error *error)
{
    aks_error_set(error, "file_failed", "%s %s", path, why);
    aks_error_note(&error->hint, hint);
    return false;
}

/* Whether this is a file that we may put another in place of. */
static bool check_status(const char *path, const struct stat *status, struct aks_error *error)
{
    if (S_ISDIR(status->st_mode))
        return refuse(path, "is a directory", "give the path of a file", error);
    if (!S_ISREG(status->st_mode))
        return refuse(path, "is not a regular file", "give the path of a file", error);
    if (status->st_uid != geteuid())
        return refuse(path, "belongs to another user", "run as that user, or give the path of a file of your own",
                      error);
    return true;
}

static bool read_descriptor(int descriptor, const char *path, struct aks_buffer *text, struct aks_error *error)
{
    char *block = malloc(READ_SIZE);
    ssize_t count = 1;
    bool ok = block || aks_error_set_no_memory(error);

    while (ok && count != 0) {
        count = read(descriptor, block, READ_SIZE);
        if (count < 0)
            ok = errno == EINTR || aks_kubeconfig_file_failed(error, "read", path, errno);
        else if ((size_t)count > text->limit - text->length)
            ok = aks_error_set(error, "file_failed", "%s has more than %zu bytes", path, text->limit);
        else
            ok = aks_buffer_append(text, block, (size_t)count) || aks_error_set_no_memory(error);
    }
    if (block)
        explicit_bzero(block, READ_SIZE);
    free(block);
    return ok;
}

bool aks_disk_read(struct aks_disk_file *file, const char *path, struct aks_buffer *text, struct aks_error *error)
{
    int descriptor;
    bool ok;

    *file = (struct aks_disk_file){.path = path};
    if (lstat(path, &file->status) != 0)
        return errno == ENOENT || aks_kubeconfig_file_failed(error, "look at", path, errno);
    if (!check_status(path, &file->status, error))
        return false;
    descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0)
        return aks_kubeconfig_file_failed(error, "open", path, errno);
    if (fstat(descriptor, &file->status) != 0)
        ok = aks_kubeconfig_file_failed(error, "look at", path, errno);
    else
        ok = check_status(path, &file->status, error) && read_descriptor(descriptor, path, text, error);
    file->exists = ok;
    close(descriptor);
    return ok;
}

/* Whether nobody has written or replaced the file since it was read: not all programs lock. */
static bool is_unchanged(const struct aks_disk_file *file)
{
    const struct stat *then = &file->status;
    struct stat now;

    if (lstat(file->path, &now) != 0)
        return errno == ENOENT && !file->exists;
    return file->exists && now.st_dev == then->st_dev && now.st_ino == then->st_ino && now.st_size == then->st_size &&
           now.st_mode == then->st_mode && now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == then->st_mtim.tv_nsec && now.st_ctim.tv_sec == then->st_ctim.tv_sec &&
           now.st_ctim.tv_nsec == then->st_ctim.tv_nsec;
}

/* False with errno. */
static bool write_all(int descriptor, const struct aks_buffer *text)
{
    size_t done = 0;

    while (done < text->length) {
        ssize_t count = write(descriptor, text->data + done, text->length - done);

        if (count < 0 && errno != EINTR)
            return false;
        done += count > 0 ? (size_t)count : 0;
    }
    return true;
}

/* The open directory of a file, or -1 with errno. */
static int open_directory(const char *path)
{
    char *directory = aks_kubeconfig_directory(path);
    int descriptor = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    free(directory);
    return descriptor;
}

/* Fills `suffix` with AKS_LOCK_RANDOM characters. False with errno. */
static bool choose_suffix(char suffix[AKS_LOCK_RANDOM])
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz012345"; /* 32 */
    unsigned char bytes[AKS_LOCK_RANDOM];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) /* so few are never cut short */
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        suffix[i] = characters[bytes[i] % 32];
    return true;
}

/* Creates the unfinished file at `path`, whose last characters are chosen here. Its name is noted before it is there,
   so that nothing stays when the process is killed. The descriptor, or -1 with errno. */
static int create_unfinished(char *path, struct aks_lock *lock)
{
    char *suffix = path + strlen(path) - AKS_LOCK_RANDOM;
    int descriptor = -1;

    for (int count = 0; descriptor < 0 && count < NAME_ATTEMPT_LIMIT; count++) {
        if (!choose_suffix(suffix) || !aks_lock_note(lock, path))
            return -1;
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (descriptor < 0 && errno != EEXIST)
            return -1;
    }
    return descriptor;
}

/* Writes the unfinished file to the end, and to the disk. Removes it on failure. */
static bool write_unfinished(char *path, struct aks_lock *lock, const struct aks_buffer *text, mode_t mode,
                             struct aks_error *error)
{
    int descriptor = create_unfinished(path, lock), reason;
    bool ok;

    if (descriptor < 0)
        return aks_kubeconfig_file_failed(error, "create", path, errno);
    ok = fchmod(descriptor, mode) == 0 && write_all(descriptor, text) && fsync(descriptor) == 0;
    reason = errno;
    if (close(descriptor) != 0 && ok) {
        reason = errno;
        ok = false;
    }
    if (ok)
        return true;
    unlink(path);
    return aks_kubeconfig_file_failed(error, "write", path, reason);
}

/* Gives the unfinished file the name of the file, and makes sure of that on disk. File systems that cannot do so for a
   directory say EINVAL. */
static bool finish(const char *path, const struct aks_disk_file *file, struct aks_error *error)
{
    int directory = open_directory(path); /* first, so that little can fail when it is done */
    bool ok = false;

    if (directory < 0 || rename(path, file->path) != 0) {
        aks_kubeconfig_file_failed(error, "replace", file->path, errno);
        unlink(path);
    } else {
        ok = fsync(directory) == 0 || errno == EINVAL ||
             aks_kubeconfig_file_failed(error, "flush (it was replaced)", file->path, errno);
    }
    if (directory >= 0)
        close(directory);
    return ok;
}

bool aks_disk_replace(const struct aks_disk_file *file, struct aks_lock *lock, const struct aks_buffer *text,
                      mode_t mode, bool *stale, struct aks_error *error)
{
    char *path = aks_text_format("%s" AKS_LOCK_UNFINISHED "%*s", file->path, AKS_LOCK_RANDOM, "");
    bool ok;

    *stale = false;
    if (!path)
        return aks_error_set_no_memory(error);
    ok = write_unfinished(path, lock, text, mode, error);
    *stale = ok && !is_unchanged(file);
    if (*stale)
        unlink(path);
    else if (ok)
        ok = finish(path, file, error);
    free(path);
    return ok;
}

bool aks_disk_set_mode(const struct aks_disk_file *file, mode_t mode, struct aks_error *error)
{
    int descriptor = open(file->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat now;
    bool ok = descriptor >= 0 && fstat(descriptor, &now) == 0 && now.st_ino == file->status.st_ino &&
              now.st_dev == file->status.st_dev && fchmod(descriptor, mode) == 0;

    if (!ok)
        aks_kubeconfig_file_failed(error, "change the mode of", file->path, errno);
    if (descriptor >= 0)
        close(descriptor);
    return ok;
}
