/* Role assignments: roles by name, the assignment's name, its body. What the operations need beyond the field table. */
#ifndef AKS_RESOURCES_ROLE_ASSIGNMENT_H
#define AKS_RESOURCES_ROLE_ASSIGNMENT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/uuid.h"
#include "resources/resource.h"

/* The UUID of a role: of a built-in one by its name (without case), of a UUID itself, of a role definition's id its
   last segment. False when the name is of a role that has to be looked up. */
AKS_CHECK bool aks_role_find(const char *role, char uuid[AKS_UUID_SIZE]);

/* Names the assignment, once principal and role are known: the same scope, principal and role always give the same name
   (UUID v5 over the lower-cased three), so that a run that is repeated finds what it did before. Sets resource->id. */
AKS_CHECK bool aks_role_assignment_resolve(struct aks_resource *assignment, const char *principal_id,
                                           const char *role_uuid, struct aks_error *error);

/* New body of its PUT. `is_service_principal`: the principal is known to be an identity's or a cluster's, so that Azure
   need not look it up in the directory, where a new one appears late
   (https://learn.microsoft.com/azure/role-based-access-control/role-assignments-template, principalType). */
json_t *aks_role_assignment_body(const struct aks_resource *assignment, const char *principal_id, const char *role_uuid,
                                 bool is_service_principal, struct aks_error *error);

/* Whether a document is an assignment of this role to this principal at exactly the assignment's scope. */
bool aks_role_assignment_matches(const struct aks_resource *assignment, const json_t *document,
                                 const char *principal_id, const char *role_uuid);

#endif
