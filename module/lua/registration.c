/* Resource providers and features: objects that are registered, not created. */
#include "lua/registration.h"

#include <lauxlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/class.h"
#include "lua/client.h"
#include "lua/raise.h"
#include "lua/resource.h"
#include "operations/operations.h"
#include "rules/name.h"

static const char *check_part(lua_State *L, int index, const char *kind, const char *title)
{
    const struct aks_name_rule *rule = aks_name_rule_find(kind);
    enum aks_name_fault fault;
    size_t length;
    const char *name;

    if (lua_type(L, index) != LUA_TSTRING)
        aks_raise_argument(L, "type_mismatch", title, "name", NULL, "the name of a %s must be a string, not %s", title,
                           luaL_typename(L, index));
    name = lua_tolstring(L, index, &length);
    if (strlen(name) != length || !aks_name_is_valid(rule, name, &fault))
        aks_raise_argument(
            L, "name_invalid", title, "name", "give another name", "the name '%.100s' %s; a %s name has %s", name,
            strlen(name) == length ? aks_name_fault_text(fault) : "contains a NUL byte", title, rule->words);
    return name;
}

/* Pushes the object of the type, whose name is on top of the stack, below the subscription of the client at index 1. */
static int push_object(lua_State *L, const struct aks_type *type)
{
    const char *name = lua_tostring(L, -1);
    struct aks_client *client = aks_client_check(L, 1);
    const char *scope = aks_client_push_subscription(L, client);
    struct aks_error *error = aks_box_error(L);
    struct aks_lua_resource *object = aks_lua_resource_push(L, 1, type);

    object->resource = aks_resource_new(client->session, type, scope, name, NULL, NULL, error);
    return object->resource ? 1 : aks_raise(L, error);
}

static int new_provider(lua_State *L)
{
    lua_settop(L, 2);
    check_part(L, 2, "provider", aks_type_provider.title);
    return push_object(L, &aks_type_provider);
}

static int new_feature(lua_State *L)
{
    const char *namespace, *name;

    lua_settop(L, 3);
    namespace = check_part(L, 2, "provider", aks_type_provider.title);
    name = check_part(L, 3, "feature", aks_type_feature.title);
    lua_pushfstring(L, "%s/%s", namespace, name);
    return push_object(L, &aks_type_feature);
}

static int do_register(lua_State *L)
{
    return aks_resource_operate(L, aks_operation_new_register, aks_result_subject);
}

static int do_get(lua_State *L)
{
    return aks_resource_operate(L, aks_operation_new_read, aks_result_document);
}

static const luaL_Reg methods[] = {{"register", do_register}, {"get", do_get}, {NULL, NULL}};

void aks_open_registration(lua_State *L)
{
    aks_resource_class_add(L, &aks_type_provider, methods);
    aks_resource_class_add(L, &aks_type_feature, methods);
    lua_pushcfunction(L, new_provider);
    lua_setfield(L, -2, "provider");
    lua_pushcfunction(L, new_feature);
    lua_setfield(L, -2, "feature");
}
