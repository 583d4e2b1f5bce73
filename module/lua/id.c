/* aks.id: a resource id and its parts. */
#include "lua/id.h"

#include <lauxlib.h>
#include <string.h>

#include "arm/id.h"
#include "lua/box.h"
#include "lua/class.h"
#include "lua/raise.h"
#include "lua/value.h"

#define ID_CLASS "aks.id"

static struct aks_id *check_id(lua_State *L, int index)
{
    return luaL_checkudata(L, index, ID_CLASS);
}

int aks_id_new(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    struct aks_error *error = aks_box_error(L);
    struct aks_id *id = aks_class_push(L, ID_CLASS, sizeof *id, 0);

    if (strlen(text) != length)
        aks_error_set(error, "id_invalid", "a resource id must not contain NUL bytes");
    else if (aks_id_parse(text, id, error))
        return 1;
    return aks_raise(L, error);
}

static const struct part {
    const char *name;
    size_t offset;
} parts[] = {
    {"subscription", offsetof(struct aks_id, subscription)},
    {"resource_group", offsetof(struct aks_id, resource_group)},
    {"type", offsetof(struct aks_id, type)},
    {"name", offsetof(struct aks_id, name)},
    {"parent", offsetof(struct aks_id, parent)},
};

static int attribute(lua_State *L, const char *name)
{
    const char *id = (const char *)check_id(L, 1);

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(parts[i].name, name) != 0)
            continue;
        lua_pushstring(L, *(char *const *)(const void *)(id + parts[i].offset)); /* nil when there is none */
        return 1;
    }
    return 0;
}

static void suggest(lua_State *L, struct aks_text_nearest *nearest)
{
    (void)L;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        aks_text_nearest_try(nearest, parts[i].name);
}

static int id_tostring(lua_State *L)
{
    lua_pushstring(L, check_id(L, 1)->text);
    return 1;
}

static int id_eq(lua_State *L)
{
    const struct aks_id *a = luaL_testudata(L, 1, ID_CLASS), *b = luaL_testudata(L, 2, ID_CLASS);

    lua_pushboolean(L, a && b && aks_id_equal(a->text, b->text));
    return 1;
}

static int id_gc(lua_State *L)
{
    aks_id_clear(check_id(L, 1));
    aks_class_retire(L);
    return 0;
}

static const luaL_Reg methods[] = {{NULL, NULL}};

static const luaL_Reg metamethods[] = {
    {"__tostring", id_tostring}, {AKS_VALUE_TEXT, id_tostring}, {"__eq", id_eq}, {"__gc", id_gc}, {NULL, NULL},
};

static const struct aks_class id_class = {
    .name = ID_CLASS,
    .methods = methods,
    .metamethods = metamethods,
    .attribute = attribute,
    .suggest = suggest,
};

void aks_open_id(lua_State *L)
{
    aks_class_register(L, &id_class);
}
