/* What is known of a cluster and its network, for the rules: declared, read, or both. Everything is borrowed. */
#ifndef AKS_RULES_CLUSTER_FACTS_H
#define AKS_RULES_CLUSTER_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/cidr.h"

struct aks_subnet_facts {
    const char *name;
    const char *field;       /* of the cluster that names it */
    size_t addresses, surge; /* that nodes (and pods) take in it; more that an upgrade takes for a while */
    bool known;              /* whether the following was declared or read */
    const struct aks_cidr *prefixes;
    size_t prefix_count;
    const char *delegation;  /* the service it is delegated to; NULL: none */
    size_t used;             /* addresses that others have taken */
    const char *foreign_use; /* something in it that is no API server; NULL: nothing */
};

struct aks_cluster_facts {
    const char *title; /* "cluster 'demo'" */
    bool integrated, private;
    bool has_identity;                        /* a user-assigned one */
    const struct aks_subnet_facts *apiserver; /* NULL: not named */
    size_t sharing; /* clusters that are to have their API servers in the subnet, this one included */
    const struct aks_subnet_facts *node_subnets; /* of all pools, each once */
    size_t node_subnet_count;
    const char *pool_without_subnet;                /* its name, where other pools have a subnet; NULL: there is none */
    bool apiserver_in_node_vnet, nodes_in_one_vnet; /* or there is nothing to compare */
    bool same_subnet;                               /* that of the API server is one of the nodes' */
    const struct aks_cidr *network;                 /* prefixes of the virtual network */
    size_t network_count;
    const struct aks_cidr *taken; /* prefixes of all subnets that are known of it */
    size_t taken_count;
    const struct aks_cidr *pods, *services, *dns; /* NULL: not given */
    bool dual_stack, overlay;
    size_t authorized_ranges;
    const char *private_dns_zone;      /* "system", "none", an id; NULL: not given */
    bool has_public_fqdn, public_fqdn; /* whether it is given, and what */
    const char *location;              /* as "westus2"; NULL: not known */
};

#endif
