/* Resource ids: tables of what is read, refused, built and compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arm/id.h"

#define SUBSCRIPTION "/subscriptions/00000000-0000-0000-0000-000000000001"
#define GROUP SUBSCRIPTION "/resourceGroups/demo"
#define NETWORK GROUP "/providers/Microsoft.Network/virtualNetworks/net"

static void assert_text(const char *actual, const char *expected)
{
    if (expected)
        assert_string_equal(actual, expected);
    else
        assert_null(actual);
}

static void reads_every_kind_of_id(void **state)
{
    static const struct {
        const char *text, *resource_group, *type, *name, *parent;
    } rows[] = {
        {SUBSCRIPTION, NULL, "Microsoft.Resources/subscriptions", "00000000-0000-0000-0000-000000000001", NULL},
        {GROUP, "demo", "Microsoft.Resources/resourceGroups", "demo", SUBSCRIPTION},
        {NETWORK, "demo", "Microsoft.Network/virtualNetworks", "net", GROUP},
        {NETWORK "/subnets/api", "demo", "Microsoft.Network/virtualNetworks/subnets", "api", NETWORK},
        {SUBSCRIPTION "/RESOURCEGROUPS/Demo/PROVIDERS/Microsoft.Network/virtualNetworks/Net", "Demo",
         "Microsoft.Network/virtualNetworks", "Net", SUBSCRIPTION "/RESOURCEGROUPS/Demo"},
        {NETWORK "/subnets/api/providers/Microsoft.Authorization/roleAssignments/r1", "demo",
         "Microsoft.Authorization/roleAssignments", "r1", NETWORK "/subnets/api"},
        {SUBSCRIPTION "/providers/Microsoft.Authorization/roleDefinitions/d1", NULL,
         "Microsoft.Authorization/roleDefinitions", "d1", SUBSCRIPTION},
        {SUBSCRIPTION "/providers/Microsoft.ContainerService", NULL, "Microsoft.Resources/providers",
         "Microsoft.ContainerService", SUBSCRIPTION},
        {SUBSCRIPTION "/providers/Microsoft.Features/providers/Microsoft.ContainerService/features/F", NULL,
         "Microsoft.Features/providers/features", "F",
         SUBSCRIPTION "/providers/Microsoft.Features/providers/Microsoft.ContainerService"},
        {"/providers/Microsoft.Management/managementGroups/m", NULL, "Microsoft.Management/managementGroups", "m",
         NULL},
        {"/providers/Microsoft.Management/managementGroups/m/providers/Microsoft.Authorization/roleAssignments/r", NULL,
         "Microsoft.Authorization/roleAssignments", "r", "/providers/Microsoft.Management/managementGroups/m"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_error error = {0};
        struct aks_id id, copy;

        assert_true(aks_id_parse(rows[i].text, &id, &error));
        assert_text(id.text, rows[i].text);
        assert_text(id.resource_group, rows[i].resource_group);
        assert_text(id.type, rows[i].type);
        assert_text(id.name, rows[i].name);
        assert_text(id.parent, rows[i].parent);
        assert_true(aks_id_copy(&copy, &id, &error));
        assert_text(copy.text, id.text);
        assert_text(copy.parent, id.parent);
        aks_id_clear(&id);
        aks_id_clear(&copy);
    }
}

static void refuses_what_is_no_id(void **state)
{
    static const char *const rows[] = {
        "",
        "/",
        "subscriptions/s",
        "/subscriptions",
        "/subscriptions/",
        "/subscriptions/s/",
        "/subscriptions//resourceGroups/g",
        "/subscriptions/s/resourceGroups",
        "/subscriptions/s/groups/g",
        GROUP "/providers",
        GROUP "/providers/Microsoft.Network",
        GROUP "/providers/Microsoft.Network/virtualNetworks",
        NETWORK "/subnets",
        NETWORK "/providers/Microsoft.Authorization",
        "/subscriptions/s/resourceGroups/g?x=1",
        "/subscriptions/s/resourceGroups/g#f",
        "/subscriptions/s/resourceGroups/a b",
        "/subscriptions/s/resourceGroups/a%2fb",
        "/subscriptions/s/resourceGroups/a\\b",
        "/subscriptions/s/resourceGroups/a\nb",
        "/subscriptions/s/resourceGroups/\xC3\xA4",
        "/subscriptions/s/resourceGroups/..",
        "/subscriptions/./resourceGroups/g",
        "/hello/world",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_error error = {0};
        struct aks_id id;

        assert_false(aks_id_parse(rows[i], &id, &error));
        assert_string_equal(aks_error_code(&error), "id_invalid");
        assert_null(id.text);
        aks_error_clear(&error);
    }
}

static void refuses_too_long_an_id(void **state)
{
    char *text = malloc(AKS_ID_LIMIT + 2);
    struct aks_error error = {0};
    struct aks_id id;

    (void)state;
    for (size_t i = 0; i <= AKS_ID_LIMIT; i += 2)
        memcpy(text + i, "/a", 2);
    text[AKS_ID_LIMIT + 1] = '\0';
    assert_false(aks_id_parse(text, &id, &error));
    aks_error_clear(&error);
    text[AKS_ID_LIMIT] = '\0'; /* short enough, but of too many segments */
    assert_false(aks_id_parse(text, &id, &error));
    aks_error_clear(&error);
    free(text);
}

