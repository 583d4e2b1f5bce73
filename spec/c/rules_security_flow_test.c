/* What rules do to a flow, by rows. Random rules are in rules_security_packets_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/security_rules.h"
#include "../support/torture.h"
#include "rules/security_flow.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char vnet_text[] = "10.0.0.0/8";

/* Evaluates TCP from `source` ("AzureLoadBalancer" for the probes) to `destination` in a VNet of 10.0.0.0/8 and
   fd00::/16. */
static struct aks_security_outcome evaluate(const struct aks_security_rule *rules, size_t count,
                                            enum aks_security_direction direction, const char *source,
                                            const char *destination, unsigned port)
{
    const struct aks_cidr vnet[] = {cidr_of(vnet_text), cidr_of("fd00::/16")};
    const struct aks_security_group group = {rules, count, vnet, COUNT(vnet)};
    bool probes = strcmp(source, "AzureLoadBalancer") == 0;
    struct aks_security_flow flow = {
        .direction = direction,
        .protocol = AKS_SECURITY_TCP,
        .from_load_balancer = probes,
        .destination = cidr_of(destination),
        .port = port,
    };
    struct aks_security_outcome outcome;
    struct aks_error error = {0};

    if (!probes)
        flow.source = cidr_of(source);
    assert_true(aks_security_evaluate(&group, &flow, &outcome, &error));
    assert_false(aks_error_is_set(&error));
    return outcome;
}

#define NODES "10.1.0.0/24"
#define APISERVER "10.2.0.0/28"
#define INBOUND AKS_SECURITY_INBOUND
#define OUTBOUND AKS_SECURITY_OUTBOUND

static void default_rules_decide_when_no_other_does(void **state)
{
    static const struct {
        enum aks_security_direction direction;
        const char *source, *destination, *rule;
        enum aks_security_verdict verdict;
    } rows[] = {
        {INBOUND, NODES, APISERVER, "AllowVnetInBound", AKS_SECURITY_ALLOWED},
        {OUTBOUND, NODES, APISERVER, "AllowVnetOutBound", AKS_SECURITY_ALLOWED},
        {INBOUND, "fd00:0:0:1::/64", "fd00:0:0:2::/64", "AllowVnetInBound", AKS_SECURITY_ALLOWED},
        /* The VNet holds the address of the probes, and its rule is asked first. */
        {INBOUND, "AzureLoadBalancer", APISERVER, "AllowVnetInBound", AKS_SECURITY_ALLOWED},
        {INBOUND, "AzureLoadBalancer", "192.168.0.0/28", "AllowAzureLoadBalancerInBound", AKS_SECURITY_ALLOWED},
        {INBOUND, "AzureLoadBalancer", "fd00::/64", "AllowAzureLoadBalancerInBound", AKS_SECURITY_ALLOWED},
        {INBOUND, "168.63.129.16/32", "192.168.0.0/28", "AllowAzureLoadBalancerInBound", AKS_SECURITY_ALLOWED},
        {INBOUND, "168.63.129.17/32", APISERVER, "DenyAllInBound", AKS_SECURITY_DENIED},
        {INBOUND, "20.0.0.0/24", APISERVER, "DenyAllInBound", AKS_SECURITY_DENIED},
        {INBOUND, NODES, "192.168.0.0/28", "DenyAllInBound", AKS_SECURITY_DENIED},
        {OUTBOUND, NODES, "20.0.0.0/24", "AllowInternetOutBound", AKS_SECURITY_ALLOWED},
        {OUTBOUND, NODES, "192.168.0.0/28", "DenyAllOutBound", AKS_SECURITY_DENIED},
        {OUTBOUND, NODES, "9.255.255.255/32", "AllowInternetOutBound", AKS_SECURITY_ALLOWED},
        {OUTBOUND, NODES, "11.0.0.0/32", "AllowInternetOutBound", AKS_SECURITY_ALLOWED},
        {OUTBOUND, "fd00::/64", "2603::/64", "AllowInternetOutBound", AKS_SECURITY_ALLOWED},
        {OUTBOUND, "fd00::/64", "fc00::/64", "DenyAllOutBound", AKS_SECURITY_DENIED},
        {OUTBOUND, "fd00::/64", "::/128", "DenyAllOutBound", AKS_SECURITY_DENIED},
        {OUTBOUND, "fd00::/64", "4000::/128", "DenyAllOutBound", AKS_SECURITY_DENIED},
        {INBOUND, "8.0.0.0/6", APISERVER, "DenyAllInBound", AKS_SECURITY_PARTLY},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aks_security_outcome outcome =
            evaluate(NULL, 0, rows[i].direction, rows[i].source, rows[i].destination, 443);

        if (outcome.verdict != rows[i].verdict || strcmp(outcome.rule->name, rows[i].rule) != 0)
            fail_msg("%s to %s: %s by %s", rows[i].source, rows[i].destination,
                     aks_security_verdict_name(outcome.verdict), outcome.rule->name);
        aks_security_outcome_clear(&outcome);
    }
}

