/* aks/http.so for Lua: require "aks.http" gives the engine as a transport factory, which the core takes by its class.
 */
#include <lauxlib.h>
#include <lua.h>

#include "http/engine.h"

AKS_PUBLIC int luaopen_aks_http(lua_State *L);

int luaopen_aks_http(lua_State *L)
{
    struct aks_transport_factory *factory = lua_newuserdatauv(L, sizeof *factory, 0);
    struct aks_error error = {0};
    bool ready;

    factory->version = AKS_VERSION;
    factory->new_transport = aks_engine_new;
    luaL_newmetatable(L, AKS_TRANSPORT_CLASS); /* the core's own, when it has made it */
    lua_setmetatable(L, -2);
    ready = aks_engine_prepare(&error);
    aks_error_clear(&error);
    if (!ready)
        return luaL_error(L, "aks.http: libcurl cannot start");
    return 1;
}
