/* Resources as Lua sees them: one class a type, made from the registry of types. */
#ifndef AKS_LUA_RESOURCE_H
#define AKS_LUA_RESOURCE_H

#include <lauxlib.h>
#include <lua.h>

#include "lua/operation.h"
#include "resources/resource.h"

/* A userdata whose one user value is its client. */
struct aks_lua_resource {
    struct aks_resource *resource; /* retained; NULL: half-made */
};

/* Registers a class for each type, and adds to the table of client's methods, on top of the stack, what a client can
   construct and list. */
void aks_open_resources(lua_State *L);

/* Registers the class of a type, with attributes as all resources have them and these methods. */
void aks_resource_class_add(lua_State *L, const struct aks_type *type, const luaL_Reg *methods);

/* Pushes an empty resource object of the type; `client` is a stack index. */
struct aks_lua_resource *aks_lua_resource_push(lua_State *L, int client, const struct aks_type *type);

/* The resource at `index` whatever its type; raises when the value is something else. */
struct aks_resource *aks_lua_resource_check(lua_State *L, int index);

/* The resource at `index` whatever its type; NULL when the value is something else. */
struct aks_resource *aks_lua_resource_test(lua_State *L, int index);

/* Pushes the client of the client or resource at `index`, for methods that both have. */
struct aks_client *aks_lua_resource_push_client(lua_State *L, int index);

typedef struct aks_operation *aks_make_operation(struct aks_resource *resource, struct aks_error *error);

/* The whole of a method that is an operation: resource:verb{ wait = ... }. */
int aks_resource_operate(lua_State *L, aks_make_operation *make, aks_lua_result *result);

/* The same for one that takes options: resource:verb{ private = true, wait = ... }. */
typedef struct aks_operation *aks_make_operation_with(struct aks_resource *resource, const json_t *options,
                                                      struct aks_error *error);
int aks_resource_operate_with(lua_State *L, const struct aks_fields *options, aks_make_operation_with *make,
                              aks_lua_result *result);

/* The constructors and collections (declare.c, pager.c): closures over the type, a light userdata. */
int aks_resource_declare(lua_State *L);
int aks_resource_collection(lua_State *L);

#endif
