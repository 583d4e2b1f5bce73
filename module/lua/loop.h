/* The class of aks.loop. */
#ifndef AKS_LUA_LOOP_H
#define AKS_LUA_LOOP_H

#include <lua.h>

/* Registers the class and pushes its one object. */
void aks_push_loop(lua_State *L);

#endif
