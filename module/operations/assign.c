/* The operation "create" of a role assignment: its name is found out, then it is put; one that exists is success. */
#include "operations/operations.h"
#include "operations/resolve.h"

#include "resources/role_assignment.h"

enum { STEP_PRINCIPAL, STEP_ROLE, STEP_READ, STEP_ASSIGN, STEP_FIND };

/* A new identity is known everywhere in Microsoft Entra after a while: most often seconds, at times minutes
   (https://learn.microsoft.com/azure/role-based-access-control/troubleshooting, "principal not found"). */
#define REPLICATION_LIMIT 600.0

/* Takes the assignment's document; under whatever name it exists, that is its id from now on. */
static void take_assignment(struct aks_operation *operation, json_t *document)
{
    struct aks_error error = {0};

    aks_resolve_take_id(operation, document);
    if (aks_resource_set_state(operation->resource, document, &error))
        aks_operation_succeed(operation, NULL);
    else
        aks_operation_fail(operation, &error);
}

/* STEP_FIND: it exists under a name that somebody else chose. */
static void found(struct aks_operation *operation, const json_t *document, struct aks_error *error)
{
    json_t *copy = document ? json_deep_copy(document) : NULL;

    if (copy) {
        take_assignment(operation, copy);
        return;
    }
    if (document)
        aks_error_set_no_memory(error);
    aks_error_set(error, "RoleAssignmentExists",
                  "Azure says that the role assignment exists, but does not list it at its scope");
    aks_error_note(&error->hint,
                   "look at the scope's role assignments; the client may not be allowed to read all of them");
    aks_operation_fail(operation, error);
}

static void find(struct aks_operation *operation)
{
    aks_resolve_find(operation, found);
}

/* STEP_READ: who may not assign roles may still find that somebody has. */
static void read_answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    if (reply) {
        json_t *document = reply->body;

        reply->body = NULL;
        take_assignment(operation, document);
    } else if (aks_call_is_absent(error)) {
        aks_error_clear(error);
        aks_operation_next(operation);
    } else {
        aks_operation_fail(operation, error);
    }
}

static void read_assignment(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "GET");

    aks_operation_call(operation, &request, read_answered);
}

static void assigned(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    if (reply) {
        json_t *document = reply->body;

        reply->body = NULL;
        aks_grants_note(&operation->session->grants, operation->resource->id.parent, operation->assignee.principal_id);
        take_assignment(operation, document);
    } else if (aks_error_has_code(error, "RoleAssignmentExists")) {
        aks_error_clear(error);
        aks_operation_next(operation);
    } else if (aks_error_has_code(error, "PrincipalNotFound") && aks_operation_elapsed(operation) < REPLICATION_LIMIT) {
        aks_error_clear(error);
        aks_operation_go_after(operation, STEP_ASSIGN, aks_operation_backoff(operation),
                               "the new identity is not known everywhere yet");
    } else {
        aks_operation_fail(operation, error);
    }
}

static void assign(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "PUT");
    struct aks_error error = {0};
    json_t *body = aks_role_assignment_body(operation->resource, operation->assignee.principal_id,
                                            operation->assignee.role, operation->assignee.is_service_principal, &error);

    if (!body) {
        aks_operation_fail(operation, &error);
        return;
    }
    request.body = body;
    request.repeatable = true; /* its name follows from its content */
    aks_operation_call(operation, &request, assigned);
    json_decref(body);
}

static const struct aks_step steps[] = {
    [STEP_PRINCIPAL] = {"find out the principal", aks_resolve_principal},
    [STEP_ROLE] = {"find out the role", aks_resolve_role},
    [STEP_READ] = {"read", read_assignment},
    [STEP_ASSIGN] = {"assign", assign},
    [STEP_FIND] = {"find the assignment", find},
};

static const struct aks_operation_kind kind = {
    .name = "create",
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
};

struct aks_operation *aks_operation_new_assign(struct aks_resource *resource, struct aks_error *error)
{
    return aks_operation_new(&kind, resource->session, resource, error);
}
