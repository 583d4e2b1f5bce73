/* Specs: the tables that declare resources, on their way from Lua. */
#ifndef AKS_LUA_SPEC_H
#define AKS_LUA_SPEC_H

#include <jansson.h>
#include <lua.h>

#include "resources/resource.h"

/* Pushes an owner with the JSON of the spec at `index` (nil: NULL): empty tables are lists where the field is one, a
   path of an SSH key is replaced by the key. Raises on what cannot be a spec. */
json_t **aks_spec_check(lua_State *L, int index, const struct aks_type *type);

/* Pushes an owner with the options of a method, the table at `index` (nil: none), checked against `fields`. Raises one
   error with all that is wrong with them; `title` is what it calls the object of the method. */
json_t **aks_options_take(lua_State *L, int index, const struct aks_fields *fields, const char *title);

/* Notes in the resource which fields of the spec at `index` were given as objects. Raises for want of memory. */
void aks_spec_note_references(lua_State *L, int index, struct aks_resource *resource);

#endif
