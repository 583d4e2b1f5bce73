/* The operation "request": any request to any resource, and the long-running operation it may begin. */
#include "operations/operations.h"

#include <stdlib.h>
#include <string.h>

struct any {
    char *method;
    char *target;
    char *api_version;
    json_t *body;
    bool absent_is_success;
};

static void clear(void *data)
{
    struct any *any = data;

    free(any->method);
    free(any->target);
    free(any->api_version);
    json_decref(any->body);
}

static void end(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    const struct any *any = operation->data;

    if (any->absent_is_success && aks_call_is_absent(error))
        aks_error_clear(error);
    if (aks_error_is_set(error))
        aks_operation_fail(operation, error);
    else
        aks_operation_succeed(operation, document);
}

static void answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    end(operation, reply ? json_incref(reply->body) : NULL, error);
}

static void followed(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    end(operation, aks_error_is_set(error) ? NULL : json_incref(document), error);
}

static void send(struct aks_operation *operation)
{
    const struct any *any = operation->data;
    struct aks_call_request request = {
        .method = any->method,
        .target = any->target,
        .api_version = any->api_version,
        .body = any->body,
    };

    if (strcmp(any->method, "GET") == 0 || strcmp(any->method, "HEAD") == 0)
        aks_operation_call(operation, &request, answered);
    else
        aks_operation_follow(operation, &request, followed);
}

static const struct aks_step steps[] = {{"request", send}};

static const struct aks_operation_kind kind = {
    .name = "request",
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
    .data_size = sizeof(struct any),
    .clear = clear,
};

struct aks_operation *aks_operation_new_request(struct aks_session *session, const struct aks_any_request *request,
                                                struct aks_error *error)
{
    struct aks_operation *operation = aks_operation_new(&kind, session, NULL, error);
    struct any *any;

    if (!operation)
        return NULL;
    any = operation->data;
    any->method = strdup(request->method);
    any->target = strdup(request->target);
    any->api_version = request->api_version ? strdup(request->api_version) : NULL;
    any->body = request->body ? json_deep_copy(request->body) : NULL;
    any->absent_is_success = request->absent_is_success;
    if (!any->method || !any->target || (request->api_version && !any->api_version) || (request->body && !any->body)) {
        aks_operation_release(operation);
        aks_error_set_no_memory(error);
        return NULL;
    }
    return operation;
}
