/* Runs a Lua module that serves in its own thread and state, and carries calls to it. */
#include "httpd/thread.h"

#include <lauxlib.h>
#include <lualib.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "httpd/server.h"

#define THREAD_CLASS "aks.httpd.thread"

enum phase { STARTING, SERVING, ENDED };

/* A text that crosses from one state to the other. */
struct parcel {
    char *bytes;
    size_t length;
};

struct thread {
    pthread_t id;
    bool joined;
    pthread_mutex_t mutex; /* guards everything below */
    pthread_cond_t changed;
    enum phase phase;
    struct server *server; /* of the thread's state, while it serves */
    char *module, *path, *cpath;
    struct parcel options;
    struct parcel problem;                /* why it ended */
    struct parcel name, argument, result; /* of the call under way */
    bool asked, failed;
    unsigned port; /* fixed before the phase is SERVING */
};

static bool parcel_set(struct parcel *parcel, const char *bytes, size_t length)
{
    free(parcel->bytes);
    parcel->length = length;
    parcel->bytes = malloc(length + 1);
    if (!parcel->bytes)
        return false;
    memcpy(parcel->bytes, bytes, length);
    parcel->bytes[length] = '\0';
    return true;
}

static void parcel_clear(struct parcel *parcel)
{
    free(parcel->bytes);
    *parcel = (struct parcel){0};
}

/* The text at the top of the stack; what is no text is named by its type. Does not raise. */
static void parcel_take(struct parcel *parcel, lua_State *L)
{
    size_t length;
    const char *text = luaL_typename(L, -1);

    if (lua_type(L, -1) == LUA_TSTRING) /* a number would be converted, which allocates */
        text = lua_tolstring(L, -1, &length);
    else
        length = strlen(text);
    if (!parcel_set(parcel, text, length))
        parcel->length = 0;
}

/* (thread, control) in protected mode: calls the control function and leaves its result. The asking thread waits, and
   does not touch the parcels meanwhile. */
static int answer_call(lua_State *L)
{
    struct thread *thread = lua_touserdata(L, 1);

    lua_pushlstring(L, thread->name.bytes, thread->name.length);
    lua_pushlstring(L, thread->argument.bytes, thread->argument.length);
    lua_call(L, 2, 1);
    return 1;
}

/* In the thread, between requests: runs the control function for a call. */
static void run_errand(void *context, lua_State *L, int control)
{
    struct thread *thread = context;
    bool asked;

    pthread_mutex_lock(&thread->mutex);
    asked = thread->asked;
    pthread_mutex_unlock(&thread->mutex);
    if (!asked)
        return;
    lua_pushcfunction(L, answer_call);
    lua_pushlightuserdata(L, thread);
    lua_pushvalue(L, control);
    asked = lua_pcall(L, 2, 1, 0) != LUA_OK;
    pthread_mutex_lock(&thread->mutex);
    thread->failed = asked;
    parcel_take(&thread->result, L);
    thread->asked = false;
    pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
    lua_pop(L, 1);
}

static void set_path(lua_State *L, const char *field, const char *value)
{
    lua_getglobal(L, "package");
    lua_pushstring(L, value);
    lua_setfield(L, -2, field);
    lua_pop(L, 1);
}

/* In the thread's state, protected: require the module, let it open its server, serve. */
static int serve(lua_State *L)
{
    struct thread *thread = lua_touserdata(L, 1);
    struct server *server;

    luaL_openlibs(L);
    set_path(L, "path", thread->path);
    set_path(L, "cpath", thread->cpath);
    lua_settop(L, 0);
    lua_getglobal(L, "require");
    lua_pushstring(L, thread->module);
    lua_call(L, 1, 1);
    lua_pushlstring(L, thread->options.bytes, thread->options.length);
    lua_call(L, 1, 3); /* server, handler, control */
    server = server_check(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    pthread_mutex_lock(&thread->mutex);
    server->errand = run_errand;
    server->errand_context = thread;
    thread->server = server;
    thread->port = server->port;
    thread->phase = SERVING;
    pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
    server_run(server, L, 2, 3);
    return 0;
}

static void *run(void *context)
{
    struct thread *thread = context;
    lua_State *L = luaL_newstate();

    if (L) {
        lua_pushcfunction(L, serve);
        lua_pushlightuserdata(L, thread);
        if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
            pthread_mutex_lock(&thread->mutex);
            parcel_take(&thread->problem, L);
            pthread_mutex_unlock(&thread->mutex);
        }
    }
    pthread_mutex_lock(&thread->mutex);
    thread->server = NULL;
    thread->phase = ENDED;
    pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
    if (L)
        lua_close(L);
    return NULL;
}

