/* A server in a thread and a Lua state of its own, so that a client may block in the state that started it. */
#ifndef AKS_HTTPD_THREAD_H
#define AKS_HTTPD_THREAD_H

#include <lua.h>

#include "base/attributes.h"

/* httpd.start(module, options) -> thread; raises what went wrong in the thread before it listens. */
int thread_start(lua_State *L);
void thread_register(lua_State *L);

#endif
