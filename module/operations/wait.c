/* The operation "wait": until nothing is under way on a resource. */
#include "operations/operations.h"
#include "operations/resolve.h"

#include "arm/document.h"
#include "arm/fault.h"
#include "base/text.h"

/* A resource that ended as Failed or Canceled says why in its status, where its API has one. */
static void fail_as_ended(struct aks_operation *operation, const char *state)
{
    const json_t *reason = aks_document_get(operation->resource->state, "properties.status.provisioningError");
    const char *code = aks_text_equal_fold(state, "Failed") ? "operation_failed" : "operation_canceled";
    struct aks_error error = {0}, detail = {0};
    const struct aks_error *deepest = &detail;

    if (json_is_object(reason)) {
        aks_fault_read_object(reason, &detail);
        deepest = aks_fault_deepest(&detail);
    }
    if (aks_error_is_set(deepest))
        aks_error_set(&error, code, "the last operation on %s ended as %s: %s: %s", operation->resource->title, state,
                      aks_error_code(deepest), deepest->message ? deepest->message : "");
    else
        aks_error_set(&error, code, "the last operation on %s ended as %s", operation->resource->title, state);
    if (aks_error_is_set(&detail) && aks_error_add_detail(&error))
        aks_error_move(&error.details[0], &detail);
    aks_error_clear(&detail);
    aks_error_note(&error.hint, "create() brings it to its spec again, delete() removes it");
    aks_operation_fail(operation, &error);
}

static void ended(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    const char *state;

    if (aks_error_is_set(error) || !aks_resource_set_state(operation->resource, json_incref(document), error)) {
        aks_operation_fail(operation, error);
        return;
    }
    if (!document) {
        aks_error_set(error, "not_found", "%s does not exist", operation->resource->title);
        aks_operation_fail(operation, error);
        return;
    }
    state = aks_resource_provisioning_state(operation->resource);
    if (state && !aks_text_equal_fold(state, "Succeeded"))
        fail_as_ended(operation, state);
    else
        aks_operation_succeed(operation, json_incref(document));
}

static void watch(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "GET");

    aks_operation_watch(operation, &request, ended);
}

static const struct aks_step steps[] = {
    AKS_RESOLVE_STEPS,
    {"wait for Azure", watch},
};

static const struct aks_operation_kind kind = {
    .name = "wait",
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
};

struct aks_operation *aks_operation_new_wait(struct aks_resource *resource, struct aks_error *error)
{
    return aks_operation_new(&kind, resource->session, resource, error);
}
