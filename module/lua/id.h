/* The class of resource ids. */
#ifndef AKS_LUA_ID_H
#define AKS_LUA_ID_H

#include <lua.h>

void aks_open_id(lua_State *L);
int aks_id_new(lua_State *L); /* aks.id(text) */

#endif
