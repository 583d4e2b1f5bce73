/* The class of kubeconfigs. What is in them, and how they are merged into a file, is for the module aks.kubeconfig,
   which is loaded when it is first needed. */
#include "lua/kubeconfig.h"

#include <jansson.h>
#include <lauxlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/class.h"
#include "lua/raise.h"

#define KUBECONFIG_CLASS "aks.kubeconfig"

enum { VALUE_TEXT = 1, VALUE_TITLE, VALUE_COUNT = VALUE_TITLE };

static void check_kubeconfig(lua_State *L)
{
    luaL_checkudata(L, 1, KUBECONFIG_CLASS);
}

void aks_result_kubeconfig(lua_State *L, int index, const struct aks_lua_operation *operation)
{
    const json_t *text = operation->operation->result;

    (void)index;
    aks_class_push(L, KUBECONFIG_CLASS, 0, VALUE_COUNT);
    lua_pushlstring(L, json_string_value(text), json_string_length(text));
    lua_setiuservalue(L, -2, VALUE_TEXT);
    lua_pushstring(L, operation->operation->resource->title);
    lua_setiuservalue(L, -2, VALUE_TITLE);
}

/* Pushes the function of the module aks.kubeconfig. */
static void push_function(lua_State *L, const char *name)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "aks.kubeconfig");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
}

/* The text of a member of the table at `index`, kept on the stack; NULL when it has none. */
static const char *push_member(lua_State *L, int index, const char *name)
{
    lua_getfield(L, index, name);
    return lua_tostring(L, -1);
}

/* The module returned nil, and a table that says why. */
static int raise_problem(lua_State *L)
{
    int problem = lua_gettop(L);
    struct aks_error *error = aks_box_error(L);
    const char *code = push_member(L, problem, "code"), *message = push_member(L, problem, "message");

    aks_error_set(error, code ? code : "kubeconfig_invalid", "%s", message ? message : "the kubeconfig is not usable");
    aks_error_note(&error->hint, push_member(L, problem, "hint"));
    return aks_raise(L, error);
}

/* kubeconfig:save(path, options): the options are the module's, and `path` may be nil. */
static int save(lua_State *L)
{
    check_kubeconfig(L);
    lua_settop(L, 3);
    push_function(L, "save");
    lua_getiuservalue(L, 1, VALUE_TEXT);
    lua_newtable(L);
    if (!lua_isnil(L, 3)) {
        luaL_checktype(L, 3, LUA_TTABLE);
        for (lua_pushnil(L); lua_next(L, 3);) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_settable(L, -4);
        }
    }
    if (!lua_isnil(L, 2)) {
        luaL_checkstring(L, 2);
        lua_pushvalue(L, 2);
        lua_setfield(L, -2, "path");
    }
    lua_call(L, 2, 2);
    if (lua_isnil(L, -2))
        return raise_problem(L);
    lua_pop(L, 1);
    return 1;
}

static int attribute(lua_State *L, const char *name)
{
    if (strcmp(name, "text") == 0) {
        lua_getiuservalue(L, 1, VALUE_TEXT);
        return 1;
    }
    if (strcmp(name, "context") != 0)
        return 0;
    push_function(L, "parse");
    lua_getiuservalue(L, 1, VALUE_TEXT);
    lua_call(L, 1, 2);
    if (lua_isnil(L, -2))
        return raise_problem(L);
    lua_pop(L, 1);
    lua_getfield(L, -1, "current-context");
    return 1;
}

static void suggest(lua_State *L, struct aks_text_nearest *nearest)
{
    (void)L;
    aks_text_nearest_try(nearest, "text");
    aks_text_nearest_try(nearest, "context");
}

static int kubeconfig_tostring(lua_State *L)
{
    check_kubeconfig(L);
    lua_getiuservalue(L, 1, VALUE_TITLE);
    lua_pushfstring(L, "kubeconfig of %s", lua_tostring(L, -1));
    return 1;
}

static const luaL_Reg methods[] = {{"save", save}, {NULL, NULL}};

static const luaL_Reg metamethods[] = {{"__tostring", kubeconfig_tostring}, {NULL, NULL}};

static const struct aks_class kubeconfig_class = {
    .name = KUBECONFIG_CLASS,
    .methods = methods,
    .metamethods = metamethods,
    .attribute = attribute,
    .suggest = suggest,
};

void aks_open_kubeconfig(lua_State *L)
{
    aks_class_register(L, &kubeconfig_class);
}
