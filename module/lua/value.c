/* Lua values <-> JSON. Knows nothing of what documents mean. */
#include "lua/value.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "lua/box.h"
#include "lua/raise.h"

/* Lua -> JSON: where we are, for messages and to notice cycles. */
struct place {
    const struct place *outer;
    const char *key;      /* NULL: an element */
    size_t position;      /* of an element, from 1 */
    const void *identity; /* of the table itself; NULL for other values */
    int depth;
};

static void push_place(lua_State *L, const struct place *place)
{
    if (!place->outer) {
        lua_pushstring(L, place->key);
        return;
    }
    luaL_checkstack(L, 4, "path");
    push_place(L, place->outer);
    if (place->key)
        lua_pushfstring(L, "%s.%s", lua_tostring(L, -1), place->key);
    else
        lua_pushfstring(L, "%s[%I]", lua_tostring(L, -1), (LUAI_UACINT)place->position);
    lua_remove(L, -2);
}

static int refuse(lua_State *L, const struct place *place, const char *what)
{
    const char *path;

    push_place(L, place);
    path = lua_tostring(L, -1);
    return aks_raise_argument(L, "type_mismatch", NULL, path, NULL, "%s: %s", path, what);
}

/* Gives `value` (taken) to the container, or to the root when there is none. */
static void attach(lua_State *L, const struct place *place, json_t **root, json_t *container, json_t *value)
{
    bool attached = value != NULL;

    if (!container)
        *root = value;
    else if (json_is_array(container))
        attached = json_array_append_new(container, value) == 0;
    else
        attached = json_object_set_new(container, place->key, value) == 0;
    if (!attached)
        refuse(L, place, "is not valid UTF-8, or memory is short");
}

static void write_value(lua_State *L, int index, struct place *place, json_t **root, json_t *container);

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *check_key(lua_State *L, const struct place *place)
{
    size_t length;
    const char *key;

    if (lua_type(L, -2) != LUA_TSTRING)
        refuse(L, place, "keys must be all names, or 1, 2, 3 ... without holes (aks.array marks an array)");
    key = lua_tolstring(L, -2, &length);
    if (strlen(key) != length)
        refuse(L, place, "a key contains a NUL byte");
    return key;
}

/* In the order of the keys: documents, findings and requests are then the same in every run. The table may have grown
   since its members were counted: making room for the keys may run finalisers, which are anybody's. */
