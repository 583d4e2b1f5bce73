/* The operations "start", "stop" and "abort" of a cluster: actions without a body, and the cluster as it is afterwards.
   https://learn.microsoft.com/azure/aks/start-stop-cluster,
   https://learn.microsoft.com/azure/aks/manage-abort-operations */
#include "operations/current.h"
#include "operations/operations.h"

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

/* An abort is for what is under way; the others wait until it is over. */
static void settle(struct aks_operation *operation)
{
    if (wanted(operation))
        aks_current_settle(operation);
    else
        aks_operation_next(operation);
}

static bool is_as_wanted(const struct aks_operation *operation)
{
    const char *state = aks_resource_provisioning_state(operation->resource);

    if (!wanted(operation))
        return !aks_current_is_busy(operation);
    return aks_current_has_power(operation, wanted(operation)) && state && aks_text_equal_fold(state, "Succeeded");
}

static void acted(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    (void)document;
    if (aks_error_is_set(error) && wanted(operation) && aks_current_begin_again(operation, STEP_READ, error))
        return;
    if (aks_error_is_set(error) && !wanted(operation) && error->status == 409) {
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
    if (is_as_wanted(operation))
        aks_operation_succeed(operation, NULL);
    else
        aks_current_act(operation, operation->kind->name, acted);
}

static const struct aks_step steps[] = {
    [STEP_READ] = {"read", aks_current_read},
    [STEP_SETTLE] = {"wait for what is under way", settle},
    [STEP_ACT] = {"act", act},
    [STEP_READ_BACK] = {"read back", aks_current_read},
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
