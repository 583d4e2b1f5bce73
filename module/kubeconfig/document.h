/* Kubeconfig files as YAML documents: read with bounds, compared, copied, written. Scalars keep their style; comments
   are lost. https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ */
#ifndef AKS_KUBECONFIG_DOCUMENT_H
#define AKS_KUBECONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "base/attributes.h"
#include "base/error.h"

/* What is larger, deeper or has more nodes is no kubeconfig. */
#define AKS_KUBECONFIG_SIZE_LIMIT (8 * 1024 * 1024)
#define AKS_KUBECONFIG_DEPTH_LIMIT 64
#define AKS_KUBECONFIG_NODE_LIMIT 200000

/* Reads text whose one document is a mapping, without duplicate keys in any mapping. `what` names the text in messages,
   which tell line and column but nothing of the content. Fails with "kubeconfig_invalid"; *document is to be deleted
   (yaml_document_delete) on success alone. */
AKS_CHECK bool aks_kubeconfig_load(const char *text, size_t length, const char *what, yaml_document_t *document,
                                   struct aks_error *error);

/* New text of the document, which is deleted in any case; *length without the NUL behind it. It holds secrets: cleanse
   it before freeing. NULL on failure. */
char *aks_kubeconfig_emit(yaml_document_t *document, size_t *length, struct aks_error *error);

/* Nodes are named by their index in the document, from 1; 0 is none. */

/* The value of a key of a mapping; 0 when `mapping` is none or lacks it. */
int aks_kubeconfig_get(yaml_document_t *document, int mapping, const char *key);
/* The text of a scalar; NULL for anything else, and for null. Borrowed. */
const char *aks_kubeconfig_text(yaml_document_t *document, int node);
bool aks_kubeconfig_is_null(yaml_document_t *document, int node);

/* Sets a key of a mapping to a node of the same document. False for want of memory. */
AKS_CHECK bool aks_kubeconfig_set(yaml_document_t *document, int mapping, const char *key, int value);
/* The same with a new scalar. */
AKS_CHECK bool aks_kubeconfig_set_text(yaml_document_t *document, int mapping, const char *key, const char *text);

/* Whether two nodes say the same: the order of keys does not matter, styles do not matter. */
bool aks_kubeconfig_equal(yaml_document_t *a, int node_a, yaml_document_t *b, int node_b);

/* A copy, in `target`, of a node of `source`; 0 for want of memory, or when it is nested too deep. */
int aks_kubeconfig_copy(yaml_document_t *target, yaml_document_t *source, int node);

#endif
