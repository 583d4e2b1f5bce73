/* A request as a Lua table, and a Lua table as a reply. */
#include "httpd/message.h"

#include <lauxlib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "httpd/server.h"

/* Shorter answers gain nothing by compression. */
#define COMPRESS_FROM 1024

struct message *message_new(const char *target)
{
    struct message *message = calloc(1, sizeof *message);

    if (message && !(message->target = strdup(target))) {
        free(message);
        return NULL;
    }
    return message;
}

void message_free(struct message *message)
{
    if (!message)
        return;
    if (message->response)
        MHD_destroy_response(message->response);
    free(message->target);
    free(message->body);
    free(message);
}

bool message_take_body(struct message *message, const char *bytes, size_t count)
{
    char *body;

    if (message->too_large || count > MESSAGE_BODY_LIMIT - message->body_length) {
        message->too_large = true;
        return true;
    }
    body = realloc(message->body, message->body_length + count + 1);
    if (!body)
        return false;
    memcpy(body + message->body_length, bytes, count);
    message->body = body;
    message->body_length += count;
    return true;
}

/* A reply whose body breaks off: the whole length is promised, `kept` bytes are sent. */
struct broken {
    size_t kept;
    char bytes[];
};

static ssize_t read_broken(void *context, uint64_t position, char *buffer, size_t room)
{
    const struct broken *broken = context;
    size_t count;

    if (position >= broken->kept)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    count = broken->kept - (size_t)position;
    if (count > room)
        count = room;
    memcpy(buffer, broken->bytes + position, count);
    return (ssize_t)count;
}

static struct MHD_Response *broken_response(const char *body, size_t length, size_t kept)
{
    struct broken *broken = malloc(sizeof *broken + kept);
    struct MHD_Response *response;

    if (!broken)
        return NULL;
    broken->kept = kept;
    memcpy(broken->bytes, body, kept);
    response = MHD_create_response_from_callback(length, 4096, read_broken, broken, free);
    if (!response)
        free(broken);
    return response;
}

/* New gzip form of the body, NULL when it cannot be had. */
static unsigned char *compressed(const char *body, size_t length, size_t *result)
{
    z_stream stream = {0};
    unsigned char *bytes = NULL;
    uLong bound;

    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    bound = deflateBound(&stream, (uLong)length);
    bytes = malloc(bound);
    if (bytes) {
        stream.next_in = (unsigned char *)(uintptr_t)body; /* zlib does not write there */
        stream.avail_in = (uInt)length;
        stream.next_out = bytes;
        stream.avail_out = (uInt)bound;
        if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
            free(bytes);
            bytes = NULL;
        }
        *result = stream.total_out;
    }
    deflateEnd(&stream);
    return bytes;
}

static bool accepts_gzip(struct MHD_Connection *connection)
{
    const char *accepted = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING);

    return accepted && strstr(accepted, "gzip");
}

static struct MHD_Response *whole_response(struct message *message, const char *body, size_t length)
{
    struct MHD_Response *response;
    unsigned char *bytes;
    size_t count;

    if (length >= COMPRESS_FROM && accepts_gzip(message->connection) && (bytes = compressed(body, length, &count))) {
        response = MHD_create_response_from_buffer(count, bytes, MHD_RESPMEM_MUST_FREE);
        if (!response)
            free(bytes);
        else
            MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
        return response;
    }
    return MHD_create_response_from_buffer(length, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
}

/* libmicrohttpd calls back for each header; Lua must not raise through its frames, so they are only counted and kept.
 */
struct header_list {
    const char **pairs;
    size_t count;
    size_t room;
};

static enum MHD_Result keep_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct header_list *list = context;

    (void)kind;
    if (list->count == list->room)
        return MHD_NO;
    list->pairs[2 * list->count] = name;
    list->pairs[2 * list->count + 1] = value ? value : "";
    list->count++;
    return MHD_YES;
}

