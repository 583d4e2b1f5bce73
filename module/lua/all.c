/* aks.all: waits for functions, operations and tasks together. */
#include <lauxlib.h>
#include <stdbool.h>

#include "lua/class.h"
#include "lua/operation.h"
#include "lua/raise.h"
#include "lua/task.h"

#define GROUP_CLASS "aks.group"

/* Stack of aks.all: what was given, the list of what is waited for, the tasks begun here (canceled when it is left). */
enum { INDEX_GIVEN = 1, INDEX_LIST, INDEX_GROUP, INDEX_TOP = INDEX_GROUP };

static int group_close(lua_State *L)
{
    lua_settop(L, 1);
    lua_getiuservalue(L, 1, 1);
    for (lua_Integer i = 1; lua_istable(L, 2) && i <= (lua_Integer)lua_rawlen(L, 2); i++) {
        struct aks_task *task;

        lua_rawgeti(L, 2, i);
        task = luaL_checkudata(L, -1, AKS_TASK_CLASS);
        aks_task_cancel(L, task);
        lua_settop(L, 2);
    }
    return 0;
}

static void push_group(lua_State *L)
{
    lua_newuserdatauv(L, 0, 1);
    if (luaL_newmetatable(L, GROUP_CLASS)) {
        lua_pushcfunction(L, group_close);
        lua_setfield(L, -2, "__close");
    }
    lua_setmetatable(L, -2);
    lua_newtable(L);
    lua_setiuservalue(L, -2, 1);
}

static struct aks_waitable *test_waitable(lua_State *L, int index)
{
    struct aks_task *task = luaL_testudata(L, index, AKS_TASK_CLASS);

    if (task)
        return &task->waitable;
    return luaL_testudata(L, index, AKS_OPERATION_CLASS); /* its first member */
}

static void check_given(lua_State *L, lua_Integer count)
{
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, INDEX_GIVEN, i);
        if (!lua_isfunction(L, -1) && !test_waitable(L, -1))
            aks_raise_argument(L, "type_mismatch", "aks.all", NULL, NULL,
                               "element %lld of the table is a %s; functions, tasks and operations can be waited for",
                               (long long)i, luaL_typename(L, -1));
        lua_pop(L, 1);
    }
}

/* Tasks for the functions; the rest as it is. */
static void begin_all(lua_State *L, lua_Integer count)
{
    lua_getiuservalue(L, INDEX_GROUP, 1);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, INDEX_GIVEN, i);
        if (lua_isfunction(L, -1)) {
            aks_task_push(L, 0);
            lua_pushvalue(L, -1);
            lua_rawseti(L, -3, (lua_Integer)lua_rawlen(L, -3) + 1);
        }
        lua_rawseti(L, INDEX_LIST, i);
    }
    lua_settop(L, INDEX_TOP);
}

/* Pushes the result (one value), or the error; false for an error. */
static bool push_result(lua_State *L, lua_Integer i)
{
    struct aks_task *task;
    int top, count;

    lua_rawgeti(L, INDEX_LIST, i);
    top = lua_gettop(L);
    task = luaL_testudata(L, top, AKS_TASK_CLASS);
    count = task ? aks_task_push_results(L, task) : aks_lua_operation_push_result(L, top);
    lua_settop(L, top + 1); /* nil when there was none */
    lua_remove(L, top);
    return count >= 0;
}

static int collect_results(lua_State *L)
{
    lua_Integer count = (lua_Integer)lua_rawlen(L, INDEX_LIST);
    bool failed = false;

    lua_pushnil(L); /* the first error */
    lua_createtable(L, (int)count, 0);
    for (lua_Integer i = 1; i <= count; i++) {
        if (push_result(L, i)) {
            lua_rawseti(L, INDEX_TOP + 2, i);
        } else if (!failed) {
            lua_replace(L, INDEX_TOP + 1);
            failed = true;
        } else {
            lua_pop(L, 1);
        }
    }
    if (failed) {
        lua_settop(L, INDEX_TOP + 1);
        return lua_error(L);
    }
    return 1;
}

/* `position` is the first element that may still be under way. */
static int all_continue(lua_State *L, int status, lua_KContext position)
{
    lua_Integer count = (lua_Integer)lua_rawlen(L, INDEX_LIST);

    (void)status;
    for (; position <= count; position++) {
        lua_rawgeti(L, INDEX_LIST, position);
        if (!aks_wait(L, test_waitable(L, -1))) {
            lua_settop(L, INDEX_TOP);
            return lua_yieldk(L, 0, position, all_continue);
        }
        lua_settop(L, INDEX_TOP);
    }
    return collect_results(L);
}

int aks_all(lua_State *L)
{
    lua_Integer count;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    count = (lua_Integer)lua_rawlen(L, 1);
    check_given(L, count);
    lua_createtable(L, (int)count, 0);
    push_group(L);
    lua_toclose(L, INDEX_GROUP);
    begin_all(L, count);
    return all_continue(L, LUA_OK, 1);
}
