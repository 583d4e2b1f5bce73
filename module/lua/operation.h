/* Operations as Lua sees them: something under way on behalf of a client. */
#ifndef AKS_LUA_OPERATION_H
#define AKS_LUA_OPERATION_H

#include <lua.h>
#include <stdbool.h>

#include "lua/task.h"
#include "operations/operation.h"

struct aks_client;
struct aks_lua_operation;

#define AKS_OPERATION_CLASS "aks.operation"

/* Pushes the one value that a succeeded operation gives to who waits. The subject (the object whose method began it)
   can be had by aks_lua_operation_push_subject. */
typedef void aks_lua_result(lua_State *L, int index, const struct aks_lua_operation *operation);

struct aks_lua_operation {
    struct aks_waitable waitable; /* the first member: see all.c */
    struct aks_runtime *runtime;
    struct aks_client *client;              /* whose list it is in while it runs */
    struct aks_lua_operation *next, **link; /* in that list */
    struct aks_lua_operation *next_ended;   /* in the runtime's */
    struct aks_operation *operation;        /* retained; NULL: half-made */
    aks_lua_result *result;
};

void aks_open_operation(lua_State *L);

/* Pushes an empty one. `client` and `subject` are stack indices. The caller sets `operation` next. */
struct aks_lua_operation *aks_lua_operation_push(lua_State *L, int client, int subject, aks_lua_result *result);

/* Starts the operation at the top of the stack. Raises on failure (`operation` NULL: then `error`, on the stack, says
 * why). */
void aks_lua_operation_start(lua_State *L, struct aks_lua_operation *operation, struct aks_error *error);

/* Ends a C function that began the operation at the top of the stack: returns it, or waits and returns its result. Who
   is interrupted while waiting cancels it. */
int aks_lua_operation_return(lua_State *L, bool wait);

/* Pushes the result (1) or the error (-1) of one that is over. */
int aks_lua_operation_push_result(lua_State *L, int index);

/* Pushes the subject of the operation at `index`. */
void aks_lua_operation_push_subject(lua_State *L, int index);

void aks_lua_operation_cancel(lua_State *L, struct aks_lua_operation *operation);

/* Lets go of the operations that have ended since. */
void aks_lua_operations_settle(lua_State *L, struct aks_runtime *runtime);

/* Results that several classes share. */
aks_lua_result aks_result_subject, aks_result_document;

#endif
