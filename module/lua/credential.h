/* Credentials as Lua sees them. */
#ifndef AKS_LUA_CREDENTIAL_H
#define AKS_LUA_CREDENTIAL_H

#include <lua.h>

#include "auth/credential.h"

/* Registers the class and pushes the table aks.credential. */
void aks_push_credentials(lua_State *L);

/* Pushes the credential object for the value at `index`: itself, or a token (text). Raises "credential_unavailable" for
   nil, and on anything else. */
struct aks_credential *aks_credential_check(lua_State *L, int index);

#endif
