/* The classes of resources: attributes and the operations that all types have. */
#include "lua/resource.h"

#include <lauxlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/class.h"
#include "lua/client.h"
#include "lua/cluster.h"
#include "lua/findings.h"
#include "lua/operation.h"
#include "lua/raise.h"
#include "lua/subnet.h"
#include "lua/value.h"
#include "operations/operations.h"

enum { VALUE_CLIENT = 1, VALUE_COUNT = VALUE_CLIENT };

static const char class_mark; /* its address marks the metatables of resources */

struct aks_lua_resource *aks_lua_resource_push(lua_State *L, int client, const struct aks_type *type)
{
    struct aks_lua_resource *object;

    client = lua_absindex(L, client);
    lua_pushfstring(L, "aks.%s", type->name);
    object = aks_class_push(L, lua_tostring(L, -1), sizeof *object, VALUE_COUNT);
    lua_remove(L, -2);
    lua_pushvalue(L, client);
    lua_setiuservalue(L, -2, VALUE_CLIENT);
    return object;
}

static struct aks_lua_resource *test_object(lua_State *L, int index)
{
    bool marked;

    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index))
        return NULL;
    marked = lua_rawgetp(L, -1, &class_mark) != LUA_TNIL;
    lua_pop(L, 2);
    return marked ? lua_touserdata(L, index) : NULL;
}

struct aks_resource *aks_lua_resource_test(lua_State *L, int index)
{
    const struct aks_lua_resource *object = test_object(L, index);

    return object ? object->resource : NULL;
}

struct aks_resource *aks_lua_resource_check(lua_State *L, int index)
{
    struct aks_resource *resource = aks_lua_resource_test(L, index);

    if (!resource)
        luaL_typeerror(L, index, "resource");
    return resource;
}

struct aks_client *aks_lua_resource_push_client(lua_State *L, int index)
{
    if (test_object(L, index))
        lua_getiuservalue(L, index, VALUE_CLIENT);
    else if (luaL_testudata(L, index, AKS_CLIENT_CLASS))
        lua_pushvalue(L, index);
    else
        luaL_error(L, "a resource or a client expected, got %s: call methods with a colon, object:method(...)",
                   luaL_typename(L, index));
    return aks_client_check(L, -1);
}

static void push_existence(lua_State *L, int index, const struct aks_lua_operation *operation)
{
    (void)index;
    lua_pushboolean(L, operation->operation->result != NULL);
}

static int resource_create(lua_State *L)
{
    return aks_resource_operate_with(L, &aks_create_options, aks_operation_new_create, aks_result_subject);
}

static int resource_get(lua_State *L)
{
    return aks_resource_operate(L, aks_operation_new_read, aks_result_document);
}

static int resource_exists(lua_State *L)
{
    return aks_resource_operate(L, aks_operation_new_read, push_existence);
}

static int resource_check(lua_State *L)
{
    return aks_resource_operate(L, aks_operation_new_check, aks_result_findings);
}

static int resource_delete(lua_State *L)
{
    return aks_resource_operate(L, aks_operation_new_delete, aks_result_subject);
}

static int resource_wait(lua_State *L)
{
    return aks_resource_operate(L, aks_operation_new_wait, aks_result_subject);
}

static void push_text(lua_State *L, const char *text)
{
    if (text && *text)
        lua_pushstring(L, text);
    else
        lua_pushnil(L);
}

static void push_field(lua_State *L, const struct aks_resource *resource, const char *name)
{
    json_t **value = aks_box_json(L);

    *value = aks_resource_field(resource, name);
    aks_value_push(L, *value);
    json_decref(aks_box_take_json(value));
}

/* Attributes that every type has; its fields come beside them. */
static const char *const common[] = {"id", "name", "state", "type", "location"};

static int attribute(lua_State *L, const char *name)
{
    const struct aks_resource *resource = aks_lua_resource_check(L, 1);

    if (aks_fields_find(&resource->type->fields, name))
        push_field(L, resource, name);
    else if (strcmp(name, "id") == 0)
        push_text(L, resource->id.text);
    else if (strcmp(name, "name") == 0)
        push_text(L, resource->id.name);
    else if (strcmp(name, "state") == 0)
        aks_value_push(L, resource->state);
    else if (strcmp(name, "type") == 0)
        push_text(L, resource->type->arm_type);
    else if (strcmp(name, "location") == 0)
        push_text(L, resource->location);
    else
        return 0;
    if (strcmp(name, "location") == 0 && lua_isnil(L, -1))
        push_text(L, resource->location);
    return 1;
}

static void suggest(lua_State *L, struct aks_text_nearest *nearest)
{
    const struct aks_fields *fields = &aks_lua_resource_check(L, 1)->type->fields;

    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        aks_text_nearest_try(nearest, common[i]);
    for (size_t i = 0; i < fields->count; i++)
        aks_text_nearest_try(nearest, fields->items[i].name);
}

static int resource_tostring(lua_State *L)
{
    const struct aks_resource *resource = aks_lua_resource_test(L, 1);
    const char *state;

    if (!resource) {
        lua_pushliteral(L, "resource");
        return 1;
    }
    state = aks_resource_provisioning_state(resource);
    if (!state && resource->read && !resource->state)
        state = "absent";
    if (state)
        lua_pushfstring(L, "%s (%s)", resource->title, state);
    else
        lua_pushstring(L, resource->title);
    return 1;
}

