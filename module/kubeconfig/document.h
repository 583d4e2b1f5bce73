/* A YAML document in memory: loaded within limits, changed node by node, written back. Knows nothing of kubeconfigs,
   files or Lua. Texts in it may be secrets: all that is ours is overwritten before it is freed. (libyaml's own copies
   of a few tokens are not within reach.) */
#ifndef AKS_KUBECONFIG_DOCUMENT_H
#define AKS_KUBECONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include <yaml.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"

/* What a document may have at the most. Nodes and depth count with every alias replaced by what it stands for. */
#define AKS_YAML_SIZE_LIMIT ((size_t)8 << 20) /* bytes of text */
#define AKS_YAML_NODE_LIMIT 200000
#define AKS_YAML_DEPTH_LIMIT 64
#define AKS_YAML_KEY_LIMIT 1000 /* keys of one mapping */
#define AKS_YAML_ANCHOR_LIMIT 1000

/* Zero-initialised is "not loaded". A node is named by its number in the document, from 1; 0 is "none". */
struct aks_yaml {
    const char *name; /* what it is, for messages: a path, or "the new kubeconfig"; borrowed */
    yaml_document_t document;
    bool loaded;
};

enum aks_yaml_kind {
    AKS_YAML_NULL,
    AKS_YAML_BOOLEAN,
    AKS_YAML_INTEGER,
    AKS_YAML_FLOAT,
    AKS_YAML_TEXT,
    AKS_YAML_TAGGED, /* a scalar with a tag that is not of YAML's core schema */
    AKS_YAML_SEQUENCE,
    AKS_YAML_MAPPING
};

/* Loads the one document of a text in YAML 1.1 or 1.2 (JSON is such). `yaml` is cleared first. A text without a
   document, such as an empty one, gives a document without nodes. Keys are scalars, not empty, each once in a mapping.
   False on failure: "kubeconfig_invalid", whose message has `name`, line and column but nothing of the text. */
AKS_CHECK bool aks_yaml_load(struct aks_yaml *yaml, const char *name, const char *text, size_t length,
                             struct aks_error *error);

/* Appends the document to `text`, a buffer with the limit that is wanted, keeping the style of every scalar, and makes
   sure that what was written reads as the same. Comments are not part of a document. False on failure:
   "kubeconfig_invalid". */
AKS_CHECK bool aks_yaml_write(struct aks_yaml *yaml, struct aks_buffer *text, struct aks_error *error);

/* Overwrites and releases everything. */
void aks_yaml_clear(struct aks_yaml *yaml);

/* The root, 0 when there is none (or the document is not loaded). */
int aks_yaml_root(struct aks_yaml *yaml);

/* The node; valid until another one is added. */
yaml_node_t *aks_yaml_node(struct aks_yaml *yaml, int node);

enum aks_yaml_kind aks_yaml_kind(struct aks_yaml *yaml, int node);

/* The text of a scalar of kind AKS_YAML_TEXT without NULs in it, valid as long as the document; otherwise NULL. */
const char *aks_yaml_text(struct aks_yaml *yaml, int node);

/* The value of a key of a mapping; 0 when it is absent, or `mapping` is not one. */
int aks_yaml_find(struct aks_yaml *yaml, int mapping, const char *key);

/* Gives a key of a mapping this value, at its old place or at the end. False only for want of memory. */
AKS_CHECK bool aks_yaml_put(struct aks_yaml *yaml, int mapping, const char *key, int value);

/* A new node that is not part of anything yet; 0 only for want of memory. A text (UTF-8) is quoted unless every YAML
   reader takes it for text as it stands. */
AKS_CHECK int aks_yaml_add_text(struct aks_yaml *yaml, const char *text);
AKS_CHECK int aks_yaml_add_sequence(struct aks_yaml *yaml);

/* A copy of a node of `source`, with all that is in it, in `target`, in block style. 0 only for want of memory. */
AKS_CHECK int aks_yaml_copy(struct aks_yaml *target, struct aks_yaml *source, int node);

/* Whether two nodes say the same: keys in any order, scalars of one kind in any style, aliases as what they stand for.
 */
bool aks_yaml_equal(struct aks_yaml *a, int node_a, struct aks_yaml *b, int node_b);

/* Sets the error "kubeconfig_invalid" that names the document and the line of a node (0: no line). Returns false. */
bool aks_yaml_refuse(struct aks_yaml *yaml, int node, struct aks_error *error, const char *format, ...)
    AKS_PRINTF(4, 5);

#endif
