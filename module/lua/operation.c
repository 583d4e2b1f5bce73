/* The class of operations: starting, waiting, canceling. */
#include "lua/operation.h"

#include <lauxlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/class.h"
#include "lua/client.h"
#include "lua/raise.h"
#include "lua/runtime.h"
#include "lua/value.h"

enum { VALUE_CLIENT = 1, VALUE_SUBJECT, VALUE_COUNT = VALUE_SUBJECT };

static struct aks_lua_operation *check_operation(lua_State *L, int index)
{
    return luaL_checkudata(L, index, AKS_OPERATION_CLASS);
}

struct aks_lua_operation *aks_lua_operation_push(lua_State *L, int client, int subject, aks_lua_result *result)
{
    struct aks_lua_operation *operation;

    client = lua_absindex(L, client);
    subject = lua_absindex(L, subject);
    operation = aks_class_push(L, AKS_OPERATION_CLASS, sizeof *operation, VALUE_COUNT);
    operation->runtime = aks_runtime_retain(aks_runtime_get(L));
    operation->client = aks_client_check(L, client);
    operation->result = result;
    lua_pushvalue(L, client);
    lua_setiuservalue(L, -2, VALUE_CLIENT);
    lua_pushvalue(L, subject);
    lua_setiuservalue(L, -2, VALUE_SUBJECT);
    return operation;
}

static bool is_running(const struct aks_lua_operation *operation)
{
    return operation->link != NULL;
}

static void link_running(struct aks_lua_operation *operation)
{
    operation->link = &operation->client->running;
    operation->next = operation->client->running;
    if (operation->next)
        operation->next->link = &operation->next;
    operation->client->running = operation;
    operation->runtime->under_way++;
}

/* It is over: takes it out of its client's list and wakes who waits. Needs no Lua. */
static void end_running(struct aks_lua_operation *operation)
{
    *operation->link = operation->next;
    if (operation->next)
        operation->next->link = operation->link;
    operation->link = NULL;
    operation->next = NULL;
    operation->runtime->under_way--;
    aks_waitable_end(operation->runtime, &operation->waitable);
}

static void on_done(void *context, struct aks_operation *done)
{
    struct aks_lua_operation *operation = context;

    (void)done;
    end_running(operation);
    operation->next_ended = operation->runtime->ended;
    operation->runtime->ended = operation;
}

void aks_lua_operations_settle(lua_State *L, struct aks_runtime *runtime)
{
    struct aks_lua_operation *operation;

    while ((operation = runtime->ended) != NULL) {
        runtime->ended = operation->next_ended;
        aks_runtime_unanchor(L, operation); /* the last use: it may be collected from here on */
    }
}

void aks_lua_operation_start(lua_State *L, struct aks_lua_operation *operation, struct aks_error *error)
{
    if (!operation->operation)
        aks_raise(L, error);
    aks_runtime_anchor(L, operation, -1);
    if (!aks_operation_start(operation->operation, on_done, operation, error)) {
        aks_runtime_unanchor(L, operation);
        aks_raise(L, error);
    }
    link_running(operation);
}

void aks_lua_operation_cancel(lua_State *L, struct aks_lua_operation *operation)
{
    if (!is_running(operation))
        return;
    aks_operation_cancel(operation->operation);
    end_running(operation);
    aks_runtime_unanchor(L, operation);
}

void aks_lua_operation_push_subject(lua_State *L, int index)
{
    lua_getiuservalue(L, index, VALUE_SUBJECT);
}

int aks_lua_operation_push_result(lua_State *L, int index)
{
    struct aks_lua_operation *operation = check_operation(L, index);

    if (operation->operation->status == AKS_OPERATION_SUCCEEDED) {
        operation->result(L, index, operation);
        return 1;
    }
    aks_push_error(L, &operation->operation->error);
    return -1;
}

static int wait_continue(lua_State *L, int status, lua_KContext context)
{
    struct aks_lua_operation *operation = check_operation(L, 1);

    (void)status;
    (void)context;
    if (!aks_wait(L, &operation->waitable))
        return lua_yieldk(L, 0, 0, wait_continue);
    if (aks_lua_operation_push_result(L, 1) < 0) {
        aks_note_where(L);
        return lua_error(L);
    }
    return 1;
}

