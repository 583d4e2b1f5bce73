/* Planning addresses from Lua. */
#ifndef AKS_LUA_CAPACITY_H
#define AKS_LUA_CAPACITY_H

#include <lua.h>

/* capacity{ subnet, used, clusters, nodes, surge, max_pods } -> { usable, clusters, left } of the subnet, when one is
   given; apiserver_subnet: the length of the smallest one for so many clusters; node_subnet and addresses: of the
   smallest one for so many nodes, and what they take. Lengths are texts such as "/27"; nil when no subnet is large
   enough. */
int aks_capacity(lua_State *L);

#endif
