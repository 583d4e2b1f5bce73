/* Findings for Lua. */
#include "lua/findings.h"

#include <lauxlib.h>
#include <string.h>

#include "lua/value.h"
#include "rules/rule.h"

#define FINDINGS_CLASS "aks.findings"

void aks_result_findings(lua_State *L, int index, const struct aks_lua_operation *operation)
{
    aks_result_document(L, index, operation);
    luaL_setmetatable(L, FINDINGS_CLASS);
}

/* The text of a member of the table on top of the stack, kept on the stack; NULL when there is none. */
static const char *push_member(lua_State *L, int index, const char *name)
{
    lua_getfield(L, index, name);
    return lua_tostring(L, -1);
}

static void add_finding(lua_State *L, luaL_Buffer *buffer, int index)
{
    const char *severity = push_member(L, index, "severity"), *code = push_member(L, index, "code");
    const char *resource = push_member(L, index, "resource"), *message = push_member(L, index, "message");
    const char *remedy = push_member(L, index, "remedy");
    const char *text = lua_pushfstring(L, "%s %s: %s%s%s%s%s\n", severity ? severity : "?", code ? code : "?",
                                       resource ? resource : "", resource ? ": " : "", message ? message : "",
                                       remedy ? "\n    " : "", remedy ? remedy : "");

    lua_replace(L, index);
    (void)text;
    lua_settop(L, index);
    luaL_addvalue(buffer);
}

/* A paragraph each, and how many there are. */
static int findings_tostring(lua_State *L)
{
    lua_Integer count;
    luaL_Buffer buffer;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    count = luaL_len(L, 1);
    luaL_buffinit(L, &buffer);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, 1, i);
        add_finding(L, &buffer, lua_gettop(L));
    }
    lua_pushfstring(L, count == 0 ? "nothing was found" : count == 1 ? "1 finding" : "%d findings", (int)count);
    luaL_addvalue(&buffer);
    luaL_pushresult(&buffer);
    return 1;
}

/* findings.ok: whether nothing among them is an error. */
static int findings_index(lua_State *L)
{
    const char *name = lua_tostring(L, 2);
    bool ok = true;

    if (!name || strcmp(name, "ok") != 0)
        return 0;
    for (lua_Integer i = 1; i <= luaL_len(L, 1); i++) {
        lua_rawgeti(L, 1, i);
        lua_getfield(L, -1, "severity");
        ok = ok && strcmp(lua_tostring(L, -1), "error") != 0;
        lua_pop(L, 2);
    }
    lua_pushboolean(L, ok);
    return 1;
}

static const luaL_Reg metamethods[] = {{"__tostring", findings_tostring}, {"__index", findings_index}, {NULL, NULL}};

void aks_open_findings(lua_State *L)
{
    luaL_newmetatable(L, FINDINGS_CLASS);
    luaL_setfuncs(L, metamethods, 0);
    lua_pop(L, 1);
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    if (!text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

int aks_rules_push(lua_State *L)
{
    size_t count;
    const struct aks_rule *rules = aks_rules(&count);

    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_createtable(L, 0, 7);
        set_text(L, "code", rules[i].code);
        set_text(L, "severity", aks_severity_name(rules[i].severity));
        set_text(L, "rule", rules[i].rule);
        set_text(L, "why", rules[i].why);
        set_text(L, "remedy", rules[i].remedy);
        set_text(L, "source", rules[i].source);
        lua_pushboolean(L, rules[i].preflight);
        lua_setfield(L, -2, "preflight");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}
