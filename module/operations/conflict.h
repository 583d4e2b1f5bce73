/* Whether an error says that somebody else is at work on the resource just now, so that waiting helps. */
#ifndef AKS_OPERATIONS_CONFLICT_H
#define AKS_OPERATIONS_CONFLICT_H

#include <stdbool.h>

#include "base/error.h"

/* True for ARM's codes of a conflict with another operation (a busy cluster, a VNet that is being written, an entity
   tag that has changed), not for conflicts that last. `rounds`: how often the operation has begun again already. */
bool aks_conflict_passes(const struct aks_error *error, unsigned rounds);

#endif
