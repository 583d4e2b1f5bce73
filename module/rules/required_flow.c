/* Whether the flows that the API server needs get through a group. What to do where they do not: required_rule.c. */
#include "rules/required_flow.h"

#include <stdlib.h>

#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct aks_required_flow flows[] = {
    {.rule_name = "AllowNodesToApiServer",
     .description = "API Server VNet Integration: nodes reach the API server",
     .source = "the nodes",
     .ports = {443, 4443},
     .port_count = 2},
    {.rule_name = "AllowLoadBalancerToApiServer",
     .description = "API Server VNet Integration: health probes of the load balancer reach the API server",
     .source = "the load balancer's health probes",
     .from_load_balancer = true,
     .ports = {9988},
     .port_count = 1},
};

/* Which direction a group on a subnet decides, and of which flows. */
static const struct {
    unsigned subnet;
    enum aks_security_direction direction;
    bool probes;
} places[] = {
    {AKS_SECURITY_ON_APISERVER, AKS_SECURITY_INBOUND, true},
    {AKS_SECURITY_ON_NODES, AKS_SECURITY_OUTBOUND, false},
};

const struct aks_required_flow *aks_required_flows(size_t *count)
{
    *count = COUNT(flows);
    return flows;
}

static bool has_version(const struct aks_cidr *prefixes, size_t count, unsigned bits)
{
    for (size_t i = 0; i < count; i++)
        if (prefixes[i].bits == bits)
            return true;
    return false;
}

size_t aks_required_cases(const struct aks_required_network *network, unsigned subnets,
                          struct aks_required_case cases[AKS_REQUIRED_CASE_LIMIT])
{
    size_t count = 0;

    for (size_t place = 0; place < COUNT(places); place++)
        for (size_t flow = 0; flow < COUNT(flows); flow++)
            for (unsigned bits = 32; bits <= 128; bits += 96)
                if ((subnets & places[place].subnet) != 0 &&
                    (places[place].probes || !flows[flow].from_load_balancer) &&
                    has_version(network->apiserver_prefixes, network->apiserver_prefix_count, bits) &&
                    (flows[flow].from_load_balancer ||
                     has_version(network->node_prefixes, network->node_prefix_count, bits)))
                    cases[count++] = (struct aks_required_case){&flows[flow], places[place].direction, bits};
    return count;
}

/* What was seen of a flow so far. */
struct sight {
    struct aks_required_state *state;
    bool found[AKS_SECURITY_UNKNOWN + 1]; /* by verdict of a part */
};

static void see(struct sight *sight, const struct aks_security_part *part)
{
    static const int weight[] = {[AKS_SECURITY_ALLOWED] = 1, [AKS_SECURITY_UNKNOWN] = 2, [AKS_SECURITY_DENIED] = 3};
    struct aks_required_state *state = sight->state;

    if (!state->part.rule || weight[part->verdict] > weight[state->part.verdict])
        state->part = *part;
    sight->found[part->verdict] = true;
    if (part->verdict != AKS_SECURITY_ALLOWED && (state->before == 0 || part->first_deny < state->before))
        state->before = part->first_deny;
}

static bool examine_pair(const struct aks_security_group *group, const struct aks_security_flow *flow,
                         struct sight *sight, struct aks_error *error)
{
    struct aks_security_outcome outcome;

    if (!aks_security_evaluate(group, flow, &outcome, error))
        return false;
    for (size_t i = 0; i < outcome.part_count; i++)
        see(sight, &outcome.parts[i]);
    aks_security_outcome_clear(&outcome);
    return true;
}

/* Every source of the case with one destination. */
static bool examine_destination(const struct aks_security_group *group, const struct aks_required_network *network,
                                struct aks_security_flow *flow, struct sight *sight, struct aks_error *error)
{
    if (flow->from_load_balancer)
        return examine_pair(group, flow, sight, error);
    for (size_t i = 0; i < network->node_prefix_count; i++) {
        flow->source = network->node_prefixes[i];
        if (flow->source.bits == flow->destination.bits && !examine_pair(group, flow, sight, error))
            return false;
    }
    return true;
}

bool aks_required_examine(const struct aks_security_group *group, const struct aks_required_network *network,
                          const struct aks_required_case *required, unsigned port, struct aks_required_state *state,
                          struct aks_error *error)
{
    struct aks_security_flow flow = {
        .direction = required->direction,
        .protocol = AKS_SECURITY_TCP,
        .from_load_balancer = required->flow->from_load_balancer,
        .port = port,
    };
    struct sight sight = {.state = state};

