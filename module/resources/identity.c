/* The type "user-assigned identity".
 * https://learn.microsoft.com/azure/templates/microsoft.managedidentity/userassignedidentities */
#include "resources/type.h"

static const struct aks_field fields[] = {
    {.name = "location",
     .path = "location",
     .type = AKS_FIELD_LOCATION,
     .flags = AKS_FIELD_CREATE_ONLY,
     .documentation = "Azure region; absent: that of the resource group"},
    {.name = "tags",
     .path = "tags",
     .type = AKS_FIELD_TAGS,
     .flags = AKS_FIELD_FOLD,
     .documentation = "tags by name; those that are there already and not named here are kept"},
    {.name = "client_id",
     .path = "properties.clientId",
     .type = AKS_FIELD_UUID,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "application id: what a program signs in with"},
    {.name = "principal_id",
     .path = "properties.principalId",
     .type = AKS_FIELD_UUID,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "object id: what a role is assigned to"},
    {.name = "tenant_id",
     .path = "properties.tenantId",
     .type = AKS_FIELD_UUID,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "tenant of the identity"},
};

/* All of its properties are Azure's. */
static const char *const stripped[] = {"id", "name", "type", "systemData", "properties", NULL};

const struct aks_type aks_type_identity = {
    .name = "identity",
    .plural = "identities",
    .title = "identity",
    .arm_type = "Microsoft.ManagedIdentity/userAssignedIdentities",
    .api_version = "2023-01-31",
    .parent = "resource_group",
    .name_rule = "identity",
    .flags = AKS_TYPE_LOCATED | AKS_TYPE_BARE,
    .fields = AKS_FIELDS(fields),
    .stripped = stripped,
    .pace = {1, 2},
};
