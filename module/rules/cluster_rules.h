/* The rules of a cluster: its subnets, its addresses, how its API server is reached. Pure.
   https://learn.microsoft.com/azure/aks/api-server-vnet-integration */
#ifndef AKS_RULES_CLUSTER_RULES_H
#define AKS_RULES_CLUSTER_RULES_H

#include "base/attributes.h"
#include "base/finding.h"
#include "rules/cluster_facts.h"

/* Addresses that the API server of a cluster takes, and the longest prefix of their subnet. */
enum { AKS_APISERVER_ADDRESSES = 9, AKS_APISERVER_LENGTH = 28 };

/* Each adds a finding for everything that is wrong; false only for want of memory. */
AKS_CHECK bool aks_cluster_check_subnets(const struct aks_cluster_facts *facts, struct aks_findings *findings);
AKS_CHECK bool aks_cluster_check_addresses(const struct aks_cluster_facts *facts, struct aks_findings *findings);
AKS_CHECK bool aks_cluster_check_access(const struct aks_cluster_facts *facts, struct aks_findings *findings);

/* Whether API Server VNet Integration is offered in a region ("westus2") that has managed clusters. */
bool aks_region_integrates(const char *location);

/* The rules of the API server's subnet itself, for `sharing` clusters. */
AKS_CHECK bool aks_apiserver_subnet_check(const struct aks_subnet_facts *subnet, size_t sharing, const char *resource,
                                          struct aks_findings *findings);

/* Whether a prefix touches a range that AKS keeps for itself; *reserved is then its text. */
bool aks_cidr_is_reserved(const struct aks_cidr *prefix, const char **reserved);

#endif