static void write_members(lua_State *L, int index, size_t count, const struct place *place, json_t **root,
                          json_t *object)
{
    const char **keys = lua_newuserdatauv(L, count * sizeof *keys + 1, 0);
    size_t i = 0;

    for (lua_pushnil(L); i < count && lua_next(L, index); lua_pop(L, 1))
        keys[i++] = check_key(L, place);
    if (i == count)
        lua_pop(L, 1);
    count = i;
    qsort(keys, count, sizeof *keys, compare_keys);
    for (i = 0; i < count; i++) {
        struct place inner = {.outer = place, .key = keys[i], .depth = place->depth + 1};

        lua_pushstring(L, keys[i]);
        lua_rawget(L, index);
        write_value(L, lua_gettop(L), &inner, root, object);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void write_elements(lua_State *L, int index, size_t count, const struct place *place, json_t **root,
                           json_t *array)
{
    for (size_t i = 1; i <= count; i++) {
        struct place inner = {.outer = place, .position = i, .depth = place->depth + 1};

        lua_rawgeti(L, index, (lua_Integer)i);
        write_value(L, lua_gettop(L), &inner, root, array);
        lua_pop(L, 1);
    }
}

static bool has_array_class(lua_State *L, int index)
{
    bool same;

    if (!lua_getmetatable(L, index))
        return false;
    luaL_getmetatable(L, AKS_ARRAY_CLASS);
    same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

static void check_nesting(lua_State *L, const struct place *place)
{
    for (const struct place *outer = place->outer; outer; outer = outer->outer)
        if (outer->identity == place->identity)
            refuse(L, place, "the table contains itself");
    if (place->depth >= AKS_DOCUMENT_DEPTH_LIMIT)
        refuse(L, place, "nested too deep");
}

static void write_table(lua_State *L, int index, struct place *place, json_t **root, json_t *container)
{
    size_t length = lua_rawlen(L, index), count = 0;
    bool is_array = has_array_class(L, index);
    json_t *table;

    place->identity = lua_topointer(L, index);
    check_nesting(L, place);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        count++;
    if (is_array && count != length)
        refuse(L, place, "an array has the keys 1, 2, 3 ... without holes (aks.null stands for nothing)");
    is_array = is_array || (length > 0 && length == count);
    table = is_array ? json_array() : json_object();
    attach(L, place, root, container, table);
    if (is_array)
        write_elements(L, index, length, place, root, table);
    else
        write_members(L, index, count, place, root, table);
}

static json_t *number(lua_State *L, int index, const struct place *place)
{
    lua_Number value;

    if (lua_isinteger(L, index))
        return json_integer(lua_tointeger(L, index));
    value = lua_tonumber(L, index);
    if (!isfinite(value))
        refuse(L, place, "JSON has no such number (NaN or infinite)");
    return json_real(value);
}

static json_t *text(lua_State *L, int index)
{
    size_t length;
    const char *bytes = lua_tolstring(L, index, &length);

    return json_stringn(bytes, length);
}

/* An object that stands for a text, such as a resource for its id. */
static void write_object(lua_State *L, int index, const struct place *place, json_t **root, json_t *container)
{
    if (luaL_getmetafield(L, index, AKS_VALUE_TEXT) == LUA_TNIL)
        refuse(L, place, "this object cannot stand here");
    lua_pushvalue(L, index);
    lua_call(L, 1, 1);
    attach(L, place, root, container, text(L, lua_gettop(L)));
    lua_pop(L, 1);
}

static void write_value(lua_State *L, int index, struct place *place, json_t **root, json_t *container)
{
    luaL_checkstack(L, 12, "nested tables");
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        attach(L, place, root, container, json_boolean(lua_toboolean(L, index)));
        break;
    case LUA_TNUMBER:
        attach(L, place, root, container, number(L, index, place));
        break;
    case LUA_TSTRING:
        attach(L, place, root, container, text(L, index));
        break;
    case LUA_TTABLE:
        write_table(L, index, place, root, container);
        break;
    case LUA_TUSERDATA:
        write_object(L, index, place, root, container);
        break;
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, index) == NULL) { /* aks.null? */
            attach(L, place, root, container, json_null());
            break;
        }
        /* fall through */
    default:
        lua_pushfstring(L, "a %s cannot stand here", luaL_typename(L, index));
        refuse(L, place, lua_tostring(L, -1));
    }
}

json_t **aks_value_check(lua_State *L, int index, const char *what)
{
    struct place place = {.key = what};
    json_t **root;

    index = lua_absindex(L, index);
    root = aks_box_json(L);
    lua_toclose(L, -1);
    write_value(L, index, &place, root, NULL);
    return root;
}

static void push_value(lua_State *L, const json_t *value, int depth);

static void push_array(lua_State *L, const json_t *array, int depth)
{
    size_t count = json_array_size(array);

    lua_createtable(L, count < 1024 ? (int)count : 1024, 0);
    for (size_t i = 0; i < count; i++) {
        push_value(L, json_array_get(array, i), depth + 1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    luaL_setmetatable(L, AKS_ARRAY_CLASS);
}

static void push_object(lua_State *L, const json_t *object, int depth)
{
    const char *key;
    size_t length;
    json_t *member;

    lua_newtable(L);
    json_object_keylen_foreach((json_t *)object, key, length, member)
    {
        lua_pushlstring(L, key, length);
        push_value(L, member, depth + 1);
        lua_rawset(L, -3);
    }
}

static void push_value(lua_State *L, const json_t *value, int depth)
{
    if (depth > AKS_DOCUMENT_DEPTH_LIMIT)
        luaL_error(L, "a JSON document is nested too deep");
    luaL_checkstack(L, 6, "nested JSON");
    if (!value)
        lua_pushnil(L);
    else if (json_is_object(value))
        push_object(L, value, depth);
    else if (json_is_array(value))
        push_array(L, value, depth);
    else if (json_is_string(value))
        lua_pushlstring(L, json_string_value(value), json_string_length(value));
    else if (json_is_integer(value))
        lua_pushinteger(L, json_integer_value(value));
    else if (json_is_real(value))
        lua_pushnumber(L, json_real_value(value));
    else if (json_is_boolean(value))
        lua_pushboolean(L, json_is_true(value));
    else
        lua_pushlightuserdata(L, NULL);
}

void aks_value_push(lua_State *L, const json_t *value)
{
    push_value(L, value, 0);
}

int aks_array_make(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_setmetatable(L, AKS_ARRAY_CLASS);
    return 1;
}

void aks_open_value(lua_State *L)
{
    luaL_newmetatable(L, AKS_ARRAY_CLASS);
    lua_pop(L, 1);
}
