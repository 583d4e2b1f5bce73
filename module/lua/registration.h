/* client:provider(namespace) and client:feature(namespace, name). */
#ifndef AKS_LUA_REGISTRATION_H
#define AKS_LUA_REGISTRATION_H

#include <lua.h>

/* Registers both classes, and adds the constructors to the table of client's methods on top of the stack. */
void aks_open_registration(lua_State *L);

#endif
