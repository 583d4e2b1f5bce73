/* What happened, for those who watch: progress, logs, traces. Free of secrets: URLs are redacted, headers are not told.
 */
#ifndef AKS_ARM_EVENT_H
#define AKS_ARM_EVENT_H

#include "base/error.h"

/* Members that do not apply are NULL or 0. All borrowed for the call. */
struct aks_event {
    const char *kind;      /* "request": an answer came; "retry": another try follows in `seconds`;
                              "operation": an operation started, went on or ended */
    unsigned long long id; /* of the operation, unique in the process's life; 0 when there is none */
    const char *operation; /* "create" */
    const char *resource;  /* "cluster 'demo'" */
    const char *resource_id;
    const char *status; /* operation: "running", "succeeded", "failed", "canceled" */
    const char *step;   /* operation: the step it is in */
    const char *detail; /* operation: Azure's own words, such as "ReconcilingDNS"; when it is over, what is worth
                           knowing about its end */
    const char *method; /* request, retry */
    const char *url;    /* request, retry: redacted */
    int http_status;    /* request, retry: 0 when there was no answer */
    unsigned attempt;   /* request, retry: 1 for the first try */
    double seconds;     /* request: how long it took; retry: the wait; operation: elapsed */
    const struct aks_error *error;
    const struct aks_findings *findings; /* operation: of a check that is over; NULL: none */
};

typedef void aks_observer(void *context, const struct aks_event *event);

#endif
