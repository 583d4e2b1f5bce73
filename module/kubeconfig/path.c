/* Finds the user's kubeconfig, follows links, makes directories. */
#include "kubeconfig/path.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

/* As many as Linux itself follows (path_resolution(7)). */
#define LINK_LIMIT 40

bool aks_kubeconfig_file_failed(struct aks_error *error, const char *what, const char *path, int reason)
{
    if (reason == ENOMEM)
        return aks_error_set_no_memory(error);
    return aks_error_set(error, "file_failed", "cannot %s %s: %s", what, path, strerror(reason));
}

static char *home_path(struct aks_error *error)
{
    const char *home = getenv("HOME");
    const struct passwd *user = home && *home ? NULL : getpwuid(getuid());
    char *path;

    if (user)
        home = user->pw_dir;
    if (!home || !*home) {
        aks_error_set(error, "file_failed", "nobody knows where the user's home is");
        aks_error_note(&error->hint, "set HOME or KUBECONFIG, or give a path");
        return NULL;
    }
    path = aks_text_format("%s/.kube/config", home);
    if (!path)
        aks_error_set_no_memory(error);
    return path;
}

char *aks_kubeconfig_default_path(struct aks_error *error)
{
    const char *list = getenv("KUBECONFIG");
    char *path;

    list = list ? list + strspn(list, ":") : "";
    if (!*list)
        return home_path(error);
    path = aks_text_copy_n(list, strcspn(list, ":"));
    if (!path)
        aks_error_set_no_memory(error);
    return path;
}

char *aks_kubeconfig_directory(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return strdup(".");
    return aks_text_copy_n(path, slash == path ? 1 : (size_t)(slash - path));
}

/* New text of what the link says, as seen from where `path` is seen from. NULL with errno. */
static char *follow(const char *path)
{
    char target[PATH_MAX], *directory, *joined;
    ssize_t length = readlink(path, target, sizeof target);

    if (length < 0)
        return NULL;
    if (length == 0 || (size_t)length == sizeof target) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    target[length] = '\0';
    if (target[0] == '/')
        return strdup(target);
    directory = aks_kubeconfig_directory(path);
    joined = directory ? aks_text_format("%s/%s", directory, target) : NULL;
    free(directory);
    if (!joined)
        errno = ENOMEM;
    return joined;
}

char *aks_kubeconfig_resolve(const char *path, struct aks_error *error)
{
    char *current = strdup(path), *next = current;
    struct stat status;

    if (!current)
        aks_error_set_no_memory(error);
    for (int count = 0; next && lstat(current, &status) == 0 && S_ISLNK(status.st_mode); count++) {
        next = NULL;
        if (count == LINK_LIMIT)
            aks_kubeconfig_file_failed(error, "use", path, ELOOP);
        else if (status.st_uid != geteuid() && status.st_uid != 0)
            aks_error_set(error, "file_failed", "%s is a symbolic link of another user", current);
        else if (!(next = follow(current)))
            aks_kubeconfig_file_failed(error, "follow", current, errno);
        free(current);
        current = next;
    }
    return current;
}

/* Makes a directory and those above it. False with errno. */
static bool make_directories(const char *path)
{
    struct stat status;
    char *parent;
    bool ok;

    if (stat(path, &status) == 0)
        return true; /* if it is no directory, using it says so */
    if (errno != ENOENT)
        return false;
    parent = aks_kubeconfig_directory(path);
    ok = parent && make_directories(parent);
    free(parent);
    return ok && (mkdir(path, 0700) == 0 || errno == EEXIST);
}

bool aks_kubeconfig_make_directory(const char *path, struct aks_error *error)
{
    char *directory = aks_kubeconfig_directory(path);
    bool ok = directory && make_directories(directory);

    if (!directory)
        aks_error_set_no_memory(error);
    else if (!ok)
        aks_kubeconfig_file_failed(error, "make directory", directory, errno);
    free(directory);
    return ok;
}
