/* The registry of resource types. Each type's row is in the file of its name. */
#include "resources/type.h"

#include <string.h>

#include "base/text.h"

static const struct aks_type *const types[] = {
    &aks_type_resource_group,  &aks_type_vnet,    &aks_type_subnet, &aks_type_nsg, &aks_type_identity,
    &aks_type_role_assignment, &aks_type_cluster, &aks_type_pool,   NULL,
};

const struct aks_type aks_type_generic = {
    .name = "resource",
    .title = "resource",
    .parent = "client",
    .pace = {5, 5},
};

const struct aks_type *const *aks_types(void)
{
    return types;
}

const struct aks_type *aks_type_find(const char *name)
{
    for (size_t i = 0; types[i]; i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    return NULL;
}

const struct aks_type *aks_type_find_arm(const char *arm_type)
{
    for (size_t i = 0; types[i]; i++)
        if (aks_text_equal_fold(types[i]->arm_type, arm_type))
            return types[i];
    return NULL;
}
