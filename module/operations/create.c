/* The operation "create": brings a resource to its spec. Reads, then acts on the difference; what is under way already
   is waited for; what nobody declared is kept. */
#include "operations/current.h"
#include "operations/operations.h"
#include "operations/preflight.h"
#include "operations/ssh_key.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "base/text.h"

enum { STEP_READ, STEP_SETTLE, STEP_COMPARE, STEP_PARENT, STEP_SURVEY, STEP_CHECK, STEP_WRITE, STEP_READ_BACK };

struct create {
    struct aks_survey survey; /* first: see survey.h */
    bool unchecked;           /* the user wants no preflight */
};

static void clear(void *data)
{
    struct create *create = data;

    aks_survey_clear(&create->survey);
}

static void fail_for(struct aks_operation *operation, const char *code, const char *problem, const char *hint)
{
    struct aks_error error = {0};

    aks_error_set(&error, code, "%s %s", operation->resource->title, problem);
    aks_error_note(&error.hint, hint);
    aks_operation_fail(operation, &error);
}

/* Takes what was read; false: the operation has failed. */
static bool keep_state(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    if (aks_resource_set_state(operation->resource, document, error))
        return true;
    aks_operation_fail(operation, error);
    return false;
}

/* STEP_READ */
static void read_answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    const struct aks_resource *resource = operation->resource;
    json_t *document = reply ? reply->body : NULL;
    bool absent = !reply && aks_call_is_absent(error);

    /* Without what it would be in, a PUT would fail the same way. */
    if (absent && resource->type != &aks_type_resource_group &&
        (aks_error_has_code(error, "ResourceGroupNotFound") || aks_error_has_code(error, "ParentResourceNotFound")))
        absent = false;
    if (!reply && !absent) {
        aks_operation_fail(operation, error);
        return;
    }
    aks_error_clear(error);
    if (reply)
        reply->body = NULL;
    if (keep_state(operation, document, error))
        aks_operation_next(operation);
}

static void read_first(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "GET");

    aks_operation_call(operation, &request, read_answered);
}

/* STEP_SETTLE: an operation found in flight is waited for, not repeated. */
static void settled(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    if (aks_error_is_set(error))
        aks_operation_fail(operation, error);
    else if (keep_state(operation, json_incref(document), error))
        aks_operation_next(operation);
}

static void settle(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "GET");

    if (!operation->resource->state || aks_poll_state_is_terminal(aks_resource_provisioning_state(operation->resource)))
        aks_operation_next(operation);
    else
        aks_operation_watch(operation, &request, settled);
}

/* STEP_COMPARE: local. What is there, whole and as declared, needs no write. */
static void compare(struct aks_operation *operation)
{
    struct aks_resource *resource = operation->resource;
    const char *state = aks_resource_provisioning_state(resource);
    struct aks_findings findings = {0};
    struct aks_error error = {0};
    size_t changes = 0;

    if (!resource->spec && !resource->state && (resource->type->flags & AKS_TYPE_BARE))
        resource->spec = json_object(); /* without memory for it, it is told as one that needs a spec */
    if (!resource->spec && !resource->state) {
        fail_for(operation, "not_found", "does not exist and has no spec", "declare it with a spec to have it created");
        return;
    }
    if (!aks_resource_compare(resource, resource->state, &changes, &findings, &error)) {
        aks_findings_clear(&findings);
        aks_operation_fail(operation, &error);
    } else if (aks_findings_refuse(&findings)) {
        aks_error_set_findings(&error, &findings);
        aks_operation_fail(operation, &error);
    } else {
        aks_findings_clear(&findings);
        if (resource->state && changes == 0 && (!state || aks_text_equal_fold(state, "Succeeded")))
            aks_operation_succeed(operation, NULL);
        else
            aks_operation_next(operation);
    }
}

/* STEP_PARENT: a new resource goes where its group is, and takes over what its type has of its parent, unless the spec
   says otherwise. */
static bool take_location(struct aks_resource *resource, const json_t *parent, struct aks_error *error)
{
    const char *location = aks_document_text_at(parent, "location");

    if (!(resource->type->flags & AKS_TYPE_LOCATED) || resource->location)
        return true;
    if (!location) {
        aks_error_note(&error->hint, "give it a location");
        return aks_error_set(error, "field_required", "%s finds no location in its resource group to take over",
                             resource->title);
    }
    resource->location = strdup(location);
    return resource->location || aks_error_set_no_memory(error);
}

static void parent_answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    struct aks_resource *resource = operation->resource;

    if (!reply) {
        if (aks_call_is_absent(error))
            aks_error_note(&error->hint,
                           resource->type->inherit ? "create the cluster first" : "create the resource group first");
        aks_operation_fail(operation, error);
        return;
    }
    if (!take_location(resource, reply->body, error) ||
        (resource->type->inherit && !resource->type->inherit(resource->spec, reply->body) &&
         !aks_error_set_no_memory(error)))
        aks_operation_fail(operation, error);
    else
        aks_operation_next(operation);
}

static bool needs_parent(const struct aks_resource *resource)
{
    if (resource->type == &aks_type_resource_group || resource->state)
        return false;
    return ((resource->type->flags & AKS_TYPE_LOCATED) && !resource->location) ||
           (resource->type->inherit && resource->spec);
}

