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

/* A subnet that the cluster names. */
struct aks_preflight_subnet {
    const char *id;
    const char *field; /* of the cluster that names it */
    bool of_apiserver; /* else of nodes */
    json_t *document;  /* as seen, or as declared; NULL: not known */
};

/* Of that: whether the groups on the subnets let through what must get through. `subnets` begin with that of the API
   server; as long as one is not known nothing is judged. `network` is the document of their virtual network. */
AKS_CHECK bool aks_preflight_check_security(const struct aks_survey *survey, const struct aks_preflight_subnet *subnets,
                                            size_t count, const json_t *network, struct aks_findings *findings);

/* Of that: whether subscription and region offer what the cluster, whose body it is, asks for. */
AKS_CHECK bool aks_preflight_check_offers(const struct aks_survey *survey, const struct aks_resource *resource,
                                          const json_t *body, struct aks_findings *findings);

#endif
