/* What a cluster needs beside itself, read before it is created or checked: its network, its identity and what that may
   do, security rules and routes, what the subscription and the region offer. */
#ifndef AKS_OPERATIONS_PREFLIGHT_H
#define AKS_OPERATIONS_PREFLIGHT_H

#include "operations/survey.h"

/* For aks_survey_run: looks at all of it. The operation's resource is the cluster; when it exists, its state has been
   read. */
void aks_preflight_look(struct aks_operation *operation);
void aks_preflight_seen(struct aks_operation *operation, const struct aks_sight *sight);

/* Adds a finding for everything that would make the creation fail, or the cluster not work. `declared`: what is
   declared as an object and does not exist yet counts as if it did. False only for want of memory. */
AKS_CHECK bool aks_preflight_check(struct aks_operation *operation, bool declared, struct aks_findings *findings);

/* Of that: whether subscription and region offer what the cluster, whose body it is, asks for. */
AKS_CHECK bool aks_preflight_check_offers(const struct aks_survey *survey, const struct aks_resource *resource,
                                          const json_t *body, struct aks_findings *findings);

#endif
