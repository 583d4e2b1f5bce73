/* The first steps of the operations: finding out the id of a resource whose name follows from others. A role assignment
   is named after its scope, principal and role; of everything else the id is known, and the steps do nothing. */
#ifndef AKS_OPERATIONS_RESOLVE_H
#define AKS_OPERATIONS_RESOLVE_H

#include "operations/operation.h"

/* Step: finds out the principal's object id; reads it only when nobody has yet. */
void aks_resolve_principal(struct aks_operation *operation);
/* Step: finds out the role's UUID, looking it up when it is neither built in nor given by id; then the resource has its
 * id. */
void aks_resolve_role(struct aks_operation *operation);

/* Steps: the same, unless the resource has its id already. */
void aks_resolve_missing_principal(struct aks_operation *operation);
void aks_resolve_missing_role(struct aks_operation *operation);

#define AKS_RESOLVE_STEPS                                                                                              \
    {"find out the principal", aks_resolve_missing_principal},                                                         \
    {                                                                                                                  \
        "find out the role", aks_resolve_missing_role                                                                  \
    }
enum { AKS_RESOLVE_STEP_COUNT = 2 };

#endif
