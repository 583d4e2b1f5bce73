/* Reading a cluster that exists, and waiting for what is under way on it. */
#include "operations/current.h"

#include <stdlib.h>

#include "arm/document.h"
#include "base/text.h"
#include "operations/conflict.h"

/* A request that may or may not have arrived is looked into this often. */
#define LOST_REQUESTS_LIMIT 5

void aks_current_keep(struct aks_operation *operation, json_t *document, struct aks_error *error)
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
    aks_current_keep(operation, document, error);
}

void aks_current_read(struct aks_operation *operation)
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
        aks_current_keep(operation, json_incref(document), error);
}

void aks_current_settle(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "GET");

    if (aks_current_is_busy(operation))
        aks_operation_watch(operation, &request, settled);
    else
        aks_operation_next(operation);
}

bool aks_current_is_busy(const struct aks_operation *operation)
{
    return !aks_poll_state_is_terminal(aks_resource_provisioning_state(operation->resource));
}

bool aks_current_has_power(const struct aks_operation *operation, const char *code)
{
    const char *power = aks_document_text_at(operation->resource->state, "properties.powerState.code");

    return power && aks_text_equal_fold(power, code);
}

bool aks_current_begin_again(struct aks_operation *operation, size_t step, struct aks_error *error)
{
    const char *why;

    if (aks_operation_is_overdue(operation))
        return false;
    if (aks_conflict_passes(error, operation->attempts))
        why = "another operation is in progress";
    else if (aks_grants_explain(&operation->session->grants, error))
        why = "a new role assignment has no effect yet";
    else if (error->retryable && operation->lost_requests++ < LOST_REQUESTS_LIMIT)
        why = "no clear answer: looking again";
    else
        return false;
    aks_error_clear(error);
    aks_operation_go_after(operation, step, aks_operation_backoff(operation), why);
    return true;
}

void aks_current_act(struct aks_operation *operation, const char *action,
                     void (*followed)(struct aks_operation *operation, json_t *document, struct aks_error *error))
{
    struct aks_call_request request = aks_operation_request(operation, "POST");
    char *target = aks_text_format("%s/%s", operation->resource->id.text, action);
    struct aks_error error = {0};

    request.target = target;
    if (target) {
        aks_operation_follow(operation, &request, followed);
    } else {
        aks_error_set_no_memory(&error);
        aks_operation_fail(operation, &error);
    }
    free(target);
}
