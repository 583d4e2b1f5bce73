/* Which errors are explained by role assignments that were made just now. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arm/grants.h"

#define PRINCIPAL "11111111-2222-3333-4444-555555555555"
#define SUBNET "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"
#define TEXT(who, where) "The client with object id '" who "' may not perform 'join/action' over scope '" where "'."

static bool explains(const char *scope, int status, const char *code, const char *message)
{
    struct aks_grants grants = {0};
    struct aks_error error = {0};
    bool result;

    aks_error_set(&error, code, "%s", message);
    error.status = status;
    if (scope)
        aks_grants_note(&grants, scope, PRINCIPAL);
    result = aks_grants_explain(&grants, &error);
    aks_error_clear(&error);
    aks_grants_clear(&grants);
    return result;
}

static void explain_what_they_grant(void **state)
{
    static const struct {
        const char *scope;
        int status;
        const char *code, *message;
        bool explained;
    } rows[] = {
        {SUBNET, 403, "AuthorizationFailed", TEXT(PRINCIPAL, SUBNET), true},
        {SUBNET, 400, "ResourceMissingPermissionError", TEXT(PRINCIPAL, SUBNET), true},
        {SUBNET, 400, "MissingPermission", "for " PRINCIPAL " on " SUBNET ".", true},
        {"/subscriptions/S/resourcegroups/G", 403, "Forbidden", TEXT(PRINCIPAL, SUBNET), true},
        {NULL, 403, "AuthorizationFailed", TEXT(PRINCIPAL, SUBNET), false},
        {SUBNET, 403, "AuthorizationFailed", TEXT("another", SUBNET), false},
        {SUBNET, 403, "AuthorizationFailed", TEXT(PRINCIPAL, SUBNET "2"), false},
        {SUBNET, 403, "AuthorizationFailed", TEXT(PRINCIPAL, SUBNET "-b"), false},
        {SUBNET, 400, "SubnetIsFull", TEXT(PRINCIPAL, SUBNET), false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (explains(rows[i].scope, rows[i].status, rows[i].code, rows[i].message) != rows[i].explained)
            fail_msg("row %zu", i);
}

static void explain_errors_inside_others(void **state)
{
    struct aks_grants grants = {0};
    struct aks_error error = {0};

    (void)state;
    aks_grants_note(&grants, SUBNET, PRINCIPAL);
    aks_error_set(&error, "operation_failed", "Azure could not do it");
    assert_false(aks_grants_explain(&grants, &error));
    assert_non_null(aks_error_add_detail(&error));
    aks_error_set(&error.details[0], "AuthorizationFailed", TEXT(PRINCIPAL, SUBNET));
    assert_true(aks_grants_explain(&grants, &error));
    aks_error_clear(&error);
    aks_grants_clear(&grants);
}

static void forget_the_oldest(void **state)
{
    struct aks_grants grants = {0};
    struct aks_error error = {0};

    (void)state;
    aks_error_set(&error, "AuthorizationFailed", TEXT(PRINCIPAL, SUBNET));
    aks_grants_note(&grants, SUBNET, PRINCIPAL);
    for (int i = 1; i < AKS_GRANTS_LIMIT; i++)
        aks_grants_note(&grants, "/subscriptions/other", PRINCIPAL);
    assert_true(aks_grants_explain(&grants, &error));
    aks_grants_note(&grants, "/subscriptions/other", PRINCIPAL);
    assert_false(aks_grants_explain(&grants, &error));
    aks_error_clear(&error);
    aks_grants_clear(&grants);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explain_what_they_grant),
        cmocka_unit_test(explain_errors_inside_others),
        cmocka_unit_test(forget_the_oldest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
