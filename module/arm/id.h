/* ARM resource ids: parse, build, compare. Pure.
   Grammar: https://learn.microsoft.com/azure/azure-resource-manager/management/overview (resource id), extension
   resources: .../azure-resource-manager/management/extension-resource-types */
#ifndef AKS_ARM_ID_H
#define AKS_ARM_ID_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"

#define AKS_ID_LIMIT 4096

/* Zero-initialised is empty. Parts keep the case of the text. */
struct aks_id {
    char *text;
    char *subscription;   /* NULL in an id outside a subscription */
    char *resource_group; /* NULL in an id outside a group */
    char *type;           /* "Microsoft.Network/virtualNetworks/subnets"; "Microsoft.Resources/resourceGroups" and
                             "Microsoft.Resources/subscriptions" for those two */
    char *name;           /* the last segment */
    char *parent; /* id of the VNet for a subnet, of the group for a VNet, of the scope for an extension resource
                     such as a role assignment; NULL for a subscription */
};

/* Fails with "id_invalid", saying what was expected where. Refused: empty segments, characters that a URL path must not
   have raw (white space, control characters, ? # % \ and non-ASCII), segments "." and "..". */
AKS_CHECK bool aks_id_parse(const char *text, struct aks_id *id, struct aks_error *error);
AKS_CHECK bool aks_id_copy(struct aks_id *target, const struct aks_id *source, struct aks_error *error);
void aks_id_clear(struct aks_id *id);

/* Builds the id of resource `name` of `type` below `parent` (the text of an id): a child when `type` extends the
   parent's type by one segment, else ".../providers/TYPE/NAME". */
AKS_CHECK bool aks_id_build(const char *parent, const char *type, const char *name, struct aks_id *id,
                            struct aks_error *error);

/* Whether two ids name the same resource: case and a trailing '/' do not matter. */
bool aks_id_equal(const char *a, const char *b);

/* Whether `id` is `scope` or lies below it. */
bool aks_id_is_within(const char *id, const char *scope);

#endif