int aks_lua_operation_return(lua_State *L, bool wait)
{
    if (!wait)
        return 1;
    lua_replace(L, 1);
    lua_settop(L, 1);
    lua_toclose(L, 1);
    return wait_continue(L, LUA_OK, 0);
}

static int operation_wait(lua_State *L)
{
    check_operation(L, 1);
    lua_settop(L, 1);
    return wait_continue(L, LUA_OK, 0);
}

static int operation_cancel(lua_State *L)
{
    struct aks_lua_operation *operation = check_operation(L, 1);

    if (operation->runtime->locked > 0)
        return luaL_error(L, "an operation cannot be canceled from inside a credential's function");
    aks_lua_operation_cancel(L, operation);
    aks_runtime_wake(operation->runtime); /* its last event is told in the next step */
    lua_settop(L, 1);
    return 1;
}

static int operation_close(lua_State *L)
{
    struct aks_lua_operation *operation = check_operation(L, 1);

    if (operation->runtime)
        aks_lua_operation_cancel(L, operation);
    return 0;
}

/* Only when the Lua state is closed can one be running here: those are anchored. */
static int operation_gc(lua_State *L)
{
    struct aks_lua_operation *operation = check_operation(L, 1);

    if (!operation->runtime)
        return 0;
    aks_lua_operation_cancel(L, operation);
    aks_waitable_abandon(&operation->waitable);
    aks_operation_release(operation->operation);
    operation->operation = NULL;
    aks_runtime_release(operation->runtime);
    operation->runtime = NULL;
    aks_class_retire(L);
    return 0;
}

static void push_text(lua_State *L, const char *text)
{
    if (text)
        lua_pushstring(L, text);
    else
        lua_pushnil(L);
}

static void push_error(lua_State *L, const struct aks_operation *operation)
{
    if (aks_error_is_set(&operation->error))
        aks_push_error(L, &operation->error);
    else
        lua_pushnil(L);
}

static int attribute(lua_State *L, const char *name)
{
    const struct aks_operation *operation = check_operation(L, 1)->operation;

    if (strcmp(name, "status") == 0)
        lua_pushstring(L, aks_operation_status_name(operation));
    else if (strcmp(name, "elapsed") == 0)
        lua_pushnumber(L, aks_operation_elapsed(operation));
    else if (strcmp(name, "step") == 0)
        lua_pushstring(L, aks_operation_step_name(operation));
    else if (strcmp(name, "detail") == 0)
        push_text(L, operation->detail);
    else if (strcmp(name, "name") == 0)
        lua_pushstring(L, operation->kind->name);
    else if (strcmp(name, "id") == 0)
        lua_pushinteger(L, (lua_Integer)operation->id);
    else if (strcmp(name, "error") == 0)
        push_error(L, operation);
    else
        return 0;
    return 1;
}

static void suggest(lua_State *L, struct aks_text_nearest *nearest)
{
    static const char *const names[] = {"status", "elapsed", "step", "detail", "name", "id", "error"};

    (void)L;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        aks_text_nearest_try(nearest, names[i]);
}

static int operation_tostring(lua_State *L)
{
    const struct aks_operation *operation = check_operation(L, 1)->operation;

    if (!operation) {
        lua_pushliteral(L, "operation");
        return 1;
    }
    lua_pushfstring(L, "%s%s%s (%s, %d s)", operation->kind->name, operation->resource ? " " : "",
                    operation->resource ? operation->resource->title : "", aks_operation_status_name(operation),
                    (int)aks_operation_elapsed(operation));
    return 1;
}

void aks_result_subject(lua_State *L, int index, const struct aks_lua_operation *operation)
{
    (void)operation;
    aks_lua_operation_push_subject(L, index);
}

void aks_result_document(lua_State *L, int index, const struct aks_lua_operation *operation)
{
    (void)index;
    aks_value_push(L, operation->operation->result);
}

static const luaL_Reg methods[] = {
    {"wait", operation_wait},
    {"cancel", operation_cancel},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__tostring", operation_tostring},
    {"__gc", operation_gc},
    {"__close", operation_close},
    {NULL, NULL},
};

static const struct aks_class operation_class = {
    .name = AKS_OPERATION_CLASS,
    .methods = methods,
    .metamethods = metamethods,
    .attribute = attribute,
    .suggest = suggest,
};

void aks_open_operation(lua_State *L)
{
    aks_class_register(L, &operation_class);
}
