/* The flows that the API server needs: which they are, and what is said of a group that does not let them through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/security_rules.h"
#include "../support/torture.h"
#include "rules/required_flow.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define INBOUND AKS_SECURITY_INBOUND
#define OUTBOUND AKS_SECURITY_OUTBOUND
#define BOTH (AKS_SECURITY_ON_APISERVER | AKS_SECURITY_ON_NODES)

#define NODES "10.1.0.0/24"
#define APISERVER "10.2.0.0/28"

/* A network of both versions. */
static struct aks_cidr vnet[2], nodes[2], apiserver[2];

static int make_network(void **state)
{
    (void)state;
    vnet[0] = cidr_of("10.0.0.0/8");
    vnet[1] = cidr_of("fd00::/16");
    nodes[0] = cidr_of(NODES);
    nodes[1] = cidr_of("fd00:0:0:1::/64");
    apiserver[0] = cidr_of(APISERVER);
    apiserver[1] = cidr_of("fd00:0:0:2::/64");
    return 0;
}

static void the_flows_are_those_of_the_page(void **state)
{
    size_t count;
    const struct aks_required_flow *flows = aks_required_flows(&count);

    (void)state;
    assert_int_equal(count, 2);
    assert_string_equal(flows[0].rule_name, "AllowNodesToApiServer");
    assert_false(flows[0].from_load_balancer);
    assert_int_equal(flows[0].port_count, 2);
    assert_int_equal(flows[0].ports[0], 443);
    assert_int_equal(flows[0].ports[1], 4443);
    assert_string_equal(flows[1].rule_name, "AllowLoadBalancerToApiServer");
    assert_true(flows[1].from_load_balancer);
    assert_int_equal(flows[1].port_count, 1);
    assert_int_equal(flows[1].ports[0], 9988);
    for (size_t i = 0; i < count; i++)
        assert_in_range(strlen(flows[i].description), 20, 140);
}

