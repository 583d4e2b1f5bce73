/* The interface that an HTTP engine fills. The core knows no other way to reach a server; `aks/http.so` is the engine
   that comes with it, and a host or a test can put its own in its place (package.preload["aks.http"]). */
#ifndef AKS_TRANSPORT_TRANSPORT_H
#define AKS_TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "loop/loop.h"

struct aks_header {
    char *name;
    char *value;
};

/* Zero-initialised is empty. Names are compared without case. */
struct aks_headers {
    struct aks_header *items;
    size_t count;
};

/* Ceilings on what an answer may bring. */
#define AKS_HEADERS_LIMIT 200
#define AKS_HEADER_BYTES_LIMIT (64 * 1024)

/* Adds a copy. Refuses (false) CR and LF in name or value, a name that is empty or has a colon, and more than
   AKS_HEADERS_LIMIT headers; false for want of memory too. */
AKS_CHECK bool aks_headers_add(struct aks_headers *headers, const char *name, const char *value);
/* The first value (borrowed), or NULL. */
const char *aks_headers_get(const struct aks_headers *headers, const char *name);
/* Releases all; values are overwritten first, as one may be a token. */
void aks_headers_clear(struct aks_headers *headers);

struct aks_http_request {
    const char *method;
    const char *url; /* absolute, sent as it stands */
    const struct aks_headers *headers;
    const void *body; /* NULL: none */
    size_t body_length;
    double timeout;        /* seconds for the whole exchange */
    size_t response_limit; /* bytes of the decoded body; beyond: "response_too_large" */
    bool link_local;       /* plain http may go to 169.254.0.0/16 too: services that a cloud gives its machines */
};

struct aks_http_response {
    int status;
    struct aks_headers headers; /* of the final answer, in order */
    struct aks_buffer body;     /* decoded (gzip) */
};

/* Told exactly once how an exchange ended, never from inside `send` and never after `cancel`. `response` (NULL on
   failure) is the engine's, but its body may be taken. `error` is empty on success; otherwise its code is one of
   connection_failed, tls_failed, timeout, response_too_large, response_invalid, out_of_memory; it is the engine's, but
   may be moved. `unsent` is set when no byte of the request can have reached the server. */
typedef void aks_transport_done(void *context, struct aks_http_response *response, struct aks_error *error);

struct aks_exchange; /* the engine's */
struct aks_transport;

struct aks_transport_methods {
    /* Starts an exchange, or queues it while `concurrency` are under way; copies what it needs of `request`. Redirects
       are not followed. NULL on failure, and then `done` is not called. */
    struct aks_exchange *(*send)(struct aks_transport *transport, const struct aks_http_request *request,
                                 aks_transport_done *done, void *context, struct aks_error *error);
    /* Ends an exchange that has not been reported yet. */
    void (*cancel)(struct aks_transport *transport, struct aks_exchange *exchange);
    /* Cancels what is under way and releases everything. */
    void (*free)(struct aks_transport *transport);
};

/* The first member of every engine's own struct. */
struct aks_transport {
    const struct aks_transport_methods *methods;
};

struct aks_transport_options {
    struct aks_loop *loop;  /* outlives the transport */
    const char *ca_file;    /* PEM; NULL: the system's */
    const char *proxy;      /* NULL: as the environment says (https_proxy, no_proxy) */
    double connect_timeout; /* seconds */
    unsigned concurrency;   /* exchanges under way at once: 1 to 50 */
};

/* What require "aks.http" returns: a full userdata with the metatable AKS_TRANSPORT_CLASS that holds one of these. */
struct aks_transport_factory {
    const char *version; /* AKS_VERSION of the headers it was built with: a core of another version refuses it */
    struct aks_transport *(*new_transport)(const struct aks_transport_options *options, struct aks_error *error);
};
#define AKS_TRANSPORT_CLASS "aks.transport"

#endif
