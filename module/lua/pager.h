/* Iterators over lists that come in pages. */
#ifndef AKS_LUA_PAGER_H
#define AKS_LUA_PAGER_H

#include <lua.h>

#include "resources/type.h"

/* What a `for` needs: pushes the iterator, its pager, nil, and the pager to be closed; returns 4. Pages of the
   collection of `type` below `parent` give resource objects; with `type` NULL, those of the plain GET of `parent` give
   tables. */
int aks_pager_push(lua_State *L, int client, const struct aks_type *type, const char *parent, const char *api_version);

#endif
