/* One ARM call: token, api-version, request ids, retry, the body as JSON, errors as struct aks_error. */
#ifndef AKS_ARM_CALL_H
#define AKS_ARM_CALL_H

#include <jansson.h>
#include <stdbool.h>

#include "arm/session.h"
#include "base/attributes.h"
#include "base/error.h"
#include "base/uuid.h"

/* Texts are copied by aks_call_start. */
struct aks_call_request {
    const char *method;
    const char *target;      /* "/subscriptions/...": below the session's endpoint; or an absolute URL that an answer
                                named: followed verbatim, and only to trusted hosts (see aks_url_follow) */
    const char *api_version; /* added to the query; NULL for a URL that an answer named */
    const char *query;       /* more of the query, encoded ("$filter=atScope()"); or NULL */
    const json_t *body;      /* borrowed for the call of aks_call_start; NULL: none */
    const char *if_match;
    const char *if_none_match;
    const char *client_request_id; /* NULL: a fresh one; polls of one operation share the first one's */
    const char *correlation_id;    /* NULL: none is sent */
    bool repeatable; /* GET and HEAD always are; set it where sending twice does no harm even if the first arrived */
    unsigned long long operation; /* id told in events; 0: none */
};

struct aks_reply {
    int status; /* 200 to 299 */
    struct aks_headers headers;
    json_t *body; /* NULL when there was none; may be taken (set it to NULL then) */
    char client_request_id[AKS_UUID_SIZE];
    const char *url; /* absolute, as sent; borrowed */
};

/* Told exactly once, never from inside aks_call_start and never after a cancel; the call is over when it is told.
   `reply` is NULL on failure; `error` may be moved. Failure includes every status outside 200 to 299. */
typedef void aks_call_done(void *context, struct aks_reply *reply, struct aks_error *error);

struct aks_call;

/* NULL on failure, and then `done` is not called. */
struct aks_call *aks_call_start(struct aks_session *session, const struct aks_call_request *request,
                                aks_call_done *done, void *context, struct aks_error *error);
void aks_call_cancel(struct aks_call *call);

/* Whether the error says that the resource, or its parent or the group that it would be in, does not exist. */
bool aks_call_is_absent(const struct aks_error *error);

#endif
