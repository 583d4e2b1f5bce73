/* Owners of C values on the Lua stack. Knows how to release, not what the values mean. */
#include "lua/box.h"

#include <lauxlib.h>
#include <stddef.h>
#include <string.h>

#define BOX_CLASS "aks.box"

struct box {
    void (*release)(void *value);
    max_align_t value[];
};

static int box_release(lua_State *L)
{
    struct box *box = luaL_checkudata(L, 1, BOX_CLASS);

    if (box->release)
        box->release(box->value);
    box->release = NULL;
    return 0;
}

void *aks_box_push(lua_State *L, size_t size, void (*release)(void *value))
{
    struct box *box = lua_newuserdatauv(L, sizeof *box + size, 0);

    memset(box->value, 0, size);
    box->release = release;
    if (luaL_newmetatable(L, BOX_CLASS)) {
        lua_pushcfunction(L, box_release);
        lua_setfield(L, -2, "__gc");
        lua_pushcfunction(L, box_release);
        lua_setfield(L, -2, "__close");
    }
    lua_setmetatable(L, -2);
    return box->value;
}

static void release_json(void *value)
{
    json_decref(aks_box_take_json(value));
}

static void release_error(void *value)
{
    aks_error_clear(value);
}

static void release_id(void *value)
{
    aks_id_clear(value);
}

json_t **aks_box_json(lua_State *L)
{
    return aks_box_push(L, sizeof(json_t *), release_json);
}

struct aks_error *aks_box_error(lua_State *L)
{
    return aks_box_push(L, sizeof(struct aks_error), release_error);
}

struct aks_id *aks_box_id(lua_State *L)
{
    return aks_box_push(L, sizeof(struct aks_id), release_id);
}

json_t *aks_box_take_json(json_t **slot)
{
    json_t *value = *slot;

    *slot = NULL;
    return value;
}
