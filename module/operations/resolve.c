/* The steps that find out principal and role of a role assignment. */
#include "operations/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "arm/page.h"
#include "base/text.h"
#include "resources/role_assignment.h"

/* Pages of a list that are searched: 100,000 assignments of one principal. */
#define PAGES_LIMIT 1000

static void fail_without_principal(struct aks_operation *operation, const char *principal)
{
    struct aks_error error = {0};

    aks_error_set(&error, "principal_unknown", "%s has no principal id", principal);
    aks_error_note(&error.resource, principal);
    aks_error_note(&error.hint,
                   "give a user-assigned identity, a cluster with a system-assigned identity, or an object id");
    aks_operation_fail(operation, &error);
}

/* An identity has its principal in its properties, a cluster in its identity. */
static void take_principal(struct aks_operation *operation, const json_t *document)
{
    const char *declared = json_string_value(aks_resource_declared(operation->resource, "principal"));
    const char *principal_id = aks_document_text_at(document, "properties.principalId");

    if (!principal_id)
        principal_id = aks_document_text_at(document, "identity.principalId");
    if (!principal_id) {
        fail_without_principal(operation, declared);
        return;
    }
    free(operation->assignee.principal_id);
    operation->assignee.principal_id = strdup(principal_id);
    operation->assignee.is_service_principal = true;
    aks_operation_next(operation);
}

static void principal_answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    struct aks_resource *referred = aks_resource_referred(operation->resource, "principal");

    if (!reply) {
        if (aks_call_is_absent(error))
            aks_error_note(&error->hint, "create the identity before the role assignment");
        aks_operation_fail(operation, error);
        return;
    }
    if (referred && !aks_resource_set_state(referred, json_incref(reply->body), error)) {
        aks_operation_fail(operation, error);
        return;
    }
    take_principal(operation, reply->body);
}

/* Reads the resource that stands for the principal. */
static void read_principal(struct aks_operation *operation, const char *principal)
{
    struct aks_error error = {0};
    struct aks_id id = {0};
    const struct aks_type *type = aks_id_parse(principal, &id, &error) ? aks_type_find_arm(id.type) : NULL;
    struct aks_call_request request = {.method = "GET", .target = principal};

    aks_id_clear(&id);
    aks_error_clear(&error);
    if (!type) {
        fail_without_principal(operation, principal);
        return;
    }
    request.api_version = type->api_version;
    aks_operation_call(operation, &request, principal_answered);
}

void aks_resolve_principal(struct aks_operation *operation)
{
    struct aks_resource *resource = operation->resource;
    const char *principal = json_string_value(aks_resource_declared(resource, "principal"));
    const struct aks_resource *referred = aks_resource_referred(resource, "principal");

    if (!principal) {
        fail_without_principal(operation, resource->title);
    } else if (aks_uuid_is_valid(principal)) {
        operation->assignee.principal_id = strdup(principal);
        aks_operation_next(operation);
    } else if (referred && referred->state) {
        take_principal(operation, referred->state);
    } else {
        read_principal(operation, principal);
    }
}

/* Both are known: the assignment has a name. */
static void name_assignment(struct aks_operation *operation)
{
    struct aks_error error = {0};

    if (!operation->assignee.principal_id)
        aks_error_set_no_memory(&error);
    if (aks_error_is_set(&error) || !aks_role_assignment_resolve(operation->resource, operation->assignee.principal_id,
                                                                 operation->assignee.role, &error))
        aks_operation_fail(operation, &error);
    else
        aks_operation_next(operation);
}

static void role_answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    const char *role = json_string_value(aks_resource_declared(operation->resource, "role"));
    const char *uuid = reply ? aks_document_text_at(reply->body, "value[0].name") : NULL;

    if (!reply) {
        aks_operation_fail(operation, error);
    } else if (!uuid || !aks_uuid_is_valid(uuid)) {
        aks_error_set(error, "role_not_found", "there is no role '%s' at this scope", role);
        aks_error_note(&error->hint, "give the role's exact name, or its UUID");
        aks_operation_fail(operation, error);
    } else {
        memcpy(operation->assignee.role, uuid, AKS_UUID_SIZE);
        name_assignment(operation);
    }
}

/* "$filter=roleName eq 'NAME'", with quotes in the name doubled as OData has it; NULL for want of memory. */
static char *role_filter(const char *role)
{
    struct aks_buffer name, query;
    bool ok = true;

    aks_buffer_init(&name, AKS_ID_LIMIT);
    aks_buffer_init(&query, 4 * AKS_ID_LIMIT);
    ok = aks_buffer_append_text(&name, "roleName eq '");
    for (const char *at = role; ok && *at; at++)
        ok = (*at != '\'' || aks_buffer_append(&name, "'", 1)) && aks_buffer_append(&name, at, 1);
    ok = ok && aks_buffer_append_text(&name, "'") && aks_buffer_append_text(&query, "$filter=") &&
         aks_buffer_append_percent_encoded(&query, name.data);
    aks_buffer_clear(&name);
    if (!ok)
        aks_buffer_clear(&query);
    return ok ? aks_buffer_take(&query) : NULL;
}

