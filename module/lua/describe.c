/* The registry of types and their fields, as Lua tables. */
#include "lua/describe.h"

#include <lauxlib.h>

#include "resources/type.h"

static void set_text(lua_State *L, const char *name, const char *text)
{
    if (!text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void set_flag(lua_State *L, const char *name, bool value)
{
    if (!value)
        return;
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

static void push_fields(lua_State *L, const struct aks_fields *fields);

static void push_field(lua_State *L, const struct aks_field *field)
{
    lua_createtable(L, 0, 8);
    set_text(L, "name", field->name);
    set_text(L, "path", field->path);
    set_text(L, "type", aks_field_type_title(field->type));
    set_text(L, "choices", field->choices);
    set_text(L, "target", field->target);
    set_text(L, "documentation", field->documentation);
    set_flag(L, "required", field->flags & AKS_FIELD_REQUIRED);
    set_flag(L, "create_only", field->flags & AKS_FIELD_CREATE_ONLY);
    set_flag(L, "read_only", field->flags & AKS_FIELD_READ_ONLY);
    if (field->minimum || field->maximum) {
        lua_pushinteger(L, field->minimum);
        lua_setfield(L, -2, "minimum");
        lua_pushinteger(L, field->maximum);
        lua_setfield(L, -2, "maximum");
    }
    if (field->items) {
        push_fields(L, field->items);
        lua_setfield(L, -2, "items");
    }
}

static void push_fields(lua_State *L, const struct aks_fields *fields)
{
    luaL_checkstack(L, 4, NULL);
    lua_createtable(L, (int)fields->count, 0);
    for (size_t i = 0; i < fields->count; i++) {
        push_field(L, &fields->items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_type(lua_State *L, const struct aks_type *type)
{
    lua_createtable(L, 0, 6);
    set_text(L, "name", type->name);
    set_text(L, "title", type->title);
    set_text(L, "arm_type", type->arm_type);
    set_text(L, "api_version", type->api_version);
    set_text(L, "parent", type->parent);
    push_fields(L, &type->fields);
    lua_setfield(L, -2, "fields");
}

int aks_describe(lua_State *L)
{
    const struct aks_type *const more[] = {&aks_type_provider, &aks_type_feature};
    lua_Integer count = 0;

    lua_newtable(L);
    for (const struct aks_type *const *type = aks_types(); *type; type++) {
        push_type(L, *type);
        lua_rawseti(L, -2, ++count);
    }
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        push_type(L, more[i]);
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}
