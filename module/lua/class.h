/* Classes of userdata: a metatable, methods, attributes that live in C, and "did you mean" for a wrong name. */
#ifndef AKS_LUA_CLASS_H
#define AKS_LUA_CLASS_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

#include "base/text.h"

struct aks_class {
    const char *name; /* "aks.client": name of the metatable, and its __name */
    const luaL_Reg *methods;
    const luaL_Reg *metamethods;
    /* Attributes: the object is at index 1, the name at index 2 (a string). Pushes one value and returns 1 (nil is a
       value), or returns 0: no such attribute. NULL: none. */
    int (*attribute)(lua_State *L, const char *name);
    /* Offers all names of attributes of the object at index 1 to `nearest`. NULL: none. */
    void (*suggest)(lua_State *L, struct aks_text_nearest *nearest);
};

/* Makes the metatable and leaves the table of its methods on the stack, for more to be added. `class` is static. */
void aks_class_new(lua_State *L, const struct aks_class *class, const char *name);

/* The same without leaving anything. */
void aks_class_register(lua_State *L, const struct aks_class *class);

/* Pushes a zero-initialised userdata with `values` user values; its __gc must accept it as it is. */
void *aks_class_push(lua_State *L, const char *name, size_t size, int values);

/* For a __gc, at its end: the object at index 1 has no class any more. When a Lua state is closed, finalisers of the
   user run after ours and may still hold it: they get an error then, and nobody looks into what is gone. */
void aks_class_retire(lua_State *L);

/* Raises unless the value at `index` is nil, none, or a table with the one field `wait`; whether to wait. */
bool aks_check_wait(lua_State *L, int index);

#endif
