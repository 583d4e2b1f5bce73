/* The rules that a network security group lacks for the flows that API Server VNet Integration needs. Pure. */
#ifndef AKS_RULES_REQUIRED_RULE_H
#define AKS_RULES_REQUIRED_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/finding.h"
#include "rules/required_flow.h"

/* A rule to add: `rule` refers to the texts beside it. */
struct aks_required_rule {
    struct aks_security_rule rule;
    const struct aks_required_flow *flow; /* what it is for; static */
    char *name;
    char (*prefix_texts)[AKS_CIDR_TEXT_SIZE];
    const char **prefixes; /* sources, then destinations */
    char port_texts[2][AKS_PORT_RANGE_TEXT_SIZE];
    const char *ports[2];
};

/* Zero-initialised is empty. */
struct aks_required_plan {
    struct aks_required_rule *rules;
    size_t count;
    struct aks_findings findings; /* flows that no rule here helps: it is not known whether they are denied
                                     ("nsg_flow_unknown", a warning), or no priority is free before the rule that denies
                                     ("nsg_no_free_priority", an error) */
};

/* Plans exactly the rules that are missing, so that all that is denied of the required flows becomes allowed and
   nothing else changes: one for each required flow, direction and IP version (Azure has no rule of both versions), for
   the ports that are not allowed yet, right before the first rule that denies or may deny a part of it. No name is one
   that the group has. `resource` is the group in findings. Fails, with an empty plan, only for want of memory. */
AKS_CHECK bool aks_required_plan_make(struct aks_required_plan *plan, const struct aks_security_group *group,
                                      const struct aks_required_network *network, unsigned subnets,
                                      const char *resource, struct aks_error *error);
void aks_required_plan_clear(struct aks_required_plan *plan);

#endif
