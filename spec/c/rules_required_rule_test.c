/* Rules that a group lacks: by rows, and for random groups that what was denied is allowed and nothing else changes. */
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
#include "rules/required_rule.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define INBOUND AKS_SECURITY_INBOUND
#define OUTBOUND AKS_SECURITY_OUTBOUND
#define BOTH (AKS_SECURITY_ON_APISERVER | AKS_SECURITY_ON_NODES)

#define NODES "10.1.0.0/24"
#define APISERVER "10.2.0.0/28"

static struct aks_cidr vnet[2], nodes[3], apiserver[2];

static int make_network(void **state)
{
    (void)state;
    vnet[0] = cidr_of("10.0.0.0/8");
    vnet[1] = cidr_of("fd00::/16");
    nodes[0] = cidr_of(NODES);
    nodes[1] = cidr_of("fd00:0:0:1::/64");
    nodes[2] = cidr_of("10.3.0.0/24");
    apiserver[0] = cidr_of(APISERVER);
    apiserver[1] = cidr_of("fd00:0:0:2::/64");
    return 0;
}

static struct aks_required_plan plan_for(const struct aks_security_rule *rules, size_t count,
                                         const struct aks_required_network *network, unsigned subnets)
{
    const struct aks_security_group group = {rules, count, vnet, COUNT(vnet)};
    struct aks_required_plan plan;
    struct aks_error error = {0};

    assert_true(aks_required_plan_make(&plan, &group, network, subnets, "nsg 'guard'", &error));
    assert_false(aks_error_is_set(&error));
    return plan;
}

static void write_texts(char *words, const struct aks_security_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        strcat(words, i == 0 ? " " : ",");
        strcat(words, texts->items[i]);
    }
}

/* "AllowNodesToApiServer 299 Inbound 10.1.0.0/24 10.2.0.0/28 443,4443; ": each rule of the plan. */
static void write_plan(const struct aks_required_plan *plan, char words[1000])
{
    *words = '\0';
    for (size_t i = 0; i < plan->count; i++) {
        const struct aks_security_rule *rule = &plan->rules[i].rule;

        assert_int_equal(rule->access, AKS_SECURITY_ALLOW);
        assert_int_equal(rule->protocol, AKS_SECURITY_TCP);
        assert_false(rule->source_groups || rule->destination_groups);
        assert_int_equal(rule->source_ports.count, 1);
        assert_string_equal(rule->source_ports.items[0], "*");
        assert_memory_equal(rule->name, plan->rules[i].flow->rule_name, strlen(plan->rules[i].flow->rule_name));
        snprintf(words + strlen(words), 200, "%s %u %s", rule->name, rule->priority,
                 aks_security_direction_name(rule->direction));
        write_texts(words, &rule->sources);
        write_texts(words, &rule->destinations);
        write_texts(words, &rule->destination_ports);
        strcat(words, "; ");
    }
}

static void expect_at(int line, const struct aks_security_rule *rules, size_t count, unsigned subnets,
                      const char *expected)
{
    const struct aks_required_network network = {nodes, 1, apiserver, 1};
    struct aks_required_plan plan = plan_for(rules, count, &network, subnets);
    char words[1000];

    write_plan(&plan, words);
    if (strcmp(words, expected) != 0)
        fail_msg("line %d: %s", line, words);
    assert_int_equal(plan.findings.count, 0);
    aks_required_plan_clear(&plan);
    aks_required_plan_clear(&plan);
}
#define EXPECT(rules, ...) expect_at(__LINE__, rules, COUNT(rules), __VA_ARGS__)

static void nothing_is_missing_where_all_is_allowed(void **state)
{
    const struct aks_security_rule allowed[] = {
        RULE("one", 100, INBOUND, ALLOW, NODES, APISERVER, "443"),
        RULE("two", 101, INBOUND, ALLOW, NODES, APISERVER, "4000-5000"),
        RULE("three", 102, INBOUND, ALLOW, "AzureLoadBalancer", "*", "*"),
        RULE("deny", 4096, INBOUND, DENY, "*", "*", "*"),
        RULE("out", 100, OUTBOUND, DENY, "*", "Internet", "*"),
    };

    (void)state;
    expect_at(__LINE__, NULL, 0, BOTH, "");
    EXPECT(allowed, BOTH, "");
    EXPECT(allowed, 0, "");
}

