/* Planning of rules: which are missing, at which priority, under which name. */
#include "rules/required_rule.h"

#include <stdlib.h>

#include "base/text.h"

/* A rule that is missing. */
struct need {
    struct aks_required_case required;
    unsigned ports[2];
    size_t port_count;
    unsigned before;                 /* its priority must be below this one */
    unsigned priority;               /* that it gets; 0: there is none */
    struct aks_required_state state; /* of the port with the first denying rule */
};

struct planning {
    struct aks_required_plan *plan;
    const struct aks_security_group *group;
    const struct aks_required_network *network;
    const char *resource;
    struct aks_error *error;
    struct need needs[AKS_REQUIRED_CASE_LIMIT];
    size_t need_count;
};

static void add_port(struct need *need, unsigned port, const struct aks_required_state *state)
{
    need->ports[need->port_count++] = port;
    if (need->before != 0 && need->before <= state->before)
        return;
    need->before = state->before;
    need->state = *state;
}

/* Looks at every port of a case: what is denied needs a rule, what is unknown a human. */
static bool examine(struct planning *planning, const struct aks_required_case *required)
{
    struct need need = {.required = *required};

    for (size_t i = 0; i < required->flow->port_count; i++) {
        unsigned port = required->flow->ports[i];
        struct aks_required_state state;

        if (!aks_required_examine(planning->group, planning->network, required, port, &state, planning->error))
            return false;
        if (state.verdict == AKS_SECURITY_DENIED || state.verdict == AKS_SECURITY_PARTLY)
            add_port(&need, port, &state);
        else if (state.verdict == AKS_SECURITY_UNKNOWN &&
                 !aks_required_explain(required, port, &state, planning->resource, &planning->plan->findings,
                                       planning->error))
            return false;
    }
    if (need.port_count > 0)
        planning->needs[planning->need_count++] = need;
    return true;
}

static bool is_taken(const struct planning *planning, enum aks_security_direction direction, unsigned priority)
{
    const struct aks_security_group *group = planning->group;

    for (size_t i = 0; i < group->count; i++)
        if (group->rules[i].direction == direction && group->rules[i].priority == priority)
            return true;
    for (size_t i = 0; i < planning->need_count; i++)
        if (planning->needs[i].required.direction == direction && planning->needs[i].priority == priority)
            return true;
    return false;
}

/* The last free priority before `before`, so that no other rule's place changes more than it must; 0: none. */
static unsigned find_priority(const struct planning *planning, enum aks_security_direction direction, unsigned before)
{
    unsigned priority = before <= AKS_SECURITY_PRIORITY_LAST ? before - 1 : AKS_SECURITY_PRIORITY_LAST;

    for (; priority >= AKS_SECURITY_PRIORITY_FIRST; priority--)
        if (!is_taken(planning, direction, priority))
            return priority;
    return 0;
}

/* The need with the least choice comes first, so that the others leave it a place. */
static int compare_needs(const void *a, const void *b)
{
    const struct need *left = a, *right = b;

    return (left->before > right->before) - (left->before < right->before);
}

static bool refuse(struct planning *planning, const struct need *need)
{
    const struct aks_security_rule *rule = need->state.part.rule;
    char *remedy = need->before == AKS_SECURITY_PRIORITY_FIRST
                       ? aks_text_format("give rule '%s' a higher number", rule->name)
                       : aks_text_format("give rule '%s', or one that has a priority below %u, a higher number",
                                         rule->name, need->before);
    bool done = remedy && aks_findings_add(
                              &planning->plan->findings, "nsg_no_free_priority", AKS_SEVERITY_ERROR, planning->resource,
                              "rules", remedy,
                              "rule '%s' (%s, priority %u) denies TCP %u from %s to the API server, and "
                              "no priority from %u on that comes before %u is free for a rule that allows it",
                              rule->name, aks_security_direction_name(rule->direction), rule->priority, need->ports[0],
                              need->required.flow->source, AKS_SECURITY_PRIORITY_FIRST, need->before);

    free(remedy);
    return done || aks_error_set_no_memory(planning->error);
}

static bool has_name(const struct planning *planning, const char *name)
{
    const struct aks_security_group *group = planning->group;
    const struct aks_required_plan *plan = planning->plan;

    for (size_t i = 0; i < group->count; i++)
        if (aks_text_equal_fold(group->rules[i].name, name))
            return true;
    for (size_t i = 0; i < plan->count; i++)
        if (aks_text_equal_fold(plan->rules[i].name, name))
            return true;
    return false;
}

/* "AllowNodesToApiServer", "AllowNodesToApiServerIPv6", "AllowNodesToApiServer-2": names are unique in both directions.
   NULL for want of memory. */
