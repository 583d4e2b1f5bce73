/* ARM's errors -> struct aks_error: both envelopes ({"error":{...}} and bare), capital Code/Message, details null,
   errors nested as JSON text inside messages, bodies that are not JSON.
   https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors */
#ifndef AKS_ARM_FAULT_H
#define AKS_ARM_FAULT_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "transport/transport.h"

/* Sets `error` from an answer of status 400 or more. `body` may have any length and content. Status, request id and
   correlation id are set, `retryable` for 408, 429 and 5xx, and a hint for the codes that have one. Without a code in
   the body the code is "http_STATUS". */
void aks_fault_read(int status, const struct aks_headers *headers, const char *body, size_t length,
                    struct aks_error *error);

/* Sets `error` from an error object that stands in a document (an operation's "error", "provisioningError"): code,
   message, target, details; code "operation_failed" when it has none. */
void aks_fault_read_object(const json_t *object, struct aks_error *error);

/* The most specific error: the deepest detail whose code says more than that something failed, else `error` itself. */
const struct aks_error *aks_fault_deepest(const struct aks_error *error);

#endif
