/* The core does not link an HTTP engine: whoever only checks or plans never pays for one. */
#include "lua/transport.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "lua/runtime.h"

#define ENGINE "aks.http"

struct lazy {
    struct aks_transport base;
    struct aks_runtime *runtime;  /* retained */
    struct aks_transport *engine; /* owned; NULL until it is needed */
    struct aks_transport_options options;
    char *ca_file, *proxy; /* owned: what options point to */
};

/* Returns what require "aks.http" gives. */
static int require_engine(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    if (lua_getfield(L, -1, ENGINE) != LUA_TNIL)
        return 1;
    lua_getglobal(L, "require");
    lua_pushliteral(L, ENGINE);
    lua_call(L, 1, 1);
    return 1;
}

static int check_engine(lua_State *L)
{
    const struct aks_transport_factory *factory;

    require_engine(L);
    factory = luaL_testudata(L, -1, AKS_TRANSPORT_CLASS);
    if (!factory)
        return luaL_error(L, "require \"" ENGINE "\" gave no transport");
    if (strcmp(factory->version, AKS_VERSION) != 0)
        return luaL_error(L, ENGINE " is of version %s, aks.core of version %s", factory->version, AKS_VERSION);
    return 1;
}

/* The first line of the message on top of the stack: require goes on with every place it has looked in. */
static void fail_to_load(lua_State *L, struct aks_error *error)
{
    const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "(no message)";

    aks_error_set(error, "transport_unavailable", "the HTTP engine could not be loaded: %.*s",
                  (int)strcspn(message, "\n"), message);
    aks_error_note(&error->hint, "it is aks/http.so beside aks/core.so, and needs libcurl");
}

static bool open_engine(struct lazy *lazy, struct aks_error *error)
{
    lua_State *L = lazy->runtime->L;
    const struct aks_transport_factory *factory;

    if (!L || !lua_checkstack(L, 4))
        return aks_error_set(error, "transport_unavailable", "the Lua state is closing");
    lua_pushcfunction(L, check_engine);
    if (lua_pcall(L, 0, 1, 0) == LUA_OK) {
        factory = lua_touserdata(L, -1);
        lazy->options.loop = lazy->runtime->loop;
        lazy->engine = factory->new_transport(&lazy->options, error);
    } else {
        fail_to_load(L, error);
    }
    lua_pop(L, 1);
    return lazy->engine != NULL;
}

static struct aks_exchange *lazy_send(struct aks_transport *transport, const struct aks_http_request *request,
                                      aks_transport_done *done, void *context, struct aks_error *error)
{
    struct lazy *lazy = (struct lazy *)transport;

    if (!lazy->engine && !open_engine(lazy, error))
        return NULL;
    return lazy->engine->methods->send(lazy->engine, request, done, context, error);
}

static void lazy_cancel(struct aks_transport *transport, struct aks_exchange *exchange)
{
    struct lazy *lazy = (struct lazy *)transport;

    lazy->engine->methods->cancel(lazy->engine, exchange);
}

static void lazy_free(struct aks_transport *transport)
{
    struct lazy *lazy = (struct lazy *)transport;

    if (lazy->engine)
        lazy->engine->methods->free(lazy->engine);
    aks_runtime_release(lazy->runtime);
    free(lazy->ca_file);
    free(lazy->proxy);
    free(lazy);
}

static const struct aks_transport_methods methods = {.send = lazy_send, .cancel = lazy_cancel, .free = lazy_free};

static bool copy_text(char **copy, const char *text)
{
    *copy = text ? strdup(text) : NULL;
    return !text || *copy;
}

struct aks_transport *aks_lazy_transport_new(struct aks_runtime *runtime, const struct aks_transport_options *options)
{
    struct lazy *lazy = calloc(1, sizeof *lazy);

    if (!lazy)
        return NULL;
    lazy->base.methods = &methods;
    lazy->runtime = aks_runtime_retain(runtime);
    lazy->options = *options;
    if (!copy_text(&lazy->ca_file, options->ca_file) || !copy_text(&lazy->proxy, options->proxy)) {
        lazy_free(&lazy->base);
        return NULL;
    }
    lazy->options.ca_file = lazy->ca_file;
    lazy->options.proxy = lazy->proxy;
    return &lazy->base;
}