static void each_subnet_decides_its_direction(void **state)
{
    static const struct {
        unsigned subnets;
        size_t node_count, apiserver_count; /* of the prefixes above */
        const char *cases;                  /* direction, flow and version of each */
    } rows[] = {
        {0, 2, 2, ""},
        {AKS_SECURITY_ON_APISERVER, 1, 1, "in nodes 32, in probes 32, "},
        {AKS_SECURITY_ON_NODES, 1, 1, "out nodes 32, "},
        {BOTH, 1, 1, "in nodes 32, in probes 32, out nodes 32, "},
        {BOTH, 2, 1, "in nodes 32, in probes 32, out nodes 32, "},
        {BOTH, 1, 2, "in nodes 32, in probes 32, in probes 128, out nodes 32, "},
        {BOTH, 2, 2, "in nodes 32, in nodes 128, in probes 32, in probes 128, out nodes 32, out nodes 128, "},
        {BOTH, 0, 1, "in probes 32, "},
        {BOTH, 1, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct aks_required_network network = {nodes, rows[i].node_count, apiserver, rows[i].apiserver_count};
        struct aks_required_case cases[AKS_REQUIRED_CASE_LIMIT];
        size_t count = aks_required_cases(&network, rows[i].subnets, cases);
        char words[300] = "";

        assert_in_range(count, 0, AKS_REQUIRED_CASE_LIMIT);
        for (size_t j = 0; j < count; j++) {
            strcat(words, cases[j].direction == INBOUND ? "in " : "out ");
            strcat(words, cases[j].flow->from_load_balancer ? "probes " : "nodes ");
            strcat(words, cases[j].bits == 32 ? "32, " : "128, ");
        }
        assert_string_equal(words, rows[i].cases);
    }
}

/* Checks a group in the network with the first version only. */
static struct aks_findings check(const struct aks_security_rule *rules, size_t count, unsigned subnets)
{
    const struct aks_security_group group = {rules, count, vnet, COUNT(vnet)};
    const struct aks_required_network network = {nodes, 1, apiserver, 1};
    struct aks_findings findings = {0};
    struct aks_error error = {0};

    assert_true(aks_required_check(&group, &network, subnets, "nsg 'guard'", &findings, &error));
    assert_false(aks_error_is_set(&error));
    return findings;
}

static void a_group_without_rules_lets_everything_through(void **state)
{
    struct aks_findings findings = check(NULL, 0, BOTH);

    (void)state;
    assert_int_equal(findings.count, 0);
}

static void what_is_denied_is_an_error_that_names_the_rule(void **state)
{
    const struct aks_security_rule rules[] = {
        RULE("allow", 100, INBOUND, ALLOW, NODES, APISERVER, "443"),
        RULE("deny", 4000, INBOUND, DENY, "*", "*", "*"),
        RULE("half", 300, OUTBOUND, DENY, "10.1.0.0/25", "*", "4443"),
    };
    static const struct {
        const char *message, *remedy;
    } expected[] = {
        {"rule 'deny' (Inbound, priority 4000) denies TCP 4443 from the nodes to the API server: source 10.1.0.0/24, "
         "destination 10.2.0.0/28",
         "allow it with a rule of a priority below 4000"},
        {"rule 'deny' (Inbound, priority 4000) denies TCP 9988 from the load balancer's health probes to the API "
         "server: source 168.63.129.16/32, destination 10.2.0.0/28",
         "allow it with a rule of a priority below 4000"},
        {"rule 'half' (Outbound, priority 300) denies TCP 4443 from the nodes to the API server, not all but a part of "
         "it: source 10.1.0.0/25, destination 10.2.0.0/28",
         "allow it with a rule of a priority below 300"},
    };
    struct aks_findings findings = check(rules, COUNT(rules), BOTH);

    (void)state;
    assert_int_equal(findings.count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_string_equal(findings.items[i].code, "nsg_flow_denied");
        assert_int_equal(findings.items[i].severity, AKS_SEVERITY_ERROR);
        assert_string_equal(findings.items[i].resource, "nsg 'guard'");
        assert_string_equal(findings.items[i].field, "rules");
        assert_string_equal(findings.items[i].message, expected[i].message);
        assert_string_equal(findings.items[i].remedy, expected[i].remedy);
    }
    aks_findings_clear(&findings);
    findings = check(rules, COUNT(rules), AKS_SECURITY_ON_APISERVER);
    assert_int_equal(findings.count, 2);
    aks_findings_clear(&findings);
    findings = check(rules, COUNT(rules), AKS_SECURITY_ON_NODES);
    assert_int_equal(findings.count, 1);
    aks_findings_clear(&findings);
}

static void source_ports_are_told(void **state)
{
    struct aks_security_rule rules[] = {RULE("low", 300, INBOUND, DENY, "*", "*", "443")};
    const struct aks_security_rule low = {.source_ports = TEXTS("0-1023")};
    struct aks_findings findings;

    (void)state;
    rules[0].source_ports = low.source_ports;
    findings = check(rules, COUNT(rules), AKS_SECURITY_ON_APISERVER);
    assert_int_equal(findings.count, 1);
    assert_non_null(strstr(findings.items[0].message, "a part of it: source 10.1.0.0/24, destination 10.2.0.0/28, "
                                                      "source ports 0-1023"));
    aks_findings_clear(&findings);
}

static void what_is_unknown_is_a_warning_that_names_the_doubt(void **state)
{
    struct aks_security_rule rules[] = {
        RULE("group", 200, INBOUND, ALLOW, "*", APISERVER, "443"),
        RULE("deny", 300, INBOUND, DENY, NODES, APISERVER, "443"),
    };
    struct aks_findings findings;

    (void)state;
    rules[0].source_groups = true;
    rules[0].sources.count = 0;
    findings = check(rules, COUNT(rules), BOTH);
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].code, "nsg_flow_unknown");
    assert_int_equal(findings.items[0].severity, AKS_SEVERITY_WARNING);
    assert_string_equal(
        findings.items[0].message,
        "it is not known whether TCP 443 from the nodes reaches the API server: that depends on whether "
        "rule 'group' (Inbound, priority 200) matches source 10.1.0.0/24, destination 10.2.0.0/28");
    assert_string_equal(findings.items[0].remedy, "look whether rule 'group' is meant for it; if it must not depend on "
                                                  "that, allow it with a rule of a priority below 300");
    aks_findings_clear(&findings);
}

static void what_is_denied_is_told_before_what_is_unknown(void **state)
{
    const struct aks_security_rule rules[] = {
        RULE("unknown", 200, INBOUND, ALLOW, "AppService", "10.2.0.0/29", "443"),
        RULE("deny", 300, INBOUND, DENY, NODES, APISERVER, "443"),
    };
    struct aks_findings findings = check(rules, COUNT(rules), BOTH);

    (void)state;
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].code, "nsg_flow_denied");
    assert_non_null(strstr(findings.items[0].message,
                           "rule 'deny' (Inbound, priority 300) denies TCP 443 from the nodes "
                           "to the API server: source 10.1.0.0/24, destination 10.2.0.8/29"));
    aks_findings_clear(&findings);
}

