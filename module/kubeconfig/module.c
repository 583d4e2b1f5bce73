/* luaopen_aks_kubeconfig: merging kubeconfig files, for Lua. Functions return nil and { code, message, hint } on
 * failure. */
#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "kubeconfig/document.h"
#include "kubeconfig/file.h"
#include "kubeconfig/merge.h"

AKS_PUBLIC int luaopen_aks_kubeconfig(lua_State *L);

#define STATE_CLASS "aks.kubeconfig.state"

/* Everything that must be released whatever happens. */
struct state {
    struct aks_kubeconfig_file file;
    struct aks_kubeconfig_merge merge;
    struct aks_error error;
    char *path;
    yaml_document_t document;
    bool loaded;
};

static int release(lua_State *L)
{
    struct state *state = luaL_checkudata(L, 1, STATE_CLASS);

    aks_kubeconfig_close(&state->file);
    aks_kubeconfig_merge_clear(&state->merge);
    aks_error_clear(&state->error);
    free(state->path);
    if (state->loaded)
        yaml_document_delete(&state->document);
    state->path = NULL;
    state->loaded = false;
    return 0;
}

/* Pushes a state that is released when the function is left. */
static struct state *push_state(lua_State *L)
{
    struct state *state = lua_newuserdatauv(L, sizeof *state, 0);

    memset(state, 0, sizeof *state);
    luaL_setmetatable(L, STATE_CLASS);
    lua_toclose(L, -1);
    return state;
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static int push_failure(lua_State *L, const struct aks_error *error)
{
    lua_pushnil(L);
    lua_createtable(L, 0, 3);
    set_text(L, "code", aks_error_code(error));
    set_text(L, "message", error->message ? error->message : "not enough memory");
    if (error->hint)
        set_text(L, "hint", error->hint);
    return 2;
}

static bool get_flag(lua_State *L, const char *name, bool absent)
{
    bool value = lua_getfield(L, 2, name) == LUA_TNIL ? absent : lua_toboolean(L, -1);

    lua_pop(L, 1);
    return value;
}

static const char *names[] = {"path", "context", "overwrite", "set_current", NULL};

/* The options at index 2; the context's text stays on the stack. */
static struct aks_kubeconfig_options check_options(lua_State *L)
{
    struct aks_kubeconfig_options options = {0};

    if (lua_isnil(L, 2)) {
        lua_newtable(L);
        lua_replace(L, 2);
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        luaL_checkoption(L, -1, NULL, names);
        lua_pop(L, 1);
    }
    options.overwrite = get_flag(L, "overwrite", false);
    options.keep_current = !get_flag(L, "set_current", true);
    lua_getfield(L, 2, "context");
    options.context = luaL_optstring(L, -1, NULL);
    return options;
}

static void set_list(lua_State *L, const char *name, char *const *items, size_t count)
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushstring(L, items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, name);
}

/* save(text, options) -> { path, context, added, replaced }: merges into the file options.path, else the first one of
   $KUBECONFIG, else ~/.kube/config. Further options: context (a new name), overwrite (replace other entries of the same
   names), set_current (false: leave current-context). */
static int save(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length), *path;
    struct aks_kubeconfig_options options;
    struct state *state;

    lua_settop(L, 2);
    options = check_options(L);
    lua_getfield(L, 2, "path");
    path = luaL_optstring(L, -1, NULL);
    state = push_state(L);
    state->path = aks_kubeconfig_path(path);
    if (!state->path)
        aks_error_set_no_memory(&state->error);
    if (aks_error_is_set(&state->error) || !aks_kubeconfig_open(&state->file, state->path, &state->error) ||
        !aks_kubeconfig_merge(&state->merge, state->file.text, state->file.length, state->path, text, length, &options,
                              &state->error) ||
        !aks_kubeconfig_replace(&state->file, state->merge.text, state->merge.length, &state->error))
        return push_failure(L, &state->error);
    lua_createtable(L, 0, 4);
    set_text(L, "path", state->path);
    set_text(L, "context", state->merge.context);
    set_list(L, "added", state->merge.added, state->merge.added_count);
    set_list(L, "replaced", state->merge.replaced, state->merge.replaced_count);
    return 1;
}

static void push_node(lua_State *L, yaml_document_t *document, int node, unsigned depth);

static void push_mapping(lua_State *L, yaml_document_t *document, const yaml_node_t *node, unsigned depth)
{
    lua_newtable(L);
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        push_node(L, document, pair->value, depth);
        lua_setfield(L, -2, (const char *)yaml_document_get_node(document, pair->key)->data.scalar.value);
    }
}

static void push_sequence(lua_State *L, yaml_document_t *document, const yaml_node_t *node, unsigned depth)
{
    lua_Integer count = 0;

    lua_newtable(L);
    for (yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
        push_node(L, document, *item, depth);
        lua_rawseti(L, -2, ++count);
    }
}

/* Scalars as their texts, whatever they may mean; null as nil. */
static void push_node(lua_State *L, yaml_document_t *document, int index, unsigned depth)
{
    const yaml_node_t *node = yaml_document_get_node(document, index);

    luaL_checkstack(L, 4, NULL);
    if (depth == 0)
        luaL_error(L, "the kubeconfig is nested too deep");
    if (node->type == YAML_MAPPING_NODE)
        push_mapping(L, document, node, depth - 1);
    else if (node->type == YAML_SEQUENCE_NODE)
        push_sequence(L, document, node, depth - 1);
    else if (aks_kubeconfig_is_null(document, index))
        lua_pushnil(L);
    else
        lua_pushlstring(L, (const char *)node->data.scalar.value, node->data.scalar.length);
}

/* parse(text) -> a table of tables and texts. */
static int parse(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    struct state *state = push_state(L);

    state->loaded = aks_kubeconfig_load(text, length, "the text", &state->document, &state->error);
    if (!state->loaded)
        return push_failure(L, &state->error);
    push_node(L, &state->document, 1, AKS_KUBECONFIG_DEPTH_LIMIT);
    return 1;
}

static const luaL_Reg functions[] = {{"save", save}, {"parse", parse}, {NULL, NULL}};
static const luaL_Reg metamethods[] = {{"__gc", release}, {"__close", release}, {NULL, NULL}};

int luaopen_aks_kubeconfig(lua_State *L)
{
    luaL_checkversion(L);
    luaL_newmetatable(L, STATE_CLASS);
    luaL_setfuncs(L, metamethods, 0);
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
