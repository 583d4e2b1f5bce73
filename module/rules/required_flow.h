/* The flows that API Server VNet Integration needs, and whether a network security group lets them through. Pure.
   https://learn.microsoft.com/azure/aks/api-server-vnet-integration (network security group rules) */
#ifndef AKS_RULES_REQUIRED_FLOW_H
#define AKS_RULES_REQUIRED_FLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/finding.h"
#include "rules/security_flow.h"

/* TCP to the API server's subnet, from the nodes' subnet or from the load balancer's probes. */
struct aks_required_flow {
    const char *rule_name;   /* of a rule that allows it */
    const char *description; /* of that rule: Azure takes 140 characters */
    const char *source;      /* who sends, in words */
    bool from_load_balancer; /* else from the nodes */
    unsigned ports[2];
    size_t port_count;
};

/* All of them; *count says how many. */
const struct aks_required_flow *aks_required_flows(size_t *count);

/* Which subnets a group is on; one group may be on both. What comes in is up to the group of the API server's subnet,
   what goes out to that of the nodes'. */
enum { AKS_SECURITY_ON_APISERVER = 1, AKS_SECURITY_ON_NODES = 2 };

/* The address prefixes of the two subnets. Borrowed. */
struct aks_required_network {
    const struct aks_cidr *node_prefixes;
    size_t node_prefix_count;
    const struct aks_cidr *apiserver_prefixes;
    size_t apiserver_prefix_count;
};

/* A required flow in one direction and one IP version. */
struct aks_required_case {
    const struct aks_required_flow *flow;
    enum aks_security_direction direction;
    unsigned bits; /* of an address: 32 or 128 */
};
#define AKS_REQUIRED_CASE_LIMIT 6

/* The cases that a group on those subnets must let through; the result says how many. */
size_t aks_required_cases(const struct aks_required_network *network, unsigned subnets,
                          struct aks_required_case cases[AKS_REQUIRED_CASE_LIMIT]);

/* How a case fares at one of its ports, over all prefixes of both subnets. */
struct aks_required_state {
    enum aks_security_verdict verdict;
    struct aks_security_part part; /* the first that is denied, else the first that is unknown, else any */
    unsigned before; /* an allowing rule must come before this priority, or rules would deny it or might; 0 when all is
                        allowed */
};

/* False only for want of memory. */
AKS_CHECK bool aks_required_examine(const struct aks_security_group *group, const struct aks_required_network *network,
                                    const struct aks_required_case *required, unsigned port,
                                    struct aks_required_state *state, struct aks_error *error);

/* Says of a state that is not AKS_SECURITY_ALLOWED what is wrong: "nsg_flow_denied" (an error) or "nsg_flow_unknown" (a
   warning). `resource` is the group in the finding. False only for want of memory. */
AKS_CHECK bool aks_required_explain(const struct aks_required_case *required, unsigned port,
                                    const struct aks_required_state *state, const char *resource,
                                    struct aks_findings *findings, struct aks_error *error);

/* Adds a finding for each port of each case that is not wholly allowed. False only for want of memory. */
AKS_CHECK bool aks_required_check(const struct aks_security_group *group, const struct aks_required_network *network,
                                  unsigned subnets, const char *resource, struct aks_findings *findings,
                                  struct aks_error *error);

#endif
