/* Tasks: coroutines that the loop resumes. */
#include "lua/task.h"

#include <lauxlib.h>

#include "lua/box.h"
#include "lua/class.h"
#include "lua/raise.h"
#include "lua/runtime.h"

#if LUA_VERSION_RELEASE_NUM >= 50406
#define close_thread(thread, from) lua_closethread(thread, from)
#else
#define close_thread(thread, from) lua_resetthread(thread)
#endif

enum { VALUE_THREAD = 1, VALUE_COUNT = VALUE_THREAD };

static struct aks_task *check_task(lua_State *L, int index)
{
    return luaL_checkudata(L, index, AKS_TASK_CLASS);
}

/* Takes the task out of the list that begins at `first`; `last`, when there is one, is kept true. */
static void unlink_task(struct aks_task **first, struct aks_task **last, struct aks_task *task)
{
    struct aks_task *before = NULL;

    for (struct aks_task **link = first; *link; before = *link, link = &(*link)->next) {
        if (*link != task)
            continue;
        *link = task->next;
        if (last && *last == task)
            *last = before;
        break;
    }
    task->next = NULL;
}

/* Whether the coroutine runs because somebody else resumed it, as one may who has it from coroutine.running(). */
static bool runs_elsewhere(const struct aks_task *task)
{
    lua_Debug frame;

    return task->status == AKS_TASK_SUSPENDED && lua_status(task->thread) == LUA_OK &&
           lua_getstack(task->thread, 0, &frame);
}

static void leave_lists(struct aks_task *task)
{
    struct aks_runtime *runtime = task->runtime;

    if (task->ready)
        unlink_task(&runtime->first_ready, &runtime->last_ready, task);
    else if (task->awaited)
        unlink_task(&task->awaited->waiters, NULL, task);
    task->ready = false;
    task->awaited = NULL;
}

void aks_task_make_ready(struct aks_runtime *runtime, struct aks_task *task)
{
    leave_lists(task);
    task->ready = true;
    task->next = NULL;
    if (runtime->last_ready)
        runtime->last_ready->next = task;
    else
        runtime->first_ready = task;
    runtime->last_ready = task;
    aks_runtime_wake(runtime);
}

struct aks_task *aks_task_push(lua_State *L, int arguments)
{
    struct aks_runtime *runtime = aks_runtime_get(L);
    int function = lua_gettop(L) - arguments;
    struct aks_task *task;

    aks_runtime_loop(L, runtime);
    task = aks_class_push(L, AKS_TASK_CLASS, sizeof *task, VALUE_COUNT);
    task->runtime = aks_runtime_retain(runtime);
    task->thread = lua_newthread(L);
    lua_setiuservalue(L, -2, VALUE_THREAD);
    aks_runtime_track(L, task->thread, -1);
    if (!lua_checkstack(task->thread, arguments + 1))
        luaL_error(L, "too many arguments for a task");
    aks_runtime_anchor(L, task, -1);
    lua_insert(L, function); /* the task below, so that function and arguments can move */
    lua_xmove(L, task->thread, arguments + 1);
    task->arguments = arguments;
    aks_task_make_ready(runtime, task);
    return task;
}

/* The coroutine has ended, or is to end here; results or error are left alone on its stack. While <close> variables of
   a failed one are closed, it is no task that could yield. */
static void end_task(lua_State *L, struct aks_task *task, bool failed)
{
    task->status = failed ? AKS_TASK_FAILED : AKS_TASK_DONE;
    if (failed)
        close_thread(task->thread, L);
    if (failed && lua_gettop(task->thread) == 0) { /* closed, or resumed to its end, by somebody else */
        lua_pushliteral(L, "the task's coroutine was ended by something else than the loop");
        lua_xmove(L, task->thread, 1);
    }
    aks_waitable_end(task->runtime, &task->waitable);
    aks_runtime_unanchor(L, task);
}

void aks_task_resume_next(lua_State *L, struct aks_runtime *runtime)
{
    struct aks_task *task = runtime->first_ready;
    int results, status;

    aks_runtime_find(L, task->thread); /* on the stack while it runs */
    leave_lists(task);
    if (runs_elsewhere(task)) {
        aks_task_make_ready(runtime, task); /* its turn comes when it has yielded there, or ended */
        lua_pop(L, 1);
        return;
    }
    task->status = AKS_TASK_RUNNING;
    runtime->depth++;
    status = lua_resume(task->thread, L, task->arguments, &results);
    runtime->depth--;
    task->arguments = 0;
    if (status == LUA_YIELD) {
        lua_pop(task->thread, results);
        task->status = AKS_TASK_SUSPENDED;
        if (!task->awaited) /* a plain coroutine.yield()? Others may go first */
            aks_task_make_ready(runtime, task);
    } else {
        end_task(L, task, status != LUA_OK);
    }
    lua_pop(L, 1);
}

