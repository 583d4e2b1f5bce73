/* What a cluster needs beside itself, read before it is created or checked: its network, its identity and what that may
   do, security rules and routes, what the subscription and the region offer. */
#ifndef AKS_OPERATIONS_PREFLIGHT_H
#define AKS_OPERATIONS_PREFLIGHT_H

#include "operations/survey.h"

/* For aks_survey_run: looks at all of it. The operation's resource is the cluster; when it exists, its state has been
   read. */
void aks_preflight_look(struct aks_operation *operation);
void aks_preflight_seen(struct aks_operation *operation, const struct aks_sight *sight);

/* Adds a finding for everything that would make the creation fail, or the cluster not work. False only for want of
   memory. */
AKS_CHECK bool aks_preflight_check(const struct aks_operation *operation, struct aks_findings *findings);

/* What is known of the subnet with this id: its document as seen, or as it was declared; NULL: nothing. Borrowed. */
const json_t *aks_preflight_subnet(const struct aks_operation *operation, const char *id);

/* The collection of role assignments that hold at a scope for a principal, as it is looked at. Freed by the caller. */
char *aks_preflight_assignments_path(const char *scope);

#endif
