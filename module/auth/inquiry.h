/* One HTTP request of a credential to whoever gives tokens, tried again while that may help. */
#ifndef AKS_AUTH_INQUIRY_H
#define AKS_AUTH_INQUIRY_H

#include "auth/credential.h"

struct aks_inquiry;

/* Seconds until the next try, or negative: this one is final. `attempt` is 1 after the first try; `response` is NULL
   when there was no answer, and then `error` says why. */
typedef double aks_inquiry_wait(unsigned attempt, const struct aks_http_response *response,
                                const struct aks_error *error);

/* Texts and headers are copied. User-Agent and Accept are added. */
struct aks_inquiry_request {
    const char *method;
    const char *url;
    const struct aks_headers *headers; /* NULL: none */
    const void *body;                  /* NULL: none */
    size_t body_length;
    double timeout; /* seconds for one try */
    bool link_local;
    aks_inquiry_wait *wait;
};

/* Told exactly once, never from inside `start` and never after `cancel`; the inquiry is gone then. `response` (NULL:
   there was no answer, and `error` says why) has any status; it is borrowed, but its body may be taken. */
typedef void aks_inquiry_done(void *context, struct aks_http_response *response, struct aks_error *error);

/* Redirects are not followed: what is sent is for this host alone. `target` outlives the inquiry. NULL on failure, and
   then `done` is not called. */
struct aks_inquiry *aks_inquiry_start(const struct aks_token_target *target, const struct aks_inquiry_request *request,
                                      aks_inquiry_done *done, void *context, struct aks_error *error);
void aks_inquiry_cancel(struct aks_inquiry *inquiry); /* NULL is allowed */

/* The wait that most use: 408, 429, 5xx and lost connections, with what the server asks for in Retry-After. `passing`:
   the answer is one of these, whatever its status. */
struct aks_retry_policy;
double aks_inquiry_retry(const struct aks_retry_policy *policy, unsigned attempt,
                         const struct aks_http_response *response, bool passing, const struct aks_error *error);

#endif
