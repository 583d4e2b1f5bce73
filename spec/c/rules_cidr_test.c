/* Prefixes: syntax by rows, arithmetic against 128-bit integers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/cidr.h"

typedef unsigned __int128 wide;

/* The same numbers at every run. */
static uint64_t seed = 0x5eed;

static uint64_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static wide any_wide(void)
{
    return (wide)any() << 64 | any();
}

/* The naive model: the range of addresses as integers. */
struct range {
    wide first, last;
};

static wide value_of(const struct aks_cidr *prefix)
{
    wide value = 0;

    for (unsigned i = 0; i < prefix->bits / 8; i++)
        value = value << 8 | prefix->bytes[i];
    return value;
}

static wide host_mask(unsigned bits, unsigned length)
{
    unsigned free_bits = bits - length;

    return free_bits == 128 ? ~(wide)0 : ((wide)1 << free_bits) - 1;
}

static struct range range_of(const struct aks_cidr *prefix)
{
    wide first = value_of(prefix);

    return (struct range){first, first | host_mask(prefix->bits, prefix->length)};
}

/* Every group written out: what canonical text is compared with after reading both. */
static void write_long(wide value, unsigned bits, char text[64])
{
    if (bits == 32) {
        unsigned v4 = (unsigned)value;

        snprintf(text, 64, "%u.%u.%u.%u", v4 >> 24, v4 >> 16 & 255, v4 >> 8 & 255, v4 & 255);
        return;
    }
    *text = '\0';
    for (int shift = 112; shift >= 0; shift -= 16)
        snprintf(text + strlen(text), 64 - strlen(text), "%X%s", (unsigned)(value >> shift & 0xffff), shift ? ":" : "");
}

static struct aks_cidr prefix_of(const char *text)
{
    struct aks_cidr prefix;

    assert_int_equal(aks_cidr_parse(text, &prefix), AKS_CIDR_VALID);
    return prefix;
}

static struct aks_cidr any_prefix(unsigned bits)
{
    unsigned length = (unsigned)(any() % (bits + 1));
    wide value = any_wide() & host_mask(bits, 0) & ~host_mask(bits, length);
    char address[64], text[80];

    write_long(value, bits, address);
    snprintf(text, sizeof text, "%s/%u", address, length);
    return prefix_of(text);
}

