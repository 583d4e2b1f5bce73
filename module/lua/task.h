/* Waiting, and the tasks that wait: coroutines that go on when what they wait for is over. */
#ifndef AKS_LUA_TASK_H
#define AKS_LUA_TASK_H

#include <lua.h>
#include <stdbool.h>

struct aks_runtime;
struct aks_task;

#define AKS_TASK_CLASS "aks.task"

/* Something that will be over one day. Zero-initialised, it lives inside a userdata. */
struct aks_waitable {
    bool over;
    struct aks_task *waiters;
};

enum aks_task_status {
    AKS_TASK_SUSPENDED, /* waits, or is ready and waits for its turn */
    AKS_TASK_RUNNING,
    AKS_TASK_DONE,
    AKS_TASK_FAILED
};

/* A userdata whose one user value is the coroutine; when that has ended, its results (or error) stay on its stack. */
struct aks_task {
    struct aks_waitable waitable; /* over: done or failed */
    struct aks_runtime *runtime;
    lua_State *thread; /* NULL: half-made, or finalised */
    enum aks_task_status status;
    int arguments;                /* on the thread's stack, for the next resume */
    bool ready;                   /* in the runtime's queue */
    bool noticed;                 /* somebody saw how it ended */
    struct aks_waitable *awaited; /* in whose list it is; NULL: in none */
    struct aks_task *next;        /* in the queue, or in the list */
};

void aks_open_task(lua_State *L);

/* Waits. True when it is over; false: the running thread is a task that was put to sleep, and the caller must return
   lua_yieldk(...) with a continuation that calls this again. Anybody else than a task drives the loop here. */
bool aks_wait(lua_State *L, struct aks_waitable *waitable);

/* It is over: wakes who waits. Needs no Lua. */
void aks_waitable_end(struct aks_runtime *runtime, struct aks_waitable *waitable);

/* The owner goes away: nobody waits for it any more. */
void aks_waitable_abandon(struct aks_waitable *waitable);

/* Pushes a task that will call the function below its `arguments` (all popped) in the next step. */
struct aks_task *aks_task_push(lua_State *L, int arguments);

/* Puts a suspended task at the end of the queue, whatever it waited for. */
void aks_task_make_ready(struct aks_runtime *runtime, struct aks_task *task);

/* Resumes the task that has been ready the longest. */
void aks_task_resume_next(lua_State *L, struct aks_runtime *runtime);

/* Ends a suspended one: its error is then "operation_canceled". Nothing happens to one that is over or runs. */
void aks_task_cancel(lua_State *L, struct aks_task *task);

/* Pushes what a task that is over returned, and returns how many; or pushes its error and returns -1. */
int aks_task_push_results(lua_State *L, struct aks_task *task);

int aks_spawn(lua_State *L); /* aks.spawn(f, ...) */
int aks_all(lua_State *L);   /* aks.all{ ... } */
int aks_sleep(lua_State *L); /* aks.sleep(seconds) */

#endif
