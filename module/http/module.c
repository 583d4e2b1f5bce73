/* What require "aks.http" gives: the factory of this engine, for the core to open it with. */
#include <curl/curl.h>
#include <lauxlib.h>
#include <lua.h>

#include "http/engine.h"

AKS_PUBLIC int luaopen_aks_http(lua_State *L);

int luaopen_aks_http(lua_State *L)
{
    struct aks_transport_factory *factory = lua_newuserdatauv(L, sizeof *factory, 0);

    *factory = (struct aks_transport_factory){.version = AKS_VERSION, .new_transport = engine_new};
    luaL_newmetatable(L, AKS_TRANSPORT_CLASS);
    lua_setmetatable(L, -2);
    /* The process's, once; never cleaned up, as others in it may use curl too. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return luaL_error(L, "libcurl cannot be initialised");
    return 1;
}
