/* What require "aks.httpd" gives: the simulator's server. */
#include <lauxlib.h>
#include <lua.h>

#include "base/attributes.h"
#include "httpd/server.h"
#include "httpd/signature.h"
#include "httpd/thread.h"

AKS_PUBLIC int luaopen_aks_httpd(lua_State *L);

int luaopen_aks_httpd(lua_State *L)
{
    static const luaL_Reg functions[] = {{"listen", server_listen},
                                         {"start", thread_start},
                                         {"now", server_time},
                                         {"verify", signature_verify},
                                         {"thumbprint", signature_thumbprint},
                                         {NULL, NULL}};

    server_register(L);
    thread_register(L);
    luaL_newlib(L, functions);
    return 1;
}
