/* Errors on their way to Lua: the only place that turns a struct aks_error into an error object and raises. */
#ifndef AKS_LUA_RAISE_H
#define AKS_LUA_RAISE_H

#include <lua.h>

#include "base/attributes.h"
#include "base/error.h"

#define AKS_ERROR_CLASS "aks.error"

/* Registers the class of error objects. */
void aks_open_raise(lua_State *L);

/* Pushes an error object: a table with the members of the error. */
void aks_push_error(lua_State *L, const struct aks_error *error);

/* Pushes a list of tables with the members of the findings. */
void aks_push_findings(lua_State *L, const struct aks_findings *findings);

/* Notes in the error object on top of the stack which line of Lua called us: "demo.lua:12", its member `where`. */
void aks_note_where(lua_State *L);

/* Raises the error (which an owner on the stack holds, and is cleared) at the caller's line. Never returns. */
int aks_raise(lua_State *L, struct aks_error *error);

/* Raises an error with one finding about an argument. `resource`, `field` and `remedy` may be NULL. Never returns. */
int aks_raise_argument(lua_State *L, const char *code, const char *resource, const char *field, const char *remedy,
                       const char *format, ...) AKS_PRINTF(6, 7);

/* error{ code = ..., message = ... }: an error object from a table, for Lua code of ours; and is_error(value). */
int aks_error_make(lua_State *L);
int aks_error_is(lua_State *L);

#endif
