/* One exchange: a request copied from its sender, the options it needs on an easy handle, and the answer within its
   ceilings. It knows nothing of other exchanges. */
#ifndef AKS_HTTP_EXCHANGE_H
#define AKS_HTTP_EXCHANGE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "transport/transport.h"

/* The list of the engine that an exchange is in. */
enum aks_exchange_place {
    AKS_EXCHANGE_WAITING, /* for its turn: it has no handle */
    AKS_EXCHANGE_RUNNING, /* its handle is libcurl's */
    AKS_EXCHANGE_ENDED,   /* its end is known, but not told yet */
    AKS_EXCHANGE_PLACES
};

/* Why one of our callbacks ended the transfer. */
enum aks_exchange_stop {
    AKS_EXCHANGE_GOES_ON,
    AKS_EXCHANGE_TOO_LARGE,
    AKS_EXCHANGE_INVALID,
    AKS_EXCHANGE_NO_MEMORY,
    AKS_EXCHANGE_LOST /* libcurl was about to send it a second time */
};

struct aks_exchange {
    TAILQ_ENTRY(aks_exchange) link; /* of the engine, as the next four */
    enum aks_exchange_place place;
    CURL *easy; /* NULL unless running */
    aks_transport_done *done;
    void *context;

    char *method;
    char *url;
    char *origin; /* host and port, for messages */
    bool secure;  /* https */
    bool direct;  /* never through a proxy */
    struct curl_slist *lines;
    char *body; /* NULL: none */
    size_t body_length;
    double timeout;

    struct aks_http_response response;
    struct aks_error error;
    size_t header_bytes; /* of all answers, interim ones too */
    bool in_headers;     /* of the last answer: what comes later as a header is a trailer */
    enum aks_exchange_stop stop;
    unsigned sendings; /* how often libcurl has begun to send it */
    char text[CURL_ERROR_SIZE];
};

/* Copies the request. NULL on failure: "host_not_trusted" for plain http to another machine. */
struct aks_exchange *aks_exchange_new(const struct aks_http_request *request, struct aks_error *error);

/* Puts all options on a handle that is new or reset. The exchange must stay until the handle is reset. */
AKS_CHECK bool aks_exchange_set_up(struct aks_exchange *exchange, CURL *easy,
                                   const struct aks_transport_options *options, struct aks_error *error);

/* The transfer on `easy` has ended: fills `response.status`, or `error`. */
void aks_exchange_finish(struct aks_exchange *exchange, CURL *easy, CURLcode code);

/* Overwrites what may be secret first. NULL is allowed. */
void aks_exchange_free(struct aks_exchange *exchange);

#endif
