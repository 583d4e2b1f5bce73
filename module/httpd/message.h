/* One request and its reply, between libmicrohttpd and Lua. */
#ifndef AKS_HTTPD_MESSAGE_H
#define AKS_HTTPD_MESSAGE_H

#include <lua.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#define MESSAGE_BODY_LIMIT (8 * 1024 * 1024)

/* Lives from the request line until libmicrohttpd says that the request is over. */
struct message {
    struct MHD_Connection *connection;
    char *target; /* path and query, as sent */
    char *body;
    size_t body_length;
    bool begun;                    /* the headers have been seen */
    bool too_large;                /* the body is beyond the limit: the rest is thrown away */
    bool answered;                 /* the handler has been asked */
    struct MHD_Response *response; /* owned; NULL: the connection is closed instead */
    unsigned status;
    bool reset;           /* close without an answer */
    double due;           /* monotonic time when the answer goes out; 0: at once */
    struct message *next; /* in the server's list of delayed ones */
};

struct message *message_new(const char *target); /* NULL for want of memory */
void message_free(struct message *message);

/* Keeps a part of the body; false for want of memory. */
bool message_take_body(struct message *message, const char *bytes, size_t count);

/* Calls the handler at `handler` of the stack in protected mode and keeps its answer; an error becomes a 500 that says
   so on stderr. Leaves the stack as it was. */
void message_answer(struct message *message, lua_State *L, int handler, const char *method);

#endif