static void all_prefixes_of_both_subnets_count(void **state)
{
    const struct aks_cidr many_nodes[] = {cidr_of("10.1.0.0/24"), cidr_of("10.3.0.0/24"), cidr_of("fd00:0:0:1::/64")};
    const struct aks_cidr servers[] = {cidr_of("10.2.0.0/28"), cidr_of("fd00:0:0:2::/64"), cidr_of("10.4.0.0/28")};
    const struct aks_required_network network = {many_nodes, 3, servers, 3};
    static const struct {
        const char *from, *to;
        enum aks_security_verdict four, six;
    } rows[] = {
        {"10.1.0.0/24", "10.2.0.0/28", AKS_SECURITY_PARTLY, AKS_SECURITY_ALLOWED},
        {"10.3.0.0/24", "10.4.0.0/28", AKS_SECURITY_PARTLY, AKS_SECURITY_ALLOWED},
        {"10.0.0.0/8", "10.4.0.0/28", AKS_SECURITY_PARTLY, AKS_SECURITY_ALLOWED},
        {"10.3.0.0/24", "*", AKS_SECURITY_PARTLY, AKS_SECURITY_ALLOWED},
        {"10.0.0.0/8", "10.0.0.0/8", AKS_SECURITY_DENIED, AKS_SECURITY_ALLOWED},
        {"fd00::/64", "*", AKS_SECURITY_ALLOWED, AKS_SECURITY_ALLOWED},
        {"fd00::/60", "*", AKS_SECURITY_ALLOWED, AKS_SECURITY_DENIED},
        {"*", "fd00:0:0:2::1", AKS_SECURITY_ALLOWED, AKS_SECURITY_PARTLY},
        {"*", "*", AKS_SECURITY_DENIED, AKS_SECURITY_DENIED},
        {"AppService", "10.2.0.0/28", AKS_SECURITY_UNKNOWN, AKS_SECURITY_ALLOWED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct aks_security_rule rules[] = {RULE("deny", 300, INBOUND, DENY, rows[i].from, rows[i].to, "443")};
        const struct aks_security_group group = {rules, 1, vnet, COUNT(vnet)};
        struct aks_required_case cases[AKS_REQUIRED_CASE_LIMIT];
        size_t count = aks_required_cases(&network, AKS_SECURITY_ON_APISERVER, cases);

        assert_int_equal(count, 4);
        for (size_t j = 0; j < 2; j++) {
            struct aks_required_state found;
            struct aks_error error = {0};
            enum aks_security_verdict expected = j == 0 ? rows[i].four : rows[i].six;

            assert_true(aks_required_examine(&group, &network, &cases[j], 443, &found, &error));
            if (found.verdict != expected)
                fail_msg("%s to %s: %s", rows[i].from, rows[i].to, aks_security_verdict_name(found.verdict));
            assert_int_equal(found.before, expected == AKS_SECURITY_ALLOWED ? 0 : 300);
        }
    }
}

static void an_allowing_rule_must_come_before_every_deny(void **state)
{
    struct aks_security_rule rules[] = {
        RULE("maybe", 150, INBOUND, DENY, "Storage", "*", "443"),
        RULE("early", 200, INBOUND, DENY, "10.1.0.0/25", APISERVER, "443"),
        RULE("late", 4000, INBOUND, DENY, "*", "*", "*"),
    };
    const struct aks_security_group all = {rules, 3, vnet, 2}, sure = {&rules[1], 2, vnet, 2},
                                    late = {&rules[2], 1, vnet, 2};
    const struct aks_security_group *const groups[] = {&all, &sure, &late};
    static const unsigned before[] = {150, 200, 4000};
    const struct aks_required_network network = {nodes, 1, apiserver, 1};
    struct aks_required_case cases[AKS_REQUIRED_CASE_LIMIT];

    (void)state;
    assert_int_equal(aks_required_cases(&network, AKS_SECURITY_ON_APISERVER, cases), 2);
    for (size_t i = 0; i < COUNT(groups); i++) {
        struct aks_required_state found;
        struct aks_error error = {0};

        assert_true(aks_required_examine(groups[i], &network, &cases[0], 443, &found, &error));
        assert_int_equal(found.verdict, AKS_SECURITY_DENIED);
        assert_int_equal(found.before, before[i]);
        assert_true(aks_required_examine(groups[i], &network, &cases[0], 4443, &found, &error));
        assert_int_equal(found.before, 4000);
    }
}

static bool checks_or_says_that_memory_is_short(void)
{
    struct aks_security_rule rules[] = {
        RULE("maybe", 150, INBOUND, DENY, "Storage", "*", "443"),
        RULE("deny", 200, INBOUND, DENY, NODES, APISERVER, "4443"),
    };
    const struct aks_security_group group = {rules, COUNT(rules), vnet, COUNT(vnet)};
    const struct aks_required_network network = {nodes, 1, apiserver, 1};
    struct aks_findings findings = {0};
    struct aks_error error = {0};
    bool done = aks_required_check(&group, &network, BOTH, "nsg 'guard'", &findings, &error);
    bool right = done ? findings.count == 2 && !error.no_memory : torture_state.refused && error.no_memory;

    aks_findings_clear(&findings);
    aks_error_clear(&error);
    return right;
}

static void nothing_is_lost_without_memory(void **state)
{
    const char *problem = torture(checks_or_says_that_memory_is_short);

    (void)state;
    if (problem)
        fail_msg("%s", problem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_flows_are_those_of_the_page),
        cmocka_unit_test(each_subnet_decides_its_direction),
        cmocka_unit_test(a_group_without_rules_lets_everything_through),
        cmocka_unit_test(what_is_denied_is_an_error_that_names_the_rule),
        cmocka_unit_test(source_ports_are_told),
        cmocka_unit_test(what_is_unknown_is_a_warning_that_names_the_doubt),
        cmocka_unit_test(what_is_denied_is_told_before_what_is_unknown),
        cmocka_unit_test(all_prefixes_of_both_subnets_count),
        cmocka_unit_test(an_allowing_rule_must_come_before_every_deny),
        cmocka_unit_test(nothing_is_lost_without_memory),
    };

    return cmocka_run_group_tests(tests, make_network, NULL);
}