static void builds_ids_below_a_parent(void **state)
{
    static const struct {
        const char *parent, *type, *name, *text;
    } rows[] = {
        {"", "Microsoft.Resources/subscriptions", "s", "/subscriptions/s"},
        {SUBSCRIPTION, "Microsoft.Resources/resourceGroups", "demo", GROUP},
        {SUBSCRIPTION "/", "Microsoft.Resources/providers", "Microsoft.Network",
         SUBSCRIPTION "/providers/Microsoft.Network"},
        {GROUP, "Microsoft.Network/virtualNetworks", "net", NETWORK},
        {NETWORK, "Microsoft.Network/virtualNetworks/subnets", "api", NETWORK "/subnets/api"},
        {NETWORK, "microsoft.network/VIRTUALNETWORKS/subnets", "api", NETWORK "/subnets/api"},
        {NETWORK, "Microsoft.Authorization/roleAssignments", "r",
         NETWORK "/providers/Microsoft.Authorization/roleAssignments/r"},
        {"", "Microsoft.Management/managementGroups", "m", "/providers/Microsoft.Management/managementGroups/m"},
        {GROUP, "Microsoft.Network/virtualNetworks", "net/subnets/api", NULL},
        {GROUP, "Microsoft.Network/virtualNetworks/subnets", "api", NULL},
        {GROUP, "Microsoft.Network", "net", NULL},
        {GROUP, "Microsoft.Network/virtualNetworks", "", NULL},
        {"nonsense", "Microsoft.Network/virtualNetworks", "net", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_error error = {0};
        struct aks_id id;
        bool done = aks_id_build(rows[i].parent, rows[i].type, rows[i].name, &id, &error);

        assert_int_equal(done, rows[i].text != NULL);
        assert_text(id.text, rows[i].text);
        if (!done)
            assert_string_equal(aks_error_code(&error), "id_invalid");
        aks_error_clear(&error);
        aks_id_clear(&id);
    }
}

static void compares_without_case(void **state)
{
    (void)state;
    assert_true(aks_id_equal("/subscriptions/S/resourcegroups/g", "/SUBSCRIPTIONS/s/resourceGroups/G/"));
    assert_false(aks_id_equal("/subscriptions/s", "/subscriptions/s2"));
    assert_true(aks_id_equal("", "/"));
    assert_true(aks_id_is_within("/subscriptions/s/resourceGroups/g", "/subscriptions/S"));
    assert_true(aks_id_is_within("/subscriptions/s", "/subscriptions/s/"));
    assert_true(aks_id_is_within("/subscriptions/s", "/"));
    assert_false(aks_id_is_within("/subscriptions/s2", "/subscriptions/s"));
    assert_false(aks_id_is_within("/subscriptions", "/subscriptions/s"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_of_id), cmocka_unit_test(refuses_what_is_no_id),
        cmocka_unit_test(refuses_too_long_an_id), cmocka_unit_test(builds_ids_below_a_parent),
        cmocka_unit_test(compares_without_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
