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

/* Looks for the assignment, whose principal and role are known, among those that are listed at its scope: somebody else
   may have chosen another name for it. `found` is told the document (borrowed; NULL: none is listed, or *error). */
void aks_resolve_find(struct aks_operation *operation,
                      void (*found)(struct aks_operation *operation, const json_t *document, struct aks_error *error));
/* Gives the resource the id that the document has. */
void aks_resolve_take_id(struct aks_operation *operation, const json_t *document);

/* Steps: the same, unless the resource has its id already; then the assignment is looked for under other names. */
void aks_resolve_missing_principal(struct aks_operation *operation);
void aks_resolve_missing_role(struct aks_operation *operation);
void aks_resolve_missing_name(struct aks_operation *operation);

#define AKS_RESOLVE_STEPS                                                                                              \
    {"find out the principal", aks_resolve_missing_principal}, {"find out the role", aks_resolve_missing_role},        \
    {                                                                                                                  \
        "find the assignment", aks_resolve_missing_name                                                                \
    }
enum { AKS_RESOLVE_STEP_COUNT = 3 };

#endif
