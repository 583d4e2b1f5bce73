/* What the rules of a network security group do to a flow of packets: allow it, deny it, or some of each. Pure.
   Rules are asked in order of priority, and for each packet the first that matches decides:
   https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#security-rules */
#ifndef AKS_RULES_SECURITY_FLOW_H
#define AKS_RULES_SECURITY_FLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "rules/security_rule.h"

/* All packets from any address of `source` and any port to any address of `destination` and one port. */
struct aks_security_flow {
    enum aks_security_direction direction;
    enum aks_security_protocol protocol; /* one of them, not AKS_SECURITY_ANY_PROTOCOL */
    bool from_load_balancer;             /* Azure's health probes: `source` is then not looked at */
    struct aks_cidr source, destination; /* of one IP version */
    unsigned port;                       /* at the destination */
};

enum aks_security_verdict {
    AKS_SECURITY_ALLOWED,
    AKS_SECURITY_DENIED,
    AKS_SECURITY_PARTLY, /* some packets are allowed and some are denied: the parts say which */
    AKS_SECURITY_UNKNOWN /* it depends, for some packets at least, on what is not known here */
};

/* Packets that fare alike. The parts of a flow do not overlap, and together they are the flow. */
struct aks_security_part {
    struct aks_range source, destination, source_ports;
    enum aks_security_verdict verdict;     /* never AKS_SECURITY_PARTLY */
    const struct aks_security_rule *rule;  /* that decides; with AKS_SECURITY_UNKNOWN the one that may not be reached */
    const struct aks_security_rule *doubt; /* AKS_SECURITY_UNKNOWN: the first rule that decides otherwise if it matches,
                                              which is not known; else NULL */
    unsigned first_deny; /* priority of the first rule that denies these packets or may do so; 0 when there is none */
};

/* Rules are borrowed from the group, or are default rules. */
struct aks_security_outcome {
    enum aks_security_verdict verdict;
    const struct aks_security_rule *rule; /* of the first part that is not allowed, its `doubt` if it has one; of the
                                             first part when all is allowed */
    bool cut_short; /* there would be more than AKS_SECURITY_PART_LIMIT parts: the rest is AKS_SECURITY_UNKNOWN */
    struct aks_security_part *parts;
    size_t part_count;
};
#define AKS_SECURITY_PART_LIMIT 10000

/* Fails with "address_families_differ" when source and destination are not of one IP version, and for want of memory.
   The group must outlive the outcome. *outcome is written in either case. */
AKS_CHECK bool aks_security_evaluate(const struct aks_security_group *group, const struct aks_security_flow *flow,
                                     struct aks_security_outcome *outcome, struct aks_error *error);
void aks_security_outcome_clear(struct aks_security_outcome *outcome);

/* "allowed", "denied", "partly allowed", "unknown". Static. */
const char *aks_security_verdict_name(enum aks_security_verdict verdict);

#endif
