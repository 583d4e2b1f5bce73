/* describe(): the field tables as Lua tables, for explaining and documenting. */
#ifndef AKS_LUA_DESCRIBE_H
#define AKS_LUA_DESCRIBE_H

#include <lua.h>

/* describe() -> list of { name, title, arm_type, api_version, parent, fields = { { name, path, type, choices, required,
   create_only, read_only, minimum, maximum, target, documentation, items = fields of records }, ... } }, in the order
   of the registry. */
int aks_describe(lua_State *L);

#endif
