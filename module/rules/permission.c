/* Matching actions. */
#include "rules/permission.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool matches(const char *pattern, const char *action)
{
    const char *star = NULL, *resume = NULL;

    while (*action) {
        if (*pattern == '*') { /* tries the shortest stretch first, and comes back for a longer one */
            star = pattern++;
            resume = action;
        } else if (*pattern && aks_text_lower(*pattern) == aks_text_lower(*action)) {
            pattern++;
            action++;
        } else if (star) {
            pattern = star + 1;
            action = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* A segment that is a star matches no segment too: Azure's role Managed Identity Operator allows
   userAssignedIdentities/assign/action by such a pattern with a star before "assign". */
static bool matches_without_segment(const char *pattern, const char *action)
{
    const char *segment = strstr(pattern, "/*/");
    char *shorter;
    bool found;

    if (!segment)
        return false;
    shorter = aks_text_format("%.*s%s", (int)(segment - pattern), pattern, segment + strlen("/*"));
    found = shorter && matches(shorter, action); /* without memory it is not allowed, and that is told */
    free(shorter);
    return found;
}

bool aks_action_matches(const char *pattern, const char *action)
{
    return matches(pattern, action) || matches_without_segment(pattern, action);
}

static bool any_matches(const char *const *patterns, size_t count, const char *action)
{
    for (size_t i = 0; i < count; i++)
        if (aks_action_matches(patterns[i], action))
            return true;
    return false;
}

bool aks_permissions_allow(const struct aks_permission *permissions, size_t count, const char *action)
{
    for (size_t i = 0; i < count; i++)
        if (any_matches(permissions[i].actions, permissions[i].action_count, action) &&
            !any_matches(permissions[i].not_actions, permissions[i].not_action_count, action))
            return true;
    return false;
}

const char *const *aks_subnet_actions(size_t *count)
{
    static const char *const actions[] = {"Microsoft.Network/virtualNetworks/subnets/join/action",
                                          "Microsoft.Network/virtualNetworks/subnets/read"};

    *count = sizeof actions / sizeof *actions;
    return actions;
}
