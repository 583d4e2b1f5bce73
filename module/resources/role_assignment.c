/* The type "role assignment": its fields, roles by name, the assignment's own name, its body.
   https://learn.microsoft.com/azure/templates/microsoft.authorization/roleassignments */
#include "resources/role_assignment.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "base/text.h"

/* Name space of the UUIDs of assignments: at random once, and never to be changed, since names follow from it. */
static const char name_space[] = "83bcd70c-f6dd-48c4-89a5-54640773741a";

/* https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
static const struct {
    const char *name;
    const char *uuid;
} roles[] = {
    {"Network Contributor", "4d97b98b-1d4f-4787-a291-c67834d212e7"},
    {"Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c"},
    {"Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"},
    {"Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7"},
    {"Private DNS Zone Contributor", "b12aa53e-6015-4669-85d0-8515ebb3ae7f"},
    {"Managed Identity Operator", "f1a07417-d97a-45cb-824c-7a7467783830"},
};

/* What follows the last '/', or all of it. */
static const char *last_segment(const char *text)
{
    const char *slash = strrchr(text, '/');

    return slash ? slash + 1 : text;
}

bool aks_role_find(const char *role, char uuid[AKS_UUID_SIZE])
{
    const char *found = NULL;

    for (size_t i = 0; !found && i < sizeof roles / sizeof *roles; i++)
        if (aks_text_equal_fold(roles[i].name, role))
            found = roles[i].uuid;
    if (!found && aks_uuid_is_valid(last_segment(role)))
        found = last_segment(role);
    if (!found)
        return false;
    for (size_t i = 0; i < AKS_UUID_SIZE; i++)
        uuid[i] = aks_text_lower(found[i]);
    return true;
}

/* The role is kept by Azure as the id of its definition. A role whose UUID is not known here could be any. */
static bool role_agrees(const struct aks_field *field, const json_t *wanted, const json_t *document)
{
    const char *definition = aks_document_text_at(document, field->path), *role = json_string_value(wanted);
    char uuid[AKS_UUID_SIZE];

    return definition && role && (!aks_role_find(role, uuid) || aks_text_equal_fold(last_segment(definition), uuid));
}

static const struct aks_field_codec role_codec = {.agrees = role_agrees};

static const struct aks_field fields[] = {
    {.name = "principal",
     .path = "properties.principalId",
     .type = AKS_FIELD_PRINCIPAL,
     .flags = AKS_FIELD_REQUIRED | AKS_FIELD_CREATE_ONLY,
     .documentation = "who gets the role: an identity, a cluster, or an object id"},
    {.name = "role",
     .path = "properties.roleDefinitionId",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_REQUIRED | AKS_FIELD_CREATE_ONLY,
     .minimum = 1,
     .maximum = 1024,
     .codec = &role_codec,
     .documentation = "name of the role such as \"Network Contributor\", its UUID, or the id of its definition"},
    {.name = "description",
     .path = "properties.description",
     .type = AKS_FIELD_STRING,
     .maximum = 1024,
     .documentation = "why the role is assigned"},
    {.name = "condition",
     .path = "properties.condition",
     .type = AKS_FIELD_STRING,
     .maximum = 8192,
     .documentation = "condition under which the role holds"},
    {.name = "condition_version",
     .path = "properties.conditionVersion",
     .type = AKS_FIELD_STRING,
     .maximum = 16,
     .documentation = "version of the condition's language: \"2.0\""},
    {.name = "scope",
     .path = "properties.scope",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "id of what the role is assigned on"},
    {.name = "principal_id",
     .path = "properties.principalId",
     .type = AKS_FIELD_UUID,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "object id of who has the role"},
    {.name = "principal_type",
     .path = "properties.principalType",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "\"ServicePrincipal\", \"User\", \"Group\", ..."},
    {.name = "role_definition_id",
     .path = "properties.roleDefinitionId",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "id of the role's definition"},
};

static const char *const stripped[] = {"id",
                                       "name",
                                       "type",
                                       "systemData",
                                       "properties.scope",
                                       "properties.createdOn",
                                       "properties.updatedOn",
                                       "properties.createdBy",
                                       "properties.updatedBy",
                                       NULL};