static void missing_rules_come_right_before_the_deny(void **state)
{
    const struct aks_security_rule deny[] = {RULE("deny", 300, INBOUND, DENY, "*", "*", "*")};
    const struct aks_security_rule taken[] = {
        RULE("deny", 300, INBOUND, DENY, "*", "*", "*"),
        RULE("a", 299, INBOUND, DENY, "10.9.0.0/16", "*", "*"),
        RULE("b", 297, INBOUND, ALLOW, "10.9.0.0/16", "*", "*"),
        RULE("c", 298, OUTBOUND, DENY, "10.9.0.0/16", "*", "*"),
    };
    const struct aks_security_rule apart[] = {
        RULE("early", 200, INBOUND, DENY, "AzureLoadBalancer", "*", "*"),
        RULE("deny", 300, INBOUND, DENY, "VirtualNetwork", "*", "4443"),
    };
    const struct aks_security_rule last[] = {RULE("deny", 4096, OUTBOUND, DENY, "*", "VirtualNetwork", "*")};
    const struct aks_security_rule first[] = {
        RULE("deny", 102, INBOUND, DENY, "*", "*", "*"),
    };

    (void)state;
    EXPECT(deny, AKS_SECURITY_ON_NODES, "");
    EXPECT(deny, AKS_SECURITY_ON_APISERVER,
           "AllowNodesToApiServer 299 Inbound 10.1.0.0/24 10.2.0.0/28 443,4443; "
           "AllowLoadBalancerToApiServer 298 Inbound AzureLoadBalancer 10.2.0.0/28 9988; ");
    EXPECT(taken, AKS_SECURITY_ON_APISERVER,
           "AllowNodesToApiServer 298 Inbound 10.1.0.0/24 10.2.0.0/28 443,4443; "
           "AllowLoadBalancerToApiServer 296 Inbound AzureLoadBalancer 10.2.0.0/28 9988; ");
    EXPECT(apart, BOTH,
           "AllowLoadBalancerToApiServer 199 Inbound AzureLoadBalancer 10.2.0.0/28 9988; "
           "AllowNodesToApiServer 299 Inbound 10.1.0.0/24 10.2.0.0/28 4443; ");
    EXPECT(last, BOTH, "AllowNodesToApiServer 4095 Outbound 10.1.0.0/24 10.2.0.0/28 443,4443; ");
    EXPECT(first, BOTH,
           "AllowNodesToApiServer 101 Inbound 10.1.0.0/24 10.2.0.0/28 443,4443; "
           "AllowLoadBalancerToApiServer 100 Inbound AzureLoadBalancer 10.2.0.0/28 9988; ");
}

static void default_rules_are_preceded_by_the_last_priority(void **state)
{
    const struct aks_cidr outside[] = {cidr_of("192.168.0.0/24")};
    const struct aks_required_network network = {outside, 1, apiserver, 1};
    struct aks_required_plan plan = plan_for(NULL, 0, &network, BOTH);
    char words[1000];

    (void)state;
    write_plan(&plan, words);
    assert_string_equal(words, "AllowNodesToApiServer 4096 Inbound 192.168.0.0/24 10.2.0.0/28 443,4443; "
                               "AllowNodesToApiServer-2 4096 Outbound 192.168.0.0/24 10.2.0.0/28 443,4443; ");
    aks_required_plan_clear(&plan);
}

static void a_part_that_is_denied_is_enough(void **state)
{
    const struct aks_security_rule part[] = {RULE("deny", 300, INBOUND, DENY, "10.1.0.9", "10.2.0.4", "443")};
    const struct aks_security_rule covered[] = {
        RULE("half", 100, INBOUND, ALLOW, "10.1.0.0/25", "*", "443"),
        RULE("deny half", 200, INBOUND, DENY, "10.1.0.0/25", "*", "443"),
        RULE("deny", 300, INBOUND, DENY, "10.1.0.128/25", "*", "443"),
    };

    (void)state;
    EXPECT(part, BOTH, "AllowNodesToApiServer 299 Inbound 10.1.0.0/24 10.2.0.0/28 443; ");
    /* The deny at 200 decides nothing: the rule need not come before it. */
    EXPECT(covered, BOTH, "AllowNodesToApiServer 299 Inbound 10.1.0.0/24 10.2.0.0/28 443; ");
}

