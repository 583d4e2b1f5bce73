/* Which errors of a write pass when one waits and reads again. */
#include "operations/conflict.h"

#include <stddef.h>
#include <string.h>

/* https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/create-upgrade-delete/aks-common-issues-faq (pending
   operations), https://learn.microsoft.com/azure/aks/use-etags, and what Azure's network provider answers to writes of
   one virtual network side by side (https://github.com/hashicorp/terraform-provider-azurerm/issues/3780 and 10826). */
static const struct {
    const char *code;
    const char *fragment; /* of the message, where the code has other meanings too; NULL: any */
    unsigned rounds;      /* after which it is taken for one that lasts; 0: never */
} passing[] = {
    {"AnotherOperationInProgress", NULL, 0},
    {"RetryableError", NULL, 0},
    {"RetryableErrorDueToAnotherOperation", NULL, 0},
    {"ReferencedResourceNotProvisioned", NULL, 0},
    {"VirtualNetworkNotInSucceededState", NULL, 15}, /* minutes, in which a network that is not broken is updated */
    {"NetcfgInvalidSubnet", NULL, 1},                /* mostly it means what it says */
    {"EtagMismatch", NULL, 0},
    {"PreconditionFailed", NULL, 0},
    {"OperationNotAllowed", "in progress", 0},
    {"OperationNotAllowed", "another operation", 0},
    {"OperationNotAllowed", "Another operation", 0},
};

bool aks_conflict_passes(const struct aks_error *error, unsigned rounds)
{
    if (error->status == 412) /* the entity tag we sent is no longer the resource's */
        return true;
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (aks_error_has_code(error, passing[i].code) &&
            (!passing[i].fragment || (error->message && strstr(error->message, passing[i].fragment))) &&
            (passing[i].rounds == 0 || rounds < passing[i].rounds))
            return true;
    return false;
}
