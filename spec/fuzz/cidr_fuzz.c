/* Any text as a prefix: what is read can be written and read again, and what is not is explained. */
#include "../support/fuzz.h"
#include "rules/cidr.h"

/* Canonical text is that of the same prefix, and valid; bits beyond the length are gone. */
static void check_prefix(const struct aks_cidr *prefix)
{
    char text[AKS_CIDR_TEXT_SIZE], again_text[AKS_CIDR_TEXT_SIZE];
    struct aks_cidr again, first = aks_cidr_first(prefix), last = aks_cidr_last(prefix), half;

    FUZZ_CHECK(prefix->bits == 32 || prefix->bits == 128);
    FUZZ_CHECK(prefix->length <= prefix->bits);
    FUZZ_CHECK(aks_cidr_parse(aks_cidr_text(prefix, text), &again) == AKS_CIDR_VALID);
    FUZZ_CHECK(aks_cidr_compare(prefix, &again) == 0);
    FUZZ_CHECK(strcmp(text, aks_cidr_text(&again, again_text)) == 0);
    FUZZ_CHECK(aks_cidr_contains(prefix, &first) && aks_cidr_contains(prefix, &last));
    FUZZ_CHECK(aks_cidr_overlaps(prefix, &again) && aks_cidr_contains(prefix, prefix));
    if (prefix->length == prefix->bits)
        return;
    for (unsigned long long index = 0; index < 2; index++) {
        FUZZ_CHECK(aks_cidr_subnet(prefix, prefix->length + 1, index, &half));
        FUZZ_CHECK(aks_cidr_contains(prefix, &half) && !aks_cidr_contains(&half, prefix));
    }
    FUZZ_CHECK(!aks_cidr_subnet(prefix, prefix->length + 1, 2, &half));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), message[AKS_CIDR_MESSAGE_SIZE];
    struct aks_cidr prefix, address;
    enum aks_cidr_fault fault = aks_cidr_parse(text, &prefix), address_fault = aks_cidr_parse_address(text, &address);
    struct aks_error error = {0};

    FUZZ_CHECK(aks_cidr_read(text, &prefix, &error) == (fault == AKS_CIDR_VALID));
    FUZZ_CHECK(aks_error_is_set(&error) == (fault != AKS_CIDR_VALID));
    if (fault == AKS_CIDR_VALID || fault == AKS_CIDR_HOST_BITS)
        check_prefix(&prefix);
    if (address_fault == AKS_CIDR_VALID) {
        FUZZ_CHECK(fault == AKS_CIDR_NO_LENGTH && address.length == address.bits);
        check_prefix(&address);
    }
    aks_cidr_explain(fault, text, message);
    FUZZ_CHECK(strnlen(message, sizeof message) < sizeof message);
    aks_error_clear(&error);
    free(text);
    return 0;
}
