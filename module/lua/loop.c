/* aks.loop: how an outer loop drives ours. The names are cqueues' protocol (pollfd, events, timeout) and LuaSocket's.
 */
#include "lua/loop.h"

#include <lauxlib.h>
#include <math.h>

#include "lua/class.h"
#include "lua/runtime.h"

#define LOOP_CLASS "aks.loop"

static struct aks_loop *check_loop(lua_State *L)
{
    luaL_checkudata(L, 1, LOOP_CLASS);
    return aks_runtime_loop(L, aks_runtime_get(L));
}

static int loop_pollfd(lua_State *L)
{
    lua_pushinteger(L, aks_loop_descriptor(check_loop(L)));
    return 1;
}

static int loop_events(lua_State *L)
{
    check_loop(L);
    lua_pushliteral(L, "r");
    return 1;
}

static int loop_timeout(lua_State *L)
{
    double seconds = aks_loop_timeout(check_loop(L));

    if (seconds < 0)
        lua_pushnil(L);
    else
        lua_pushnumber(L, seconds);
    return 1;
}

static int loop_dirty(lua_State *L)
{
    lua_pushboolean(L, aks_loop_timeout(check_loop(L)) == 0);
    return 1;
}

static int loop_step(lua_State *L)
{
    double timeout = luaL_optnumber(L, 2, 0);

    luaL_argcheck(L, timeout >= 0 && !isnan(timeout), 2, "seconds must not be negative");
    check_loop(L);
    aks_runtime_step(L, aks_runtime_get(L), timeout);
    lua_pushboolean(L, 1);
    return 1;
}

static int loop_tostring(lua_State *L)
{
    lua_pushliteral(L, LOOP_CLASS);
    return 1;
}

static const luaL_Reg methods[] = {
    {"pollfd", loop_pollfd},   {"events", loop_events},
    {"timeout", loop_timeout}, {"step", loop_step},
    {"getfd", loop_pollfd}, /* LuaSocket's names */
    {"dirty", loop_dirty},     {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__tostring", loop_tostring},
    {NULL, NULL},
};

static const struct aks_class loop_class = {.name = LOOP_CLASS, .methods = methods, .metamethods = metamethods};

void aks_push_loop(lua_State *L)
{
    aks_class_register(L, &loop_class);
    aks_class_push(L, LOOP_CLASS, 0, 0);
}