static void read_parent(struct aks_operation *operation)
{
    const struct aks_resource *resource = operation->resource;
    struct aks_call_request request = {.method = "GET", .target = resource->id.parent};

    if (needs_parent(resource)) {
        request.api_version = aks_type_find(resource->type->parent)->api_version;
        aks_operation_call(operation, &request, parent_answered);
    } else {
        aks_operation_next(operation);
    }
}

/* STEP_SURVEY and STEP_CHECK: a new cluster is looked at before it is asked for, as Azure tells only after minutes what
   would make it fail. */
static bool needs_check(const struct aks_operation *operation)
{
    const struct create *create = operation->data;

    return operation->resource->type == &aks_type_cluster && !operation->resource->state && !create->unchecked;
}

static void survey(struct aks_operation *operation)
{
    if (needs_check(operation))
        aks_survey_run(operation, aks_preflight_look, aks_preflight_seen);
    else
        aks_operation_go(operation, STEP_WRITE);
}

static void check(struct aks_operation *operation)
{
    struct aks_findings findings = {0};
    struct aks_error error = {0};

    if (!aks_preflight_check(operation, false, &findings))
        aks_error_set_no_memory(&error);
    else if (aks_findings_refuse(&findings))
        aks_error_set_findings(&error, &findings);
    aks_findings_clear(&findings);
    if (aks_error_is_set(&error))
        aks_operation_fail(operation, &error);
    else
        aks_operation_next(operation);
}

/* STEP_WRITE. An error that passes, or that leaves open whether the write arrived, leads back to reading. */
static void written(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    if (aks_error_is_set(error)) {
        if (!aks_current_begin_again(operation, STEP_READ, error))
            aks_operation_fail(operation, error);
        return;
    }
    if (!document)
        aks_operation_next(operation);
    else if (keep_state(operation, json_incref(document), error))
        aks_operation_succeed(operation, NULL);
}

/* A new cluster's nodes let the user in: without a key in the spec, with the one that the user has. */
static bool add_ssh_key(struct aks_resource *resource, struct aks_error *error)
{
    char *key;
    int failed;

    if (resource->type != &aks_type_cluster || resource->state || aks_resource_declared(resource, "ssh_public_key") ||
        aks_document_get(aks_resource_declared(resource, "raw"), "properties.linuxProfile"))
        return true;
    key = aks_ssh_key_public(resource->session->ssh_directory, error);
    if (!key)
        return false;
    failed = json_object_set_new(resource->spec, "ssh_public_key", json_string(key));
    free(key);
    return !failed || aks_error_set_no_memory(error);
}

static void write_spec(struct aks_operation *operation)
{
    struct aks_resource *resource = operation->resource;
    struct aks_call_request request = aks_operation_request(operation, "PUT");
    struct aks_error error = {0};
    json_t *body = add_ssh_key(resource, &error) ? aks_resource_body(resource, resource->state, &error) : NULL;

    if (!body) {
        aks_operation_fail(operation, &error);
        return;
    }
    request.body = body;
    if (resource->state && resource->type->etag)
        request.if_match = aks_document_text_at(resource->state, resource->type->etag);
    else if (!resource->state && (resource->type->flags & AKS_TYPE_CREATE_CONDITIONAL))
        request.if_none_match = "*";
    aks_operation_follow(operation, &request, written);
    json_decref(body);
}

/* STEP_READ_BACK: for answers that ended well and had no document. */
static void read_back_answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    json_t *document = reply ? reply->body : NULL;

    if (!reply) {
        aks_operation_fail(operation, error);
        return;
    }
    reply->body = NULL;
    if (keep_state(operation, document, error))
        aks_operation_next(operation);
}

static void read_back(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "GET");

    aks_operation_call(operation, &request, read_back_answered);
}

static const struct aks_step steps[] = {
    [STEP_READ] = {"read", read_first},
    [STEP_SETTLE] = {"wait for what is under way", settle},
    [STEP_COMPARE] = {"compare", compare},
    [STEP_PARENT] = {"read its parent", read_parent},
    [STEP_SURVEY] = {"look at what it needs", survey},
    [STEP_CHECK] = {"check", check},
    [STEP_WRITE] = {"write", write_spec},
    [STEP_READ_BACK] = {"read back", read_back},
};

static const struct aks_operation_kind kind = {
    .name = "create",
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
    .data_size = sizeof(struct create),
    .clear = clear,
};

static const struct aks_field options[] = {
    {.name = "check",
     .type = AKS_FIELD_BOOLEAN,
     .documentation = "false: a new cluster is asked for without looking first whether it can come about"},
    {.name = "wait", .type = AKS_FIELD_BOOLEAN, .documentation = "false: return the operation at once"},
};
const struct aks_fields aks_create_options = AKS_FIELDS(options);

struct aks_operation *aks_operation_new_create(struct aks_resource *resource, const json_t *wanted,
                                               struct aks_error *error)
{
    struct aks_operation *operation;

    if (resource->type->flags & AKS_TYPE_TENTATIVE)
        return aks_operation_new_assign(resource, error);
    operation = aks_operation_new(&kind, resource->session, resource, error);
    if (operation)
        ((struct create *)operation->data)->unchecked = json_is_false(json_object_get(wanted, "check"));
    return operation;
}
