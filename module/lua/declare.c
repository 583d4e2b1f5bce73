/* Constructors: parent:type(name, spec). They check their arguments and send nothing. */
#include <lauxlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/client.h"
#include "lua/raise.h"
#include "lua/resource.h"
#include "lua/spec.h"

/* Stack of a constructor. */
enum { INDEX_PARENT = 1, INDEX_NAME, INDEX_SPEC, INDEX_CLIENT };

static const char *check_name(lua_State *L, const struct aks_type *type)
{
    if (type->flags & AKS_TYPE_TENTATIVE)
        return NULL;
    if (lua_type(L, INDEX_NAME) != LUA_TSTRING)
        aks_raise_argument(L, "type_mismatch", type->title, "name", NULL, "the name of a %s must be a string, not %s",
                           type->title, lua_isnoneornil(L, INDEX_NAME) ? "nil" : luaL_typename(L, INDEX_NAME));
    if (strlen(lua_tostring(L, INDEX_NAME)) != lua_rawlen(L, INDEX_NAME))
        aks_raise_argument(L, "name_invalid", type->title, "name", NULL, "the name of a %s contains a NUL byte",
                           type->title);
    return lua_tostring(L, INDEX_NAME);
}

/* A client's own children are in its subscription; one that any resource can have says where: the field `scope`. */
static const char *push_client_scope(lua_State *L, const struct aks_type *type, json_t *spec)
{
    const char *scope = json_string_value(json_object_get(spec, "scope"));

    if (strcmp(type->parent, "*") != 0)
        return aks_client_push_subscription(L, aks_client_check(L, INDEX_CLIENT));
    if (!scope)
        aks_raise_argument(L, "field_required", type->title, "scope", "give a resource, or the id of one",
                           "client:%s needs the field 'scope'", type->name);
    lua_pushstring(L, scope);
    json_object_del(spec, "scope");
    return lua_tostring(L, -1);
}

static const char *push_scope(lua_State *L, const struct aks_type *type, json_t *spec)
{
    const struct aks_resource *parent = aks_lua_resource_test(L, INDEX_PARENT);

    if (!parent)
        return push_client_scope(L, type, spec);
    return lua_pushstring(L, parent->id.text);
}

static void add_to_parent(lua_State *L, struct aks_resource *resource, struct aks_error *error)
{
    struct aks_resource *parent = aks_lua_resource_test(L, INDEX_PARENT);

    if (!parent || !resource->spec || !parent->type->embedded ||
        strcmp(parent->type->embedded, resource->type->name) != 0)
        return;
    if (!aks_resource_add_child(parent, resource, error))
        aks_raise(L, error);
}

static void set_parent(lua_State *L, struct aks_resource *resource, struct aks_error *error)
{
    struct aks_resource *parent = aks_lua_resource_test(L, INDEX_PARENT);

    if (parent && !aks_resource_set_parent(resource, parent, error))
        aks_raise(L, error);
}

/* What is wrong with it together with other objects. One that is refused does not count as using them. */
static void check_relations(lua_State *L, struct aks_resource *resource, struct aks_error *error)
{
    struct aks_findings findings = {0};
    bool done = aks_resource_relate(resource, &findings);

    if (!done)
        aks_error_set_no_memory(error);
    else if (aks_findings_refuse(&findings))
        aks_error_set_findings(error, &findings);
    aks_findings_clear(&findings);
    if (!aks_error_is_set(error))
        return;
    aks_error_note(&error->resource, resource->title);
    aks_resource_forget_references(resource);
    aks_raise(L, error);
}

int aks_resource_declare(lua_State *L)
{
    const struct aks_type *type = lua_touserdata(L, lua_upvalueindex(1));
    const struct aks_resource *parent;
    struct aks_lua_resource *object;
    struct aks_error *error;
    struct aks_client *client;
    const char *name, *scope;
    json_t **spec;

    if (type->flags & AKS_TYPE_TENTATIVE) { /* has no name yet: parent:type(spec) */
        lua_settop(L, 2);
        lua_pushnil(L);
        lua_insert(L, INDEX_NAME);
    }
    lua_settop(L, INDEX_SPEC);
    client = aks_lua_resource_push_client(L, INDEX_PARENT);
    name = check_name(L, type);
    spec = aks_spec_check(L, INDEX_SPEC, type);
    scope = push_scope(L, type, *spec);
    error = aks_box_error(L);
    object = aks_lua_resource_push(L, INDEX_CLIENT, type);
    parent = aks_lua_resource_test(L, INDEX_PARENT);
    object->resource = aks_resource_new(client->session, type, scope, name, aks_box_take_json(spec),
                                        parent ? parent->location : NULL, error);
    if (!object->resource)
        aks_raise(L, error);
    if (lua_istable(L, INDEX_SPEC))
        aks_spec_note_references(L, INDEX_SPEC, object->resource);
    set_parent(L, object->resource, error);
    check_relations(L, object->resource, error);
    add_to_parent(L, object->resource, error);
    return 1;
}