static void each_version_has_a_rule_of_its_own(void **state)
{
    const struct aks_security_rule deny[] = {
        RULE("in", 300, INBOUND, DENY, "*", "*", "*"),
        RULE("out", 300, OUTBOUND, DENY, "*", "*", "*"),
    };
    const struct aks_required_network network = {nodes, 3, apiserver, 2};
    struct aks_required_plan plan = plan_for(deny, COUNT(deny), &network, BOTH);
    static const char *const expected[] = {
        "AllowNodesToApiServer Inbound 10.1.0.0/24,10.3.0.0/24 10.2.0.0/28 443,4443; ",
        "AllowNodesToApiServerIPv6 Inbound fd00:0:0:1::/64 fd00:0:0:2::/64 443,4443; ",
        "AllowLoadBalancerToApiServer Inbound AzureLoadBalancer 10.2.0.0/28 9988; ",
        "AllowLoadBalancerToApiServerIPv6 Inbound AzureLoadBalancer fd00:0:0:2::/64 9988; ",
        "AllowNodesToApiServer-2 Outbound 10.1.0.0/24,10.3.0.0/24 10.2.0.0/28 443,4443; ",
        "AllowNodesToApiServerIPv6-2 Outbound fd00:0:0:1::/64 fd00:0:0:2::/64 443,4443; ",
    };
    static const unsigned priorities[] = {299, 298, 297, 296, 299, 298};

    (void)state;
    assert_int_equal(plan.count, COUNT(expected));
    for (size_t i = 0; i < plan.count; i++) {
        struct aks_required_plan one = {.rules = &plan.rules[i], .count = 1};
        char words[1000], number[20], *found;

        write_plan(&one, words);
        snprintf(number, sizeof number, " %u ", priorities[i]);
        found = strstr(words, number);
        assert_non_null(found);
        memmove(found + 1, found + strlen(number), strlen(found + strlen(number)) + 1);
        assert_string_equal(words, expected[i]);
    }
    aks_required_plan_clear(&plan);
}

static void names_are_none_that_the_group_has(void **state)
{
    const struct aks_security_rule rules[] = {
        RULE("allownodestoapiserver", 100, OUTBOUND, ALLOW, "10.9.0.0/16", "*", "*"),
        RULE("AllowNodesToApiServer-2", 101, INBOUND, ALLOW, "10.9.0.0/16", "*", "*"),
        RULE("deny", 300, INBOUND, DENY, NODES, "*", "*"),
    };

    (void)state;
    EXPECT(rules, BOTH, "AllowNodesToApiServer-3 299 Inbound 10.1.0.0/24 10.2.0.0/28 443,4443; ");
}

/* Every priority from 100 to `last` is taken by a rule that allows something else. */
static void fill(struct aks_security_rule *rules, unsigned last)
{
    static const char *const other[] = {"10.9.0.0/16"}, *const any_port[] = {"*"};

    for (unsigned i = 100; i <= last; i++)
        rules[i - 100] = (struct aks_security_rule){
            .name = "other",
            .priority = i,
            .sources = {other, 1},
            .destinations = {other, 1},
            .source_ports = {any_port, 1},
            .destination_ports = {any_port, 1},
        };
}

