/* A long-running operation as a state machine. Pure: answers in, the next URL and the wait out.
   https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations */
#ifndef AKS_ARM_POLL_H
#define AKS_ARM_POLL_H

#include <stdbool.h>

#include "arm/call.h"
#include "base/attributes.h"
#include "base/error.h"

enum aks_poll_state {
    AKS_POLL_OPERATION, /* waits: read `url`, an Azure-AsyncOperation resource with a status */
    AKS_POLL_LOCATION,  /* waits: read `url`, a Location: 202 is running, another 2xx is done */
    AKS_POLL_RESOURCE,  /* waits: read `url`, the resource itself, and its provisioningState */
    AKS_POLL_FINAL,     /* done on Azure's side: read `url` for the result */
    AKS_POLL_SUCCEEDED, /* over */
    AKS_POLL_FAILED,    /* over: `error` says why */
    AKS_POLL_CANCELED   /* over: somebody aborted it; `error` says so */
};

/* Zero-initialise it, then aks_poll_begin. */
struct aks_poll {
    enum aks_poll_state state;
    char *url;           /* what to read next, verbatim (absolute); NULL when over */
    char *resource_url;  /* of the request that began it; for a POST without the action's name */
    char *location;      /* kept for the final read of a POST */
    char *status;        /* Azure's own word for how it stands ("CreatingAgentPools: 1/3 nodes completed"); or NULL */
    unsigned mute;       /* answers in a row that did not say how the operation stands */
    bool reads_resource; /* the method was PUT or PATCH */
    bool deletes;        /* the method was DELETE: a resource that is read and still there is not done */
    json_t *document;    /* the result so far: the resource's document of the last answer that had one; or NULL */
    double retry_after;  /* seconds asked for by the last answer; negative when it did not */
    struct aks_error error;
};

/* How often to look when Azure does not say: nothing before `first` seconds, then every `interval`. */
struct aks_poll_pace {
    double first;
    double interval;
};

/* Takes in the answer to the request that began the operation; with the method GET, that to a read of a resource on
   which something is under way: its provisioningState is followed. A Location on a 200 or 201 without
   Azure-AsyncOperation counts only when it is absolute and the body is not terminal (user-assigned identities send a
   relative one on a synchronous answer). Fails for want of memory or on a link to a foreign host. `now`: wall clock. */
AKS_CHECK bool aks_poll_begin(struct aks_poll *poll, const char *method, const struct aks_reply *reply, double now,
                              struct aks_error *error);

/* Takes in the answer to a read of `url`. Only `status` decides: an error object beside a status that is not terminal
   (or beside Succeeded) is an internal retry of Azure's; unknown statuses are "still running". */
AKS_CHECK bool aks_poll_update(struct aks_poll *poll, const struct aks_reply *reply, double now,
                               struct aks_error *error);

/* Gives up the operation's URL, which cannot be read: goes on by the resource's provisioningState. False where that
   says nothing: a POST's Location gives its result, and one that is done on Azure's side is no longer waited for. */
AKS_CHECK bool aks_poll_fall_back(struct aks_poll *poll);

/* The URL was answered "there is no such thing". True when that is an end: a deleted resource, or the result of a POST
   that has succeeded; the poll is over then. */
AKS_CHECK bool aks_poll_accept_absence(struct aks_poll *poll);

/* Takes the reason of a failure for which the operation gave none from the resource's document. */
void aks_poll_explain(struct aks_poll *poll, const json_t *document);

/* Seconds to wait before the next read: what the server asked for, else the pace. `elapsed`: since the beginning. */
double aks_poll_wait(const struct aks_poll *poll, const struct aks_poll_pace *pace, double elapsed);

bool aks_poll_is_over(const struct aks_poll *poll);

/* Whether a provisioningState says that nothing is under way: Succeeded, Failed, Canceled, or none at all. */
bool aks_poll_state_is_terminal(const char *provisioning_state);

void aks_poll_clear(struct aks_poll *poll);

#endif
