/* The class of IP prefixes. */
#ifndef AKS_LUA_CIDR_H
#define AKS_LUA_CIDR_H

#include <lua.h>

void aks_open_cidr(lua_State *L);
int aks_cidr_new(lua_State *L); /* aks.cidr(text) */

#endif
