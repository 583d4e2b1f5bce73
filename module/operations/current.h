/* The first steps of operations on a cluster that exists: it is read, and what is under way on it is waited for. */
#ifndef AKS_OPERATIONS_CURRENT_H
#define AKS_OPERATIONS_CURRENT_H

#include "operations/operation.h"

/* Step: reads the resource; one that does not exist is an error. Also the last step, to show how it is afterwards. */
void aks_current_read(struct aks_operation *operation);
/* Step: waits until nothing is under way on it. */
void aks_current_settle(struct aks_operation *operation);

/* Whether something is under way on it, as last read. */
bool aks_current_is_busy(const struct aks_operation *operation);
/* Whether its power state is `code` ("Running", "Stopped"), as last read. */
bool aks_current_has_power(const struct aks_operation *operation, const char *code);

/* POSTs an action ("stop") to the resource and follows it. */
void aks_current_act(struct aks_operation *operation, const char *action,
                     void (*followed)(struct aks_operation *operation, json_t *document, struct aks_error *error));

/* Takes `document` as what was read, and goes on to the next step. */
void aks_current_keep(struct aks_operation *operation, json_t *document, struct aks_error *error);

/* Goes back to `step`, which looks at how things stand, after a pause when the error is a conflict that passes, is for
   want of rights that were granted just now, or leaves open whether the request arrived; false: the error is another
   one, or the operation's time is up. */
bool aks_current_begin_again(struct aks_operation *operation, size_t step, struct aks_error *error);

#endif
