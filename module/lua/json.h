/* JSON text as a Lua value. */
#ifndef AKS_LUA_JSON_H
#define AKS_LUA_JSON_H

#include <lua.h>

/* core.decode(text): the value, or nil and what is wrong with the text. */
int aks_json_decode(lua_State *L);

#endif
