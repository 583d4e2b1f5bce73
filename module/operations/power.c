/* The operations "start", "stop" and "abort" of a cluster: actions without a body, and the cluster as it is afterwards.
   https://learn.microsoft.com/azure/aks/start-stop-cluster,
   https://learn.microsoft.com/azure/aks/manage-abort-operations */
#include "operations/conflict.h"
#include "operations/operations.h"

#include <stdlib.h>

#include "arm/document.h"
#include "base/text.h"

enum { STEP_READ, STEP_SETTLE, STEP_ACT, STEP_READ_BACK };

static const struct aks_operation_kind start_kind, stop_kind, abort_kind;

/* The power state that a kind leads to; NULL: abort leads to none. */
static const char *wanted(const struct aks_operation *operation)
{
    if (operation->kind == &abort_kind)
        return NULL;
    return operation->kind == &start_kind ? "Running" : "Stopped";
}

static void keep(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    if (aks_resource_set_state(operation->resource, document, error))
        aks_operation_next(operation);
    else
        aks_operation_fail(operation, error);
}

static void answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    json_t *document = reply ? reply->body : NULL;

    if (!reply) {
        aks_operation_fail(operation, error);
        return;
    }
    reply->body = NULL;
    keep(operation, document, error);
}

static void read_cluster(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "GET");

    aks_operation_call(operation, &request, answered);
}

static void settled(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    if (!aks_error_is_set(error) && !document)
        aks_error_set(error, "not_found", "%s does not exist", operation->resource->title);
    if (aks_error_is_set(error))
        aks_operation_fail(operation, error);
    else
        keep(operation, json_incref(document), error);
}

static bool is_busy(const struct aks_operation *operation)
{
    return !aks_poll_state_is_terminal(aks_resource_provisioning_state(operation->resource));
}

/* An abort is for what is under way; the others wait until it is over. */
static void settle(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "GET");

    if (wanted(operation) && is_busy(operation))
        aks_operation_watch(operation, &request, settled);
    else
        aks_operation_next(operation);
}

static bool is_as_wanted(const struct aks_operation *operation)
{
    const char *power = aks_document_text_at(operation->resource->state, "properties.powerState.code");
    const char *state = aks_resource_provisioning_state(operation->resource);

    if (!wanted(operation))
        return !is_busy(operation);
    return power && aks_text_equal_fold(power, wanted(operation)) && state && aks_text_equal_fold(state, "Succeeded");
}

static void acted(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    (void)document;
    if (aks_error_is_set(error) && wanted(operation) && aks_conflict_passes(error)) {
        aks_error_clear(error);
        aks_operation_go_after(operation, STEP_READ, aks_operation_backoff(operation),
                               "another operation is in progress");
    } else if (aks_error_is_set(error) && !wanted(operation) && error->status == 409) {
        aks_error_clear(error); /* what was to be aborted has just ended */
        aks_operation_next(operation);
    } else if (aks_error_is_set(error)) {
        aks_operation_fail(operation, error);
    } else {
        aks_operation_next(operation);
    }
}

static void act(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "POST");
    struct aks_error error = {0};
    char *target;

    if (is_as_wanted(operation)) {
        aks_operation_succeed(operation, NULL);
        return;
    }
    target = aks_text_format("%s/%s", operation->resource->id.text, operation->kind->name);
    if (!target) {
        aks_error_set_no_memory(&error);
        aks_operation_fail(operation, &error);
        return;
    }
    request.target = target;
    aks_operation_follow(operation, &request, acted);
    free(target);
}

static const struct aks_step steps[] = {
    [STEP_READ] = {"read", read_cluster},
    [STEP_SETTLE] = {"wait for what is under way", settle},
    [STEP_ACT] = {"act", act},
    [STEP_READ_BACK] = {"read back", read_cluster},
};

#define KIND(verb)                                                                                                     \
    {                                                                                                                  \
        .name = verb, .steps = steps, .step_count = sizeof steps / sizeof *steps                                       \
    }
static const struct aks_operation_kind start_kind = KIND("start"), stop_kind = KIND("stop"), abort_kind = KIND("abort");

struct aks_operation *aks_operation_new_start(struct aks_resource *resource, struct aks_error *error)
{
    return aks_operation_new(&start_kind, resource->session, resource, error);
}

struct aks_operation *aks_operation_new_stop(struct aks_resource *resource, struct aks_error *error)
{
    return aks_operation_new(&stop_kind, resource->session, resource, error);
}

struct aks_operation *aks_operation_new_abort(struct aks_resource *resource, struct aks_error *error)
{
    return aks_operation_new(&abort_kind, resource->session, resource, error);
}
