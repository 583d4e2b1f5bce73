/* Reading a file with a ceiling. */
#include "auth/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(const char *path, const char *what, int number, struct aks_error *error)
{
    const char *reason = strerrordesc_np(number);

    return aks_error_set(error, "credential_unavailable", "%s '%s' cannot be read: %s", what, path,
                         reason ? reason : "unknown reason");
}

static bool read_all(int descriptor, const char *path, const char *what, struct aks_buffer *bytes,
                     struct aks_error *error)
{
    char part[4096];
    ssize_t count;
    bool enough = true;

    do {
        count = read(descriptor, part, sizeof part);
        if (count > 0)
            enough = aks_buffer_append(bytes, part, (size_t)count);
    } while (enough && (count > 0 || (count < 0 && errno == EINTR)));
    explicit_bzero(part, sizeof part);
    if (!enough)
        return aks_error_set(error, "credential_unavailable", "%s '%s' is larger than %zu bytes, or memory is short",
                             what, path, bytes->limit);
    return count == 0 || fail(path, what, errno, error);
}

bool aks_file_read(const char *path, const char *what, struct aks_buffer *bytes, struct aks_error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    bool done;

    if (descriptor < 0)
        return fail(path, what, errno, error);
    if (fstat(descriptor, &status) != 0)
        done = fail(path, what, errno, error);
    else if (!S_ISREG(status.st_mode))
        done = aks_error_set(error, "credential_unavailable", "%s '%s' is not a regular file", what, path);
    else
        done = read_all(descriptor, path, what, bytes, error);
    close(descriptor);
    if (done && bytes->length == 0)
        return aks_error_set(error, "credential_unavailable", "%s '%s' is empty", what, path);
    return done;
}