static void look_up_role(struct aks_operation *operation, const char *role)
{
    char *target =
        aks_text_format("%s/providers/Microsoft.Authorization/roleDefinitions", operation->resource->id.parent);
    char *query = role_filter(role);
    struct aks_call_request request = {
        .method = "GET", .target = target, .query = query, .api_version = operation->resource->type->api_version};
    struct aks_error error = {0};

    if (target && query) {
        aks_operation_call(operation, &request, role_answered);
    } else {
        aks_error_set_no_memory(&error);
        aks_operation_fail(operation, &error);
    }
    free(target);
    free(query);
}

void aks_resolve_role(struct aks_operation *operation)
{
    const char *role = json_string_value(aks_resource_declared(operation->resource, "role"));

    if (!role || aks_role_find(role, operation->assignee.role))
        name_assignment(operation);
    else
        look_up_role(operation, role);
}

/* The one that a page lists; borrowed, NULL: none. */
static const json_t *find_in(const struct aks_operation *operation, const json_t *values)
{
    for (size_t i = 0; i < json_array_size(values); i++)
        if (aks_role_assignment_matches(operation->resource, json_array_get(values, i),
                                        operation->assignee.principal_id, operation->assignee.role))
            return json_array_get(values, i);
    return NULL;
}

static void page_answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    struct aks_page page = {0};
    struct aks_call_request request = {.method = "GET"};
    const json_t *document;

    if (!reply || !aks_page_read(&page, reply, error)) {
        operation->assignee.found(operation, NULL, error);
        return;
    }
    document = find_in(operation, page.values);
    request.target = page.next;
    if (document || !page.next || ++operation->assignee.pages == PAGES_LIMIT)
        operation->assignee.found(operation, document, error);
    else
        aks_operation_call(operation, &request, page_answered);
    aks_page_clear(&page);
}

void aks_resolve_find(struct aks_operation *operation,
                      void (*found)(struct aks_operation *operation, const json_t *document, struct aks_error *error))
{
    char *target =
        aks_text_format("%s/providers/Microsoft.Authorization/roleAssignments", operation->resource->id.parent);
    char *query = aks_text_format("$filter=principalId%%20eq%%20%%27%s%%27", operation->assignee.principal_id);
    struct aks_call_request request = {
        .method = "GET", .target = target, .query = query, .api_version = operation->resource->type->api_version};
    struct aks_error error = {0};

    operation->assignee.found = found;
    operation->assignee.pages = 0;
    if (target && query) {
        aks_operation_call(operation, &request, page_answered);
    } else {
        aks_error_set_no_memory(&error);
        aks_operation_fail(operation, &error);
    }
    free(target);
    free(query);
}

void aks_resolve_take_id(struct aks_operation *operation, const json_t *document)
{
    const char *text = aks_document_text_at(document, "id");
    struct aks_error error = {0};
    struct aks_id id = {0};

    if (text && aks_id_parse(text, &id, &error)) {
        aks_id_clear(&operation->resource->id);
        operation->resource->id = id;
    }
    aks_error_clear(&error); /* a document without a proper id leaves the one that was computed */
}

/* Who may not list assignments still reads the one of the name that was computed. */
static void name_found(struct aks_operation *operation, const json_t *document, struct aks_error *error)
{
    if (error->status == 403 || aks_call_is_absent(error))
        aks_error_clear(error);
    if (aks_error_is_set(error)) {
        aks_operation_fail(operation, error);
        return;
    }
    if (document)
        aks_resolve_take_id(operation, document);
    aks_operation_next(operation);
}

void aks_resolve_missing_name(struct aks_operation *operation)
{
    if (operation->assignee.principal_id)
        aks_resolve_find(operation, name_found);
    else
        aks_operation_next(operation);
}

static bool has_id(const struct aks_operation *operation)
{
    const char *text = operation->resource->id.text;

    return text && *text;
}

void aks_resolve_missing_principal(struct aks_operation *operation)
{
    if (has_id(operation))
        aks_operation_next(operation);
    else
        aks_resolve_principal(operation);
}

void aks_resolve_missing_role(struct aks_operation *operation)
{
    if (has_id(operation))
        aks_operation_next(operation);
    else
        aks_resolve_role(operation);
}
