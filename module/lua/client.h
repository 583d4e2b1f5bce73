/* Clients: who we are, where ARM is, what is under way, who listens. */
#ifndef AKS_LUA_CLIENT_H
#define AKS_LUA_CLIENT_H

#include <lua.h>
#include <stdbool.h>

#include "arm/session.h"

struct aks_identity_report;
struct aks_lua_operation;
struct aks_runtime;

#define AKS_CLIENT_CLASS "aks.client"

struct aks_client {
    struct aks_runtime *runtime;         /* NULL: half-made, or finalised */
    struct aks_session *session;         /* retained; NULL: half-made */
    struct aks_lua_operation *running;   /* list of what is under way */
    struct aks_identity_report *reports; /* the same */
};

/* Registers the class; leaves its table of methods on the stack. */
void aks_open_client(lua_State *L);

/* core.connect(options, listeners): `options` are complete; `listeners` is a list of functions, as on_event is one. */
int aks_connect(lua_State *L);

/* Raises unless the value at `index` is a client. */
struct aks_client *aks_client_check(lua_State *L, int index);

/* Pushes two values: the list of listeners and on_event; nil for what there is not. */
void aks_client_push_listeners(lua_State *L, int index);

/* Pushes "/subscriptions/..."; raises when the client has no subscription. */
const char *aks_client_push_subscription(lua_State *L, const struct aks_client *client);

#endif
