/* One security rule: its words, the default rules, and what its lists mean. What rules do to a flow is in
   rules_security_flow_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/security_rules.h"
#include "rules/security_rule.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void words_are_read_without_case(void **state)
{
    static const char *const protocols[] = {"*", "Tcp", "Udp", "Icmp", "Esp", "Ah"};
    static const char *const wrong[] = {"", "tc", "tcpp", "any", "6", "inbound ", " Allow", "Permit", "ICMPv6", "**"};
    enum aks_security_direction direction;
    enum aks_security_access access;
    enum aks_security_protocol protocol = AKS_SECURITY_AH;

    (void)state;
    for (unsigned i = 0; i < COUNT(protocols); i++) {
        assert_true(aks_security_protocol_parse(protocols[i], &protocol));
        assert_int_equal(protocol, i);
        assert_string_equal(aks_security_protocol_name(protocol), protocols[i]);
    }
    assert_true(aks_security_protocol_parse("TCP", &protocol) && protocol == AKS_SECURITY_TCP);
    assert_true(aks_security_direction_parse("inbound", &direction) && direction == AKS_SECURITY_INBOUND);
    assert_true(aks_security_direction_parse("OutBound", &direction) && direction == AKS_SECURITY_OUTBOUND);
    assert_true(aks_security_access_parse("ALLOW", &access) && access == AKS_SECURITY_ALLOW);
    assert_true(aks_security_access_parse("deny", &access) && access == AKS_SECURITY_DENY);
    assert_string_equal(aks_security_direction_name(AKS_SECURITY_INBOUND), "Inbound");
    assert_string_equal(aks_security_direction_name(AKS_SECURITY_OUTBOUND), "Outbound");
    assert_string_equal(aks_security_access_name(AKS_SECURITY_ALLOW), "Allow");
    assert_string_equal(aks_security_access_name(AKS_SECURITY_DENY), "Deny");
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_false(aks_security_protocol_parse(wrong[i], &protocol));
        assert_false(aks_security_direction_parse(wrong[i], &direction));
        assert_false(aks_security_access_parse(wrong[i], &access));
    }
    assert_true(protocol == AKS_SECURITY_TCP && direction == AKS_SECURITY_OUTBOUND && access == AKS_SECURITY_DENY);
}

static void every_group_has_the_default_rules(void **state)
{
    static const struct {
        enum aks_security_direction direction;
        const char *name;
        unsigned priority;
        enum aks_security_access access;
        const char *source, *destination;
    } rows[] = {
        {AKS_SECURITY_INBOUND, "AllowVnetInBound", 65000, AKS_SECURITY_ALLOW, "VirtualNetwork", "VirtualNetwork"},
        {AKS_SECURITY_INBOUND, "AllowAzureLoadBalancerInBound", 65001, AKS_SECURITY_ALLOW, "AzureLoadBalancer", "*"},
        {AKS_SECURITY_INBOUND, "DenyAllInBound", 65500, AKS_SECURITY_DENY, "*", "*"},
        {AKS_SECURITY_OUTBOUND, "AllowVnetOutBound", 65000, AKS_SECURITY_ALLOW, "VirtualNetwork", "VirtualNetwork"},
        {AKS_SECURITY_OUTBOUND, "AllowInternetOutBound", 65001, AKS_SECURITY_ALLOW, "*", "Internet"},
        {AKS_SECURITY_OUTBOUND, "DenyAllOutBound", 65500, AKS_SECURITY_DENY, "*", "*"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t count;
        const struct aks_security_rule *rule = &aks_security_default_rules(rows[i].direction, &count)[i % 3];

        assert_int_equal(count, 3);
        assert_string_equal(rule->name, rows[i].name);
        assert_int_equal(rule->priority, rows[i].priority);
        assert_int_equal(rule->direction, rows[i].direction);
        assert_int_equal(rule->access, rows[i].access);
        assert_int_equal(rule->protocol, AKS_SECURITY_ANY_PROTOCOL);
        assert_int_equal(rule->sources.count, 1);
        assert_string_equal(rule->sources.items[0], rows[i].source);
        assert_int_equal(rule->destinations.count, 1);
        assert_string_equal(rule->destinations.items[0], rows[i].destination);
        assert_string_equal(rule->source_ports.items[0], "*");
        assert_string_equal(rule->destination_ports.items[0], "*");
    }
}

static void probes_come_from_one_address_of_each_version(void **state)
{
    struct aks_cidr four = aks_security_probe_address(32), six = aks_security_probe_address(128);
    char text[AKS_CIDR_TEXT_SIZE];

    (void)state;
    assert_string_equal(aks_cidr_text(&four, text), "168.63.129.16/32");
    assert_string_equal(aks_cidr_text(&six, text), "fe80::1234:5678:9abc/128");
}

/* Reads a list within a window and writes the set: "10.0.0.0/24 10.0.2.0/23 ?" (the mark stands for a doubt). */
static void read_addresses(const struct aks_security_texts *texts, const char *window_text, char words[1000])
{
    const struct aks_cidr vnet[] = {cidr_of("20.1.0.0/16"), cidr_of("10.0.0.0/8"), cidr_of("2600::/16")};
    const struct aks_security_group group = {.vnet_prefixes = vnet, .vnet_prefix_count = COUNT(vnet)};
    struct aks_cidr window_prefix = cidr_of(window_text);
    struct aks_range window = aks_range_of_cidr(&window_prefix);
    struct aks_security_match match = {.doubt = true};

    *words = '\0';
    assert_true(aks_range_set_add(&match.known, &window, &window)); /* what was there before does not count */
    assert_true(aks_security_match_addresses(&match, texts, &group, window_prefix.bits, &window));
    for (size_t i = 0; i < match.known.count; i++) {
        char text[AKS_RANGE_TEXT_SIZE];

        strcat(words, i > 0 ? " " : "");
        strcat(words, aks_range_text(&match.known.items[i], window_prefix.bits, text));
    }
    if (match.doubt)
        strcat(words, " ?");
    aks_range_set_clear(&match.known);
}

