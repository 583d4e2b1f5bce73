/* aks.cidr: IP prefixes and addresses. */
#include "lua/cidr.h"

#include <lauxlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/class.h"
#include "lua/raise.h"
#include "lua/value.h"
#include "rules/capacity.h"
#include "rules/cidr.h"

#define CIDR_CLASS "aks.cidr"

/* Prefixes that next_free takes. */
#define TAKEN_LIMIT 100000
#define EXACT_INTEGER_LIMIT 9007199254740992.0 /* 2^53 */

static struct aks_cidr *check_cidr(lua_State *L, int index)
{
    return luaL_checkudata(L, index, CIDR_CLASS);
}

static struct aks_cidr *push_cidr(lua_State *L, const struct aks_cidr *value)
{
    struct aks_cidr *cidr = aks_class_push(L, CIDR_CLASS, sizeof *cidr, 0);

    *cidr = *value;
    return cidr;
}

int aks_cidr_new(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    struct aks_error *error = aks_box_error(L);
    struct aks_cidr value = {0};

    if (strlen(text) != length)
        aks_error_set(error, "cidr_invalid", "a prefix must not contain NUL bytes");
    else if (aks_cidr_read(text, &value, error))
        return push_cidr(L, &value), 1;
    return aks_raise(L, error);
}

/* The other prefix of a method: an object, or a text of a prefix or an address. */
static struct aks_cidr check_other(lua_State *L, int index)
{
    const struct aks_cidr *cidr = luaL_testudata(L, index, CIDR_CLASS);
    struct aks_cidr value = {0};
    struct aks_error *error;
    const char *text;

    if (cidr)
        return *cidr;
    text = luaL_checkstring(L, index);
    if (aks_cidr_parse_address(text, &value) == AKS_CIDR_VALID)
        return value;
    error = aks_box_error(L);
    if (!aks_cidr_read(text, &value, error))
        aks_raise(L, error);
    return value;
}

static int cidr_contains(lua_State *L)
{
    const struct aks_cidr *cidr = check_cidr(L, 1), other = check_other(L, 2);

    lua_pushboolean(L, aks_cidr_contains(cidr, &other));
    return 1;
}

static int cidr_overlaps(lua_State *L)
{
    const struct aks_cidr *cidr = check_cidr(L, 1), other = check_other(L, 2);

    lua_pushboolean(L, aks_cidr_overlaps(cidr, &other));
    return 1;
}

/* The iterator of subnets: upvalues are the prefix, the length and the next index. */
static int next_subnet(lua_State *L)
{
    const struct aks_cidr *cidr = lua_touserdata(L, lua_upvalueindex(1));
    lua_Integer length = lua_tointeger(L, lua_upvalueindex(2)), index = lua_tointeger(L, lua_upvalueindex(3));
    struct aks_cidr subnet;

    if (!aks_cidr_subnet(cidr, (unsigned)length, (unsigned long long)index, &subnet))
        return 0;
    lua_pushinteger(L, index + 1);
    lua_replace(L, lua_upvalueindex(3));
    push_cidr(L, &subnet);
    return 1;
}

static int cidr_subnets(lua_State *L)
{
    const struct aks_cidr *cidr = check_cidr(L, 1);
    lua_Integer length = luaL_checkinteger(L, 2);

    if (length < cidr->length || length > cidr->bits)
        return aks_raise_argument(L, "value_not_allowed", "cidr", "subnets", NULL,
                                  "subnets of a /%u have a length of %u to %u, not %lld", cidr->length, cidr->length,
                                  cidr->bits, (long long)length);
    lua_settop(L, 2);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_subnet, 3);
    return 1;
}

/* cidr:next_free(length, taken): the first free prefix of that length beside those that are taken, a list; nil when
   there is none. */
