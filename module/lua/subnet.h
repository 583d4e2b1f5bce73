/* The methods of subnets and network security groups alone. */
#ifndef AKS_LUA_SUBNET_H
#define AKS_LUA_SUBNET_H

#include <lauxlib.h>

extern const luaL_Reg aks_subnet_methods[], aks_nsg_methods[];

#endif
