/* Waiting for something to be over: a task yields, anybody else drives the loop. */
#include <lauxlib.h>

#include "lua/runtime.h"
#include "lua/task.h"

void aks_waitable_end(struct aks_runtime *runtime, struct aks_waitable *waitable)
{
    struct aks_task *task = waitable->waiters, *next;

    waitable->over = true;
    waitable->waiters = NULL;
    for (; task; task = next) {
        next = task->next;
        task->awaited = NULL; /* the list is no more */
        aks_task_make_ready(runtime, task);
    }
}

void aks_waitable_abandon(struct aks_waitable *waitable)
{
    struct aks_task *task = waitable->waiters, *next;

    waitable->waiters = NULL;
    for (; task; task = next) {
        next = task->next;
        task->awaited = NULL;
        task->next = NULL;
    }
}

static void add_waiter(struct aks_waitable *waitable, struct aks_task *task)
{
    struct aks_task **end = &waitable->waiters;

    while (*end) /* who waits first goes on first */
        end = &(*end)->next;
    *end = task;
    task->next = NULL;
    task->awaited = waitable;
}

/* The task whose coroutine this is, when it may yield from here; NULL for a stranger's coroutine and the main thread.
   Whoever resumes a task's coroutine in place of the loop would wait for what the loop resumes it for: refused. */
static struct aks_task *running_task(lua_State *L)
{
    struct aks_task *task;

    task = aks_runtime_find(L, L);
    lua_pop(L, 1);
    if (!task || task->thread != L)
        return NULL;
    if (task->status == AKS_TASK_SUSPENDED) {
        aks_task_make_ready(task->runtime, task); /* what it waited for is lost with it */
        luaL_error(L, "a task cannot wait while its coroutine is resumed by something else than the loop");
    }
    return task->status == AKS_TASK_RUNNING && lua_isyieldable(L) ? task : NULL;
}

static bool nothing_to_wait_for(const struct aks_runtime *runtime)
{
    bool can_resume = runtime->first_ready && runtime->depth < AKS_RUNTIME_DEPTH_LIMIT;

    return runtime->under_way == 0 && !can_resume;
}

bool aks_wait(lua_State *L, struct aks_waitable *waitable)
{
    struct aks_runtime *runtime = aks_runtime_get(L);
    struct aks_task *task;

    if (waitable->over)
        return true;
    task = running_task(L);
    if (task) {
        if (&task->waitable == waitable)
            luaL_error(L, "a task cannot wait for itself");
        add_waiter(waitable, task);
        return false;
    }
    while (!waitable->over) {
        if (nothing_to_wait_for(runtime))
            luaL_error(L, "this wait would never end: nothing is under way, and every task waits for another");
        aks_runtime_step(L, runtime, -1);
    }
    return true;
}
