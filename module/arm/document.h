/* ARM documents: JSON in and out with bounds, and members by path. */
#ifndef AKS_ARM_DOCUMENT_H
#define AKS_ARM_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"

#define AKS_DOCUMENT_DEPTH_LIMIT 64
#define AKS_DOCUMENT_SIZE_LIMIT (64 * 1024 * 1024)

/* New value from JSON text; NULL fails with "response_invalid" (not JSON, nested deeper than the limit) or
 * out_of_memory. */
json_t *aks_document_parse(const char *text, size_t length, struct aks_error *error);

/* Whether nothing in the value is nested deeper than AKS_DOCUMENT_DEPTH_LIMIT. */
bool aks_document_is_shallow(const json_t *value);

/* Compact JSON text, freed by the caller; NULL for want of memory or when nested too deep. */
char *aks_document_text(const json_t *value, struct aks_error *error);

/* The member at a dotted path such as "properties.provisioningState" or "properties.agentPoolProfiles[0].count";
   borrowed; NULL when there is none (JSON null is a value). */
json_t *aks_document_get(const json_t *document, const char *path);
const char *aks_document_text_at(const json_t *document, const char *path); /* NULL unless a string */

/* Sets the member at a dotted path, making objects (and the element [0]) on the way; with "[*]" in every element of an
   existing array. `value` is taken, also on failure. False for want of memory or where the path meets another type. */
AKS_CHECK bool aks_document_set(json_t *document, const char *path, json_t *value);

/* Deletes the member at a path, where "[*]" stands for every element. Nothing happens when it is absent. */
void aks_document_delete(json_t *document, const char *path);

#endif
