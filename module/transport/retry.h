/* When to try again, and after how long. Pure: time and chance are parameters.
   Rules: https://learn.microsoft.com/azure/architecture/best-practices/retry-service-specific and full jitter as in
   https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
#ifndef AKS_TRANSPORT_RETRY_H
#define AKS_TRANSPORT_RETRY_H

#include <stdbool.h>

#include "base/attributes.h"
#include "transport/transport.h"

struct aks_retry_policy {
    unsigned retries; /* after the first try */
    double base;      /* seconds: the ceiling of the first wait; doubled for each further one */
    double cap;       /* seconds: the largest ceiling */
};
#define AKS_RETRY_POLICY_DEFAULT ((struct aks_retry_policy){.retries = 6, .base = 1.0, .cap = 60.0})

/* How one try of a request ended. */
struct aks_retry_outcome {
    int status;           /* 0: no answer */
    bool connection_lost; /* no answer, for a reason that may pass (connection_failed, timeout) */
    bool unsent;          /* nothing reached the server */
    bool repeatable;      /* repeating the request does no harm: reads, and what its sender says is so */
    double retry_after;   /* seconds the server asked for; negative: it did not */
};

/* Seconds to wait before try number `attempt` + 1 (the first try is attempt 1), or negative: give up.
   Tried again: 429 always (it was refused before it had an effect); 408, 500, 502, 503, 504 and a lost connection when
   repeatable; a connection that never came about always. `chance` is in [0, 1). A retry_after wins over the back-off
   (a little chance is added, so that many clients do not come back at the same moment), but one beyond
   AKS_RETRY_AFTER_LIMIT seconds means give up. */
double aks_retry_wait(const struct aks_retry_policy *policy, unsigned attempt, const struct aks_retry_outcome *outcome,
                      double chance);
#define AKS_RETRY_AFTER_LIMIT 900.0

/* What the headers ask for, in seconds from `now` (wall clock): retry-after-ms, x-ms-retry-after-ms, then Retry-After
   as seconds or as a date. Negative when there is none that can be understood. Zero counts as none, as the Azure SDKs
   have it. */
double aks_retry_after(const struct aks_headers *headers, double now);

#endif
