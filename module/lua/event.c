/* The queue of events, and telling listeners. Listeners run outside of every callback, so they may do anything. */
#include "lua/event.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "lua/client.h"
#include "lua/raise.h"
#include "lua/runtime.h"

/* The text members of an event: X(member). */
#define EVENT_TEXTS(X) X(kind) X(operation) X(resource) X(resource_id) X(status) X(step) X(detail) X(method) X(url)

struct aks_event_note {
    struct aks_event_note *next;
    const struct aks_client *client;
    struct aks_event event; /* its texts are in `texts`, its error is `error` */
    struct aks_error error;
    struct aks_findings findings;
    char texts[];
};

static size_t texts_size(const struct aks_event *event)
{
    size_t size = 0;

#define X(member) size += event->member ? strlen(event->member) + 1 : 0;
    EVENT_TEXTS(X)
#undef X
    return size;
}

static const char *copy_text(char **next, const char *text)
{
    const char *copy = *next;

    if (!text)
        return NULL;
    *next = stpcpy(*next, text) + 1;
    return copy;
}

void aks_events_note(struct aks_runtime *runtime, struct aks_client *client, const struct aks_event *event)
{
    struct aks_event_note *note = calloc(1, sizeof *note + texts_size(event));
    char *next;

    if (!note)
        return;
    next = note->texts;
    note->client = client;
    note->event = *event;
#define X(member) note->event.member = copy_text(&next, event->member);
    EVENT_TEXTS(X)
#undef X
    if (event->error) {
        aks_error_copy(&note->error, event->error);
        note->event.error = &note->error;
    }
    if (event->findings) /* for want of memory they are not told */
        note->event.findings = aks_findings_copy(&note->findings, event->findings) ? &note->findings : NULL;
    if (runtime->events.last)
        runtime->events.last->next = note;
    else
        runtime->events.first = note;
    runtime->events.last = note;
}

static void free_note(struct aks_event_note *note)
{
    aks_error_clear(&note->error);
    aks_findings_clear(&note->findings);
    free(note);
}

static struct aks_event_note *take_note(struct aks_event_queue *queue)
{
    struct aks_event_note *note = queue->first;

    if (note)
        queue->first = note->next;
    if (!queue->first)
        queue->last = NULL;
    return note;
}

void aks_event_queue_clear(struct aks_event_queue *queue)
{
    struct aks_event_note *note;

    while ((note = take_note(queue)) != NULL)
        free_note(note);
}

void aks_events_forget(struct aks_runtime *runtime, const struct aks_client *client)
{
    struct aks_event_queue kept = {0};
    struct aks_event_note *note;

    while ((note = take_note(&runtime->events)) != NULL) {
        if (note->client == client) {
            free_note(note);
            continue;
        }
        note->next = NULL;
        if (kept.last)
            kept.last->next = note;
        else
            kept.first = note;
        kept.last = note;
    }
    runtime->events = kept;
}

static void set_integer(lua_State *L, const char *name, lua_Integer value)
{
    if (value == 0)
        return;
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

static void push_event(lua_State *L, const struct aks_event *event)
{
    lua_createtable(L, 0, 12);
#define X(member)                                                                                                      \
    if (event->member) {                                                                                               \
        lua_pushstring(L, event->member);                                                                              \
        lua_setfield(L, -2, #member);                                                                                  \
    }
    EVENT_TEXTS(X)
#undef X
    set_integer(L, "id", (lua_Integer)event->id);
    set_integer(L, "http_status", event->http_status);
    set_integer(L, "attempt", event->attempt);
    lua_pushnumber(L, event->seconds);
    lua_setfield(L, -2, "seconds");
    if (event->error) {
        aks_push_error(L, event->error);
        lua_setfield(L, -2, "error");
    }
    if (event->findings) {
        aks_push_findings(L, event->findings);
        lua_setfield(L, -2, "findings");
    }
}

static int error_text(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    return 1;
}

static void warn_about_error(lua_State *L)
{
    lua_warning(L, "aks: error in an event listener: ", 1);
    lua_warning(L, lua_isstring(L, -1) ? lua_tostring(L, -1) : "(no text)", 0);
    lua_pop(L, 1);
}

/* Calls the listener on top of the stack with the event at index 2, and pops it. */
static void call_listener(lua_State *L)
{
    lua_pushcfunction(L, error_text);
    lua_insert(L, -2);
    lua_pushvalue(L, 2);
    if (lua_pcall(L, 1, 0, -3) != LUA_OK)
        warn_about_error(L);
    lua_pop(L, 1);
}

static int tell_listeners(lua_State *L)
{
    const struct aks_event_note *note = lua_touserdata(L, 1);

    push_event(L, &note->event); /* index 2 */
    if (!aks_runtime_find(L, note->client))
        return 0;
    aks_client_push_listeners(L, 3); /* index 4: a list, nil when there is none; index 5: on_event or nil */
    if (!lua_isnil(L, 5)) {
        lua_pushvalue(L, 5);
        call_listener(L);
    }
    for (lua_Integer i = 1; lua_istable(L, 4) && i <= (lua_Integer)lua_rawlen(L, 4); i++) {
        lua_rawgeti(L, 4, i);
        call_listener(L);
    }
    return 0;
}

void aks_events_deliver(struct aks_runtime *runtime)
{
    lua_State *L = runtime->L;
    struct aks_event_note *note;

    if (!L || !lua_checkstack(L, 8))
        return;
    while ((note = take_note(&runtime->events)) != NULL) {
        lua_pushcfunction(L, tell_listeners);
        lua_pushlightuserdata(L, note);
        if (lua_pcall(L, 1, 0, 0) != LUA_OK)
            warn_about_error(L);
        free_note(note);
    }
}
