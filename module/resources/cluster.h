/* What the files of the type "cluster" share. */
#ifndef AKS_RESOURCES_CLUSTER_H
#define AKS_RESOURCES_CLUSTER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/finding.h"
#include "resources/field.h"

struct aks_resource;

#define AKS_CLUSTER_POOLS "properties.agentPoolProfiles"
#define AKS_CLUSTER_ACCESS "properties.apiServerAccessProfile."

/* The most pools that a cluster has (https://learn.microsoft.com/azure/aks/quotas-skus-regions). */
#define AKS_CLUSTER_POOLS_LIMIT 100

/* Size of nodes, and how many there are, where the spec says nothing. */
#define AKS_CLUSTER_VM_SIZE "Standard_D4s_v3"
#define AKS_CLUSTER_NODE_COUNT 3

/* Fields of a node pool, and those of the cluster that are about pools. */
extern const struct aks_fields aks_cluster_pool_fields;
extern const struct aks_field_codec aks_cluster_node_count_codec, aks_cluster_vm_size_codec,
    aks_cluster_node_subnet_codec;

/* Whether a pool has as many nodes as wanted, or an autoscaler decides. */
bool aks_pool_count_agrees(const struct aks_field *field, const json_t *wanted, const json_t *pool);

/* The first System pool of a cluster's document: what its node_count and vm_size are about; borrowed, NULL: none. */
json_t *aks_cluster_system_pool(const json_t *document);

/* The subnets that the pools of a cluster's document are in, each once: the id at `place`; NULL: past the last. */
const char *aks_cluster_node_subnet(const json_t *document, size_t place);
/* That of the API server, when it has one of one's own, and then those. */
const char *aks_cluster_subnet(const json_t *document, size_t place);

/* Puts into a new pool what every pool has where nothing else is said; `mode` is "System" or "User". */
AKS_CHECK bool aks_cluster_complete_pool(json_t *pool, const char *mode);

/* Whether a Kubernetes version is what was asked for or what runs; either may be NULL. */
bool aks_cluster_version_agrees(const json_t *wanted, const char *asked, const char *current);

/* Compose: node pools; and what pools and the cluster's fields must not both say. */
AKS_CHECK bool aks_cluster_compose_pools(const struct aks_resource *resource, bool fresh, json_t *document,
                                         struct aks_error *error);
AKS_CHECK bool aks_cluster_check_pools(const struct aks_resource *resource, struct aks_findings *findings);

/* Compose: everything else. */
bool aks_cluster_compose(const struct aks_resource *resource, bool fresh, json_t *document, struct aks_error *error);

/* Tidy: identities and add-ons as a PUT names them. */
bool aks_cluster_tidy(json_t *document);

/* Field "raw": merges a patch into a document as RFC 7396 has it; whether the merge would change nothing that matters
   (case of texts, empty lists). */
AKS_CHECK bool aks_cluster_merge(json_t *document, const json_t *patch);
extern const struct aks_field_codec aks_cluster_raw_codec;

#endif
