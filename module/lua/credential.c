/* The class of credentials, and those that hold a token or a function. None shows what it holds. */
#include "lua/credential.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/class.h"
#include "lua/raise.h"
#include "lua/runtime.h"

#define CREDENTIAL_CLASS "aks.credential"

enum { VALUE_FUNCTION = 1, VALUE_COUNT = VALUE_FUNCTION };

struct credential {
    struct aks_credential *credential; /* retained; NULL: half-made */
};

/* What a credential with a function calls; the function is found by this address, so that it can be collected. */
struct function {
    struct aks_runtime *runtime; /* retained */
};

static struct credential *push_credential(lua_State *L)
{
    return aks_class_push(L, CREDENTIAL_CLASS, sizeof(struct credential), VALUE_COUNT);
}

struct aks_credential **aks_credential_push(lua_State *L)
{
    return &push_credential(L)->credential;
}

static void release_function(void *context)
{
    struct function *function = context;

    aks_runtime_release(function->runtime);
    free(function);
}

/* Message handler: tables and others as text. */
static int error_text(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    return 1;
}

static int call_function(lua_State *L)
{
    const void *key = lua_touserdata(L, 1);

    if (!aks_runtime_find(L, key))
        return luaL_error(L, "the credential was collected");
    lua_getiuservalue(L, -1, VALUE_FUNCTION);
    lua_call(L, 0, 2);
    if (lua_type(L, -2) != LUA_TSTRING || lua_rawlen(L, -2) == 0)
        return luaL_error(L, "the function returned a %s in place of a token", luaL_typename(L, -2));
    if (!lua_isnoneornil(L, -1) && !lua_isnumber(L, -1))
        return luaL_error(L, "expires_on, the function's second result, must be a number (seconds since 1970)");
    return 2;
}

static bool take_token(lua_State *L, struct aks_buffer *token, double *expires_on, struct aks_error *error)
{
    size_t length;
    const char *text = lua_tolstring(L, -2, &length);

    *expires_on = lua_tonumber(L, -1);
    return aks_buffer_append(token, text, length) || aks_error_set_no_memory(error);
}

static bool get_token(void *context, struct aks_buffer *token, double *expires_on, struct aks_error *error)
{
    struct function *function = context;
    struct aks_runtime *runtime = function->runtime;
    lua_State *L = runtime->L;
    bool done;
    int top;

    if (!L || !lua_checkstack(L, 6))
        return aks_error_set(error, "credential_unavailable", "the Lua state is closing");
    top = lua_gettop(L);
    lua_pushcfunction(L, error_text);
    lua_pushcfunction(L, call_function);
    lua_pushlightuserdata(L, function);
    aks_runtime_retain(runtime);
    runtime->locked++;
    if (lua_pcall(L, 1, 2, top + 1) == LUA_OK)
        done = take_token(L, token, expires_on, error);
    else
        done = aks_error_set(error, "credential_unavailable", "the credential's function failed: %s",
                             lua_isstring(L, -1) ? lua_tostring(L, -1) : "(no message)");
    runtime->locked--;
    aks_runtime_release(runtime);
    lua_settop(L, top);
    return done;
}

static void push_given_token(lua_State *L, int index)
{
    const char *token = lua_tostring(L, index);
    struct aks_error *error;
    struct credential *credential;

    index = lua_absindex(L, index);
    if (lua_rawlen(L, index) == 0 || strlen(token) != lua_rawlen(L, index))
        aks_raise_argument(L, "value_not_allowed", "credential", "token", NULL, "a token must not be empty or binary");
    error = aks_box_error(L);
    credential = push_credential(L);
    credential->credential = aks_credential_new_token(token, 0, error);
    if (!credential->credential)
        aks_raise(L, error);
    lua_remove(L, -2);
}

static void push_function(lua_State *L, int index)
{
    struct aks_error *error = aks_box_error(L);
    struct credential *credential = push_credential(L);
    struct function *function;

    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, VALUE_FUNCTION);
    function = calloc(1, sizeof *function);
    if (!function)
        luaL_error(L, "not enough memory");
    function->runtime = aks_runtime_retain(aks_runtime_get(L));
    credential->credential = aks_credential_new_function(get_token, function, release_function, error);
    if (!credential->credential) {
        release_function(function);
        aks_raise(L, error);
    }
    aks_runtime_track(L, function, -1);
}

int aks_credential_token(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TSTRING)
        push_given_token(L, 1);
    else if (lua_isfunction(L, 1))
        push_function(L, 1);
    else
        aks_raise_argument(L, "type_mismatch", "credential", "token", NULL,
                           "a token is a string, or a function that returns one; this is a %s", luaL_typename(L, 1));
    return 1;
}

struct aks_credential *aks_credential_check(lua_State *L, int index)
{
    struct credential *credential;

    if (lua_type(L, index) == LUA_TSTRING)
        push_given_token(L, index);
    else
        lua_pushvalue(L, index);
    credential = luaL_testudata(L, -1, CREDENTIAL_CLASS);
    if (credential && credential->credential)
        return credential->credential;
    aks_raise_argument(L, "type_mismatch", "aks.connect", "credential", NULL,
                       "credential must be made by aks.credential, or be a token; this is a %s", luaL_typename(L, -1));
    return NULL; /* not reached */
}

static int credential_tostring(lua_State *L)
{
    const struct credential *credential = luaL_checkudata(L, 1, CREDENTIAL_CLASS);

    lua_pushfstring(L, "credential (%s)",
                    credential->credential ? aks_credential_kind(credential->credential) : "none");
    return 1;
}

static int credential_gc(lua_State *L)
{
    struct credential *credential = luaL_checkudata(L, 1, CREDENTIAL_CLASS);

    aks_credential_release(credential->credential);
    credential->credential = NULL;
    aks_class_retire(L);
    return 0;
}

static int attribute(lua_State *L, const char *name)
{
    const struct credential *credential = luaL_checkudata(L, 1, CREDENTIAL_CLASS);

    if (strcmp(name, "kind") != 0)
        return 0;
    lua_pushstring(L, aks_credential_kind(credential->credential));
    return 1;
}

static const luaL_Reg methods[] = {{NULL, NULL}};

static const luaL_Reg metamethods[] = {
    {"__tostring", credential_tostring},
    {"__gc", credential_gc},
    {NULL, NULL},
};

static const struct aks_class credential_class = {
    .name = CREDENTIAL_CLASS,
    .methods = methods,
    .metamethods = metamethods,
    .attribute = attribute,
};

void aks_open_credential(lua_State *L)
{
    aks_class_register(L, &credential_class);
}
