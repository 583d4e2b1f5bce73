/* Role assignments that a session has made lately: Azure lets them have effect minutes after it has accepted them. */
#ifndef AKS_ARM_GRANTS_H
#define AKS_ARM_GRANTS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/uuid.h"

/* So many, the latest ones, are remembered. */
#define AKS_GRANTS_LIMIT 32

/* Zero-initialised is empty. */
struct aks_grants {
    struct {
        char *scope; /* NULL: none */
        char principal[AKS_UUID_SIZE];
        double made; /* monotonic */
    } items[AKS_GRANTS_LIMIT];
    unsigned next;
};

/* Remembers a grant at `scope` to the principal. For want of memory it is forgotten: nothing is waited for then. */
void aks_grants_note(struct aks_grants *grants, const char *scope, const char *principal_id);

/* Whether the error says that a principal lacks rights at a scope, of which one was granted to it there, or above, less
   than ten minutes ago: so long it may take ("Azure role assignment changes are not being detected",
   https://learn.microsoft.com/azure/role-based-access-control/troubleshooting). */
bool aks_grants_explain(const struct aks_grants *grants, const struct aks_error *error);

void aks_grants_clear(struct aks_grants *grants);

#endif
