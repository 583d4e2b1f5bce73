/* A cluster and its network in the terms of the rules: facts out of ARM documents, whether declared or read. */
#ifndef AKS_RESOURCES_CLUSTER_VIEW_H
#define AKS_RESOURCES_CLUSTER_VIEW_H

#include <jansson.h>
#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"
#include "resources/resource.h"
#include "rules/cluster_facts.h"

/* Where the facts are from. Documents are borrowed; NULL: not known. */
struct aks_cluster_sources {
    const char *title;
    const char *location;
    const json_t *cluster; /* as it is to be: a body */
    const json_t *subnets; /* an object: documents of subnets by their ids as the cluster has them */
    const json_t *network; /* the virtual network of the nodes */
    const json_t *wanted_services, *wanted_pods; /* texts that stand for absent CIDRs; NULL: none */
    size_t sharing;                              /* see aks_cluster_facts */
    bool whole; /* whether `cluster` is all of it: a spec alone may change a cluster that has more pools */
};

/* Zero-initialised is empty; it must not be moved. */
struct aks_cluster_view {
    struct aks_cluster_facts facts;   /* refers to what follows, and to the sources */
    struct aks_subnet_facts *subnets; /* of the API server (or nothing), then of the nodes */
    struct aks_cidr **lists;          /* prefixes: of each subnet, then of the network */
    size_t subnet_count;
    struct aks_cidr *taken; /* prefixes of all subnets of the network */
    struct aks_cidr pods, services, dns;
};

/* False only for want of memory. */
AKS_CHECK bool aks_cluster_view_make(struct aks_cluster_view *view, const struct aks_cluster_sources *sources);
void aks_cluster_view_clear(struct aks_cluster_view *view);

/* New array of the prefixes of a document: of the text at `single` (may be NULL), else of the list at `several`; *count
   says how many. What is no prefix is left out. NULL only for want of memory. */
struct aks_cidr *aks_prefixes_read(const json_t *document, const char *single, const char *several, size_t *count);

/* The same, added to a list that is the caller's to free. False, with the list as it was, only for want of memory. */
AKS_CHECK bool aks_prefixes_add(const json_t *document, const char *single, const char *several, struct aks_cidr **list,
                                size_t *count);

/* Whether a subnet holds something that is no API server: its id, or the service that it is linked to; else NULL.
   `own_group`: name of the node resource group of the cluster in question, whose things do not count; may be NULL. */
const char *aks_subnet_foreign_use(const json_t *subnet);
size_t aks_subnet_used(const json_t *subnet, const char *own_group);

/* What is wrong with a subnet beside its siblings and in its virtual network, as declared. */
AKS_CHECK bool aks_subnet_relate(const struct aks_resource *resource, struct aks_findings *findings);

/* What is wrong with a cluster as it is declared, together with the objects that its spec refers to, without asking
   Azure. False only for want of memory. */
AKS_CHECK bool aks_cluster_relate(const struct aks_resource *resource, struct aks_findings *findings);

#endif
