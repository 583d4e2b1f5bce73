/* Listens on loopback and serves; waits on libmicrohttpd's epoll descriptor itself, so that one thread does it all. */
#include "httpd/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lauxlib.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "httpd/message.h"

double server_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Closing with unread or unsent bytes and no linger makes the kernel send a reset. */
static enum MHD_Result reset(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (info)
        setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return MHD_NO;
}

static enum MHD_Result send_answer(struct server *server, struct message *message)
{
    if (message->due > 0 && message->due > server_now()) {
        message->next = server->delayed;
        server->delayed = message;
        MHD_suspend_connection(message->connection);
        return MHD_YES;
    }
    if (message->reset || !message->response)
        return reset(message->connection);
    return MHD_queue_response(message->connection, message->status, message->response);
}

static enum MHD_Result refuse_large(struct message *message)
{
    message->response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    return message->response ? MHD_queue_response(message->connection, 413, message->response) : MHD_NO;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct server *server = context;
    struct message *message = *state;

    (void)url;
    (void)version;
    if (!message)
        return MHD_NO; /* there was no memory for it */
    message->connection = connection;
    if (!message->begun) {
        message->begun = true;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        size_t count = *upload_size;

        *upload_size = 0;
        return message_take_body(message, upload, count) ? MHD_YES : MHD_NO;
    }
    if (message->too_large)
        return refuse_large(message);
    if (!message->answered)
        message_answer(message, server->L, server->handler, method);
    return send_answer(server, message);
}

static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    (void)context;
    (void)connection;
    return message_new(target);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why)
{
    struct server *server = context;
    struct message *message = *state;

    (void)connection;
    (void)why;
    for (struct message **at = &server->delayed; *at; at = &(*at)->next)
        if (*at == message) {
            *at = message->next;
            break;
        }
    message_free(message);
    *state = NULL;
}

/* Lets go on what is due; returns the seconds until the next is, or -1. With `all`, lets everything go. */
static double resume_due(struct server *server, bool all)
{
    struct message **at = &server->delayed;
    double next = -1, time = server_now();

    while (*at) {
        struct message *message = *at;

        if (all || message->due <= time) {
            *at = message->next;
            message->due = 0;
            MHD_resume_connection(message->connection);
            next = 0; /* MHD_get_timeout does not know of resumed connections */
        } else {
            if (next < 0 || message->due - time < next)
                next = message->due - time;
            at = &message->next;
        }
    }
    return next;
}

static int wait_milliseconds(struct server *server)
{
    double next = resume_due(server, false);
    MHD_UNSIGNED_LONG_LONG timeout;
    int milliseconds = next < 0 ? -1 : (int)((next < 60 ? next : 60) * 1000) + 1;

    if (MHD_get_timeout(server->daemon, &timeout) == MHD_YES && (milliseconds < 0 || timeout < (unsigned)milliseconds))
        milliseconds = timeout > 60000 ? 60000 : (int)timeout;
    return milliseconds;
}

/* From now on SIGINT and SIGTERM are kept for `serve`. */
static void catch_signals(struct server *server)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    server->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (server->signals >= 0)
        pthread_sigmask(SIG_BLOCK, &set, &server->signals_before);
}

static void release_signals(struct server *server)
{
    struct signalfd_siginfo taken;

    if (server->signals < 0)
        return;
    while (read(server->signals, &taken, sizeof taken) > 0)
        continue; /* what ended the serving must not end the process when it is unblocked */
    close(server->signals);
    server->signals = -1;
    pthread_sigmask(SIG_SETMASK, &server->signals_before, NULL);
}

void server_run(struct server *server, lua_State *L, int handler, int control)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd waits[] = {{.fd = info->epoll_fd, .events = POLLIN},
                             {.fd = server->wake, .events = POLLIN},
                             {.fd = server->signals, .events = POLLIN}};
    uint64_t count;

    server->L = L;
    server->handler = handler;
    while (!server->stopping) {
        if (poll(waits, 3, wait_milliseconds(server)) < 0 && errno != EINTR)
            break;
        if (waits[2].revents & POLLIN)
            break;
        if (read(server->wake, &count, sizeof count) > 0 && server->errand)
            server->errand(server->errand_context, L, control);
        MHD_run(server->daemon);
    }
    server->L = NULL;
}

void server_wake(struct server *server)
{
    const uint64_t one = 1;

    if (write(server->wake, &one, sizeof one) < 0)
        return; /* the counter is full: it is awake */
}

void server_stop(struct server *server)
{
    server->stopping = true;
    server_wake(server);
}

