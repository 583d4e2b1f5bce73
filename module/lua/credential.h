/* Credentials as Lua sees them. */
#ifndef AKS_LUA_CREDENTIAL_H
#define AKS_LUA_CREDENTIAL_H

#include <lua.h>

#include "auth/credential.h"

/* Registers the class. */
void aks_open_credential(lua_State *L);

/* Pushes a table with a function for each kind, by its name. */
void aks_push_credentials(lua_State *L);

/* Pushes an empty object: the credential that is put there is the object's. */
struct aks_credential **aks_credential_push(lua_State *L);

/* Pushes the credential object for the value at `index`: itself, or a token (text). Raises on anything else. */
struct aks_credential *aks_credential_check(lua_State *L, int index);

/* aks.credential.token(text or function) */
int aks_credential_token(lua_State *L);

#endif