static int cidr_next_free(lua_State *L)
{
    const struct aks_cidr *cidr = check_cidr(L, 1);
    lua_Integer length = luaL_checkinteger(L, 2), count;
    struct aks_error *error;
    struct aks_cidr *taken, found;

    lua_settop(L, 3);
    if (lua_isnil(L, 3)) {
        lua_newtable(L);
        lua_replace(L, 3);
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    count = luaL_len(L, 3);
    if (length < 0 || length > cidr->bits || count < 0 || count > TAKEN_LIMIT)
        return luaL_error(L, "next_free takes a length of 0 to %d and at most %d prefixes", (int)cidr->bits,
                          TAKEN_LIMIT);
    error = aks_box_error(L);
    taken = lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *taken, 0);
    for (lua_Integer i = 0; i < count; i++) {
        lua_geti(L, 3, i + 1);
        taken[i] = check_other(L, lua_gettop(L));
        lua_pop(L, 1);
    }
    if (aks_capacity_next_free(cidr, taken, (size_t)count, (unsigned)length, &found, error))
        push_cidr(L, &found);
    else if (aks_error_is_set(error))
        return aks_raise(L, error);
    else
        lua_pushnil(L);
    return 1;
}

static void push_address(lua_State *L, struct aks_cidr address)
{
    char text[AKS_CIDR_TEXT_SIZE];

    lua_pushstring(L, aks_cidr_address_text(&address, text));
}

/* An integer where Lua has one, else a float (IPv6). */
static void push_count(lua_State *L, double count)
{
    if (count <= EXACT_INTEGER_LIMIT)
        lua_pushinteger(L, (lua_Integer)count);
    else
        lua_pushnumber(L, count);
}

static int attribute(lua_State *L, const char *name)
{
    const struct aks_cidr *cidr = check_cidr(L, 1);

    if (strcmp(name, "prefix") == 0)
        lua_pushinteger(L, cidr->length);
    else if (strcmp(name, "version") == 0)
        lua_pushinteger(L, cidr->bits == 32 ? 4 : 6);
    else if (strcmp(name, "size") == 0)
        push_count(L, aks_cidr_size(cidr));
    else if (strcmp(name, "usable") == 0)
        push_count(L, aks_cidr_usable(cidr));
    else if (strcmp(name, "first") == 0)
        push_address(L, aks_cidr_first(cidr));
    else if (strcmp(name, "last") == 0)
        push_address(L, aks_cidr_last(cidr));
    else
        return 0;
    return 1;
}

static void suggest(lua_State *L, struct aks_text_nearest *nearest)
{
    static const char *const names[] = {"prefix", "version", "size", "usable", "first", "last"};

    (void)L;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        aks_text_nearest_try(nearest, names[i]);
}

static int cidr_tostring(lua_State *L)
{
    char text[AKS_CIDR_TEXT_SIZE];

    lua_pushstring(L, aks_cidr_text(check_cidr(L, 1), text));
    return 1;
}

static int compare(lua_State *L)
{
    return aks_cidr_compare(check_cidr(L, 1), check_cidr(L, 2));
}

static int cidr_eq(lua_State *L)
{
    bool both = luaL_testudata(L, 1, CIDR_CLASS) && luaL_testudata(L, 2, CIDR_CLASS);

    lua_pushboolean(L, both && compare(L) == 0);
    return 1;
}

static int cidr_lt(lua_State *L)
{
    lua_pushboolean(L, compare(L) < 0);
    return 1;
}

static int cidr_le(lua_State *L)
{
    lua_pushboolean(L, compare(L) <= 0);
    return 1;
}

static const luaL_Reg methods[] = {
    {"contains", cidr_contains},
    {"overlaps", cidr_overlaps},
    {"subnets", cidr_subnets},
    {"next_free", cidr_next_free},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__tostring", cidr_tostring},
    {AKS_VALUE_TEXT, cidr_tostring},
    {"__eq", cidr_eq},
    {"__lt", cidr_lt},
    {"__le", cidr_le},
    {NULL, NULL},
};

static const struct aks_class cidr_class = {
    .name = CIDR_CLASS,
    .methods = methods,
    .metamethods = metamethods,
    .attribute = attribute,
    .suggest = suggest,
};

void aks_open_cidr(lua_State *L)
{
    aks_class_register(L, &cidr_class);
}