static void expect_at(int line, const struct aks_security_rule *rules, size_t count,
                      enum aks_security_direction direction, const char *source, const char *destination, unsigned port,
                      enum aks_security_verdict verdict, const char *rule)
{
    struct aks_security_outcome outcome = evaluate(rules, count, direction, source, destination, port);

    if (outcome.verdict != verdict || strcmp(outcome.rule->name, rule) != 0)
        fail_msg("line %d: %s by %s", line, aks_security_verdict_name(outcome.verdict), outcome.rule->name);
    aks_security_outcome_clear(&outcome);
}
#define EXPECT(rules, ...) expect_at(__LINE__, rules, COUNT(rules), __VA_ARGS__)

static void the_lowest_priority_decides_wherever_the_rule_stands(void **state)
{
    const struct aks_security_rule rules[] = {
        RULE("last", 4096, INBOUND, DENY, "*", "*", "*"),
        RULE("first", 100, INBOUND, ALLOW, NODES, APISERVER, "443"),
        RULE("second", 101, INBOUND, DENY, NODES, APISERVER, "443-444"),
    };

    (void)state;
    EXPECT(rules, INBOUND, NODES, APISERVER, 443, AKS_SECURITY_ALLOWED, "first");
    EXPECT(rules, INBOUND, NODES, APISERVER, 444, AKS_SECURITY_DENIED, "second");
    EXPECT(rules, INBOUND, NODES, APISERVER, 445, AKS_SECURITY_DENIED, "last");
    EXPECT(rules, OUTBOUND, NODES, APISERVER, 445, AKS_SECURITY_ALLOWED, "AllowVnetOutBound");
}

static void other_directions_protocols_ports_and_versions_do_not_match(void **state)
{
    struct aks_security_rule rules[] = {
        RULE("outbound", 100, OUTBOUND, DENY, "*", "*", "*"),
        RULE("udp", 101, INBOUND, DENY, "*", "*", "*"),
        RULE("icmp", 102, INBOUND, DENY, "*", "*", "*"),
        RULE("esp", 103, INBOUND, DENY, "*", "*", "*"),
        RULE("ah", 104, INBOUND, DENY, "*", "*", "*"),
        RULE("below", 105, INBOUND, DENY, "*", "*", "0-442"),
        RULE("above", 106, INBOUND, DENY, "*", "*", "444-65535"),
        RULE("v6", 107, INBOUND, DENY, "::/0", "*", "*"),
        RULE("v6 to", 108, INBOUND, DENY, "*", "::/0", "*"),
        RULE("all", 109, INBOUND, DENY, "*", "*", "*"),
    };

    (void)state;
    rules[1].protocol = AKS_SECURITY_UDP;
    rules[2].protocol = AKS_SECURITY_ICMP;
    rules[3].protocol = AKS_SECURITY_ESP;
    rules[4].protocol = AKS_SECURITY_AH;
    rules[9].protocol = AKS_SECURITY_ANY_PROTOCOL;
    EXPECT(rules, INBOUND, NODES, APISERVER, 443, AKS_SECURITY_DENIED, "all");
    EXPECT(rules, INBOUND, NODES, APISERVER, 442, AKS_SECURITY_DENIED, "below");
    EXPECT(rules, INBOUND, NODES, APISERVER, 444, AKS_SECURITY_DENIED, "above");
    EXPECT(rules, OUTBOUND, NODES, APISERVER, 443, AKS_SECURITY_DENIED, "outbound");
}

