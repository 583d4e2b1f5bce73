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

/* Where a token came from. Texts are the source's, until it is asked again. */
struct aks_token_origin {
    const char *credential; /* the kind that gave it: "azure_cli" */
    const char *authority;  /* NULL: none is known */
    double expires_on;      /* seconds since 1970; 0: unknown */
};

struct aks_token_source_methods {
    /* Asks for a token. `refused` is a token that the server has just answered 401 to (NULL: none): a cached one that
       equals it is not given again. `claims` is what that answer's challenge wants of the next token, as it stands in
       the header (NULL: nothing). NULL on failure, and then `done` is not called. */
    struct aks_token_request *(*get)(struct aks_token_source *source, const char *refused, const char *claims,
                                     aks_token_done *done, void *context, struct aks_error *error);
    void (*cancel)(struct aks_token_source *source, struct aks_token_request *request);
    void (*free)(struct aks_token_source *source);
    /* Where the last token came from; false when there is none. NULL: the source cannot tell. */
    bool (*describe)(const struct aks_token_source *source, struct aks_token_origin *origin);
};

/* The first member of every source's own struct. */
struct aks_token_source {
    const struct aks_token_source_methods *methods;
};

#endif
