/* Events on their way to listeners in Lua: noted by callbacks, told after the loop's step. */
#ifndef AKS_LUA_EVENT_H
#define AKS_LUA_EVENT_H

#include <lua.h>

#include "arm/event.h"

struct aks_runtime;
struct aks_client;
struct aks_event_note;

/* Zero-initialised is empty. */
struct aks_event_queue {
    struct aks_event_note *first, *last;
};

/* Notes a copy of the event for the client's listeners. Without memory the event is lost: it is for people to see. */
void aks_events_note(struct aks_runtime *runtime, struct aks_client *client, const struct aks_event *event);

/* Tells all that was noted. An error in a listener becomes a warning. */
void aks_events_deliver(struct aks_runtime *runtime);

/* Forgets what was noted for a client that goes away. */
void aks_events_forget(struct aks_runtime *runtime, const struct aks_client *client);

void aks_event_queue_clear(struct aks_event_queue *queue);

#endif
