/* Owners: userdata that hold a C value while code that may raise runs, and release it whatever happens. */
#ifndef AKS_LUA_BOX_H
#define AKS_LUA_BOX_H

#include <jansson.h>
#include <lua.h>

#include "arm/id.h"
#include "base/error.h"

/* Each pushes an empty, zero-initialised owner. It is released when it is collected, or when its slot, marked with
   lua_toclose, is left. Taking the value out means copying it and emptying the owner. */
void *aks_box_push(lua_State *L, size_t size, void (*release)(void *value));
json_t **aks_box_json(lua_State *L);
struct aks_error *aks_box_error(lua_State *L);
struct aks_id *aks_box_id(lua_State *L);

/* Empties the owner at `slot` and returns what it held. */
json_t *aks_box_take_json(json_t **slot);

#endif