static int thread_stop(lua_State *L)
{
    struct thread *thread = luaL_checkudata(L, 1, THREAD_CLASS);

    if (thread->joined)
        return 0;
    pthread_mutex_lock(&thread->mutex);
    while (thread->phase == STARTING)
        pthread_cond_wait(&thread->changed, &thread->mutex);
    if (thread->server)
        server_stop(thread->server);
    pthread_mutex_unlock(&thread->mutex);
    pthread_join(thread->id, NULL);
    thread->joined = true;
    return 0;
}

static int thread_collect(lua_State *L)
{
    struct thread *thread = luaL_checkudata(L, 1, THREAD_CLASS);
    struct parcel *parcels[] = {&thread->options, &thread->problem, &thread->name, &thread->argument, &thread->result};

    thread_stop(L);
    if (thread->module == NULL)
        return 0;
    pthread_cond_destroy(&thread->changed);
    pthread_mutex_destroy(&thread->mutex);
    for (size_t i = 0; i < sizeof parcels / sizeof *parcels; i++)
        parcel_clear(parcels[i]);
    free(thread->module);
    free(thread->path);
    free(thread->cpath);
    thread->module = thread->path = thread->cpath = NULL;
    return 0;
}

static char *package_field(lua_State *L, const char *field)
{
    const char *text;
    char *copy;

    lua_getglobal(L, "package");
    lua_getfield(L, -1, field);
    text = lua_tostring(L, -1);
    copy = strdup(text ? text : "");
    lua_pop(L, 2);
    return copy;
}

/* The thread must not take signals that are meant for the host. */
static int create(struct thread *thread)
{
    sigset_t all, before;
    int code;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(&thread->id, NULL, run, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

int thread_start(lua_State *L)
{
    size_t length;
    const char *module = luaL_checkstring(L, 1), *options = luaL_checklstring(L, 2, &length);
    struct thread *thread = lua_newuserdatauv(L, sizeof *thread, 0);
    int code;

    *thread = (struct thread){.joined = true};
    pthread_mutex_init(&thread->mutex, NULL);
    pthread_cond_init(&thread->changed, NULL);
    luaL_setmetatable(L, THREAD_CLASS);
    thread->module = strdup(module);
    thread->path = package_field(L, "path");
    thread->cpath = package_field(L, "cpath");
    if (!thread->module || !thread->path || !thread->cpath || !parcel_set(&thread->options, options, length))
        return luaL_error(L, "not enough memory");
    code = create(thread);
    if (code != 0)
        return luaL_error(L, "no thread for the simulator: %s", strerror(code));
    thread->joined = false;
    pthread_mutex_lock(&thread->mutex);
    while (thread->phase == STARTING)
        pthread_cond_wait(&thread->changed, &thread->mutex);
    pthread_mutex_unlock(&thread->mutex);
    if (thread->phase == ENDED)
        return luaL_error(L, "%s", thread->problem.bytes ? thread->problem.bytes : "not enough memory");
    return 1;
}

static int thread_port(lua_State *L)
{
    const struct thread *thread = luaL_checkudata(L, 1, THREAD_CLASS);

    lua_pushinteger(L, thread->port);
    return 1;
}

/* (name, argument) -> the control function's text */
static int thread_call(lua_State *L)
{
    struct thread *thread = luaL_checkudata(L, 1, THREAD_CLASS);
    size_t name_length, argument_length;
    const char *name = luaL_checklstring(L, 2, &name_length);
    const char *argument = luaL_optlstring(L, 3, "", &argument_length);
    bool served = false;

    pthread_mutex_lock(&thread->mutex);
    if (thread->phase == SERVING && parcel_set(&thread->name, name, name_length) &&
        parcel_set(&thread->argument, argument, argument_length)) {
        thread->asked = true;
        server_wake(thread->server);
        while (thread->asked && thread->phase == SERVING)
            pthread_cond_wait(&thread->changed, &thread->mutex);
        served = !thread->asked;
        thread->asked = false;
    }
    pthread_mutex_unlock(&thread->mutex);
    if (!served)
        return luaL_error(L, "the simulator has stopped");
    lua_pushlstring(L, thread->result.bytes ? thread->result.bytes : "", thread->result.length);
    return thread->failed ? lua_error(L) : 1;
}

void thread_register(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"port", thread_port}, {"call", thread_call}, {"stop", thread_stop}, {NULL, NULL}};

    luaL_newmetatable(L, THREAD_CLASS);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, thread_collect);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, thread_stop);
    lua_setfield(L, -2, "__close");
    lua_pop(L, 1);
}