static void no_free_priority_is_a_finding(void **state)
{
    const struct aks_required_network network = {nodes, 1, apiserver, 1};
    struct aks_security_rule rules[30], deny = RULE("deny", 121, INBOUND, DENY, "*", "*", "*");
    struct aks_required_plan plan;

    (void)state;
    fill(rules, 119);
    rules[20] = deny;
    plan = plan_for(rules, 21, &network, BOTH);
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.rules[0].rule.priority, 120);
    assert_string_equal(plan.rules[0].rule.name, "AllowNodesToApiServer");
    assert_int_equal(plan.findings.count, 1);
    assert_string_equal(plan.findings.items[0].code, "nsg_no_free_priority");
    assert_int_equal(plan.findings.items[0].severity, AKS_SEVERITY_ERROR);
    assert_string_equal(plan.findings.items[0].resource, "nsg 'guard'");
    assert_string_equal(
        plan.findings.items[0].message,
        "rule 'deny' (Inbound, priority 121) denies TCP 9988 from the load balancer's health probes to "
        "the API server, and no priority from 100 on that comes before 121 is free for a rule that allows it");
    assert_string_equal(plan.findings.items[0].remedy,
                        "give rule 'deny', or one that has a priority below 121, a higher number");
    aks_required_plan_clear(&plan);
    rules[0] = deny;
    rules[0].priority = 100;
    plan = plan_for(rules, 1, &network, BOTH);
    assert_int_equal(plan.count, 0);
    assert_int_equal(plan.findings.count, 2);
    assert_string_equal(plan.findings.items[0].remedy, "give rule 'deny' a higher number");
    aks_required_plan_clear(&plan);
}

static void the_one_with_the_least_choice_goes_first(void **state)
{
    struct aks_security_rule rules[30], early = RULE("early", 121, INBOUND, DENY, "AzureLoadBalancer", "*", "*"),
                                        late = RULE("late", 122, INBOUND, DENY, NODES, "*", "*");
    const struct aks_required_network network = {nodes, 1, apiserver, 1};
    struct aks_required_plan plan;
    char words[1000];

    (void)state;
    fill(rules, 118);
    rules[19] = late;
    rules[20] = early;
    plan = plan_for(rules, 21, &network, BOTH);
    write_plan(&plan, words);
    assert_string_equal(words, "AllowLoadBalancerToApiServer 120 Inbound AzureLoadBalancer 10.2.0.0/28 9988; "
                               "AllowNodesToApiServer 119 Inbound 10.1.0.0/24 10.2.0.0/28 443,4443; ");
    aks_required_plan_clear(&plan);
}

static void what_is_unknown_is_left_to_a_human(void **state)
{
    struct aks_security_rule rules[] = {
        RULE("group", 200, INBOUND, DENY, "*", APISERVER, "443"),
        RULE("deny", 300, INBOUND, DENY, NODES, APISERVER, "4443"),
    };
    const struct aks_required_network network = {nodes, 1, apiserver, 1};
    struct aks_required_plan plan;
    char words[1000];

    (void)state;
    rules[0].source_groups = true;
    rules[0].sources.count = 0;
    plan = plan_for(rules, COUNT(rules), &network, BOTH);
    write_plan(&plan, words);
    assert_string_equal(words, "AllowNodesToApiServer 299 Inbound 10.1.0.0/24 10.2.0.0/28 4443; ");
    assert_int_equal(plan.findings.count, 1);
    assert_string_equal(plan.findings.items[0].code, "nsg_flow_unknown");
    aks_required_plan_clear(&plan);
}

static void a_rule_is_not_put_behind_one_that_may_deny(void **state)
{
    const struct aks_security_rule rules[] = {
        RULE("maybe", 200, INBOUND, DENY, "AzureCloud", APISERVER, "443"),
        RULE("deny", 300, INBOUND, DENY, NODES, APISERVER, "443"),
    };

    (void)state;
    EXPECT(rules, BOTH, "AllowNodesToApiServer 199 Inbound 10.1.0.0/24 10.2.0.0/28 443; ");
}

static uint64_t seed = 0x5eed;

static unsigned any(unsigned count)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % count);
}

