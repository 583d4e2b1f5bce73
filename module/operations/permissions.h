/* What a principal may do at a scope, from the role assignments and definitions that a survey has seen. */
#ifndef AKS_OPERATIONS_PERMISSIONS_H
#define AKS_OPERATIONS_PERMISSIONS_H

#include "operations/survey.h"

/* Looks at the role assignments that hold at a scope for a principal, inherited ones included. */
void aks_permissions_look(struct aks_operation *operation, const char *scope, const char *principal);
/* Takes in what was seen: the roles of assignments are looked at next. Nothing happens when it is something else. */
void aks_permissions_seen(struct aks_operation *operation, const struct aks_sight *sight);

/* Adds a finding when the principal lacks one of the actions at the scope, or when that may not be read. What was not
   looked at is not judged. False only for want of memory. */
AKS_CHECK bool aks_permissions_check(const struct aks_survey *survey, const char *scope, const char *const *actions,
                                     size_t count, const char *resource, const char *field,
                                     struct aks_findings *findings);

#endif
