/* Any text as a range of ports: what is read is in order, and can be written and read again. */
#include "../support/fuzz.h"
#include "rules/port_range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), written[AKS_PORT_RANGE_TEXT_SIZE];
    struct aks_port_range range = {7, 8}, again;
    struct aks_error error = {0};
    bool valid = aks_port_range_parse(text, &range);

    if (valid) {
        FUZZ_CHECK(range.first <= range.last && range.last <= AKS_PORT_LAST);
        FUZZ_CHECK(aks_port_range_parse(aks_port_range_text(&range, written), &again));
        FUZZ_CHECK(range.first == again.first && range.last == again.last);
        FUZZ_CHECK(aks_port_range_contains(&range, range.first) && aks_port_range_contains(&range, range.last));
        FUZZ_CHECK(!aks_port_range_contains(&range, range.last + 1));
        FUZZ_CHECK(strlen(written) <= strlen(text));
    } else {
        FUZZ_CHECK(range.first == 7 && range.last == 8);
    }
    FUZZ_CHECK(aks_port_range_read(text, &range, &error) == valid);
    FUZZ_CHECK(aks_error_is_set(&error) == !valid);
    aks_error_clear(&error);
    free(text);
    return 0;
}
