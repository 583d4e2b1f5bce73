/* The types "resource provider" and "feature": what a subscription registers once before it can use it.
   https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types,
   https://learn.microsoft.com/azure/azure-resource-manager/management/preview-features */
#include "base/text.h"
#include "resources/type.h"

static const struct aks_field provider_fields[] = {
    {.name = "registration_state",
     .path = "registrationState",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "\"Registered\", \"NotRegistered\", \"Registering\", \"Unregistering\""},
};

static const struct aks_field feature_fields[] = {
    {.name = "registration_state",
     .path = "properties.state",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "\"Registered\", \"NotRegistered\", \"Registering\", \"Pending\", ..."},
};

const struct aks_type aks_type_provider = {
    .name = "provider",
    .title = "resource provider",
    .arm_type = "Microsoft.Resources/providers",
    .api_version = "2021-04-01",
    .parent = "client",
    .fields = AKS_FIELDS(provider_fields),
    .id_path = "/providers/",
    .pace = {2, 10},
};

const struct aks_type aks_type_feature = {
    .name = "feature",
    .title = "feature",
    .arm_type = "Microsoft.Features/providers/features",
    .api_version = "2021-07-01",
    .parent = "client",
    .fields = AKS_FIELDS(feature_fields),
    .id_path = "/providers/Microsoft.Features/providers/",
    .pace = {5, 10},
};

/* https://learn.microsoft.com/azure/aks/api-server-vnet-integration: generally available since June 2025; the first
   stable api-version with its properties is this one. */
static const struct {
    const char *name;
    const char *since;
} general[] = {{"Microsoft.ContainerService/EnableAPIServerVnetIntegrationPreview", "2025-03-01"}};

const char *aks_feature_general_since(const char *name)
{
    for (size_t i = 0; i < sizeof general / sizeof *general; i++)
        if (aks_text_equal_fold(general[i].name, name))
            return general[i].since;
    return NULL;
}
