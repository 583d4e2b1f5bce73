/* The type "resource group". https://learn.microsoft.com/azure/templates/microsoft.resources/resourcegroups */
#include "resources/type.h"

static const struct aks_field fields[] = {
    {.name = "location",
     .path = "location",
     .type = AKS_FIELD_LOCATION,
     .flags = AKS_FIELD_REQUIRED | AKS_FIELD_CREATE_ONLY,
     .documentation = "Azure region of the group; resources made in it go there unless they say otherwise"},
    {.name = "tags",
     .path = "tags",
     .type = AKS_FIELD_TAGS,
     .flags = AKS_FIELD_FOLD,
     .documentation = "tags by name; those that are there already and not named here are kept"},
    {.name = "provisioning_state",
     .path = "properties.provisioningState",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "state of the last operation: \"Succeeded\", \"Deleting\", ..."},
};

static const char *const stripped[] = {"id", "name", "type", "systemData", "properties", NULL};

const struct aks_type aks_type_resource_group = {
    .name = "resource_group",
    .plural = "resource_groups",
    .title = "resource group",
    .arm_type = "Microsoft.Resources/resourceGroups",
    .api_version = "2024-11-01",
    .parent = "client",
    .name_rule = "resource_group",
    .flags = AKS_TYPE_LOCATED,
    .fields = AKS_FIELDS(fields),
    .stripped = stripped,
    .pace = {5, 5},
};