static void any_item_of_a_list_matches(void **state)
{
    struct aks_security_rule rules[] = {
        RULE("lists", 100, INBOUND, DENY, "*", "*", "*"),
    };
    const struct aks_security_rule lists = {
        .sources = TEXTS("10.9.0.0/16", "10.1.0.0/24"),
        .destinations = TEXTS("10.2.0.16/28", "10.2.0.0/28", "fd00::/64"),
        .source_ports = TEXTS("0-1023", "1024-65535"),
        .destination_ports = TEXTS("80", "442-444", "9988"),
    };

    (void)state;
    rules[0].sources = lists.sources;
    rules[0].destinations = lists.destinations;
    rules[0].source_ports = lists.source_ports;
    rules[0].destination_ports = lists.destination_ports;
    EXPECT(rules, INBOUND, NODES, APISERVER, 443, AKS_SECURITY_DENIED, "lists");
    EXPECT(rules, INBOUND, "10.9.1.0/24", "10.2.0.16/28", 9988, AKS_SECURITY_DENIED, "lists");
    EXPECT(rules, INBOUND, NODES, "10.2.0.0/27", 80, AKS_SECURITY_DENIED, "lists");
    EXPECT(rules, INBOUND, NODES, "10.2.0.32/28", 80, AKS_SECURITY_ALLOWED, "AllowVnetInBound");
    EXPECT(rules, INBOUND, NODES, APISERVER, 445, AKS_SECURITY_ALLOWED, "AllowVnetInBound");
    EXPECT(rules, INBOUND, "10.3.0.0/24", APISERVER, 443, AKS_SECURITY_ALLOWED, "AllowVnetInBound");
}

static void pieces_that_cover_everything_allow_everything(void **state)
{
    const struct aks_security_rule rules[] = {
        RULE("low half", 100, INBOUND, ALLOW, "10.1.0.0/25", APISERVER, "443"),
        RULE("third quarter", 101, INBOUND, ALLOW, "10.1.0.128/26", APISERVER, "*"),
        RULE("last quarter", 102, INBOUND, ALLOW, "10.1.0.192/26", "10.2.0.0/29", "443"),
        RULE("its other half", 103, INBOUND, ALLOW, "10.0.0.0/8", "10.2.0.8/29", "443"),
        RULE("none", 4096, INBOUND, DENY, "*", "*", "*"),
    };
    struct aks_security_outcome outcome = evaluate(rules, COUNT(rules), INBOUND, NODES, APISERVER, 443);

    (void)state;
    assert_int_equal(outcome.verdict, AKS_SECURITY_ALLOWED);
    assert_int_equal(outcome.part_count, 4);
    assert_string_equal(outcome.rule->name, "low half");
    aks_security_outcome_clear(&outcome);
}

static void what_is_partly_allowed_says_which_part(void **state)
{
    struct aks_security_rule rules[] = {
        RULE("hole", 200, INBOUND, DENY, "10.1.0.7", APISERVER, "443"),
    };
    static const struct {
        const char *source, *rule;
        enum aks_security_verdict verdict;
    } parts[] = {
        {"10.1.0.7/32", "hole", AKS_SECURITY_DENIED},
        {"10.1.0.0 to 10.1.0.6", "AllowVnetInBound", AKS_SECURITY_ALLOWED},
        {"10.1.0.8 to 10.1.0.255", "AllowVnetInBound", AKS_SECURITY_ALLOWED},
    };
    struct aks_security_outcome outcome = evaluate(rules, COUNT(rules), INBOUND, NODES, APISERVER, 443);
    char text[AKS_RANGE_TEXT_SIZE];

    (void)state;
    assert_int_equal(outcome.verdict, AKS_SECURITY_PARTLY);
    assert_string_equal(outcome.rule->name, "hole");
    assert_int_equal(outcome.part_count, COUNT(parts));
    for (size_t i = 0; i < COUNT(parts); i++) {
        const struct aks_security_part *part = &outcome.parts[i];

        assert_int_equal(part->verdict, parts[i].verdict);
        assert_string_equal(part->rule->name, parts[i].rule);
        assert_string_equal(aks_range_text(&part->source, 32, text), parts[i].source);
        assert_string_equal(aks_range_text(&part->destination, 32, text), APISERVER);
        assert_int_equal(part->source_ports.first.low, 0);
        assert_int_equal(part->source_ports.last.low, 65535);
        assert_int_equal(part->first_deny, i == 0 ? 200 : 0);
    }
    aks_security_outcome_clear(&outcome);
}