static void make_rules(struct aks_security_rule *rules, size_t count)
{
    static const char *const prefixes[] = {"*",           "VirtualNetwork", "AzureLoadBalancer", "Internet",
                                           "10.1.0.0/25", "10.1.0.128/25",  "10.1.0.0/24",       "10.3.0.0/24",
                                           "10.2.0.0/28", "10.2.0.8/29",    "fd00::/32",         "Storage",
                                           "10.2.0.4",    "fd00:0:0:2::/65"};
    static const char *const ports[] = {"*", "443", "4443", "9988", "400-5000", "80", "*", "*", "443", "1024-65535"};
    static const char *const names[] = {"other", "AllowNodesToApiServer", "AllowLoadBalancerToApiServerIPv6"};
    unsigned priority = 99;

    for (size_t i = 0; i < count; i++)
        rules[i] = (struct aks_security_rule){
            .name = names[any(10) < 8 ? 0 : 1 + any(2)],
            .priority = priority += 1 + any(4),
            .direction = any(3) ? INBOUND : OUTBOUND,
            .access = any(2) ? AKS_SECURITY_ALLOW : AKS_SECURITY_DENY,
            .protocol = any(4) ? AKS_SECURITY_TCP : AKS_SECURITY_UDP,
            .sources = {&prefixes[any(COUNT(prefixes))], 1},
            .destinations = {&prefixes[any(COUNT(prefixes))], 1},
            .source_ports = {&ports[any(9) ? 0 : any(COUNT(ports))], 1},
            .destination_ports = {&ports[any(COUNT(ports))], 1},
        };
}

static void check_places(const struct aks_security_rule *rules, size_t count, size_t own)
{
    for (size_t i = own; i < count; i++) {
        assert_in_range(rules[i].priority, AKS_SECURITY_PRIORITY_FIRST, AKS_SECURITY_PRIORITY_LAST);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(rules[i].name, rules[j].name);
            assert_false(rules[i].direction == rules[j].direction && rules[i].priority == rules[j].priority);
        }
    }
}

/* Who is helped is allowed; who is not fares as before, and there is a finding. */
static size_t check_required(const struct aks_security_group *before, const struct aks_security_group *after,
                             const struct aks_required_network *network, const struct aks_required_plan *plan)
{
    struct aks_required_case cases[AKS_REQUIRED_CASE_LIMIT];
    size_t count = aks_required_cases(network, BOTH, cases), helped = 0, unknown = 0, unhelped = 0;
    struct aks_error error = {0};

    for (size_t i = 0; i < count; i++) {
        bool refused = false;

        for (size_t j = 0; j < cases[i].flow->port_count; j++) {
            unsigned port = cases[i].flow->ports[j];
            struct aks_required_state then, now;

            assert_true(aks_required_examine(before, network, &cases[i], port, &then, &error));
            assert_true(aks_required_examine(after, network, &cases[i], port, &now, &error));
            if (then.verdict == AKS_SECURITY_ALLOWED) {
                assert_int_equal(now.verdict, AKS_SECURITY_ALLOWED);
            } else if (now.verdict == AKS_SECURITY_ALLOWED) {
                assert_int_not_equal(then.verdict, AKS_SECURITY_UNKNOWN);
                helped++;
            } else {
                assert_int_equal(now.verdict, then.verdict);
                unknown += then.verdict == AKS_SECURITY_UNKNOWN;
                refused = refused || then.verdict != AKS_SECURITY_UNKNOWN;
            }
        }
        unhelped += refused;
    }
    assert_int_equal(plan->findings.count, unknown + unhelped);
    return helped;
}

/* Flows that nobody asked for. */
static void check_others(const struct aks_security_group *before, const struct aks_security_group *after)
{
    static const struct {
        const char *source, *destination;
        unsigned port;
    } others[] = {
        {NODES, APISERVER, 80},          {NODES, APISERVER, 9988},
        {"10.9.0.0/16", APISERVER, 443}, {"10.1.1.0/24", APISERVER, 4443},
        {NODES, "10.2.0.16/28", 443},    {APISERVER, NODES, 443},
        {"20.0.0.0/24", APISERVER, 443}, {"168.63.129.16/32", NODES, 9988},
        {NODES, "20.0.0.0/8", 443},      {NODES, NODES, 443},
        {APISERVER, APISERVER, 4443},
    };

    for (size_t i = 0; i < COUNT(others); i++)
        for (int direction = 0; direction < 2; direction++) {
            const struct aks_security_flow flow = {
                .direction = direction ? OUTBOUND : INBOUND,
                .protocol = AKS_SECURITY_TCP,
                .source = cidr_of(others[i].source),
                .destination = cidr_of(others[i].destination),
                .port = others[i].port,
            };
            struct aks_security_outcome then, now;
            struct aks_error error = {0};

            assert_true(aks_security_evaluate(before, &flow, &then, &error));
            assert_true(aks_security_evaluate(after, &flow, &now, &error));
            assert_int_equal(now.verdict, then.verdict);
            assert_int_equal(now.part_count, then.part_count);
            assert_int_equal(now.rule->priority, then.rule->priority);
            aks_security_outcome_clear(&then);
            aks_security_outcome_clear(&now);
        }
}

