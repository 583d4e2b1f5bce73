/* What clusters can do beyond what all resources can. */
#ifndef AKS_LUA_CLUSTER_H
#define AKS_LUA_CLUSTER_H

#include <lauxlib.h>

/* For the class "aks.cluster"; ends in NULL. */
extern const luaL_Reg aks_cluster_methods[];

#endif