static void lists_of_prefixes_are_sets_of_addresses(void **state)
{
    static const struct {
        const char *texts[4], *window, *expected;
    } rows[] = {
        {{NULL}, "10.0.0.0/8", ""},
        {{"*"}, "10.0.0.0/8", "10.0.0.0/8"},
        {{"*"}, "::/0", "::/0"},
        {{"0.0.0.0/0"}, "10.0.0.0/8", "10.0.0.0/8"},
        {{"0.0.0.0/0"}, "::/0", ""},
        {{"10.0.0.7"}, "10.0.0.0/8", "10.0.0.7/32"},
        {{"10.0.0.7/32"}, "10.0.0.0/8", "10.0.0.7/32"},
        {{"10.0.0.7/24"}, "10.0.0.0/8", "10.0.0.0/24"},
        {{"11.0.0.7"}, "10.0.0.0/8", ""},
        {{"10.0.1.0/24", "10.0.0.0/24"}, "10.0.0.0/8", "10.0.0.0/23"},
        {{"10.0.1.0/24", "10.0.3.0/24", "10.0.0.0/24"}, "10.0.0.0/8", "10.0.0.0/23 10.0.3.0/24"},
        {{"10.0.1.0/24", "fd00::/8"}, "10.0.0.0/8", "10.0.1.0/24"},
        {{"10.0.1.0/24", "fd00::/8"}, "fd00::/64", "fd00::/64"},
        {{"10.0.0.0/8", "*"}, "10.0.0.0/30", "10.0.0.0/30"},
        {{"VirtualNetwork"}, "0.0.0.0/0", "10.0.0.0/8 20.1.0.0/16 168.63.129.16/32"},
        {{"VirtualNetwork"}, "2600::/8", "2600::/16"},
        {{"VirtualNetwork"}, "fe80::/16", " ?"}, /* whether it holds the probes' address is not said anywhere */
        {{"AzureLoadBalancer"}, "0.0.0.0/0", "168.63.129.16/32"},
        {{"AzureLoadBalancer"}, "::/0", "fe80::1234:5678:9abc/128"},
        {{"Internet"}, "10.0.0.0/7", "11.0.0.0/8"},
        {{"Internet"}, "0.0.0.0/7", "1.0.0.0/8"},
        {{"Internet"}, "20.0.0.0/15", "20.0.0.0/16"},
        {{"Internet"}, "100.0.0.0/9", "100.0.0.0/10"},
        {{"Internet"}, "126.0.0.0/7", "126.0.0.0/8"},
        {{"Internet"}, "168.63.129.16/31", "168.63.129.17/32"},
        {{"Internet"}, "169.254.0.0/15", "169.255.0.0/16"},
        {{"Internet"}, "172.0.0.0/11", "172.0.0.0/12"},
        {{"Internet"}, "192.168.0.0/15", "192.169.0.0/16"},
        {{"Internet"}, "192.0.0.0/2", "192.0.0.0 to 192.167.255.255 192.169.0.0 to 223.255.255.255"},
        {{"Internet"},
         "::/0",
         "2000:: to 25ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2601:: to 3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {{"Storage"}, "10.0.0.0/8", " ?"},
        {{"Storage", "10.0.0.0/24"}, "10.0.0.0/8", "10.0.0.0/24 ?"},
        {{"10.0.0.0/33"}, "10.0.0.0/8", " ?"},
        {{"10.0.0.0/"}, "10.0.0.0/8", " ?"},
        {{"10.0.0.1-10.0.0.9"}, "10.0.0.0/8", " ?"},
        {{"10.0.0.010"}, "10.0.0.0/8", " ?"},
        {{""}, "10.0.0.0/8", " ?"},
        {{"Any"}, "10.0.0.0/8", " ?"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aks_security_texts texts = {rows[i].texts, 0};
        char words[1000];

        while (rows[i].texts[texts.count])
            texts.count++;
        read_addresses(&texts, rows[i].window, words);
        if (strcmp(words, rows[i].expected) != 0)
            fail_msg("row %zu, %s: \"%s\"", i, rows[i].texts[0], words);
    }
}

static void lists_of_ports_are_sets_of_ports(void **state)
{
    static const struct {
        const char *texts[4], *expected;
    } rows[] = {
        {{NULL}, ""},
        {{"*"}, "*"},
        {{"443"}, "443"},
        {{"443", "442"}, "442-443"},
        {{"443", "445", "80"}, "80 443 445"},
        {{"400-500", "450-600", "10-20"}, "10-20 400-600"},
        {{"0-1023", "1024-65535"}, "*"},
        {{"443", "http"}, "443 ?"},
        {{"http"}, " ?"},
        {{"500-400"}, " ?"},
    };
    const struct aks_port_range every = {0, AKS_PORT_LAST};
    const struct aks_range window = aks_range_of_ports(&every);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aks_security_texts texts = {rows[i].texts, 0};
        struct aks_security_match match = {.doubt = true};
        char words[200] = "", text[AKS_PORT_RANGE_TEXT_SIZE];

        while (rows[i].texts[texts.count])
            texts.count++;
        assert_true(aks_security_match_ports(&match, &texts, &window));
        for (size_t j = 0; j < match.known.count; j++) {
            struct aks_port_range range = {(unsigned)match.known.items[j].first.low,
                                           (unsigned)match.known.items[j].last.low};

            strcat(words, j > 0 ? " " : "");
            strcat(words, aks_port_range_text(&range, text));
        }
        strcat(words, match.doubt ? " ?" : "");
        assert_string_equal(words, rows[i].expected);
        aks_range_set_clear(&match.known);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_read_without_case),
        cmocka_unit_test(every_group_has_the_default_rules),
        cmocka_unit_test(probes_come_from_one_address_of_each_version),
        cmocka_unit_test(lists_of_prefixes_are_sets_of_addresses),
        cmocka_unit_test(lists_of_ports_are_sets_of_ports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
