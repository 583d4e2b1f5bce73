/* The operation "delete": the resource is gone at the end, whether it was there or not. */
#include "operations/conflict.h"
#include "operations/operations.h"
#include "operations/resolve.h"

enum { STEP_DELETE = AKS_RESOLVE_STEP_COUNT };

static void deleted(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    (void)document;
    if (aks_error_is_set(error) && aks_conflict_passes(error, operation->attempts)) {
        aks_error_clear(error);
        aks_operation_go_after(operation, STEP_DELETE, aks_operation_backoff(operation),
                               "another operation is in progress");
        return;
    }
    if (aks_call_is_absent(error))
        aks_error_clear(error);
    if (aks_error_is_set(error) || !aks_resource_set_state(operation->resource, NULL, error))
        aks_operation_fail(operation, error);
    else
        aks_operation_next(operation);
}

static void delete_resource(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "DELETE");

    request.repeatable = true; /* deleting what is gone is success */
    aks_operation_follow(operation, &request, deleted);
}

static const struct aks_step steps[] = {
    AKS_RESOLVE_STEPS,
    {"delete", delete_resource},
};

static const struct aks_operation_kind kind = {
    .name = "delete",
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
};

struct aks_operation *aks_operation_new_delete(struct aks_resource *resource, struct aks_error *error)
{
    return aks_operation_new(&kind, resource->session, resource, error);
}
