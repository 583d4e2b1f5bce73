/* Reads role assignments and role definitions.
   https://learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest */
#include "operations/permissions.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "base/text.h"
#include "rules/permission.h"
#include "rules/rule.h"

#define VERSION "2022-04-01"
#define SUFFIX "/providers/Microsoft.Authorization/roleAssignments"

static struct aks_survey *survey_of(const struct aks_operation *operation)
{
    return operation->data;
}

void aks_permissions_look(struct aks_operation *operation, const char *scope, const char *principal)
{
    char *target = aks_text_format("%s" SUFFIX, scope);
    char *query = aks_text_format("$filter=atScope()%%20and%%20assignedTo(%%27%s%%27)", principal);

    if (target && query)
        aks_survey_look(operation, target, query, VERSION);
    else
        aks_error_set_no_memory(&survey_of(operation)->error);
    free(target);
    free(query);
}

static const char *role_of(const json_t *assignment)
{
    const char *role = aks_document_text_at(assignment, "properties.roleDefinitionId");

    return role && role[0] == '/' ? role : NULL;
}

void aks_permissions_seen(struct aks_operation *operation, const struct aks_sight *sight)
{
    const json_t *list = json_object_get(sight->document, "value");

    if (!strstr(sight->target, SUFFIX))
        return;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (role_of(json_array_get(list, i)))
            aks_survey_look(operation, role_of(json_array_get(list, i)), NULL, VERSION);
}

/* The texts of a list, in an array of its own. */
static const char **read_texts(const json_t *list, size_t *count)
{
    const char **texts = calloc(json_array_size(list) + 1, sizeof(const char *));

    *count = 0;
    for (size_t i = 0; texts && i < json_array_size(list); i++)
        if (json_is_string(json_array_get(list, i)))
            texts[(*count)++] = json_string_value(json_array_get(list, i));
    return texts;
}

/* Whether one element of a role's permissions allows the action; *enough tells want of memory. */
static bool element_allows(const json_t *element, const char *action, bool *enough)
{
    size_t count, not_count;
    const char **actions = read_texts(json_object_get(element, "actions"), &count);
    const char **not_actions = read_texts(json_object_get(element, "notActions"), &not_count);
    const struct aks_permission permission = {actions, not_actions, count, not_count};
    bool allows = actions && not_actions && aks_permissions_allow(&permission, 1, action);

    *enough = *enough && actions && not_actions;
    free(actions);
    free(not_actions);
    return allows;
}

static bool role_allows(const json_t *definition, const char *action, bool *enough)
{
    const json_t *permissions = aks_document_get(definition, "properties.permissions");

    for (size_t i = 0; i < json_array_size(permissions); i++)
        if (element_allows(json_array_get(permissions, i), action, enough))
            return true;
    return false;
}

/* Whether one of the assignments allows the action. A role that may not be read may allow it: *refusal. */
static bool is_allowed(const struct aks_survey *survey, const json_t *assignments, const char *action,
                       const char **refusal, bool *enough)
{
    for (size_t i = 0; i < json_array_size(assignments); i++) {
        const char *role = role_of(json_array_get(assignments, i));
        const struct aks_sight *sight = role ? aks_survey_find(survey, role) : NULL;

        if (sight && role_allows(sight->document, action, enough))
            return true;
        if (sight && sight->refusal)
            *refusal = sight->refusal;
    }
    return false;
}

static bool report(const char *scope, const char *action, const char *refusal, const char *resource, const char *field,
                   struct aks_findings *findings)
{
    if (refusal)
        return aks_rule_break(findings, "check_forbidden", resource, field, NULL,
                              "what the cluster's identity may do at %.300s could not be read (%s)", scope, refusal);
    return aks_rule_break(findings, "permission_missing", resource, field, NULL,
                          "the cluster's identity may not perform %s at %.300s", action, scope);
}

bool aks_permissions_check(const struct aks_survey *survey, const char *scope, const char *const *actions, size_t count,
                           const char *resource, const char *field, struct aks_findings *findings)
{
    char *target = aks_text_format("%s" SUFFIX, scope);
    const struct aks_sight *sight = target ? aks_survey_find(survey, target) : NULL;
    bool enough = target;

    free(target);
    for (size_t i = 0; enough && sight && i < count; i++) {
        const char *refusal = sight->refusal;

        if (is_allowed(survey, json_object_get(sight->document, "value"), actions[i], &refusal, &enough) || !enough)
            continue;
        if (!report(scope, actions[i], refusal, resource, field, findings))
            return false;
        break; /* one is enough to be told what to do */
    }
    return enough;
}
