/* Which errors of a write pass when one waits and reads again. */
#include "operations/conflict.h"

#include <stddef.h>
#include <string.h>

/* https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/create-upgrade-delete/aks-common-issues-faq (pending
   operations), https://learn.microsoft.com/azure/aks/use-etags, and what Azure's network provider answers to writes of
   one virtual network side by side (https://github.com/hashicorp/terraform-provider-azurerm/issues/3780). */
static const struct {
    const char *code;
    const char *fragment; /* of the message, where the code has other meanings too; NULL: any */
} passing[] = {
    {"AnotherOperationInProgress", NULL},
    {"RetryableError", NULL},
    {"RetryableErrorDueToAnotherOperation", NULL},
    {"ReferencedResourceNotProvisioned", NULL},
    {"VirtualNetworkNotInSucceededState", NULL},
    {"EtagMismatch", NULL},
    {"PreconditionFailed", NULL},
    {"OperationNotAllowed", "in progress"},
    {"OperationNotAllowed", "another operation"},
    {"OperationNotAllowed", "Another operation"},
};

bool aks_conflict_passes(const struct aks_error *error)
{
    if (error->status == 412) /* the entity tag we sent is no longer the resource's */
        return true;
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (aks_error_has_code(error, passing[i].code) &&
            (!passing[i].fragment || (error->message && strstr(error->message, passing[i].fragment))))
            return true;
    return false;
}
