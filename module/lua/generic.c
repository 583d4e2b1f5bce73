/* Any ARM resource by its id: plain tables in and out. */
#include "lua/generic.h"

#include <lauxlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/class.h"
#include "lua/client.h"
#include "lua/operation.h"
#include "lua/pager.h"
#include "lua/raise.h"
#include "lua/resource.h"
#include "lua/value.h"
#include "operations/operations.h"

#define GENERIC_CLASS "aks.generic"

enum { VALUE_CLIENT = 1, VALUE_ID, VALUE_VERSION, VALUE_COUNT = VALUE_VERSION };

static void check_generic(lua_State *L)
{
    luaL_checkudata(L, 1, GENERIC_CLASS);
}

static const char *push_value(lua_State *L, int value)
{
    lua_getiuservalue(L, 1, value);
    return lua_tostring(L, -1);
}

int aks_generic_new(lua_State *L)
{
    struct aks_error *error;
    struct aks_id *id;

    aks_client_check(L, 1);
    lua_settop(L, 3);
    if (aks_lua_resource_test(L, 2)) { /* an object stands for its id */
        lua_getfield(L, 2, "id");
        lua_replace(L, 2);
    }
    luaL_checkstring(L, 2);
    luaL_checkstring(L, 3);
    error = aks_box_error(L);
    id = aks_box_id(L);
    if (!aks_id_parse(lua_tostring(L, 2), id, error))
        return aks_raise(L, error);
    aks_class_push(L, GENERIC_CLASS, 0, VALUE_COUNT);
    for (int i = 1; i <= 3; i++) { /* client, id, version */
        lua_pushvalue(L, i);
        lua_setiuservalue(L, -2, i);
    }
    return 1;
}

/* Begins the request that the method describes, and ends the method. The body is the table at index `body` (0: none),
   the options are behind it. */
static int request(lua_State *L, const struct aks_any_request *template, int body, int options, aks_lua_result *result)
{
    struct aks_any_request request = *template;
    bool wait = aks_check_wait(L, options);
    struct aks_lua_operation *operation;
    struct aks_client *client;
    struct aks_error *error;
    int client_index;

    lua_settop(L, options - 1);
    if (body > 0 && !lua_isnil(L, body)) {
        luaL_checktype(L, body, LUA_TTABLE);
        request.body = *aks_value_check(L, body, "body");
    }
    error = aks_box_error(L);
    request.api_version = push_value(L, VALUE_VERSION);
    if (!request.target)
        request.target = push_value(L, VALUE_ID);
    lua_getiuservalue(L, 1, VALUE_CLIENT);
    client_index = lua_gettop(L);
    client = aks_client_check(L, client_index);
    if (client->session->check_only && !aks_text_equal_fold(request.method, "GET")) /* nothing is changed */
        request = (struct aks_any_request){.method = "GET",
                                           .target = push_value(L, VALUE_ID),
                                           .api_version = request.api_version,
                                           .absent_is_success = true};
    operation = aks_lua_operation_push(L, client_index, 1, result);
    operation->operation = aks_operation_new_request(client->session, &request, error);
    aks_lua_operation_start(L, operation, error);
    return aks_lua_operation_return(L, wait);
}

static int generic_get(lua_State *L)
{
    const struct aks_any_request template = {.method = "GET", .absent_is_success = true};

    check_generic(L);
    return request(L, &template, 0, 2, aks_result_document);
}

static int generic_put(lua_State *L)
{
    const struct aks_any_request template = {.method = "PUT"};

    check_generic(L);
    return request(L, &template, 2, 3, aks_result_document);
}

static int generic_patch(lua_State *L)
{
    const struct aks_any_request template = {.method = "PATCH"};

    check_generic(L);
    return request(L, &template, 2, 3, aks_result_document);
}

static int generic_delete(lua_State *L)
{
    const struct aks_any_request template = {.method = "DELETE", .absent_is_success = true};

    check_generic(L);
    return request(L, &template, 0, 2, aks_result_subject);
}

/* The id with what stands at `index` ("stop", "extensions") behind it, in place of the value there. */
static const char *replace_path(lua_State *L, int index)
{
    const char *path = luaL_checkstring(L, index);

    lua_pushfstring(L, "%s%s%s", push_value(L, VALUE_ID), *path == '/' || !*path ? "" : "/", path);
    lua_replace(L, index);
    lua_pop(L, 1);
    return lua_tostring(L, index);
}

static int generic_post(lua_State *L)
{
    struct aks_any_request template = {.method = "POST"};

    check_generic(L);
    lua_settop(L, 4);
    template.target = replace_path(L, 2);
    return request(L, &template, 3, 4, aks_result_document);
}

static int generic_list(lua_State *L)
{
    const char *target;

    check_generic(L);
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_pushliteral(L, "");
        lua_replace(L, 2);
    }
    target = replace_path(L, 2);
    lua_getiuservalue(L, 1, VALUE_CLIENT); /* index 3 */
    return aks_pager_push(L, 3, NULL, target, push_value(L, VALUE_VERSION));
}

static int attribute(lua_State *L, const char *name)
{
    if (strcmp(name, "id") == 0)
        push_value(L, VALUE_ID);
    else if (strcmp(name, "api_version") == 0)
        push_value(L, VALUE_VERSION);
    else
        return 0;
    return 1;
}

static int generic_text(lua_State *L)
{
    check_generic(L);
    push_value(L, VALUE_ID);
    return 1;
}

static int generic_eq(lua_State *L)
{
    bool same = false;

    if (luaL_testudata(L, 1, GENERIC_CLASS) && luaL_testudata(L, 2, GENERIC_CLASS)) {
        lua_getiuservalue(L, 2, VALUE_ID);
        same = aks_id_equal(push_value(L, VALUE_ID), lua_tostring(L, -2));
    }
    lua_pushboolean(L, same);
    return 1;
}

static int generic_tostring(lua_State *L)
{
    check_generic(L);
    lua_pushfstring(L, "resource %s", push_value(L, VALUE_ID));
    return 1;
}

static const luaL_Reg methods[] = {
    {"get", generic_get},
    {"put", generic_put},
    {"patch", generic_patch},
    {"delete", generic_delete},
    {"post", generic_post},
    {"list", generic_list},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__tostring", generic_tostring},
    {"__eq", generic_eq},
    {AKS_VALUE_TEXT, generic_text},
    {NULL, NULL},
};

static const struct aks_class generic_class = {
    .name = GENERIC_CLASS,
    .methods = methods,
    .metamethods = metamethods,
    .attribute = attribute,
};

void aks_open_generic(lua_State *L)
{
    aks_class_register(L, &generic_class);
}