static int server_close(lua_State *L)
{
    struct server *server = luaL_checkudata(L, 1, SERVER_CLASS);

    if (server->daemon) {
        resume_due(server, true); /* libmicrohttpd cannot be stopped with suspended connections */
        MHD_stop_daemon(server->daemon);
    }
    server->daemon = NULL;
    identity_clear(&server->identity); /* libmicrohttpd referred to it */
    release_signals(server);
    if (server->wake >= 0)
        close(server->wake);
    server->wake = -1;
    return 0;
}

static bool is_loopback(const struct sockaddr_in *address)
{
    return ntohl(address->sin_addr.s_addr) >> 24 == 127;
}

/* The option `certificates`, a directory: TLS with what is kept there. */
static void open_identity(lua_State *L, struct server *server, const char *directory)
{
    if (directory && MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
        luaL_error(L, "this libmicrohttpd is built without TLS");
    if (directory && !keeper_open(directory, &server->identity))
        luaL_error(L, "no certificate for TLS: %s",
                   server->identity.problem ? server->identity.problem : "not enough memory");
}

static struct MHD_Daemon *start_daemon(struct server *server, struct sockaddr_in *address)
{
    const bool tls = server->identity.key != NULL;
    const struct MHD_OptionItem secure[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, server->identity.certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, server->identity.key},
        {MHD_OPTION_END, 0, NULL},
    };
    const struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};

    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0U), 0, NULL, NULL,
                            on_request, server, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)address,
                            MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
                            server, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)128 * 1024, MHD_OPTION_ARRAY,
                            tls ? secure : plain, MHD_OPTION_END);
}

static void check_address(lua_State *L, struct sockaddr_in *address, const char *text, lua_Integer port, bool remote)
{
    address->sin_family = AF_INET;
    if (inet_pton(AF_INET, text, &address->sin_addr) != 1)
        luaL_error(L, "'%s' is no IPv4 address to listen on, such as loopback's 127.0.0.1", text);
    if (!remote && !is_loopback(address))
        luaL_error(L,
                   "the simulator listens on loopback (127.0.0.0/8) alone, not on '%s', unless others are allowed to "
                   "reach it (allow_remote)",
                   text);
    if (port < 0 || port > 65535)
        luaL_error(L, "port %I is not between 0 and 65535", port);
    address->sin_port = htons((uint16_t)port);
}

int server_listen(lua_State *L)
{
    struct sockaddr_in address = {0};
    struct server *server;
    const char *text, *directory;
    lua_Integer port;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_getfield(L, 1, "address");
    lua_getfield(L, 1, "port");
    lua_getfield(L, 1, "signals");
    lua_getfield(L, 1, "certificates");
    lua_getfield(L, 1, "allow_remote");
    text = luaL_optstring(L, 2, "127.0.0.1");
    port = luaL_optinteger(L, 3, 0);
    directory = luaL_optstring(L, 5, NULL);
    check_address(L, &address, text, port, lua_toboolean(L, 6));
    server = lua_newuserdatauv(L, sizeof *server, 0);
    *server = (struct server){.wake = -1, .signals = -1};
    luaL_setmetatable(L, SERVER_CLASS);
    open_identity(L, server, directory);
    if (lua_toboolean(L, 4))
        catch_signals(server);
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->wake < 0)
        return luaL_error(L, "no eventfd: %s", strerror(errno));
    server->daemon = start_daemon(server, &address);
    if (!server->daemon)
        return luaL_error(L, "cannot listen on %s port %I: %s", text, port, strerror(errno));
    server->port = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return 1;
}

struct server *server_check(lua_State *L, int index)
{
    struct server *server = luaL_checkudata(L, index, SERVER_CLASS);

    if (!server->daemon)
        luaL_error(L, "the server is closed");
    return server;
}

int server_time(lua_State *L)
{
    lua_pushnumber(L, server_now());
    return 1;
}

static int server_port(lua_State *L)
{
    lua_pushinteger(L, server_check(L, 1)->port);
    return 1;
}

/* server:authority() -> the PEM file of its certificate's authority, or nil: it speaks plain HTTP */
static int server_authority(lua_State *L)
{
    lua_pushstring(L, server_check(L, 1)->identity.authority_file);
    return 1;
}

static int server_serve(lua_State *L)
{
    struct server *server = server_check(L, 1);

    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    server_run(server, L, 2, 0);
    return 0;
}

static int server_stop_method(lua_State *L)
{
    server_stop(server_check(L, 1));
    return 0;
}

void server_register(lua_State *L)
{
    static const luaL_Reg methods[] = {{"port", server_port},   {"authority", server_authority},
                                       {"serve", server_serve}, {"stop", server_stop_method},
                                       {"close", server_close}, {NULL, NULL}};

    luaL_newmetatable(L, SERVER_CLASS);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, server_close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, server_close);
    lua_setfield(L, -2, "__close");
    lua_pop(L, 1);
}