void aks_task_cancel(lua_State *L, struct aks_task *task)
{
    struct aks_error *error;

    if (task->status != AKS_TASK_SUSPENDED || task->waitable.over || runs_elsewhere(task))
        return;
    error = aks_box_error(L);
    aks_error_set(error, "operation_canceled", "the task was canceled");
    aks_push_error(L, error);
    leave_lists(task);
    task->noticed = true; /* by who canceled it */
    end_task(L, task, true);
    lua_settop(task->thread, 0);
    lua_xmove(L, task->thread, 1);
    lua_pop(L, 1);
}

int aks_task_push_results(lua_State *L, struct aks_task *task)
{
    int count = lua_gettop(task->thread);

    task->noticed = true;
    luaL_checkstack(L, count + 1, "results of a task");
    if (!lua_checkstack(task->thread, 1))
        luaL_error(L, "not enough memory");
    for (int i = 1; i <= count; i++) {
        lua_pushvalue(task->thread, i);
        lua_xmove(task->thread, L, 1);
    }
    return task->status == AKS_TASK_FAILED ? -1 : count;
}

static int wait_continue(lua_State *L, int status, lua_KContext context)
{
    struct aks_task *task = check_task(L, 1);
    int count;

    (void)status;
    (void)context;
    if (!aks_wait(L, &task->waitable))
        return lua_yieldk(L, 0, 0, wait_continue);
    count = aks_task_push_results(L, task);
    return count < 0 ? lua_error(L) : count;
}

static int task_wait(lua_State *L)
{
    check_task(L, 1);
    lua_settop(L, 1);
    return wait_continue(L, LUA_OK, 0);
}

static int task_status(lua_State *L)
{
    static const char *const names[] = {"suspended", "running", "done", "failed"};

    lua_pushstring(L, names[check_task(L, 1)->status]);
    return 1;
}

static int task_cancel(lua_State *L)
{
    struct aks_task *task = check_task(L, 1);

    if (task->runtime->locked > 0)
        return luaL_error(L, "a task cannot be canceled from inside a credential's function");
    if (task->status == AKS_TASK_RUNNING || runs_elsewhere(task))
        return luaL_error(L, "a task that runs cannot be canceled");
    aks_task_cancel(L, task);
    lua_settop(L, 1);
    return 1;
}

static int task_tostring(lua_State *L)
{
    struct aks_task *task = check_task(L, 1);

    task_status(L);
    lua_pushfstring(L, "task %p (%s)", (void *)task, lua_tostring(L, -1));
    return 1;
}

static void warn_about_loss(lua_State *L, const struct aks_task *task)
{
    if (task->status == AKS_TASK_DONE || task->noticed)
        return;
    if (task->status != AKS_TASK_FAILED) {
        lua_warning(L, "aks: a task was not over when the program ended", 0);
        return;
    }
    lua_xmove(task->thread, L, 1);
    lua_warning(L, "aks: a task failed and nobody waited for it: ", 1);
    lua_warning(L, luaL_tolstring(L, -1, NULL), 0);
}

static int task_gc(lua_State *L)
{
    struct aks_task *task = check_task(L, 1);

    if (!task->runtime)
        return 0;
    leave_lists(task);
    aks_waitable_abandon(&task->waitable);
    aks_runtime_release(task->runtime);
    task->runtime = NULL;
    if (task->thread)
        warn_about_loss(L, task);
    aks_class_retire(L);
    return 0;
}

int aks_spawn(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    aks_task_push(L, lua_gettop(L) - 1);
    return 1;
}

static const luaL_Reg methods[] = {
    {"wait", task_wait},
    {"status", task_status},
    {"cancel", task_cancel},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__tostring", task_tostring},
    {"__gc", task_gc},
    {NULL, NULL},
};

static const struct aks_class task_class = {.name = AKS_TASK_CLASS, .methods = methods, .metamethods = metamethods};

void aks_open_task(lua_State *L)
{
    aks_class_register(L, &task_class);
}
