/* struct aks_error -> error object; its text; raising it. Says nothing of what went wrong by itself. */
#include "lua/raise.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "lua/box.h"

#define ERROR_DEPTH_LIMIT 16
#define MESSAGE_LIMIT 8192
#define WHERE_LEVELS 3 /* deeper down it is not the call that failed */

static void set_text(lua_State *L, const char *name, const char *text)
{
    if (!text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

void aks_push_findings(lua_State *L, const struct aks_findings *findings)
{
    lua_createtable(L, (int)findings->count, 0);
    for (size_t i = 0; i < findings->count; i++) {
        const struct aks_finding *finding = &findings->items[i];

        lua_createtable(L, 0, 6);
        set_text(L, "code", finding->code);
        set_text(L, "severity", aks_severity_name(finding->severity));
        set_text(L, "resource", finding->resource);
        set_text(L, "field", finding->field);
        set_text(L, "message", finding->message);
        set_text(L, "remedy", finding->remedy);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_error(lua_State *L, const struct aks_error *error, int depth)
{
    luaL_checkstack(L, 6, "error details");
    lua_createtable(L, 0, 8);
#define X(member) set_text(L, #member, error->member);
    AKS_ERROR_TEXTS(X)
#undef X
    set_text(L, "code", aks_error_code(error));
    if (error->no_memory)
        set_text(L, "message", "not enough memory");
    lua_pushboolean(L, error->retryable);
    lua_setfield(L, -2, "retryable");
    if (error->status > 0) {
        lua_pushinteger(L, error->status);
        lua_setfield(L, -2, "status");
    }
    lua_newtable(L);
    for (size_t i = 0; i < error->detail_count && depth < ERROR_DEPTH_LIMIT; i++) {
        push_error(L, &error->details[i], depth + 1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "details");
    if (error->findings.count > 0) {
        aks_push_findings(L, &error->findings);
        lua_setfield(L, -2, "findings");
    }
    luaL_setmetatable(L, AKS_ERROR_CLASS);
}

void aks_push_error(lua_State *L, const struct aks_error *error)
{
    push_error(L, error, 0);
}

/* Whether the function at this level is a line of Lua that the user wrote: aks.connect is one of ours, and so is the
   command line. */
static bool is_users_line(lua_State *L, lua_Debug *frame)
{
    lua_getinfo(L, "Sl", frame);
    return frame->currentline > 0 && !strstr(frame->source, "aks/init.lua") && !strstr(frame->source, "aks/cli/");
}

void aks_note_where(lua_State *L)
{
    lua_Debug frame;

    for (int level = 1; level < WHERE_LEVELS && lua_getstack(L, level, &frame); level++) {
        if (!is_users_line(L, &frame))
            continue;
        lua_pushfstring(L, "%s:%d", frame.short_src, frame.currentline);
        lua_setfield(L, -2, "where");
        return;
    }
}

int aks_raise(lua_State *L, struct aks_error *error)
{
    luaL_checkstack(L, 6, "error");
    aks_push_error(L, error);
    aks_error_clear(error);
    aks_note_where(L);
    return lua_error(L);
}

int aks_raise_argument(lua_State *L, const char *code, const char *resource, const char *field, const char *remedy,
                       const char *format, ...)
{
    struct aks_error *error;
    struct aks_findings findings = {0};
    char message[MESSAGE_LIMIT]; /* a longer one is cut */
    va_list arguments;

    luaL_checkstack(L, 8, "error");
    error = aks_box_error(L);
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (aks_findings_add(&findings, code, AKS_SEVERITY_ERROR, resource, field, remedy, "%s", message))
        aks_error_set_findings(error, &findings);
    else
        aks_error_set_no_memory(error);
    aks_findings_clear(&findings);
    return aks_raise(L, error);
}

/* The text member `name` of the table at index 1, pushed. NULL, and nothing
   pushed, when it is absent. */
static const char *push_member(lua_State *L, const char *name)
{
    lua_pushstring(L, name);
    if (lua_rawget(L, 1) == LUA_TNIL) {
        lua_pop(L, 1);
        return NULL;
    }
    luaL_tolstring(L, -1, NULL);
    lua_remove(L, -2);
    return lua_tostring(L, -1);
}

/* How the text of an error is put together: what stands before and after each member that it has. */
static const struct part {
    const char *member, *before, *after;
} parts[] = {
    {"where", "", ": "},
    {"subject", "", ": "},
    {"message", "", ""},
    {"target", " (target: ", ")"},
    {"operation", "; in ", ""},
    {"object", " of ", ""},
    {"step", ", step '", "'"},
    {"code", " [", "]"},
    {"hint", "; hint: ", ""},
    {"request_id", "; request id ", ""},
    {"correlation_id", "; correlation id ", ""},
};

static bool has_member(lua_State *L, const char *name)
{
    bool has = push_member(L, name) != NULL;

    if (has)
        lua_pop(L, 1);
    return has;
}

/* Whether the message itself names the resource. */
static bool message_names_resource(lua_State *L)
{
    const char *resource = push_member(L, "resource"), *message = resource ? push_member(L, "message") : NULL;
    bool named = message && strstr(message, resource);

    lua_pop(L, (resource != NULL) + (message != NULL));
    return named;
}

/* The resource stands behind the operation or, when the error is about arguments, before the message. */
static const char *push_part(lua_State *L, const char *member)
{
    bool in_operation = has_member(L, "operation");

    if (strcmp(member, "object") == 0)
        return in_operation ? push_member(L, "resource") : NULL;
    if (strcmp(member, "subject") == 0)
        return in_operation || message_names_resource(L) ? NULL : push_member(L, "resource");
    return push_member(L, member);
}

static void add_finding(lua_State *L, luaL_Buffer *buffer, const char *name, const char *before, const char *after)
{
    lua_getfield(L, 3, name);
    if (lua_isstring(L, -1)) {
        lua_pushfstring(L, "%s%s%s", before, lua_tostring(L, -1), after);
        lua_replace(L, -2);
        luaL_addvalue(buffer);
    } else {
        lua_pop(L, 1);
    }
}

/* Findings stand below the paragraph, one a line, as there may be several; index 2 is their list. */
static void add_findings(lua_State *L, luaL_Buffer *buffer)
{
    for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, 2); i++) {
        lua_rawgeti(L, 2, i);
        lua_replace(L, 3);
        if (!lua_istable(L, 3))
            continue;
        add_finding(L, buffer, "severity", "\n  ", " ");
        add_finding(L, buffer, "code", "", ": ");
        add_finding(L, buffer, "message", "", "");
        add_finding(L, buffer, "remedy", "; ", "");
    }
}

static int error_tostring(lua_State *L)
{
    luaL_Buffer buffer;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_getfield(L, 1, "findings");
    lua_pushnil(L); /* index 3: a finding */
    luaL_buffinit(L, &buffer);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *text = push_part(L, parts[i].member);

        if (!text)
            continue;
        lua_pushfstring(L, "%s%s%s", parts[i].before, text, parts[i].after);
        lua_remove(L, -2);
        luaL_addvalue(&buffer);
    }
    if (lua_istable(L, 2) && lua_rawlen(L, 2) > 1) /* a single one is the message itself */
        add_findings(L, &buffer);
    luaL_pushresult(&buffer);
    return 1;
}

int aks_error_make(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_setmetatable(L, AKS_ERROR_CLASS);
    return 1;
}

int aks_error_is(lua_State *L)
{
    luaL_checkany(L, 1);
    if (!lua_istable(L, 1) || !lua_getmetatable(L, 1)) {
        lua_pushboolean(L, 0);
        return 1;
    }
    luaL_getmetatable(L, AKS_ERROR_CLASS);
    lua_pushboolean(L, lua_rawequal(L, -1, -2));
    return 1;
}

void aks_open_raise(lua_State *L)
{
    luaL_newmetatable(L, AKS_ERROR_CLASS);
    lua_pushcfunction(L, error_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
}
