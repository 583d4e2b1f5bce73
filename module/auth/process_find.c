/* Looking for a program where the user's shell would, but in absolute directories alone. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/process.h"
#include "base/text.h"

static bool is_program(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

char *aks_process_find(const char *name)
{
    const char *at = getenv("PATH");
    size_t length;

    for (at = at ? at : ""; *at; at += length + (at[length] == ':')) {
        char *path;

        length = strcspn(at, ":");
        if (*at != '/')
            continue;
        path = aks_text_format("%.*s/%s", (int)length, at, name);
        if (path && is_program(path))
            return path;
        free(path);
    }
    return NULL;
}
