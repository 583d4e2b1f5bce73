/* Remembers role assignments, and tells errors that pass when they have effect from those that last. */
#include "arm/grants.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define PROPAGATION_LIMIT 600.0

void aks_grants_note(struct aks_grants *grants, const char *scope, const char *principal_id)
{
    size_t place = grants->next++ % AKS_GRANTS_LIMIT;

    if (!aks_uuid_is_valid(principal_id))
        return;
    free(grants->items[place].scope);
    grants->items[place].scope = strdup(scope);
    memcpy(grants->items[place].principal, principal_id, AKS_UUID_SIZE);
    grants->items[place].made = aks_clock_monotonic();
}

/* Azure's services have many codes for it, and their messages name who lacks what where. */
static bool is_about_rights(const struct aks_error *error)
{
    const char *code = aks_error_code(error);

    return error->status == 403 || strcasestr(code, "Authorization") || strcasestr(code, "Permission");
}

/* Whether the message names the scope or what is below it, and not another name that begins the same. A dot ends a
   sentence, or belongs to a name. */
static bool names_scope(const char *message, const char *scope)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_()";
    size_t length = strlen(scope);

    for (const char *at = message; (at = strcasestr(at, scope)) != NULL; at++) {
        const char *behind = at + length + (at[length] == '.');

        if (*behind == '\0' || !strchr(letters, *behind))
            return true;
    }
    return false;
}

static bool explains(const struct aks_grants *grants, const struct aks_error *error, double now)
{
    if (!error->message || !is_about_rights(error))
        return false;
    for (size_t i = 0; i < AKS_GRANTS_LIMIT; i++)
        if (grants->items[i].scope && now - grants->items[i].made < PROPAGATION_LIMIT &&
            strcasestr(error->message, grants->items[i].principal) &&
            names_scope(error->message, grants->items[i].scope))
            return true;
    return false;
}

static bool any_explains(const struct aks_grants *grants, const struct aks_error *error, double now)
{
    for (size_t i = 0; i < error->detail_count; i++)
        if (any_explains(grants, &error->details[i], now))
            return true;
    return explains(grants, error, now);
}

bool aks_grants_explain(const struct aks_grants *grants, const struct aks_error *error)
{
    return any_explains(grants, error, aks_clock_monotonic());
}

void aks_grants_clear(struct aks_grants *grants)
{
    for (size_t i = 0; i < AKS_GRANTS_LIMIT; i++)
        free(grants->items[i].scope);
    *grants = (struct aks_grants){0};
}