static char *find_name(const struct planning *planning, const struct need *need)
{
    const char *name = need->required.flow->rule_name, *version = need->required.bits == 128 ? "IPv6" : "";
    char *candidate = aks_text_format("%s%s", name, version);

    for (unsigned number = 2; candidate && has_name(planning, candidate); number++) {
        free(candidate);
        candidate = aks_text_format("%s%s-%u", name, version, number);
    }
    return candidate;
}

/* The texts of the prefixes of one IP version. */
static struct aks_security_texts write_prefixes(struct aks_required_rule *added, size_t from,
                                                const struct aks_cidr *prefixes, size_t count, unsigned bits)
{
    size_t used = from;

    for (size_t i = 0; i < count; i++)
        if (prefixes[i].bits == bits) {
            added->prefixes[used] = aks_cidr_text(&prefixes[i], added->prefix_texts[used]);
            used++;
        }
    return (struct aks_security_texts){added->prefixes + from, used - from};
}

static void write_ends(struct aks_required_rule *added, const struct need *need,
                       const struct aks_required_network *network)
{
    static const char *const any_port[] = {"*"}, *const load_balancer[] = {"AzureLoadBalancer"};
    struct aks_security_rule *rule = &added->rule;

    if (need->required.flow->from_load_balancer)
        rule->sources = (struct aks_security_texts){load_balancer, 1};
    else
        rule->sources =
            write_prefixes(added, 0, network->node_prefixes, network->node_prefix_count, need->required.bits);
    rule->destinations = write_prefixes(added, network->node_prefix_count, network->apiserver_prefixes,
                                        network->apiserver_prefix_count, need->required.bits);
    for (size_t i = 0; i < need->port_count; i++) {
        struct aks_port_range port = {need->ports[i], need->ports[i]};

        added->ports[i] = aks_port_range_text(&port, added->port_texts[i]);
    }
    rule->destination_ports = (struct aks_security_texts){added->ports, need->port_count};
    rule->source_ports = (struct aks_security_texts){any_port, 1};
}

/* Writes the rule into the plan, which has a place for it. */
static bool add_rule(struct planning *planning, const struct need *need)
{
    const struct aks_required_network *network = planning->network;
    size_t count = network->node_prefix_count + network->apiserver_prefix_count;
    struct aks_required_rule *added = &planning->plan->rules[planning->plan->count];

    added->flow = need->required.flow;
    added->name = find_name(planning, need);
    added->prefix_texts = calloc(count, sizeof *added->prefix_texts);
    added->prefixes = calloc(count, sizeof *added->prefixes);
    planning->plan->count++;
    if (!added->name || !added->prefix_texts || !added->prefixes)
        return aks_error_set_no_memory(planning->error);
    added->rule = (struct aks_security_rule){
        .name = added->name,
        .priority = need->priority,
        .direction = need->required.direction,
        .access = AKS_SECURITY_ALLOW,
        .protocol = AKS_SECURITY_TCP,
    };
    write_ends(added, need, network);
    return true;
}

static bool plan_rules(struct planning *planning)
{
    struct need *needs = planning->needs;

    if (planning->need_count == 0)
        return true;
    qsort(needs, planning->need_count, sizeof *needs, compare_needs);
    planning->plan->rules = calloc(planning->need_count, sizeof *planning->plan->rules);
    if (!planning->plan->rules)
        return aks_error_set_no_memory(planning->error);
    for (size_t i = 0; i < planning->need_count; i++) {
        needs[i].priority = find_priority(planning, needs[i].required.direction, needs[i].before);
        if (!(needs[i].priority != 0 ? add_rule(planning, &needs[i]) : refuse(planning, &needs[i])))
            return false;
    }
    return true;
}

bool aks_required_plan_make(struct aks_required_plan *plan, const struct aks_security_group *group,
                            const struct aks_required_network *network, unsigned subnets, const char *resource,
                            struct aks_error *error)
{
    struct planning planning = {.plan = plan, .group = group, .network = network, .resource = resource, .error = error};
    struct aks_required_case cases[AKS_REQUIRED_CASE_LIMIT];
    size_t count = aks_required_cases(network, subnets, cases);
    bool done = true;

    *plan = (struct aks_required_plan){0};
    for (size_t i = 0; done && i < count; i++)
        done = examine(&planning, &cases[i]);
    done = done && plan_rules(&planning);
    if (!done)
        aks_required_plan_clear(plan);
    return done;
}

void aks_required_plan_clear(struct aks_required_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        free(plan->rules[i].name);
        free(plan->rules[i].prefix_texts);
        free(plan->rules[i].prefixes);
    }
    free(plan->rules);
    aks_findings_clear(&plan->findings);
    *plan = (struct aks_required_plan){0};
}
