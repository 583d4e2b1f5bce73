/* What one Lua state has of ours: the loop, the tasks that are ready to go on, what happened and was not told yet. */
#ifndef AKS_LUA_RUNTIME_H
#define AKS_LUA_RUNTIME_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "loop/loop.h"
#include "lua/event.h"

struct aks_task;
struct aks_lua_operation;

/* Reference-counted, as objects are finalised in any order when a Lua state is closed and all need the loop. */
struct aks_runtime {
    unsigned references;
    lua_State *L;          /* the main thread; NULL when the state is closing */
    struct aks_loop *loop; /* NULL until it is needed */
    struct aks_timer wake; /* makes the loop's descriptor readable while there is something to do in Lua */
    struct aks_task *first_ready, *last_ready;
    struct aks_event_queue events;
    struct aks_lua_operation *ended; /* over, but still anchored */
    size_t under_way;                /* operations and sleeps, which end by themselves */
    unsigned depth;                  /* of tasks being resumed inside each other */
    unsigned locked; /* a function of the user's runs inside a loop callback: nothing may be canceled or closed */
};

/* Tasks are not resumed in steps nested deeper than this: each level takes C stack. */
#define AKS_RUNTIME_DEPTH_LIMIT 16

/* Makes the runtime of a Lua state that has none yet. */
void aks_open_runtime(lua_State *L);

/* The runtime of this Lua state. */
struct aks_runtime *aks_runtime_get(lua_State *L);
struct aks_runtime *aks_runtime_retain(struct aks_runtime *runtime);
void aks_runtime_release(struct aks_runtime *runtime); /* NULL is allowed */

/* The loop, made on first use; raises when it cannot be. */
struct aks_loop *aks_runtime_loop(lua_State *L, struct aks_runtime *runtime);

/* Waits at most `timeout` seconds (negative: as long as it takes), does the work that is ready, tells listeners, and
   resumes tasks. Raises what a debug hook raises when a signal arrived. */
void aks_runtime_step(lua_State *L, struct aks_runtime *runtime, double timeout);

/* Makes sure that the next step does not wait. Without memory the step may wait for something else first. */
void aks_runtime_wake(struct aks_runtime *runtime);

/* Anchored userdata live on although nobody refers to them; `key` is the C value inside. Anchoring may raise. */
void aks_runtime_anchor(lua_State *L, const void *key, int index);
void aks_runtime_unanchor(lua_State *L, const void *key);

/* Tracked userdata can be found by `key` while they live. Tracking may raise. */
void aks_runtime_track(lua_State *L, const void *key, int index);
/* Pushes the userdata or nil, and returns it or NULL. */
void *aks_runtime_find(lua_State *L, const void *key);

#endif
