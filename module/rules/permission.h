/* What roles allow: actions with wildcards, less what each role leaves out. Pure.
   https://learn.microsoft.com/azure/role-based-access-control/role-definitions */
#ifndef AKS_RULES_PERMISSION_H
#define AKS_RULES_PERMISSION_H

#include <stdbool.h>
#include <stddef.h>

/* One element of a role definition's permissions. Borrowed texts: patterns such as
 * "Microsoft.Network/virtualNetworks/read". */
struct aks_permission {
    const char *const *actions, *const *not_actions;
    size_t action_count, not_action_count;
};

/* Whether a pattern, in which '*' stands for any characters, matches an action; without case. */
bool aks_action_matches(const char *pattern, const char *action);

/* Whether one of the permissions allows an action. What one of them leaves out another may allow. */
bool aks_permissions_allow(const struct aks_permission *permissions, size_t count, const char *action);

/* The actions that a cluster's identity needs on both subnets; *count says how many.
   https://learn.microsoft.com/azure/aks/concepts-network-cni-overview (prerequisites) */
const char *const *aks_subnet_actions(size_t *count);

#endif
