/* aks.sleep: a timer that can be waited for. */
#include <lauxlib.h>
#include <math.h>

#include "lua/box.h"
#include "lua/class.h"
#include "lua/raise.h"
#include "lua/runtime.h"
#include "lua/task.h"

#define SLEEP_CLASS "aks.sleep"
#define SLEEP_LIMIT 1e9 /* seconds: longer is forever */

struct sleep {
    struct aks_waitable waitable;
    struct aks_runtime *runtime; /* NULL: not begun, or over */
    struct aks_timer timer;
};

static void end_sleep(struct sleep *sleep)
{
    struct aks_runtime *runtime = sleep->runtime;

    if (!runtime)
        return;
    sleep->runtime = NULL;
    aks_timer_stop(&sleep->timer);
    runtime->under_way--;
    aks_waitable_end(runtime, &sleep->waitable);
    aks_runtime_release(runtime);
}

static void on_timer(void *context)
{
    end_sleep(context);
}

static int sleep_close(lua_State *L)
{
    end_sleep(luaL_checkudata(L, 1, SLEEP_CLASS));
    return 0;
}

static void push_sleep(lua_State *L, double seconds)
{
    struct aks_runtime *runtime = aks_runtime_get(L);
    struct aks_loop *loop = aks_runtime_loop(L, runtime);
    struct aks_error *error = aks_box_error(L);
    struct sleep *sleep = lua_newuserdatauv(L, sizeof *sleep, 0);

    *sleep = (struct sleep){.timer = {.fire = on_timer, .context = sleep}};
    if (luaL_newmetatable(L, SLEEP_CLASS)) {
        lua_pushcfunction(L, sleep_close);
        lua_setfield(L, -2, "__gc");
        lua_pushcfunction(L, sleep_close);
        lua_setfield(L, -2, "__close");
    }
    lua_setmetatable(L, -2);
    if (!aks_timer_start(loop, &sleep->timer, seconds, error))
        aks_raise(L, error);
    sleep->runtime = aks_runtime_retain(runtime);
    runtime->under_way++;
}

static int sleep_continue(lua_State *L, int status, lua_KContext context)
{
    struct sleep *sleep = luaL_checkudata(L, 1, SLEEP_CLASS);

    (void)status;
    (void)context;
    if (!aks_wait(L, &sleep->waitable))
        return lua_yieldk(L, 0, 0, sleep_continue);
    return 0;
}

int aks_sleep(lua_State *L)
{
    double seconds = luaL_checknumber(L, 1);

    luaL_argcheck(L, seconds >= 0 && !isnan(seconds), 1, "seconds must not be negative");
    push_sleep(L, seconds < SLEEP_LIMIT ? seconds : SLEEP_LIMIT);
    lua_replace(L, 1);
    lua_settop(L, 1);
    lua_toclose(L, 1);
    return sleep_continue(L, LUA_OK, 0);
}