static void the_rule_that_is_told_is_that_of_the_first_part_not_allowed(void **state)
{
    const struct aks_security_rule rules[] = {
        RULE("some", 100, INBOUND, ALLOW, "10.1.0.0/26", APISERVER, "443"),
        RULE("first", 200, INBOUND, DENY, "10.1.0.0/25", APISERVER, "443"),
        RULE("second", 300, INBOUND, DENY, "10.1.0.128/26", APISERVER, "443"),
    };

    (void)state;
    EXPECT(rules, INBOUND, NODES, APISERVER, 443, AKS_SECURITY_PARTLY, "first");
    EXPECT(rules, INBOUND, "10.1.0.0/26", APISERVER, 443, AKS_SECURITY_ALLOWED, "some");
    EXPECT(rules, INBOUND, "10.1.0.128/25", APISERVER, 443, AKS_SECURITY_PARTLY, "second");
}

static void source_ports_are_a_side_like_any_other(void **state)
{
    struct aks_security_rule rules[] = {
        RULE("ephemeral", 200, INBOUND, ALLOW, "*", "*", "443"),
        RULE("deny", 300, INBOUND, DENY, "*", "*", "*"),
    };
    struct aks_security_rule ports = {.source_ports = TEXTS("1024-65535")};
    struct aks_security_outcome outcome;

    (void)state;
    rules[0].source_ports = ports.source_ports;
    outcome = evaluate(rules, COUNT(rules), INBOUND, NODES, APISERVER, 443);
    assert_int_equal(outcome.verdict, AKS_SECURITY_PARTLY);
    assert_string_equal(outcome.rule->name, "deny");
    assert_int_equal(outcome.part_count, 2);
    assert_int_equal(outcome.parts[0].source_ports.first.low, 1024);
    assert_int_equal(outcome.parts[1].source_ports.first.low, 0);
    assert_int_equal(outcome.parts[1].source_ports.last.low, 1023);
    aks_security_outcome_clear(&outcome);
}

static void service_tags_stand_for_their_addresses(void **state)
{
    static const struct {
        const char *tag, *source;
        bool matches;
    } rows[] = {
        {"VirtualNetwork", NODES, true},
        {"virtualnetwork", NODES, true},
        {"VirtualNetwork", "AzureLoadBalancer", true},
        {"VirtualNetwork", "192.168.0.0/24", false},
        {"VirtualNetwork", "20.0.0.0/24", false},
        {"VirtualNetwork", "fd00::/64", true},
        {"VirtualNetwork", "fe00::/64", false},
        {"AzureLoadBalancer", "AzureLoadBalancer", true},
        {"azureloadbalancer", "168.63.129.16/32", true},
        {"AzureLoadBalancer", NODES, false},
        {"AzureLoadBalancer", "168.63.129.15/32", false},
        {"Internet", NODES, false},
        {"INTERNET", "20.0.0.0/24", true},
        {"Internet", "AzureLoadBalancer", false},
        {"Internet", "192.168.0.0/24", false},
        {"Internet", "172.15.255.255/32", true},
        {"Internet", "172.16.0.0/12", false},
        {"Internet", "172.32.0.0/32", true},
        {"Internet", "fd00::/64", false},
        {"Internet", "2603::/64", true},
        {"*", NODES, true},
        {"*", "AzureLoadBalancer", true},
        {"*", "2603::/64", true},
        {"0.0.0.0/0", NODES, true},
        {"0.0.0.0/0", "AzureLoadBalancer", true},
        {"0.0.0.0/0", "2603::/64", false},
        {"::/0", "2603::/64", true},
        {"::/0", NODES, false},
        {"168.63.129.16", "AzureLoadBalancer", true},
        {"168.63.129.16/32", "AzureLoadBalancer", true},
        {"168.63.0.0/16", "AzureLoadBalancer", true},
        {"168.63.129.17", "AzureLoadBalancer", false},
        {"10.1.0.0/16", NODES, true},
        {"10.1.0.77/16", NODES, true}, /* Azure does not mind bits beyond the length */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct aks_security_rule rules[] = {
            RULE("tag", 100, INBOUND, DENY, rows[i].tag, "*", "*"),
            RULE("other", 101, INBOUND, ALLOW, "*", "*", "*"),
        };
        bool six = strchr(rows[i].source, ':') != NULL;
        struct aks_security_outcome outcome =
            evaluate(rules, COUNT(rules), INBOUND, rows[i].source, six ? "fd00::/64" : APISERVER, 443);

        if (outcome.verdict != (rows[i].matches ? AKS_SECURITY_DENIED : AKS_SECURITY_ALLOWED))
            fail_msg("%s and %s: %s", rows[i].tag, rows[i].source, aks_security_verdict_name(outcome.verdict));
        aks_security_outcome_clear(&outcome);
    }
}