    *state = (struct aks_required_state){0};
    for (size_t i = 0; i < network->apiserver_prefix_count; i++) {
        flow.destination = network->apiserver_prefixes[i];
        if (flow.destination.bits == required->bits && !examine_destination(group, network, &flow, &sight, error))
            return false;
    }
    if (sight.found[AKS_SECURITY_DENIED])
        state->verdict = sight.found[AKS_SECURITY_ALLOWED] ? AKS_SECURITY_PARTLY : AKS_SECURITY_DENIED;
    else
        state->verdict = sight.found[AKS_SECURITY_UNKNOWN] ? AKS_SECURITY_UNKNOWN : AKS_SECURITY_ALLOWED;
    return true;
}

/* "10.240.0.0/16 to 10.241.0.0/28, source ports 0-1023"; NULL for want of memory. */
static char *describe(const struct aks_security_part *part, unsigned bits)
{
    char source[AKS_RANGE_TEXT_SIZE], destination[AKS_RANGE_TEXT_SIZE], ports[AKS_PORT_RANGE_TEXT_SIZE];
    struct aks_port_range range = {(unsigned)part->source_ports.first.low, (unsigned)part->source_ports.last.low};
    bool any_port = range.first == 0 && range.last == AKS_PORT_LAST;

    return aks_text_format("source %s, destination %s%s%s", aks_range_text(&part->source, bits, source),
                           aks_range_text(&part->destination, bits, destination), any_port ? "" : ", source ports ",
                           any_port ? "" : aks_port_range_text(&range, ports));
}

static bool add_denied(const struct aks_required_case *required, unsigned port, const struct aks_required_state *state,
                       const char *resource, const char *packets, struct aks_findings *findings)
{
    const struct aks_security_rule *rule = state->part.rule;
    char *remedy = aks_text_format("allow it with a rule of a priority below %u", state->before);
    bool done =
        remedy &&
        aks_findings_add(findings, "nsg_flow_denied", AKS_SEVERITY_ERROR, resource, "rules", remedy,
                         "rule '%s' (%s, priority %u) denies TCP %u from %s to the API server%s: %s", rule->name,
                         aks_security_direction_name(rule->direction), rule->priority, port, required->flow->source,
                         state->verdict == AKS_SECURITY_PARTLY ? ", not all but a part of it" : "", packets);

    free(remedy);
    return done;
}

static bool add_unknown(const struct aks_required_case *required, unsigned port, const struct aks_required_state *state,
                        const char *resource, const char *packets, struct aks_findings *findings)
{
    const struct aks_security_rule *rule = state->part.doubt;
    char *remedy = aks_text_format("look whether rule '%s' is meant for it; if it must not depend on that, allow it "
                                   "with a rule of a priority below %u",
                                   rule->name, state->before);
    bool done =
        remedy && aks_findings_add(findings, "nsg_flow_unknown", AKS_SEVERITY_WARNING, resource, "rules", remedy,
                                   "it is not known whether TCP %u from %s reaches the API server: that depends "
                                   "on whether rule '%s' (%s, priority %u) matches %s",
                                   port, required->flow->source, rule->name,
                                   aks_security_direction_name(rule->direction), rule->priority, packets);

    free(remedy);
    return done;
}

bool aks_required_explain(const struct aks_required_case *required, unsigned port,
                          const struct aks_required_state *state, const char *resource, struct aks_findings *findings,
                          struct aks_error *error)
{
    char *packets = describe(&state->part, required->bits);
    bool done = packets && (state->verdict == AKS_SECURITY_UNKNOWN
                                ? add_unknown(required, port, state, resource, packets, findings)
                                : add_denied(required, port, state, resource, packets, findings));

    free(packets);
    return done || aks_error_set_no_memory(error);
}

bool aks_required_check(const struct aks_security_group *group, const struct aks_required_network *network,
                        unsigned subnets, const char *resource, struct aks_findings *findings, struct aks_error *error)
{
    struct aks_required_case cases[AKS_REQUIRED_CASE_LIMIT];
    size_t count = aks_required_cases(network, subnets, cases);

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < cases[i].flow->port_count; j++) {
            unsigned port = cases[i].flow->ports[j];
            struct aks_required_state state;

            if (!aks_required_examine(group, network, &cases[i], port, &state, error) ||
                (state.verdict != AKS_SECURITY_ALLOWED &&
                 !aks_required_explain(&cases[i], port, &state, resource, findings, error)))
                return false;
        }
    return true;
}
