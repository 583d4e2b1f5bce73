/* Metatables: how an object finds its methods and attributes, and what is said about a name it does not have. */
#include "lua/class.h"

#include <string.h>

#include "lua/raise.h"

enum { INDEX_METHODS = 1, INDEX_CLASS };

static void suggest_methods(lua_State *L, struct aks_text_nearest *nearest)
{
    lua_pushnil(L);
    while (lua_next(L, lua_upvalueindex(INDEX_METHODS))) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING)
            aks_text_nearest_try(nearest, lua_tostring(L, -1));
    }
}

static int unknown_name(lua_State *L, const struct aks_class *class, const char *name)
{
    struct aks_text_nearest nearest;
    const char *object = luaL_tolstring(L, 1, NULL);

    aks_text_nearest_init(&nearest, name);
    suggest_methods(L, &nearest);
    if (class->suggest)
        class->suggest(L, &nearest);
    if (nearest.best)
        return aks_raise_argument(L, "unknown_field", object, name, NULL, "%s has no field '%s'; did you mean '%s'?",
                                  object, name, nearest.best);
    return aks_raise_argument(L, "unknown_field", object, name, NULL, "%s has no field '%s'", object, name);
}

static int class_index(lua_State *L)
{
    const struct aks_class *class = lua_touserdata(L, lua_upvalueindex(INDEX_CLASS));
    const char *name;

    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(INDEX_METHODS)) != LUA_TNIL || lua_type(L, 2) != LUA_TSTRING)
        return 1;
    lua_settop(L, 2);
    name = lua_tostring(L, 2);
    if (class->attribute && class->attribute(L, name) == 1)
        return 1;
    if (strncmp(name, "__", 2) == 0) /* somebody who inspects any value? */
        return 0;
    lua_settop(L, 2);
    return unknown_name(L, class, name);
}

/* Attributes are read-only; so is what is not there. */
static int class_newindex(lua_State *L)
{
    const char *object = luaL_tolstring(L, 1, NULL), *name = luaL_tolstring(L, 2, NULL);

    return aks_raise_argument(L, "field_read_only", object, name, NULL, "%s: field '%s' cannot be assigned to", object,
                              name);
}

void aks_class_new(lua_State *L, const struct aks_class *class, const char *name)
{
    luaL_newmetatable(L, name);
    luaL_setfuncs(L, class->metamethods, 0);
    lua_pushcfunction(L, class_newindex);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0); /* getmetatable(object): nobody's business */
    lua_setfield(L, -2, "__metatable");
    lua_newtable(L);
    luaL_setfuncs(L, class->methods, 0);
    lua_pushvalue(L, -1);
    lua_pushlightuserdata(L, (void *)class);
    lua_pushcclosure(L, class_index, 2);
    lua_setfield(L, -3, "__index");
    lua_remove(L, -2);
}

void aks_class_register(lua_State *L, const struct aks_class *class)
{
    aks_class_new(L, class, class->name);
    lua_pop(L, 1);
}

void *aks_class_push(lua_State *L, const char *name, size_t size, int values)
{
    void *object = lua_newuserdatauv(L, size, values);

    memset(object, 0, size);
    luaL_setmetatable(L, name);
    return object;
}

void aks_class_retire(lua_State *L)
{
    lua_pushnil(L);
    lua_setmetatable(L, 1);
}

bool aks_check_wait(lua_State *L, int index)
{
    bool wait = true;

    if (lua_isnoneornil(L, index))
        return true;
    if (!lua_istable(L, index)) {
        aks_raise_argument(L, "type_mismatch", "options", NULL, NULL,
                           "options must be a table such as { wait = false }, not a %s", luaL_typename(L, index));
    }
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (lua_type(L, -2) != LUA_TSTRING || strcmp(lua_tostring(L, -2), "wait") != 0 || !lua_isboolean(L, -1))
            aks_raise_argument(L, "unknown_field", "options", NULL, NULL, "the one option is wait = true or false");
        wait = lua_toboolean(L, -1);
        lua_pop(L, 1);
    }
    return wait;
}
