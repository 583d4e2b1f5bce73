/* Lua values <-> JSON, bounded in depth. Integers stay integers, JSON null is aks.null, empty arrays stay arrays. */
#ifndef AKS_LUA_VALUE_H
#define AKS_LUA_VALUE_H

#include <jansson.h>
#include <lua.h>

#define AKS_ARRAY_CLASS "aks.array"

/* A userdata whose metatable has this member, a function that gives its text, counts as that text. */
#define AKS_VALUE_TEXT "__aks_text"

void aks_open_value(lua_State *L);

/* Pushes the value: fresh tables, arrays with the metatable of aks.array. NULL pushes nil. The caller owns `value` in a
   way that survives a raise. */
void aks_value_push(lua_State *L, const json_t *value);

/* Pushes an owner (to be closed) with the JSON of the Lua value at `index`. Raises on what JSON cannot say: cycles,
   more than 64 levels, mixed keys, NaN, functions, text that is not UTF-8. `what` names the value in messages. */
json_t **aks_value_check(lua_State *L, int index, const char *what);

/* aks.array(table): marks the table as an array, whether or not it has elements. */
int aks_array_make(lua_State *L);

#endif
