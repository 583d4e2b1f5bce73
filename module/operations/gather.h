/* Several calls at once, as the one batch of a step: each answer is told by the key it was asked under, and an answer
   may lead to further calls; when none is left, the batch is over. */
#ifndef AKS_OPERATIONS_GATHER_H
#define AKS_OPERATIONS_GATHER_H

#include "operations/operation.h"

/* Told once for each call, `reply` NULL on failure. It may add calls; it does not end the step. */
typedef void aks_gather_answered(struct aks_operation *operation, size_t key, struct aks_reply *reply,
                                 struct aks_error *error);
/* Told once, when all calls are over, unless the operation was canceled; ends the step. */
typedef void aks_gather_done(struct aks_operation *operation);

/* Begins the batch of a step: `begin` adds its calls with aks_gather_add. Without any, `done` is told at once. */
void aks_operation_gather(struct aks_operation *operation, void (*begin)(struct aks_operation *operation),
                          aks_gather_answered *answered, aks_gather_done *done);

/* Adds a call to the batch under way. One that cannot be sent is answered at once, with the error. */
void aks_gather_add(struct aks_operation *operation, size_t key, struct aks_call_request *request);

/* Drops what is under way; for operation.c. NULL is allowed. */
void aks_gather_cancel(struct aks_gather *gather);

#endif