static void random_groups_get_what_they_lack_and_nothing_else(void **state)
{
    const struct aks_required_network network = {nodes, 3, apiserver, 2};
    size_t helped = 0, added = 0, unhelped = 0;

    (void)state;
    for (int round = 0; round < 4000; round++) {
        struct aks_security_rule rules[12 + AKS_REQUIRED_CASE_LIMIT];
        size_t count = any(13);
        struct aks_security_group before = {rules, count, vnet, COUNT(vnet)}, after = before;
        struct aks_required_plan plan;

        make_rules(rules, count);
        plan = plan_for(rules, count, &network, BOTH);
        for (size_t i = 0; i < plan.count; i++)
            rules[count + i] = plan.rules[i].rule;
        after.count = count + plan.count;
        check_places(rules, after.count, count);
        helped += check_required(&before, &after, &network, &plan);
        check_others(&before, &after);
        added += plan.count;
        unhelped += plan.findings.count;
        aks_required_plan_clear(&plan);
    }
    assert_true(helped > 1000 && added > 1000 && unhelped > 1000); /* the rounds met every kind */
}

static bool plans_or_says_that_memory_is_short(void)
{
    const struct aks_security_rule rules[] = {
        RULE("AllowNodesToApiServer", 299, OUTBOUND, DENY, "*", "*", "4443"),
        RULE("deny", 101, INBOUND, DENY, "*", "*", "443-9988"),
        RULE("other", 100, INBOUND, DENY, "Storage", "10.2.0.4", "443"),
    };
    const struct aks_security_group group = {rules, COUNT(rules), vnet, COUNT(vnet)};
    const struct aks_required_network network = {nodes, 1, apiserver, 1};
    struct aks_required_plan plan;
    struct aks_error error = {0};
    bool done = aks_required_plan_make(&plan, &group, &network, BOTH, "nsg 'guard'", &error), right;

    if (done)
        right = plan.count == 1 && plan.findings.count == 2 && !error.no_memory;
    else
        right = torture_state.refused && error.no_memory && plan.count == 0 && plan.findings.count == 0;
    aks_required_plan_clear(&plan);
    aks_error_clear(&error);
    return right;
}

static void nothing_is_lost_without_memory(void **state)
{
    const char *problem = torture(plans_or_says_that_memory_is_short);

    (void)state;
    if (problem)
        fail_msg("%s", problem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_missing_where_all_is_allowed),
        cmocka_unit_test(missing_rules_come_right_before_the_deny),
        cmocka_unit_test(default_rules_are_preceded_by_the_last_priority),
        cmocka_unit_test(a_part_that_is_denied_is_enough),
        cmocka_unit_test(each_version_has_a_rule_of_its_own),
        cmocka_unit_test(names_are_none_that_the_group_has),
        cmocka_unit_test(no_free_priority_is_a_finding),
        cmocka_unit_test(the_one_with_the_least_choice_goes_first),
        cmocka_unit_test(what_is_unknown_is_left_to_a_human),
        cmocka_unit_test(a_rule_is_not_put_behind_one_that_may_deny),
        cmocka_unit_test(random_groups_get_what_they_lack_and_nothing_else),
        cmocka_unit_test(nothing_is_lost_without_memory),
    };

    return cmocka_run_group_tests(tests, make_network, NULL);
}
