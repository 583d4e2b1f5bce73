/* What require "aks.kubeconfig" gives: merge, save, parse. The only file of the layer that knows Lua. */
#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "kubeconfig/document.h"
#include "kubeconfig/file.h"
#include "kubeconfig/merge.h"
#include "kubeconfig/path.h"

AKS_PUBLIC int luaopen_aks_kubeconfig(lua_State *L);

#define WORK_CLASS "aks.kubeconfig.work"

#define LOCK_TIMEOUT 10.0 /* seconds */
#define LOCK_TIMEOUT_LIMIT 3600.0

/* Everything that a call holds: released whatever Lua raises. */
struct work {
    struct aks_yaml existing, addition;
    struct aks_buffer text;
    struct aks_kubeconfig_saved saved;
    struct aks_error error;
    char *default_path;
};

struct options {
    struct aks_kubeconfig_options merge;
    const char *path; /* NULL: the user's own */
    double lock_timeout;
};

static int work_close(lua_State *L)
{
    struct work *work = lua_touserdata(L, 1);

    aks_yaml_clear(&work->existing);
    aks_yaml_clear(&work->addition);
    aks_buffer_erase(&work->text);
    aks_kubeconfig_saved_clear(&work->saved);
    aks_error_clear(&work->error);
    free(work->default_path);
    work->default_path = NULL;
    return 0;
}

/* Pushes a work, closed when its slot is left. */
static struct work *push_work(lua_State *L)
{
    struct work *work = lua_newuserdatauv(L, sizeof *work, 0);