static void what_is_not_known_is_unknown_only_where_it_decides(void **state)
{
    static const struct {
        const char *source;                    /* of a rule for 443 at 200; NULL: an application security group */
        enum aks_security_access access, then; /* then: of a rule for all at 300 */
        const char *from;
        enum aks_security_verdict verdict;
    } rows[] = {
        {"Storage", AKS_SECURITY_ALLOW, AKS_SECURITY_DENY, NODES, AKS_SECURITY_UNKNOWN},
        {"Storage", AKS_SECURITY_DENY, AKS_SECURITY_ALLOW, NODES, AKS_SECURITY_UNKNOWN},
        {"Storage", AKS_SECURITY_ALLOW, AKS_SECURITY_ALLOW, NODES, AKS_SECURITY_ALLOWED},
        {"Storage", AKS_SECURITY_DENY, AKS_SECURITY_DENY, NODES, AKS_SECURITY_DENIED},
        {"Storage.WestUS", AKS_SECURITY_ALLOW, AKS_SECURITY_DENY, "AzureLoadBalancer", AKS_SECURITY_UNKNOWN},
        {"10.0.0.0/33", AKS_SECURITY_ALLOW, AKS_SECURITY_DENY, NODES, AKS_SECURITY_UNKNOWN},
        {"", AKS_SECURITY_ALLOW, AKS_SECURITY_DENY, NODES, AKS_SECURITY_UNKNOWN},
        {NULL, AKS_SECURITY_ALLOW, AKS_SECURITY_DENY, NODES, AKS_SECURITY_UNKNOWN},
        {NULL, AKS_SECURITY_DENY, AKS_SECURITY_ALLOW, NODES, AKS_SECURITY_UNKNOWN},
        {NULL, AKS_SECURITY_ALLOW, AKS_SECURITY_ALLOW, NODES, AKS_SECURITY_ALLOWED},
        /* Probes come from no network interface of a group. */
        {NULL, AKS_SECURITY_DENY, AKS_SECURITY_ALLOW, "AzureLoadBalancer", AKS_SECURITY_ALLOWED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aks_security_rule rules[] = {
            RULE("doubt", 200, INBOUND, ALLOW, rows[i].source, "*", "443"),
            RULE("rest", 300, INBOUND, ALLOW, "*", "*", "*"),
        };
        bool unknown = rows[i].verdict == AKS_SECURITY_UNKNOWN;
        struct aks_security_outcome outcome;

        rules[0].access = rows[i].access;
        rules[1].access = rows[i].then;
        if (!rows[i].source) {
            rules[0].sources.count = 0;
            rules[0].source_groups = true;
        }
        outcome = evaluate(rules, COUNT(rules), INBOUND, rows[i].from, APISERVER, 443);
        if (outcome.verdict != rows[i].verdict)
            fail_msg("row %zu: %s", i, aks_security_verdict_name(outcome.verdict));
        assert_int_equal(outcome.part_count, 1);
        assert_ptr_equal(outcome.rule, &rules[unknown ? 0 : 1]);
        assert_ptr_equal(outcome.parts[0].doubt, unknown ? &rules[0] : NULL);
        assert_ptr_equal(outcome.parts[0].rule, &rules[1]);
        aks_security_outcome_clear(&outcome);
        EXPECT(rules, INBOUND, rows[i].from, APISERVER, 444,
               rows[i].then == AKS_SECURITY_ALLOW ? AKS_SECURITY_ALLOWED : AKS_SECURITY_DENIED, "rest");
    }
}

/* Puts something in a rule for everything that makes it unknown what it matches; false when there are no more ways. */
static bool make_doubtful(struct aks_security_rule *rule, int way)
{
    static const char *const odd_prefix[] = {"?"}, *const odd_port[] = {"ssh"}, *const elsewhere[] = {"10.9.0.0/16"};

    switch (way) {
    case 0:
        rule->destinations = (struct aks_security_texts){odd_prefix, 1};
        return true;
    case 1:
        rule->destination_groups = true;
        rule->destinations.count = 0;
        return true;
    case 2:
        rule->destination_groups = true;
        rule->destinations = (struct aks_security_texts){elsewhere, 1};
        return true;
    case 3:
        rule->destination_ports = (struct aks_security_texts){odd_port, 1};
        return true;
    case 4:
        rule->source_ports = (struct aks_security_texts){odd_port, 1};
        return true;
    case 5:
        rule->sources.count = 0;
        return true;
    case 6:
        rule->destinations.count = 0;
        return true;
    case 7:
        rule->source_ports.count = 0;
        return true;
    case 8:
        rule->destination_ports.count = 0;
        return true;
    default:
        return false;
    }
}

static void unknown_destinations_and_ports_and_empty_lists_are_unknown_too(void **state)
{
    (void)state;
    for (int way = 0;; way++) {
        struct aks_security_rule rules[] = {
            RULE("doubt", 200, INBOUND, DENY, "*", "*", "*"),
        };

        if (!make_doubtful(&rules[0], way))
            break;
        EXPECT(rules, INBOUND, NODES, APISERVER, 443, AKS_SECURITY_UNKNOWN, "doubt");
        rules[0].protocol = AKS_SECURITY_UDP;
        EXPECT(rules, INBOUND, NODES, APISERVER, 443, AKS_SECURITY_ALLOWED, "AllowVnetInBound");
    }
}

static void what_is_known_of_a_list_is_not_in_doubt(void **state)
{
    struct aks_security_rule rules[] = {
        RULE("mixed", 200, INBOUND, DENY, "*", "*", "*"),
    };
    struct aks_security_rule mixed = {.sources = TEXTS("Storage", "10.1.0.0/25")};
    struct aks_security_outcome outcome;

    (void)state;
    rules[0].sources = mixed.sources;
    EXPECT(rules, INBOUND, "10.1.0.0/25", APISERVER, 443, AKS_SECURITY_DENIED, "mixed");
    outcome = evaluate(rules, 1, INBOUND, NODES, APISERVER, 443);
    assert_int_equal(outcome.verdict, AKS_SECURITY_UNKNOWN);
    assert_int_equal(outcome.part_count, 2);
    assert_int_equal(outcome.parts[0].verdict, AKS_SECURITY_DENIED);
    assert_int_equal(outcome.parts[1].verdict, AKS_SECURITY_UNKNOWN);
    assert_int_equal(outcome.parts[1].first_deny, 200);
    assert_ptr_equal(outcome.parts[1].doubt, &rules[0]);
    assert_string_equal(outcome.parts[1].rule->name, "AllowVnetInBound");
    aks_security_outcome_clear(&outcome);
}

static void versions_do_not_mix(void **state)
{
    const struct aks_security_group group = {0};
    struct aks_security_flow flow = {
        .protocol = AKS_SECURITY_TCP, .source = cidr_of(NODES), .destination = cidr_of("fd00::/64")};
    struct aks_security_outcome outcome;
    struct aks_error error = {0};

    (void)state;
    assert_false(aks_security_evaluate(&group, &flow, &outcome, &error));
    assert_string_equal(aks_error_code(&error), "address_families_differ");
    assert_non_null(strstr(error.message, "10.1.0.0/24"));
    assert_int_equal(outcome.part_count, 0);
    aks_error_clear(&error);
}

/* Every second address of the source and of the destination: the products make more parts than are kept. */
static void the_number_of_parts_has_a_bound(void **state)
{
    enum { ADDRESSES = 256 };
    static char texts[2][ADDRESSES][16];
    static const char *lists[2][ADDRESSES];
    struct aks_security_rule rules[] = {
        RULE("few", 100, INBOUND, DENY, "10.1.0.0", "*", "443"),
        RULE("many", 101, INBOUND, DENY, "*", "*", "443"),
        RULE("never asked", 102, INBOUND, DENY, "*", "*", "*"),
    };
    struct aks_security_outcome outcome;
    size_t unknown = 0;

    (void)state;
    for (size_t end = 0; end < 2; end++)
        for (unsigned i = 0; i < ADDRESSES; i++) {
            snprintf(texts[end][i], sizeof texts[end][i], "10.%zu.%u.%u", end + 1, i / 128, i % 128 * 2);
            lists[end][i] = texts[end][i];
        }
    rules[1].sources = (struct aks_security_texts){lists[0], ADDRESSES};
    rules[1].destinations = (struct aks_security_texts){lists[1], ADDRESSES};
    outcome = evaluate(rules, COUNT(rules), INBOUND, "10.1.0.0/16", "10.2.0.0/16", 443);
    assert_true(outcome.cut_short);
    assert_int_equal(outcome.verdict, AKS_SECURITY_UNKNOWN);
    assert_in_range(outcome.part_count, 2, AKS_SECURITY_PART_LIMIT);
    assert_string_equal(outcome.parts[0].rule->name, "few");
    assert_int_equal(outcome.parts[0].verdict, AKS_SECURITY_DENIED);
    for (size_t i = 1; i < outcome.part_count; i++) {
        assert_int_equal(outcome.parts[i].verdict, AKS_SECURITY_UNKNOWN);
        assert_string_equal(outcome.parts[i].rule->name, "many");
        assert_string_equal(outcome.parts[i].doubt->name, "many");
        assert_int_equal(outcome.parts[i].first_deny, 101);
        unknown++;
    }
    assert_true(unknown > 0);
    aks_security_outcome_clear(&outcome);
    /* One address fewer on a side is far from it. */
    outcome = evaluate(rules, COUNT(rules), INBOUND, "10.1.0.0/16", "10.2.0.0/30", 443);
    assert_false(outcome.cut_short);
    aks_security_outcome_clear(&outcome);
}

/* Cuts on all sides, a doubt, and the tag whose addresses are computed. */
static bool evaluates_or_says_that_memory_is_short(void)
{
    const struct aks_security_rule rules[] = {
        RULE("internet", 100, INBOUND, DENY, "Internet", "*", "443"),
        RULE("doubt", 101, INBOUND, DENY, "Storage", "*", "443"),
        RULE("one", 102, INBOUND, ALLOW, "10.1.0.7", "10.2.0.3", "443"),
        RULE("two", 103, INBOUND, ALLOW, "10.1.0.9", "10.2.0.3", "443"),
        RULE("three", 104, INBOUND, ALLOW, "10.1.0.11", "10.2.0.3", "443"),
    };
    struct aks_cidr vnet, nodes, apiserver;
    bool parsed = aks_cidr_parse(vnet_text, &vnet) == AKS_CIDR_VALID &&
                  aks_cidr_parse("10.0.0.0/7", &nodes) == AKS_CIDR_VALID &&
                  aks_cidr_parse(APISERVER, &apiserver) == AKS_CIDR_VALID;
    const struct aks_security_group group = {rules, COUNT(rules), &vnet, 1};
    const struct aks_security_flow flow = {
        .direction = INBOUND, .protocol = AKS_SECURITY_TCP, .source = nodes, .destination = apiserver, .port = 443};
    struct aks_security_outcome outcome;
    struct aks_error error = {0};
    bool done = aks_security_evaluate(&group, &flow, &outcome, &error), right;

    if (done)
        right = parsed && !error.no_memory && outcome.verdict == AKS_SECURITY_UNKNOWN && outcome.part_count > 6;
    else
        right = torture_state.refused && error.no_memory && !outcome.parts && outcome.part_count == 0;
    aks_security_outcome_clear(&outcome);
    aks_error_clear(&error);
    return right;
}

static void nothing_is_lost_without_memory(void **state)
{
    const char *problem = torture(evaluates_or_says_that_memory_is_short);

    (void)state;
    if (problem)
        fail_msg("%s", problem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_rules_decide_when_no_other_does),
        cmocka_unit_test(the_lowest_priority_decides_wherever_the_rule_stands),
        cmocka_unit_test(other_directions_protocols_ports_and_versions_do_not_match),
        cmocka_unit_test(any_item_of_a_list_matches),
        cmocka_unit_test(pieces_that_cover_everything_allow_everything),
        cmocka_unit_test(what_is_partly_allowed_says_which_part),
        cmocka_unit_test(the_rule_that_is_told_is_that_of_the_first_part_not_allowed),
        cmocka_unit_test(source_ports_are_a_side_like_any_other),
        cmocka_unit_test(service_tags_stand_for_their_addresses),
        cmocka_unit_test(what_is_not_known_is_unknown_only_where_it_decides),
        cmocka_unit_test(unknown_destinations_and_ports_and_empty_lists_are_unknown_too),
        cmocka_unit_test(what_is_known_of_a_list_is_not_in_doubt),
        cmocka_unit_test(versions_do_not_mix),
        cmocka_unit_test(the_number_of_parts_has_a_bound),
        cmocka_unit_test(nothing_is_lost_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
