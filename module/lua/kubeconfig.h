/* The kubeconfig of a cluster as an object: shown without its secrets, saved by aks.kubeconfig. */
#ifndef AKS_LUA_KUBECONFIG_H
#define AKS_LUA_KUBECONFIG_H

#include <lua.h>

#include "lua/operation.h"

void aks_open_kubeconfig(lua_State *L);

/* Results of the operation "credentials": the object, and the text. */
aks_lua_result aks_result_kubeconfig;

#endif
