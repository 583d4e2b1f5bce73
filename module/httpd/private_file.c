/* What Lua's io library cannot: a mode for a new file, and the end of an old one. */
#include "httpd/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <string.h>
#include <unistd.h>

int private_file(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (descriptor < 0 && errno != EEXIST)
        return luaL_error(L, "%s: %s", path, strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
    lua_pushboolean(L, descriptor >= 0);
    return 1;
}

int truncate_file(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);

    if (truncate(path, (off_t)luaL_checkinteger(L, 2)) != 0)
        return luaL_error(L, "%s: %s", path, strerror(errno));
    return 0;
}
