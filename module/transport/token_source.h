/* The interface of something that yields access tokens: what an ARM call needs to know of credentials. */
#ifndef AKS_TRANSPORT_TOKEN_SOURCE_H
#define AKS_TRANSPORT_TOKEN_SOURCE_H

#include <stdbool.h>

#include "base/error.h"

/* Told exactly once, never from inside `get` and never after `cancel`. `token` (NULL on failure) is borrowed for the
 * call. */
typedef void aks_token_done(void *context, const char *token, const struct aks_error *error);

struct aks_token_request; /* the source's */
struct aks_token_source;

struct aks_token_source_methods {
    /* Asks for a token. `refused` is a token that the server has just answered 401 to (NULL: none): a cached one that
       equals it is not given again. NULL on failure, and then `done` is not called. */
    struct aks_token_request *(*get)(struct aks_token_source *source, const char *refused, aks_token_done *done,
                                     void *context, struct aks_error *error);
    void (*cancel)(struct aks_token_source *source, struct aks_token_request *request);
    void (*free)(struct aks_token_source *source);
};

/* The first member of every source's own struct. */
struct aks_token_source {
    const struct aks_token_source_methods *methods;
};

#endif
