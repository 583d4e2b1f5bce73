/* The operation "read": what Azure has of a resource now. */
#include "operations/operations.h"
#include "operations/resolve.h"

static void answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    json_t *document = reply ? reply->body : NULL;

    if (!reply && !aks_call_is_absent(error)) {
        aks_operation_fail(operation, error);
        return;
    }
    aks_error_clear(error); /* absent is an answer */
    if (reply)
        reply->body = NULL;
    if (!aks_resource_set_state(operation->resource, document, error))
        aks_operation_fail(operation, error);
    else
        aks_operation_succeed(operation, json_incref(operation->resource->state));
}

static void read_resource(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "GET");

    aks_operation_call(operation, &request, answered);
}

static const struct aks_step steps[] = {
    AKS_RESOLVE_STEPS,
    {"read", read_resource},
};

static const struct aks_operation_kind kind = {
    .name = "read",
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
};

struct aks_operation *aks_operation_new_read(struct aks_resource *resource, struct aks_error *error)
{
    return aks_operation_new(&kind, resource->session, resource, error);
}
