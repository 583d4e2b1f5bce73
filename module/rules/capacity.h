/* Planning addresses: how many clusters and nodes a subnet holds, how large one must be, where one fits. Pure. */
#ifndef AKS_RULES_CAPACITY_H
#define AKS_RULES_CAPACITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "rules/cidr.h"

/* Clusters whose API servers fit into a subnet with `used` addresses taken, 9 each. */
unsigned long long aks_capacity_clusters(const struct aks_cidr *subnet, unsigned long long used);

/* Addresses that nodes take: one each and one for each of their pods where those are in the subnet (`pods` per node; 0
   with overlay), and the same for the nodes that an upgrade adds. */
unsigned long long aks_capacity_addresses(unsigned long long nodes, unsigned long long surge, unsigned long long pods);

/* The length of the smallest IPv4 subnet with `addresses` beside those that Azure keeps, /29 at most; 0 when none is
   large enough. */
unsigned aks_capacity_length(unsigned long long addresses);

/* The same for the API servers of so many clusters: at most /28. */
unsigned aks_capacity_apiserver_length(unsigned long long clusters);

/* The first free prefix of `length` in a network, beside what is taken; false when there is none. `error` for want of
   memory alone. */
AKS_CHECK bool aks_capacity_next_free(const struct aks_cidr *network, const struct aks_cidr *taken, size_t count,
                                      unsigned length, struct aks_cidr *found, struct aks_error *error);

#endif