static int resource_eq(lua_State *L)
{
    const struct aks_resource *a = aks_lua_resource_test(L, 1), *b = aks_lua_resource_test(L, 2);
    bool known = a && b && a->id.text && b->id.text && *a->id.text && *b->id.text;

    lua_pushboolean(L, known && aks_id_equal(a->id.text, b->id.text));
    return 1;
}

static int pairs_next(lua_State *L)
{
    lua_settop(L, 2);
    return lua_next(L, 1) ? 2 : 0;
}

static void set_attribute(lua_State *L, const char *name)
{
    if (attribute(L, name) == 1 && !lua_isnil(L, -1))
        lua_setfield(L, 2, name);
    lua_settop(L, 2);
}

/* pairs(resource): the attributes that have a value, in a table of their own. */
static int resource_pairs(lua_State *L)
{
    const struct aks_fields *fields = &aks_lua_resource_check(L, 1)->type->fields;

    lua_settop(L, 1);
    lua_newtable(L);
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        set_attribute(L, common[i]);
    for (size_t i = 0; i < fields->count; i++)
        set_attribute(L, fields->items[i].name);
    lua_pushcfunction(L, pairs_next);
    lua_replace(L, 1);
    return 2;
}

static int resource_gc(lua_State *L)
{
    struct aks_lua_resource *object = test_object(L, 1);

    if (object) {
        aks_resource_release(object->resource);
        object->resource = NULL;
    }
    aks_class_retire(L);
    return 0;
}

/* What a resource is when it stands in a spec or a document: its id. */
static int resource_text(lua_State *L)
{
    const struct aks_resource *resource = aks_lua_resource_check(L, 1);

    if (!resource->id.text || !*resource->id.text)
        aks_raise_argument(L, "type_mismatch", resource->title, NULL, NULL,
                           "%s has no id yet: it gets one when it is created", resource->title);
    lua_pushstring(L, resource->id.text);
    return 1;
}

static const luaL_Reg methods[] = {
    {"create", resource_create},
    {"get", resource_get},
    {"exists", resource_exists},
    {"delete", resource_delete},
    {"wait", resource_wait},
    {"check", resource_check},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__tostring", resource_tostring}, {"__eq", resource_eq}, {"__pairs", resource_pairs}, {"__gc", resource_gc},
    {AKS_VALUE_TEXT, resource_text},   {NULL, NULL},
};

static const luaL_Reg no_methods[] = {{NULL, NULL}};

static const struct aks_class resource_class = {
    .name = "aks.resource",
    .methods = no_methods,
    .metamethods = metamethods,
    .attribute = attribute,
    .suggest = suggest,
};

/* Adds a method that is a closure over the type to the table of methods on top of the stack. */
static void add_method(lua_State *L, const char *name, lua_CFunction function, const struct aks_type *type)
{
    lua_pushlightuserdata(L, (void *)type);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

/* What can be constructed and listed from objects of the class `parent`. */
static void add_children(lua_State *L, const char *parent)
{
    for (const struct aks_type *const *type = aks_types(); *type; type++) {
        if (strcmp((*type)->parent, parent) != 0 && strcmp((*type)->parent, "*") != 0)
            continue;
        add_method(L, (*type)->name, aks_resource_declare, *type);
        if ((*type)->plural)
            add_method(L, (*type)->plural, aks_resource_collection, *type);
    }
}

/* Leaves the table of its methods on the stack. */
static void new_class(lua_State *L, const struct aks_type *type, const luaL_Reg *functions)
{
    lua_pushfstring(L, "aks.%s", type->name);
    luaL_checkstack(L, 5, NULL);
    aks_class_new(L, &resource_class, lua_tostring(L, -1));
    luaL_setfuncs(L, functions, 0);
    luaL_getmetatable(L, lua_tostring(L, -2));
    lua_pushboolean(L, 1);
    lua_rawsetp(L, -2, &class_mark);
    lua_pop(L, 1);
    lua_remove(L, -2);
}

void aks_resource_class_add(lua_State *L, const struct aks_type *type, const luaL_Reg *functions)
{
    new_class(L, type, functions);
    lua_pop(L, 1);
}

/* Types that can do more than all can. */
static const struct {
    const struct aks_type *type;
    const luaL_Reg *functions;
} own_methods[] = {
    {&aks_type_cluster, aks_cluster_methods},
    {&aks_type_subnet, aks_subnet_methods},
    {&aks_type_nsg, aks_nsg_methods},
};

static void add_class(lua_State *L, const struct aks_type *type)
{
    new_class(L, type, methods);
    if (!(type->flags & AKS_TYPE_TENTATIVE))
        add_children(L, type->name);
    for (size_t i = 0; i < sizeof own_methods / sizeof *own_methods; i++)
        if (own_methods[i].type == type)
            luaL_setfuncs(L, own_methods[i].functions, 0);
    lua_pop(L, 1);
}

void aks_open_resources(lua_State *L)
{
    add_children(L, "client");
    for (const struct aks_type *const *type = aks_types(); *type; type++) {
        if ((*type)->plural && strcmp((*type)->parent, "resource_group") == 0) /* all of the subscription's */
            add_method(L, (*type)->plural, aks_resource_collection, *type);
        add_class(L, *type);
    }
}
