/* luaopen_aks_core: the module table of "aks.core", from which lua/aks/init.lua takes the public names. */
#include "aks.h"

#include <lauxlib.h>

#include "lua/cidr.h"
#include "lua/client.h"
#include "lua/credential.h"
#include "lua/describe.h"
#include "lua/findings.h"
#include "lua/generic.h"
#include "lua/id.h"
#include "lua/json.h"
#include "lua/kubeconfig.h"
#include "lua/loop.h"
#include "lua/operation.h"
#include "lua/raise.h"
#include "lua/registration.h"
#include "lua/resource.h"
#include "lua/runtime.h"
#include "lua/task.h"
#include "lua/value.h"

static const luaL_Reg functions[] = {
    {"connect", aks_connect},
    {"cidr", aks_cidr_new},
    {"id", aks_id_new},
    {"spawn", aks_spawn},
    {"all", aks_all},
    {"sleep", aks_sleep},
    {"array", aks_array_make},
    {"is_error", aks_error_is},
    {"error", aks_error_make},
    {"decode", aks_json_decode},
    {"describe", aks_describe},
    {"rules", aks_rules_push},
    {NULL, NULL},
};

static void open_classes(lua_State *L)
{
    aks_open_runtime(L);
    aks_open_raise(L);
    aks_open_value(L);
    aks_open_task(L);
    aks_open_operation(L);
    aks_open_id(L);
    aks_open_cidr(L);
    aks_open_kubeconfig(L);
    aks_open_findings(L);
    aks_open_generic(L);
    aks_open_credential(L);
    aks_open_client(L);
    aks_open_resources(L);
    aks_open_registration(L);
    lua_pushcfunction(L, aks_generic_new);
    lua_setfield(L, -2, "resource");
    lua_pop(L, 1);
}

int luaopen_aks_core(lua_State *L)
{
    luaL_checkversion(L);
    open_classes(L);
    luaL_newlib(L, functions);
    aks_push_credentials(L);
    lua_setfield(L, -2, "credential");
    aks_push_loop(L);
    lua_setfield(L, -2, "loop");
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    lua_pushliteral(L, AKS_VERSION);
    lua_setfield(L, -2, "_VERSION");
    return 1;
}