    *work = (struct work){0};
    aks_buffer_init(&work->text, AKS_YAML_SIZE_LIMIT);
    luaL_setmetatable(L, WORK_CLASS);
    lua_toclose(L, -1);
    return work;
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    if (!text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

/* nil, and the error as a table; for the caller to return. */
static int push_failure(lua_State *L, const struct aks_error *error)
{
    lua_pushnil(L);
    lua_createtable(L, 0, 5);
    set_text(L, "message", error->no_memory ? "not enough memory" : error->message);
    set_text(L, "code", aks_error_code(error));
    set_text(L, "target", error->target);
    set_text(L, "hint", error->hint);
    lua_pushboolean(L, error->retryable);
    lua_setfield(L, -2, "retryable");
    return 2;
}

enum type { TEXT, BOOLEAN, SECONDS };

/* Every option; `where` is its place in struct options. */
static const struct option {
    const char *name;
    enum type type;
    const char *rule;
    size_t where;
} known_options[] = {
    {"path", TEXT, "a string, the path of a file", offsetof(struct options, path)},
    {"context", TEXT, "a string, a name for the context", offsetof(struct options, merge.context)},
    {"overwrite", BOOLEAN, "a boolean", offsetof(struct options, merge.overwrite)},
    {"set_current", BOOLEAN, "a boolean", offsetof(struct options, merge.set_current)},
    {"lock_timeout", SECONDS, "a number of seconds from 0 to 3600", offsetof(struct options, lock_timeout)},
};

/* Reads the value on top of the stack. */
static bool read_option(lua_State *L, const struct option *option, struct options *options)
{
    void *where = (char *)options + option->where;
    size_t length;
    const char *text;
    double seconds;

    switch (option->type) {
    case TEXT: /* the table keeps the string */
        text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : NULL;
        *(const char **)where = text;
        return text && strlen(text) == length;
    case BOOLEAN:
        *(bool *)where = lua_toboolean(L, -1);
        return lua_isboolean(L, -1);
    default:
        seconds = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
        *(double *)where = seconds;
        return seconds >= 0 && seconds <= LOCK_TIMEOUT_LIMIT;
    }
}

static bool refuse_unknown(const char *name, struct aks_error *error)
{
    struct aks_text_nearest nearest;

    aks_text_nearest_init(&nearest, name);
    for (size_t i = 0; i < sizeof known_options / sizeof *known_options; i++)
        aks_text_nearest_try(&nearest, known_options[i].name);
    aks_error_note(&error->target, name);
    if (nearest.best)
        return aks_error_set(error, "unknown_field", "unknown option '%s', did you mean '%s'?", name, nearest.best);
    return aks_error_set(error, "unknown_field", "unknown option '%s'", name);
}

/* Takes the pair of a key and a value on top of the stack. */
static bool take_option(lua_State *L, struct options *options, struct aks_error *error)
{
    const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";

    for (size_t i = 0; i < sizeof known_options / sizeof *known_options; i++) {
        if (strcmp(known_options[i].name, name) != 0)
            continue;
        if (read_option(L, &known_options[i], options))
            return true;
        aks_error_note(&error->target, name);
        return aks_error_set(error, "type_mismatch", "option '%s' is %s, not %s", name, known_options[i].rule,
                             lua_type(L, -1) == LUA_TNUMBER ? lua_tostring(L, -1) : luaL_typename(L, -1));
    }
    return refuse_unknown(name, error);
}

static bool read_options(lua_State *L, int index, struct options *options, struct aks_error *error)
{
    *options = (struct options){.merge.set_current = true, .lock_timeout = LOCK_TIMEOUT};
    if (lua_isnoneornil(L, index))
        return true;
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (!take_option(L, options, error))
            return false;
        lua_pop(L, 1);
    }
    return true;
}

/* merge(existing | nil, new [, options]) -> text, context */
static int kubeconfig_merge(lua_State *L)
{
    size_t existing_length, new_length;
    const char *existing = luaL_optlstring(L, 1, "", &existing_length);
    const char *new = luaL_checklstring(L, 2, &new_length);
    struct aks_kubeconfig_changes *changes;
    struct options options;
    struct work *work;

    lua_settop(L, 3);
    work = push_work(L);
    changes = &work->saved.changes;
    if (!read_options(L, 3, &options, &work->error) ||
        !aks_yaml_load(&work->existing, "the existing kubeconfig", existing, existing_length, &work->error) ||
        !aks_yaml_load(&work->addition, "the new kubeconfig", new, new_length, &work->error) ||
        !aks_kubeconfig_merge(&work->existing, &work->addition, &options.merge, changes, &work->error))
        return push_failure(L, &work->error);
    if (!aks_kubeconfig_has_changed(changes)) {
        lua_pushvalue(L, 1);
    } else {
        if (!aks_yaml_write(&work->existing, &work->text, &work->error))
            return push_failure(L, &work->error);
        lua_pushlstring(L, work->text.data, work->text.length);
    }
    lua_pushstring(L, changes->context);
    return 2;
}

static void set_names(lua_State *L, const char *name, const struct aks_kubeconfig_names *names)
{
    lua_createtable(L, (int)names->count, 0);
    for (size_t i = 0; i < names->count; i++) {
        lua_pushstring(L, names->items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, name);
}

static void push_saved(lua_State *L, const struct aks_kubeconfig_saved *saved, const char *path)
{
    lua_createtable(L, 0, 6);
    set_text(L, "path", path);
    set_text(L, "context", saved->changes.context);
    set_names(L, "added", &saved->changes.added);
    set_names(L, "replaced", &saved->changes.replaced);
    lua_pushboolean(L, aks_kubeconfig_has_changed(&saved->changes));
    lua_setfield(L, -2, "changed");
    if (saved->mode_changed) {
        char mode[8];

        snprintf(mode, sizeof mode, "%04o", (unsigned)saved->previous_mode & 07777u);
        set_text(L, "previous_mode", mode);
    }
}

/* save(new [, options]) -> { path, context, added, replaced, changed, previous_mode } */
static int kubeconfig_save(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length), *path;
    struct options options;
    struct work *work;

    lua_settop(L, 2);
    work = push_work(L);
    if (!read_options(L, 2, &options, &work->error))
        return push_failure(L, &work->error);
    if (!options.path)
        work->default_path = aks_kubeconfig_default_path(&work->error);
    path = options.path ? options.path : work->default_path;
    if (!path ||
        !aks_kubeconfig_save(path, text, length, &options.merge, options.lock_timeout, &work->saved, &work->error))
        return push_failure(L, &work->error);
    push_saved(L, &work->saved, path);
    return 1;
}

/* default_path() -> where save writes without a path */
static int kubeconfig_default_path(lua_State *L)
{
    struct work *work;

    lua_settop(L, 0);
    work = push_work(L);
    work->default_path = aks_kubeconfig_default_path(&work->error);
    if (!work->default_path)
        return push_failure(L, &work->error);
    lua_pushstring(L, work->default_path);
    return 1;
}

static bool push_node(lua_State *L, struct work *work, int node);

/* Pushes a number; only what Lua does not read as YAML writes it is done here. */
static bool push_number(lua_State *L, struct work *work, int node)
{
    const char *text = (const char *)aks_yaml_node(&work->addition, node)->data.scalar.value;
    const char *unsigned_text = text + (*text == '-' || *text == '+');

    if (aks_text_equal_fold(unsigned_text, ".inf"))
        lua_pushnumber(L, *text == '-' ? -HUGE_VAL : HUGE_VAL);
    else if (aks_text_equal_fold(unsigned_text, ".nan"))
        lua_pushnumber(L, (lua_Number)NAN);
    else if (strncmp(text, "0o", 2) == 0)
        lua_pushinteger(L, (lua_Integer)strtoull(text + 2, NULL, 8));
    else if (lua_stringtonumber(L, text) == 0)
        return aks_yaml_refuse(&work->addition, node, &work->error, "not a number, as its tag says");
    return true;
}

static bool push_sequence(lua_State *L, struct work *work, const yaml_node_t *node)
{
    const yaml_node_item_t *item = node->data.sequence.items.start, *end = node->data.sequence.items.top;

    lua_createtable(L, (int)(end - item), 0);
    for (lua_Integer i = 1; item < end; item++, i++) {
        if (!push_node(L, work, *item))
            return false;
        lua_rawseti(L, -2, i);
    }
    return true;
}

static bool push_mapping(lua_State *L, struct work *work, const yaml_node_t *node)
{
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start, *end = node->data.mapping.pairs.top;

    lua_createtable(L, 0, (int)(end - pair));
    for (; pair < end; pair++) {
        const yaml_node_t *key = aks_yaml_node(&work->addition, pair->key);

        lua_pushlstring(L, (const char *)key->data.scalar.value, key->data.scalar.length);
        if (!push_node(L, work, pair->value))
            return false;
        lua_rawset(L, -3);
    }
    return true;
}

/* Null is a light userdata of NULL, as aks.null is. */
static bool push_node(lua_State *L, struct work *work, int node)
{
    const yaml_node_t *found = aks_yaml_node(&work->addition, node);

    luaL_checkstack(L, 4, "kubeconfig");
    switch (aks_yaml_kind(&work->addition, node)) {
    case AKS_YAML_NULL:
        lua_pushlightuserdata(L, NULL);
        return true;
    case AKS_YAML_BOOLEAN:
        lua_pushboolean(L, (found->data.scalar.value[0] | 0x20) == 't');
        return true;
    case AKS_YAML_INTEGER:
    case AKS_YAML_FLOAT:
        return push_number(L, work, node);
    case AKS_YAML_TEXT:
        lua_pushlstring(L, (const char *)found->data.scalar.value, found->data.scalar.length);
        return true;
    case AKS_YAML_SEQUENCE:
        return push_sequence(L, work, found);
    case AKS_YAML_MAPPING:
        return push_mapping(L, work, found);
    default:
        return aks_yaml_refuse(&work->addition, node, &work->error, "a tag that YAML's core schema does not have");
    }
}

/* parse(text) -> what the text says; an empty table when it says nothing */
static int kubeconfig_parse(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    struct work *work;
    int root;

    lua_settop(L, 1);
    work = push_work(L);
    if (!aks_yaml_load(&work->addition, "the kubeconfig", text, length, &work->error))
        return push_failure(L, &work->error);
    root = aks_yaml_root(&work->addition);
    if (!root)
        lua_newtable(L);
    else if (!push_node(L, work, root))
        return push_failure(L, &work->error);
    return 1;
}

int luaopen_aks_kubeconfig(lua_State *L)
{
    static const luaL_Reg functions[] = {{"merge", kubeconfig_merge},
                                         {"save", kubeconfig_save},
                                         {"parse", kubeconfig_parse},
                                         {"default_path", kubeconfig_default_path},
                                         {NULL, NULL}};
    static const luaL_Reg methods[] = {{"__gc", work_close}, {"__close", work_close}, {NULL, NULL}};

    luaL_newmetatable(L, WORK_CLASS);
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
