/* A server on loopback: libmicrohttpd, driven by us in one thread. */
#ifndef AKS_HTTPD_SERVER_H
#define AKS_HTTPD_SERVER_H

#include <lua.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdbool.h>

#include "httpd/keeper.h"

#define SERVER_CLASS "aks.httpd.server"

struct message;

/* Work that another thread asks the server's thread for, between requests. */
typedef void server_errand(void *context, lua_State *L, int control);

struct server {
    struct MHD_Daemon *daemon; /* NULL: closed */
    struct identity identity;  /* for TLS; empty: it speaks plain HTTP */
    int wake;                  /* eventfd: stop, or an errand waits */
    unsigned port;
    _Atomic bool stopping;
    int signals;             /* signalfd of SIGINT and SIGTERM, which end `serve`; -1: they do not */
    sigset_t signals_before; /* what was blocked before those were */
    lua_State *L;            /* while it serves */
    int handler;             /* stack index there */
    struct message *delayed;
    server_errand *errand; /* run after each wake-up; NULL: none */
    void *errand_context;
};

/* Pushes a server that listens; raises when it cannot. (options table at 1) */
int server_listen(lua_State *L);
struct server *server_check(lua_State *L, int index);
/* Serves with the functions handler and control at these stack indices until it is stopped. */
void server_run(struct server *server, lua_State *L, int handler, int control);
/* From any thread. */
void server_stop(struct server *server);
void server_wake(struct server *server);
/* Monotonic time in seconds. */
double server_now(void);
/* httpd.now() -> that time */
int server_time(lua_State *L);
/* Makes the metatable. */
void server_register(lua_State *L);

#endif