static void syntax_is_strict(void **state)
{
    static const struct {
        const char *text;
        enum aks_cidr_fault fault;
    } rows[] = {
        {"172.19.0.0/28", AKS_CIDR_VALID},
        {"0.0.0.0/0", AKS_CIDR_VALID},
        {"255.255.255.255/32", AKS_CIDR_VALID},
        {"::/0", AKS_CIDR_VALID},
        {"fd00::/64", AKS_CIDR_VALID},
        {"FD00:0:0:0:0:0:0:0/8", AKS_CIDR_VALID},
        {"::ffff:10.0.0.0/104", AKS_CIDR_VALID},
        {"::1/128", AKS_CIDR_VALID},
        {"", AKS_CIDR_NOT_AN_ADDRESS},
        {"/", AKS_CIDR_NOT_AN_ADDRESS},
        {"/8", AKS_CIDR_NOT_AN_ADDRESS},
        {"10.0.0/8", AKS_CIDR_NOT_AN_ADDRESS},
        {"10/8", AKS_CIDR_NOT_AN_ADDRESS},
        {"10.0.0.0.0/8", AKS_CIDR_NOT_AN_ADDRESS},
        {"10.0.0./8", AKS_CIDR_NOT_AN_ADDRESS},
        {".10.0.0/8", AKS_CIDR_NOT_AN_ADDRESS},
        {"256.0.0.0/8", AKS_CIDR_NOT_AN_ADDRESS},
        {"10.0.0.1000/8", AKS_CIDR_NOT_AN_ADDRESS},
        {"0x0a.0.0.0/8", AKS_CIDR_NOT_AN_ADDRESS},
        {"+10.0.0.0/8", AKS_CIDR_NOT_AN_ADDRESS},
        {"-1.0.0.0/8", AKS_CIDR_NOT_AN_ADDRESS},
        {" 10.0.0.0/8", AKS_CIDR_NOT_AN_ADDRESS},
        {"10.0.0.0 /8", AKS_CIDR_NOT_AN_ADDRESS},
        {"localhost/8", AKS_CIDR_NOT_AN_ADDRESS},
        {":::/8", AKS_CIDR_NOT_AN_ADDRESS},
        {":/8", AKS_CIDR_NOT_AN_ADDRESS},
        {"1::2::3/128", AKS_CIDR_NOT_AN_ADDRESS},
        {"1:2:3:4:5:6:7/128", AKS_CIDR_NOT_AN_ADDRESS},
        {"1:2:3:4:5:6:7:8:9/128", AKS_CIDR_NOT_AN_ADDRESS},
        {"12345::/16", AKS_CIDR_NOT_AN_ADDRESS},
        {"g::/16", AKS_CIDR_NOT_AN_ADDRESS},
        {"fe80::%eth0/64", AKS_CIDR_NOT_AN_ADDRESS},
        {"[::1]/128", AKS_CIDR_NOT_AN_ADDRESS},
        {"::10.0.0.0.0/128", AKS_CIDR_NOT_AN_ADDRESS},
        {"00000000000000000000000000000000000000000000000000000000000000000000000000/8", AKS_CIDR_NOT_AN_ADDRESS},
        {"010.0.0.0/8", AKS_CIDR_LEADING_ZERO},
        {"10.0.0.00/8", AKS_CIDR_LEADING_ZERO},
        {"10.0.01.0", AKS_CIDR_LEADING_ZERO},
        {"10.0.0.0", AKS_CIDR_NO_LENGTH},
        {"fd00::", AKS_CIDR_NO_LENGTH},
        {"10.0.0.0/", AKS_CIDR_BAD_LENGTH},
        {"10.0.0.0/33", AKS_CIDR_BAD_LENGTH},
        {"10.0.0.0/08", AKS_CIDR_BAD_LENGTH},
        {"10.0.0.0/00", AKS_CIDR_BAD_LENGTH},
        {"10.0.0.0/-1", AKS_CIDR_BAD_LENGTH},
        {"10.0.0.0/+8", AKS_CIDR_BAD_LENGTH},
        {"10.0.0.0/ 8", AKS_CIDR_BAD_LENGTH},
        {"10.0.0.0/8 ", AKS_CIDR_BAD_LENGTH},
        {"10.0.0.0/8/8", AKS_CIDR_BAD_LENGTH},
        {"10.0.0.0/255.0.0.0", AKS_CIDR_BAD_LENGTH},
        {"10.0.0.0/4294967304", AKS_CIDR_BAD_LENGTH},
        {"fd00::/129", AKS_CIDR_BAD_LENGTH},
        {"172.19.0.1/28", AKS_CIDR_HOST_BITS},
        {"0.0.0.1/0", AKS_CIDR_HOST_BITS},
        {"10.0.0.1/31", AKS_CIDR_HOST_BITS},
        {"fd00::1/64", AKS_CIDR_HOST_BITS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_cidr prefix;
        enum aks_cidr_fault fault = aks_cidr_parse(rows[i].text, &prefix);

        if (fault != rows[i].fault)
            fail_msg("\"%s\": fault %d, expected %d", rows[i].text, fault, rows[i].fault);
    }
}

static void canonical_text_follows_rfc_5952(void **state)
{
    static const char *const rows[][2] = {
        {"172.19.0.0/28", "172.19.0.0/28"},
        {"2001:DB8:0:0:0:0:0:0/32", "2001:db8::/32"},
        {"2001:0db8:0000:0001:0001:0001:0001:0001/128", "2001:db8:0:1:1:1:1:1/128"},
        {"2001:0:0:1:0:0:0:1/128", "2001:0:0:1::1/128"},
        {"2001:db8:0:0:1:0:0:1/128", "2001:db8::1:0:0:1/128"},
        {"0:0:0:0:0:0:0:0/0", "::/0"},
        {"0:0:0:0:0:0:0:1/128", "::1/128"},
        {"1:2:3:4:5:6:7::/128", "1:2:3:4:5:6:7:0/128"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_cidr prefix = prefix_of(rows[i][0]);
        char text[AKS_CIDR_TEXT_SIZE];

        assert_string_equal(aks_cidr_text(&prefix, text), rows[i][1]);
    }
}

static void the_longest_text_fits(void **state)
{
    const char *longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128";
    struct aks_cidr prefix = prefix_of(longest);
    char text[AKS_CIDR_TEXT_SIZE];

    (void)state;
    assert_string_equal(aks_cidr_text(&prefix, text), longest);
    assert_int_equal(aks_cidr_parse("::ffff:255.255.255.255/128", &prefix), AKS_CIDR_VALID);
    assert_int_equal(aks_cidr_parse("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128", &prefix), AKS_CIDR_VALID);
}

/* For every length of both versions, with addresses at random. */
static void check_length(unsigned bits, unsigned length)
{
    for (int round = 0; round < 50; round++) {
        wide value = any_wide() & host_mask(bits, 0), hosts = host_mask(bits, length);
        char address[64], text[80], canonical[AKS_CIDR_TEXT_SIZE];
        struct aks_cidr prefix, again;
        struct range range;

        write_long(value, bits, address);
        snprintf(text, sizeof text, "%s/%u", address, length);
        assert_int_equal(aks_cidr_parse(text, &prefix), value & hosts ? AKS_CIDR_HOST_BITS : AKS_CIDR_VALID);
        assert_int_equal(prefix.bits, bits);
        assert_int_equal(prefix.length, length);
        range = range_of(&prefix);
        assert_true(range.first == (value & ~hosts & host_mask(bits, 0)));
        again = prefix_of(aks_cidr_text(&prefix, canonical));
        assert_memory_equal(&again, &prefix, sizeof prefix);
        again = aks_cidr_first(&prefix);
        assert_true(value_of(&again) == range.first && again.length == bits);
        again = aks_cidr_last(&prefix);
        assert_true(value_of(&again) == range.last && again.length == bits);
        assert_true(aks_cidr_size(&prefix) == (double)(range.last - range.first) + 1 || bits - length > 52);
    }
}

static void every_length_masks_and_prints(void **state)
{
    (void)state;
    for (unsigned length = 0; length <= 32; length++)
        check_length(32, length);
    for (unsigned length = 0; length <= 128; length++)
        check_length(128, length);
}

static void sizes_are_powers_of_two_less_what_azure_keeps(void **state)
{
    struct aks_cidr prefix = prefix_of("0.0.0.0/0");
    double size = 4294967296.0;

    (void)state;
    for (prefix.length = 0; prefix.length <= 32; prefix.length++, size /= 2) {
        assert_true(aks_cidr_size(&prefix) == size);
        assert_true(aks_cidr_usable(&prefix) == (size > 5 ? size - 5 : 0));
    }
    prefix = prefix_of("172.19.0.0/28");
    assert_true(aks_cidr_usable(&prefix) == 11);
    prefix = prefix_of("::/0");
    assert_true(aks_cidr_size(&prefix) == 0x1p128);
}

static void containment_is_that_of_ranges(void **state)
{
    (void)state;
    for (int round = 0; round < 200000; round++) {
        unsigned bits = round % 2 ? 32 : 128;
        struct aks_cidr a = any_prefix(bits), b = any_prefix(bits);
        struct range x, y;

        if (round % 3 == 0) { /* unrelated ones rarely meet: begin with a common part */
            b = a;
            b.length = (unsigned)(any() % (bits + 1));
            for (unsigned i = 0; i < sizeof b.bytes; i++)
                b.bytes[i] = 0;
            for (unsigned i = 0; i < b.length; i++)
                b.bytes[i / 8] |= (unsigned char)(a.bytes[i / 8] & 0x80 >> i % 8);
        }
        x = range_of(&a);
        y = range_of(&b);
        assert_int_equal(aks_cidr_contains(&a, &b), x.first <= y.first && y.last <= x.last);
        assert_int_equal(aks_cidr_overlaps(&a, &b), x.first <= y.last && y.first <= x.last);
        assert_int_equal(aks_cidr_overlaps(&a, &b), aks_cidr_overlaps(&b, &a));
        assert_true((aks_cidr_compare(&a, &b) == 0) == (x.first == y.first && x.last == y.last));
        assert_true((aks_cidr_compare(&a, &b) < 0) == (x.first < y.first || (x.first == y.first && x.last > y.last)));
    }
}

static void versions_never_meet(void **state)
{
    struct aks_cidr v4 = prefix_of("0.0.0.0/0"), v6 = prefix_of("::/0");

    (void)state;
    assert_false(aks_cidr_contains(&v4, &v6));
    assert_false(aks_cidr_contains(&v6, &v4));
    assert_false(aks_cidr_overlaps(&v4, &v6));
    assert_true(aks_cidr_compare(&v4, &v6) < 0 && aks_cidr_compare(&v6, &v4) > 0);
}

static void an_address_is_contained(void **state)
{
    struct aks_cidr prefix = prefix_of("10.0.0.0/16"), address;

    (void)state;
    assert_int_equal(aks_cidr_parse_address("10.0.0.10", &address), AKS_CIDR_VALID);
    assert_true(aks_cidr_contains(&prefix, &address));
    assert_int_equal(aks_cidr_parse_address("10.1.0.0", &address), AKS_CIDR_VALID);
    assert_false(aks_cidr_contains(&prefix, &address));
    assert_int_equal(aks_cidr_parse_address("10.1.0.0/32", &address), AKS_CIDR_NOT_AN_ADDRESS);
    assert_int_equal(aks_cidr_parse_address("10.1.0.010", &address), AKS_CIDR_LEADING_ZERO);
}

static void subnets_divide_their_prefix(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct aks_cidr prefix = any_prefix(round % 2 ? 32 : 128), subnet;
        unsigned length = prefix.length + (unsigned)(any() % 9);
        unsigned long long count;
        struct range whole = range_of(&prefix);
        wide next = whole.first;

        if (length > prefix.bits)
            continue;
        count = 1ULL << (length - prefix.length);
        assert_true(aks_cidr_subnet_count(&prefix, length) == (double)count);
        for (unsigned long long i = 0; i < count; i++) {
            assert_true(aks_cidr_subnet(&prefix, length, i, &subnet));
            assert_int_equal(subnet.length, length);
            assert_true(range_of(&subnet).first == next);
            next = range_of(&subnet).last + 1;
        }
        assert_true(next == whole.last + 1);
        assert_false(aks_cidr_subnet(&prefix, length, count, &subnet));
    }
}

static void subnets_of_impossible_lengths_do_not_exist(void **state)
{
    struct aks_cidr prefix = prefix_of("10.0.0.0/16"), subnet;
    char text[AKS_CIDR_TEXT_SIZE];

    (void)state;
    assert_false(aks_cidr_subnet(&prefix, 15, 0, &subnet));
    assert_false(aks_cidr_subnet(&prefix, 33, 0, &subnet));
    assert_true(aks_cidr_subnet_count(&prefix, 15) == 0 && aks_cidr_subnet_count(&prefix, 33) == 0);
    assert_false(aks_cidr_subnet(&prefix, 24, 256, &subnet));
    assert_false(aks_cidr_subnet(&prefix, 24, ~0ULL, &subnet));
    prefix = prefix_of("::/0");
    assert_true(aks_cidr_subnet(&prefix, 128, ~0ULL, &subnet));
    assert_string_equal(aks_cidr_text(&subnet, text), "::ffff:ffff:ffff:ffff/128");
    assert_true(aks_cidr_subnet(&prefix, 64, ~0ULL, &subnet));
    assert_string_equal(aks_cidr_text(&subnet, text), "ffff:ffff:ffff:ffff::/64");
}

static struct aks_cidr_pair find_naively(const struct aks_cidr *prefixes, size_t count)
{
    for (size_t second = 1; second < count; second++)
        for (size_t first = 0; first < second; first++)
            if (aks_cidr_overlaps(&prefixes[first], &prefixes[second]))
                return (struct aks_cidr_pair){true, first, second};
    return (struct aks_cidr_pair){false, 0, 0};
}

/* Of few bits, so that some overlap and some do not. */
static struct aks_cidr crowded_prefix(void)
{
    unsigned length = 4 + (unsigned)(any() % 3);
    struct aks_cidr prefix = {.bits = 0};
    char text[32];

    if (any() % 4 == 0)
        snprintf(text, sizeof text, "%x00::/%u", (unsigned)(any() % 16) << 4, length);
    else
        snprintf(text, sizeof text, "%u.0.0.0/%u", (unsigned)(any() % 64) << 2, length);
    aks_cidr_parse(text, &prefix); /* host bits are cleared */
    return prefix;
}

static void the_overlap_found_is_the_first_in_reading_order(void **state)
{
    struct aks_cidr prefixes[12];
    size_t overlapping = 0;

    (void)state;
    for (int round = 0; round < 50000; round++) {
        size_t count = any() % 13;
        struct aks_cidr_pair expected, pair;
        struct aks_error error = {0};

        for (size_t i = 0; i < count; i++)
            prefixes[i] = crowded_prefix();
        expected = find_naively(prefixes, count);
        assert_true(aks_cidr_find_overlap(prefixes, count, &pair, &error));
        assert_int_equal(pair.found, expected.found);
        assert_int_equal(pair.first, expected.first);
        assert_int_equal(pair.second, expected.second);
        overlapping += pair.found;
    }
    assert_in_range(overlapping, 5000, 45000);
}

static void faults_are_explained(void **state)
{
    static const struct {
        const char *text, *code, *message;
    } rows[] = {
        {"172.19.0.1/28", "cidr_host_bits",
         "\"172.19.0.1/28\" has bits set beyond its prefix length: the prefix is \"172.19.0.0/28\""},
        {"10.0.0.4", "cidr_invalid", "\"10.0.0.4\" has no prefix length: one address alone is \"10.0.0.4/32\""},
        {"10.0.0.0/33", "cidr_invalid", "\"10.0.0.0/33\" has a prefix length out of range: it is 0 to 32"},
        {"fd00::/x", "cidr_invalid", "\"fd00::/x\" has a prefix length out of range: it is 0 to 128"},
        {"10.0.0.08/8", "cidr_invalid", "\"10.0.0.08/8\" has a number with a leading zero, which some read as octal"},
        {"subnet", "cidr_invalid", "\"subnet\" is not an IP address"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_error error = {0};
        struct aks_cidr prefix;

        assert_false(aks_cidr_read(rows[i].text, &prefix, &error));
        assert_string_equal(error.code, rows[i].code);
        assert_string_equal(error.message, rows[i].message);
        aks_error_clear(&error);
    }
}

static void messages_have_a_bound(void **state)
{
    char text[5000], message[AKS_CIDR_MESSAGE_SIZE];

    (void)state;
    memset(text, '1', sizeof text);
    text[sizeof text - 1] = '\0';
    aks_cidr_explain(AKS_CIDR_NOT_AN_ADDRESS, text, message);
    assert_in_range(strlen(message), 80, 120);
    /* The longest of all. */
    aks_cidr_explain(AKS_CIDR_HOST_BITS, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/127", message);
    assert_non_null(strstr(message, "fffe/127\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syntax_is_strict),
        cmocka_unit_test(canonical_text_follows_rfc_5952),
        cmocka_unit_test(the_longest_text_fits),
        cmocka_unit_test(every_length_masks_and_prints),
        cmocka_unit_test(sizes_are_powers_of_two_less_what_azure_keeps),
        cmocka_unit_test(containment_is_that_of_ranges),
        cmocka_unit_test(versions_never_meet),
        cmocka_unit_test(an_address_is_contained),
        cmocka_unit_test(subnets_divide_their_prefix),
        cmocka_unit_test(subnets_of_impossible_lengths_do_not_exist),
        cmocka_unit_test(the_overlap_found_is_the_first_in_reading_order),
        cmocka_unit_test(faults_are_explained),
        cmocka_unit_test(messages_have_a_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
