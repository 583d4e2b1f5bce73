/* Security rules of a network security group, the rules that every group has besides its own, and what one rule
   matches. What all rules of a group do to a flow is in security_flow.h. Pure.
   https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview */
#ifndef AKS_RULES_SECURITY_RULE_H
#define AKS_RULES_SECURITY_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "rules/cidr.h"
#include "rules/range.h"

enum aks_security_direction { AKS_SECURITY_INBOUND, AKS_SECURITY_OUTBOUND };
enum aks_security_access { AKS_SECURITY_ALLOW, AKS_SECURITY_DENY };
enum aks_security_protocol {
    AKS_SECURITY_ANY_PROTOCOL,
    AKS_SECURITY_TCP,
    AKS_SECURITY_UDP,
    AKS_SECURITY_ICMP,
    AKS_SECURITY_ESP,
    AKS_SECURITY_AH
};

/* As Azure writes them: "Inbound", "Allow", "Tcp", "*". Static. */
const char *aks_security_direction_name(enum aks_security_direction direction);
const char *aks_security_access_name(enum aks_security_access access);
const char *aks_security_protocol_name(enum aks_security_protocol protocol);

/* The same the other way, without case; false when it is none of them, and then the value is left alone. */
AKS_CHECK bool aks_security_direction_parse(const char *name, enum aks_security_direction *direction);
AKS_CHECK bool aks_security_access_parse(const char *name, enum aks_security_access *access);
AKS_CHECK bool aks_security_protocol_parse(const char *name, enum aks_security_protocol *protocol);

/* Texts that belong to somebody else. */
struct aks_security_texts {
    const char *const *items;
    size_t count;
};

/* A prefix is "10.0.0.0/24", "10.0.0.4", "*" or a service tag, a port what aks_port_range_parse reads. A list that is
   empty, where no application security group stands in its place, matches nobody knows what. */
struct aks_security_rule {
    const char *name;  /* borrowed, as are the other texts */
    unsigned priority; /* unique in its direction; the lowest is asked first */
    enum aks_security_direction direction;
    enum aks_security_access access;
    enum aks_security_protocol protocol;
    struct aks_security_texts sources, destinations;
    struct aks_security_texts source_ports, destination_ports;
    bool source_groups, destination_groups; /* names application security groups: whose members are not known here */
};

/* Priorities that a rule of one's own can have. */
#define AKS_SECURITY_PRIORITY_FIRST 100
#define AKS_SECURITY_PRIORITY_LAST 4096

/* The rules with priorities from 65000 that every group has, in order; *count says how many. */
const struct aks_security_rule *aks_security_default_rules(enum aks_security_direction direction, size_t *count);

/* A group's own rules, in any order, and what the service tag VirtualNetwork stands for where the group is: the address
   space of the virtual network, of its peers and of connected networks, and the prefixes of user-defined routes
   (https://learn.microsoft.com/azure/virtual-network/service-tags-overview). All borrowed. */
struct aks_security_group {
    const struct aks_security_rule *rules;
    size_t count;
    const struct aks_cidr *vnet_prefixes;
    size_t vnet_prefix_count;
};

/* The address that Azure's health probes come from, which the service tag AzureLoadBalancer stands for: `bits` (32 or
   128) tells the version.
   https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview#probe-source-ip-address */
struct aks_cidr aks_security_probe_address(unsigned bits);

/* What a rule matches at one end. `known` is settled. */
struct aks_security_match {
    struct aks_range_set known;
    bool doubt; /* it may match more: there is a service tag or application security group that is not known here */
};

/* Reads a rule's prefixes (or ports) into *match, which is emptied first: what lies in `window`, addresses of `bits`.
   False only for want of memory; *match is released by the caller in either case. */
AKS_CHECK bool aks_security_match_addresses(struct aks_security_match *match, const struct aks_security_texts *prefixes,
                                            const struct aks_security_group *group, unsigned bits,
                                            const struct aks_range *window);
AKS_CHECK bool aks_security_match_ports(struct aks_security_match *match, const struct aks_security_texts *ports,
                                        const struct aks_range *window);

#endif
