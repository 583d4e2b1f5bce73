/* The state of ours that belongs to one Lua state, and the step that drives everything in it. */
#include "lua/runtime.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "lua/box.h"
#include "lua/operation.h"
#include "lua/raise.h"
#include "lua/task.h"

enum { VALUE_ANCHORED = 1, VALUE_TRACKED, VALUE_COUNT = VALUE_TRACKED };

#define RUNTIME_CLASS "aks.runtime"

static const char registry_key; /* its address is the key */

static void ignore_wake(void *context)
{
    (void)context;
}

static int runtime_gc(lua_State *L)
{
    struct aks_runtime **slot = luaL_checkudata(L, 1, RUNTIME_CLASS);

    if (*slot) {
        (*slot)->L = NULL;
        aks_runtime_release(*slot);
        *slot = NULL;
    }
    return 0;
}

static void push_weak_table(lua_State *L)
{
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
}

void aks_open_runtime(lua_State *L)
{
    struct aks_runtime **slot;

    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &registry_key) != LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    lua_pop(L, 1);
    slot = lua_newuserdatauv(L, sizeof(struct aks_runtime *), VALUE_COUNT);
    *slot = NULL;
    if (luaL_newmetatable(L, RUNTIME_CLASS)) {
        lua_pushcfunction(L, runtime_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    lua_newtable(L);
    lua_setiuservalue(L, -2, VALUE_ANCHORED);
    push_weak_table(L);
    lua_setiuservalue(L, -2, VALUE_TRACKED);
    *slot = calloc(1, sizeof **slot);
    if (!*slot)
        luaL_error(L, "not enough memory");
    (*slot)->references = 1;
    (*slot)->wake.fire = ignore_wake;
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    (*slot)->L = lua_tothread(L, -1);
    lua_pop(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &registry_key);
}

static struct aks_runtime *push_runtime(lua_State *L)
{
    luaL_checkstack(L, 4, "runtime");
    lua_rawgetp(L, LUA_REGISTRYINDEX, &registry_key);
    return *(struct aks_runtime **)lua_touserdata(L, -1);
}

struct aks_runtime *aks_runtime_get(lua_State *L)
{
    struct aks_runtime *runtime = push_runtime(L);

    lua_pop(L, 1);
    if (!runtime)
        luaL_error(L, "the Lua state is closing");
    return runtime;
}

struct aks_runtime *aks_runtime_retain(struct aks_runtime *runtime)
{
    runtime->references++;
    return runtime;
}

void aks_runtime_release(struct aks_runtime *runtime)
{
    if (!runtime || --runtime->references > 0)
        return;
    aks_timer_stop(&runtime->wake);
    aks_event_queue_clear(&runtime->events);
    aks_loop_free(runtime->loop);
    free(runtime);
}

struct aks_loop *aks_runtime_loop(lua_State *L, struct aks_runtime *runtime)
{
    struct aks_error *error;

    if (runtime->loop)
        return runtime->loop;
    error = aks_box_error(L);
    runtime->loop = aks_loop_new(error);
    if (!runtime->loop)
        aks_raise(L, error);
    lua_pop(L, 1);
    return runtime->loop;
}

void aks_runtime_wake(struct aks_runtime *runtime)
{
    struct aks_error error = {0};

    if (runtime->loop && !aks_timer_start(runtime->loop, &runtime->wake, 0, &error))
        aks_error_clear(&error);
}

static int do_nothing(lua_State *L)
{
    (void)L;
    return 0;
}

/* A signal's handler may have set a debug hook in the main thread, as lua.c does for SIGINT: a call lets it run. What
   it raises ends the wait. */
static void let_hook_run(lua_State *L, lua_State *main)
{
    if (!main || !lua_checkstack(main, 4))
        return;
    lua_pushcfunction(main, do_nothing);
    if (lua_pcall(main, 0, 0, 0) == LUA_OK)
        return;
    if (main != L)
        lua_xmove(main, L, 1);
    lua_error(L);
}

/* Tasks that become ready meanwhile wait for the next step, so that a busy task cannot starve the loop. */
static void resume_ready(lua_State *L, struct aks_runtime *runtime)
{
    size_t count = 0;

    if (runtime->depth >= AKS_RUNTIME_DEPTH_LIMIT)
        return;
    for (const struct aks_task *task = runtime->first_ready; task; task = task->next)
        count++;
    for (; count > 0 && runtime->first_ready; count--)
        aks_task_resume_next(L, runtime);
    if (runtime->first_ready)
        aks_runtime_wake(runtime);
}

void aks_runtime_step(lua_State *L, struct aks_runtime *runtime, double timeout)
{
    struct aks_loop *loop = aks_runtime_loop(L, runtime);
    struct aks_error *error = aks_box_error(L);
    bool interrupted = false;

    if (!aks_loop_step(loop, timeout, &interrupted, error))
        aks_raise(L, error);
    lua_pop(L, 1);
    aks_lua_operations_settle(L, runtime);
    aks_events_deliver(runtime);
    resume_ready(L, runtime);
    if (interrupted)
        let_hook_run(L, runtime->L);
}

static void push_values(lua_State *L, int which)
{
    push_runtime(L);
    lua_getiuservalue(L, -1, which);
    lua_remove(L, -2);
}

static void set_value(lua_State *L, int which, const void *key, int index)
{
    index = lua_absindex(L, index);
    push_values(L, which);
    lua_pushvalue(L, index);
    lua_rawsetp(L, -2, key);
    lua_pop(L, 1);
}

void aks_runtime_anchor(lua_State *L, const void *key, int index)
{
    set_value(L, VALUE_ANCHORED, key, index);
}

void aks_runtime_unanchor(lua_State *L, const void *key)
{
    push_values(L, VALUE_ANCHORED);
    lua_pushnil(L); /* in place of a value that is there, or of nothing: allocates neither way */
    lua_rawsetp(L, -2, key);
    lua_pop(L, 1);
}

void aks_runtime_track(lua_State *L, const void *key, int index)
{
    set_value(L, VALUE_TRACKED, key, index);
}

void *aks_runtime_find(lua_State *L, const void *key)
{
    push_values(L, VALUE_TRACKED);
    lua_rawgetp(L, -1, key);
    lua_remove(L, -2);
    return lua_touserdata(L, -1);
}
