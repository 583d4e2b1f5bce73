/* The class of ARM resources that have no type of ours. */
#ifndef AKS_LUA_GENERIC_H
#define AKS_LUA_GENERIC_H

#include <lua.h>

void aks_open_generic(lua_State *L);

/* client:resource(id, api_version) */
int aks_generic_new(lua_State *L);

#endif