static void push_headers(lua_State *L, struct MHD_Connection *connection)
{
    int count = MHD_get_connection_values(connection, MHD_HEADER_KIND, NULL, NULL);
    struct header_list list = {.room = count > 0 ? (size_t)count : 0};

    list.pairs = lua_newuserdatauv(L, 2 * (list.room + 1) * sizeof *list.pairs, 0);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, keep_header, &list);
    lua_createtable(L, 0, (int)list.count);
    for (size_t i = 0; i < list.count; i++) {
        luaL_Buffer lower;
        const char *name = list.pairs[2 * i];

        luaL_buffinit(L, &lower);
        for (; *name; name++)
            luaL_addchar(&lower, (char)(*name >= 'A' && *name <= 'Z' ? *name + 32 : *name));
        luaL_pushresult(&lower);
        lua_pushstring(L, list.pairs[2 * i + 1]);
        lua_rawset(L, -3);
    }
    lua_remove(L, -2);
}

static void push_request(lua_State *L, struct message *message, const char *method)
{
    lua_createtable(L, 0, 4);
    lua_pushstring(L, method);
    lua_setfield(L, -2, "method");
    lua_pushstring(L, message->target);
    lua_setfield(L, -2, "target");
    lua_pushlstring(L, message->body ? message->body : "", message->body_length);
    lua_setfield(L, -2, "body");
    push_headers(L, message->connection);
    lua_setfield(L, -2, "headers");
}

static void add_response_headers(lua_State *L, struct message *message)
{
    if (lua_getfield(L, -1, "headers") == LUA_TTABLE)
        for (lua_Integer i = 1; lua_geti(L, -1, i) == LUA_TTABLE; i++) {
            const char *name, *value;

            lua_geti(L, -1, 1);
            lua_geti(L, -2, 2);
            name = luaL_tolstring(L, -2, NULL);
            value = luaL_tolstring(L, -2, NULL);
            if (MHD_add_response_header(message->response, name, value) != MHD_YES)
                luaL_error(L, "bad header '%s: %s'", name, value);
            lua_pop(L, 5);
        }
}

/* Takes the handler's table at the top of the stack. */
static void take_response(lua_State *L, struct message *message)
{
    size_t length = 0;
    const char *body;
    double delay;

    luaL_checktype(L, -1, LUA_TTABLE);
    lua_getfield(L, -1, "delay");
    delay = lua_tonumber(L, -1);
    message->due = delay > 0 ? server_now() + delay : 0;
    lua_getfield(L, -2, "reset");
    message->reset = lua_toboolean(L, -1);
    lua_getfield(L, -3, "status");
    message->status = (unsigned)lua_tointeger(L, -1);
    if (message->status < 100 || message->status > 599)
        message->status = 500;
    lua_getfield(L, -4, "truncate");
    lua_getfield(L, -5, "body");
    body = lua_tolstring(L, -1, &length);
    if (lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 0 && (size_t)lua_tointeger(L, -2) < length)
        message->response = broken_response(body, length, (size_t)lua_tointeger(L, -2));
    else
        message->response = whole_response(message, body ? body : "", length);
    if (!message->response)
        luaL_error(L, "not enough memory for a reply");
    lua_pop(L, 5);
    add_response_headers(L, message);
}

/* (message, method, handler) in protected mode. */
static int ask(lua_State *L)
{
    struct message *message = lua_touserdata(L, 1);
    const char *method = lua_touserdata(L, 2);

    lua_pushvalue(L, 3);
    push_request(L, message, method);
    lua_call(L, 1, 1);
    take_response(L, message);
    return 0;
}

static void fail(struct message *message, lua_State *L)
{
    static char text[] = "{\"error\":{\"code\":\"InternalServerError\",\"message\":\"The simulator failed.\"}}";
    const char *why = lua_tostring(L, -1);

    fprintf(stderr, "simulator: %s\n", why ? why : "an error that is no string");
    if (message->response)
        MHD_destroy_response(message->response);
    message->response = MHD_create_response_from_buffer(sizeof text - 1, text, MHD_RESPMEM_PERSISTENT);
    message->status = 500;
}

static int traceback(lua_State *L)
{
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

void message_answer(struct message *message, lua_State *L, int handler, const char *method)
{
    int top = lua_gettop(L);

    message->answered = true;
    if (!lua_checkstack(L, 8)) {
        message->reset = true;
        return;
    }
    lua_pushcfunction(L, traceback);
    lua_pushcfunction(L, ask);
    lua_pushlightuserdata(L, message);
    lua_pushlightuserdata(L, (void *)(uintptr_t)method);
    lua_pushvalue(L, handler);
    if (lua_pcall(L, 3, 0, top + 1) != LUA_OK)
        fail(message, L);
    lua_settop(L, top);
}
