/* One exchange: a copy of the request, the answer as it comes, and how curl's result is told. */
#ifndef AKS_HTTP_EXCHANGE_H
#define AKS_HTTP_EXCHANGE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "transport/transport.h"

enum exchange_state {
    EXCHANGE_QUEUED, /* waits for its turn; costs no handle */
    EXCHANGE_ACTIVE, /* curl is at it */
    EXCHANGE_ENDED   /* waits to be told */
};

/* Why our own callbacks broke a transfer off. */
enum exchange_fault { EXCHANGE_OK, EXCHANGE_TOO_LARGE, EXCHANGE_BAD_HEADERS, EXCHANGE_NO_MEMORY };

struct aks_exchange {
    enum exchange_state state;
    struct aks_exchange *previous, *next; /* in the engine's list for the state */
    char *method;
    char *url;
    struct curl_slist *headers;
    char *body; /* NULL: none */
    size_t body_length;
    double timeout;
    bool loopback;
    CURL *easy;                   /* while active */
    char reason[CURL_ERROR_SIZE]; /* curl's own contract */
    size_t header_bytes;
    enum exchange_fault fault;
    struct aks_http_response response;
    struct aks_error error; /* of an ended one; empty: it succeeded */
    aks_transport_done *done;
    void *context;
};

/* NULL on failure: "host_not_trusted" for a URL that is neither https nor http to this machine. */
struct aks_exchange *exchange_new(const struct aks_http_request *request, aks_transport_done *done, void *context,
                                  struct aks_error *error);
/* Overwrites what may be secret. */
void exchange_free(struct aks_exchange *exchange);

/* Sets the handle up for it; false when curl refuses an option. */
bool exchange_prepare(struct aks_exchange *exchange, CURL *easy, const struct aks_transport_options *options);

/* Takes curl's result in: fills `response` or `error`. The handle is still the exchange's. */
void exchange_finish(struct aks_exchange *exchange, CURLcode result);

#endif