const struct aks_type aks_type_role_assignment = {
    .name = "role_assignment",
    .plural = "role_assignments",
    .title = "role assignment",
    .arm_type = "Microsoft.Authorization/roleAssignments",
    .api_version = "2022-04-01",
    .parent = "*",
    .flags = AKS_TYPE_TENTATIVE,
    .fields = AKS_FIELDS(fields),
    .stripped = stripped,
    .pace = {1, 5},
};

/* "SCOPE|PRINCIPAL|ROLE" in lower case; freed by the caller, NULL for want of memory. */
static char *name_of(const char *scope, const char *principal_id, const char *role_uuid)
{
    size_t length = strlen(scope);
    char *name;

    while (length > 0 && scope[length - 1] == '/')
        length--;
    name = aks_text_format("%.*s|%s|%s", (int)length, scope, principal_id, role_uuid);
    for (char *at = name; at && *at; at++)
        *at = aks_text_lower(*at);
    return name;
}

bool aks_role_assignment_resolve(struct aks_resource *assignment, const char *principal_id, const char *role_uuid,
                                 struct aks_error *error)
{
    char *name = name_of(assignment->id.parent, principal_id, role_uuid);
    char uuid[AKS_UUID_SIZE];
    bool done = name && aks_uuid_from_name(name_space, name, uuid);
    struct aks_id id;

    free(name);
    if (!done)
        return aks_error_set_no_memory(error);
    if (!aks_id_build(assignment->id.parent, assignment->type->arm_type, uuid, &id, error))
        return false;
    aks_id_clear(&assignment->id);
    assignment->id = id;
    return true;
}

/* New text: the id of the role's definition as the spec has it, or the one in the scope's subscription. */
static json_t *definition_id(const struct aks_resource *assignment, const char *role_uuid)
{
    const char *role = json_string_value(aks_resource_declared(assignment, "role"));
    const char *subscription = assignment->id.subscription;
    char *text;
    json_t *value;

    if (role && role[0] == '/')
        return json_string(role);
    text = aks_text_format("%s%s/providers/Microsoft.Authorization/roleDefinitions/%s",
                           subscription ? "/subscriptions/" : "", subscription ? subscription : "", role_uuid);
    value = text ? json_string(text) : NULL;
    free(text);
    return value;
}

json_t *aks_role_assignment_body(const struct aks_resource *assignment, const char *principal_id, const char *role_uuid,
                                 bool is_service_principal, struct aks_error *error)
{
    static const char *const copied[] = {"description", "condition", "condition_version"};
    json_t *body = json_object();
    bool done = body &&
                aks_field_put(body, "properties.roleDefinitionId", definition_id(assignment, role_uuid), error) &&
                aks_field_put(body, "properties.principalId", json_string(principal_id), error);

    if (done && is_service_principal)
        done = aks_field_put(body, "properties.principalType", json_string("ServicePrincipal"), error);
    for (size_t i = 0; done && i < sizeof copied / sizeof *copied; i++) {
        const struct aks_field *field = aks_fields_find(&assignment->type->fields, copied[i]);
        const json_t *value = aks_resource_declared(assignment, copied[i]);

        done = !value || aks_field_put(body, field->path, json_deep_copy(value), error);
    }
    if (done)
        return body;
    json_decref(body);
    aks_error_set_no_memory(error); /* an error that is set stays */
    return NULL;
}

bool aks_role_assignment_matches(const struct aks_resource *assignment, const json_t *document,
                                 const char *principal_id, const char *role_uuid)
{
    const char *principal = aks_document_text_at(document, "properties.principalId");
    const char *definition = aks_document_text_at(document, "properties.roleDefinitionId");
    const char *scope = aks_document_text_at(document, "properties.scope");

    return principal && definition && scope && aks_text_equal_fold(principal, principal_id) &&
           aks_text_equal_fold(last_segment(definition), role_uuid) && aks_id_equal(scope, assignment->id.parent);
}
