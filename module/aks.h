/* What a C host sees: the function that opens the module in a Lua state, for hosts that link it statically. */
#ifndef AKS_H
#define AKS_H

#include <lua.h>

#include "base/attributes.h"

/* Pushes the module table of "aks.core". Call it through luaL_requiref(L, "aks.core", luaopen_aks_core, 0). */
AKS_PUBLIC int luaopen_aks_core(lua_State *L);

#endif
