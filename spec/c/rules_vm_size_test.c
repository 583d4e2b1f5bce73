/* Cores and families of sizes, from their names. */
#include "rules/vm_size.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_name_tells_cores_and_family(void **state)
{
    static const struct {
        const char *size;
        unsigned cores;
        const char *family; /* NULL: not told */
    } rows[] = {
        {"Standard_D4s_v3", 4, "standardDsv3Family"},
        {"Standard_D2_v3", 2, "standardDv3Family"},
        {"Standard_D16ads_v5", 16, "standardDadsv5Family"},
        {"Standard_E96ias_v4", 96, "standardEiasv4Family"},
        {"Standard_F4s_v2", 4, "standardFsv2Family"},
        {"Standard_NC6s_v3", 6, "standardNCsv3Family"},
        {"Standard_NC24ads_A100_v4", 24, NULL},
        {"Standard_B2ms", 2, "standardBmsFamily"},
        {"standard_d4S_v3", 4, "standarddSv3Family"},
        /* Their numbers count up. */
        {"Standard_DS1_v2", 1, "standardDSv2Family"},
        {"Standard_DS2_v2", 2, "standardDSv2Family"},
        {"Standard_DS5_v2", 16, "standardDSv2Family"},
        {"Standard_DS11_v2", 2, "standardDSv2Family"},
        {"Standard_DS14_v2", 16, "standardDSv2Family"},
        {"Standard_D3", 4, "standardDFamily"},
        {"Standard_DS6_v2", 0, "standardDSv2Family"},
        /* No such names. */
        {"", 0, NULL},
        {"Standard", 0, NULL},
        {"Standard_D", 0, NULL},
        {"Standard_D99999999999999999999s_v3", 0, NULL},
        {"Standard_D99999s_v3", 0, "standardDsv3Family"},
        {"Standard_D10000s_v3", 10000, "standardDsv3Family"},
        {"Standard_D10001s_v3", 0, "standardDsv3Family"},
        {"Standard_D4s_vv", 4, NULL},
        {"Standard_D4s_v", 4, NULL},
        {"Standard_D4s_v3_Promo", 4, NULL},
        {"Standard_ABCDEFGHIJKLMNOPQRSTUVWXYZ4", 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char family[AKS_VM_SIZE_FAMILY_SIZE];

        assert_int_equal(aks_vm_size_cores(rows[i].size), rows[i].cores);
        assert_int_equal(aks_vm_size_family(rows[i].size, family), rows[i].family != NULL);
        if (rows[i].family)
            assert_string_equal(family, rows[i].family);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_tells_cores_and_family),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
