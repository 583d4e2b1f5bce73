/* Evaluation of a flow. A flow is a box with three sides: source addresses, destination addresses and source ports.
   Rule after rule, what the rule matches is cut out of what is left, until nothing is left. Ranges stay ranges all
   along: the work depends on the rules and not on how many addresses there are. */
#include "rules/security_flow.h"

#include <stdlib.h>

enum side { SOURCE, DESTINATION, SOURCE_PORTS, SIDES };

/* Packets that no rule has surely decided yet. */
struct box {
    struct aks_range sides[SIDES];
    const struct aks_security_rule *doubts[2]; /* the first rule that may allow (deny) them, by its access; or NULL */
};

struct boxes {
    struct box *items;
    size_t count, capacity;
};

struct evaluation {
    const struct aks_security_group *group;
    const struct aks_security_flow *flow;
    unsigned bits;          /* of an address */
    struct box whole;       /* the flow */
    struct boxes left, cut; /* what is left before and after the rule that is being looked at */
    struct aks_security_match matches[SIDES];
    const struct aks_security_rule *rule;
    bool surely;   /* the rule decides what it matches; else it is only noted as a doubt */
    bool exceeded; /* the limit of parts */
    struct aks_security_outcome *outcome;
    size_t part_capacity;
};

const char *aks_security_verdict_name(enum aks_security_verdict verdict)
{
    static const char *const names[] = {"allowed", "denied", "partly allowed", "unknown"};

    return names[verdict];
}

static bool keep(struct boxes *boxes, const struct box *box)
{
    if (boxes->count == boxes->capacity) {
        size_t capacity = boxes->capacity ? boxes->capacity * 2 : 8;
        struct box *items = reallocarray(boxes->items, capacity, sizeof *items);

        if (!items)
            return false;
        boxes->items = items;
        boxes->capacity = capacity;
    }
    boxes->items[boxes->count++] = *box;
    return true;
}

static bool add_part(struct evaluation *evaluation, const struct aks_security_part *part)
{
    struct aks_security_outcome *outcome = evaluation->outcome;

    if (outcome->part_count == evaluation->part_capacity) {
        size_t capacity = evaluation->part_capacity ? evaluation->part_capacity * 2 : 4;
        struct aks_security_part *parts = reallocarray(outcome->parts, capacity, sizeof *parts);

        if (!parts)
            return false;
        outcome->parts = parts;
        evaluation->part_capacity = capacity;
    }
    outcome->parts[outcome->part_count++] = *part;
    return true;
}

/* The rule decides `box`, unless an earlier one that may match decides otherwise. */
static bool decide(struct evaluation *evaluation, const struct box *box)
{
    const struct aks_security_rule *rule = evaluation->rule, *may_deny = box->doubts[AKS_SECURITY_DENY];
    bool allows = rule->access == AKS_SECURITY_ALLOW;
    const struct aks_security_rule *doubt = allows ? may_deny : box->doubts[AKS_SECURITY_ALLOW];
    struct aks_security_part part = {
        .source = box->sides[SOURCE],
        .destination = box->sides[DESTINATION],
        .source_ports = box->sides[SOURCE_PORTS],
        .verdict = doubt    ? AKS_SECURITY_UNKNOWN
                   : allows ? AKS_SECURITY_ALLOWED
                            : AKS_SECURITY_DENIED,
        .rule = rule,
        .doubt = doubt,
        .first_deny = may_deny ? may_deny->priority
                      : allows ? 0
                               : rule->priority,
    };

    return add_part(evaluation, &part);
}

static bool apply_to_matched(struct evaluation *evaluation, const struct box *box)
{
    struct box noted = *box;

    if (evaluation->surely)
        return decide(evaluation, box);
    if (!noted.doubts[evaluation->rule->access])
        noted.doubts[evaluation->rule->access] = evaluation->rule;
    return keep(&evaluation->cut, &noted);
}

/* Prefixes on one side times prefixes on the other can be millions of parts, of one rule alone. */
static bool is_full(struct evaluation *evaluation)
{
    if (evaluation->cut.count + evaluation->outcome->part_count >= AKS_SECURITY_PART_LIMIT)
        evaluation->exceeded = true;
    return evaluation->exceeded;
}

/* Cuts `box` along `side` and the sides after it: what the rule matches on all of them, and what it does not. */
static bool cut_box(struct evaluation *evaluation, struct box box, enum side side)
{
    const struct aks_range_set *set = &evaluation->matches[side].known;
    struct aks_range rest = box.sides[side];

    for (size_t i = aks_range_set_find(set, &rest); i < set->count; i++) {
        struct aks_range common, outside;
        bool above;

        if (!aks_range_meet(&set->items[i], &rest, &common))
            break;
        if (is_full(evaluation))
            return false;
        if (aks_range_below(&rest, &common, &outside)) {
            box.sides[side] = outside;
            if (!keep(&evaluation->cut, &box))
                return false;
        }
        above = aks_range_above(&rest, &common, &outside);
        box.sides[side] = common;
        if (!(side + 1 == SIDES ? apply_to_matched(evaluation, &box) : cut_box(evaluation, box, side + 1)))
            return false;
        if (!above)
            return true;
        rest = outside;
    }
    box.sides[side] = rest;
    return keep(&evaluation->cut, &box);
}

static bool meets(const struct evaluation *evaluation, const struct box *box)
{
    for (enum side side = SOURCE; side < SIDES; side++)
        if (!aks_range_set_meets(&evaluation->matches[side].known, &box->sides[side]))
            return false;
    return true;
}

/* Applies the rule to all that is left; on failure nothing is changed. */
static bool cut_all(struct evaluation *evaluation, bool surely)
{
    struct boxes before = evaluation->left;
    size_t part_count = evaluation->outcome->part_count;

    evaluation->surely = surely;
    evaluation->cut.count = 0;
    for (size_t i = 0; i < before.count; i++) {
        const struct box *box = &before.items[i];

        if (!(meets(evaluation, box) ? cut_box(evaluation, *box, SOURCE) : keep(&evaluation->cut, box))) {
            evaluation->outcome->part_count = part_count;
            return false;
        }
    }
    evaluation->left = evaluation->cut;
    evaluation->cut = before;
    return true;
}

/* Widens a side of which not all is known to all that it may match. */
static bool widen(struct evaluation *evaluation, enum side side)
{
    struct aks_range_set *set = &evaluation->matches[side].known;
    const struct aks_range *whole = &evaluation->whole.sides[side];

    aks_range_set_reset(set);
    return aks_range_set_add(set, whole, whole);
}

/* Whether the rule matches protocol and port of the flow; *doubt when that is not known. */
static bool matches_port(const struct aks_security_rule *rule, const struct aks_security_flow *flow, bool *doubt)
{
    struct aks_port_range range;

    *doubt = rule->destination_ports.count == 0;
    if (rule->protocol != AKS_SECURITY_ANY_PROTOCOL && rule->protocol != flow->protocol) {
        *doubt = false;
        return false;
    }
    for (size_t i = 0; i < rule->destination_ports.count; i++) {
        if (!aks_port_range_parse(rule->destination_ports.items[i], &range))
            *doubt = true;
        else if (aks_port_range_contains(&range, flow->port))
            return true;
    }
    return false;
}

/* Reads what the rule matches on each side. Probes are never of an application security group: its members are network
   interfaces. */
static bool read_sides(struct evaluation *evaluation, const struct aks_security_rule *rule)
{
    struct aks_security_match *matches = evaluation->matches;
    const struct aks_range *whole = evaluation->whole.sides;
    bool from_group = rule->source_groups && !evaluation->flow->from_load_balancer;

    if (!aks_security_match_addresses(&matches[SOURCE], &rule->sources, evaluation->group, evaluation->bits,
                                      &whole[SOURCE]) ||
        !aks_security_match_addresses(&matches[DESTINATION], &rule->destinations, evaluation->group, evaluation->bits,
                                      &whole[DESTINATION]) ||
        !aks_security_match_ports(&matches[SOURCE_PORTS], &rule->source_ports, &whole[SOURCE_PORTS]))
        return false;
    matches[SOURCE].doubt |= from_group || (rule->sources.count == 0 && !rule->source_groups);
    matches[DESTINATION].doubt |= rule->destination_groups || rule->destinations.count == 0;
    matches[SOURCE_PORTS].doubt |= rule->source_ports.count == 0;
    return true;
}

static bool apply(struct evaluation *evaluation, const struct aks_security_rule *rule)
{
    bool doubt, matched = matches_port(rule, evaluation->flow, &doubt);

    if (!matched && !doubt)
        return true;
    evaluation->rule = rule;
    if (!read_sides(evaluation, rule) || (matched && !cut_all(evaluation, true)))
        return false;
    doubt = !matched;
    for (enum side side = SOURCE; side < SIDES; side++)
        if (evaluation->matches[side].doubt) {
            doubt = true;
            if (!widen(evaluation, side))
                return false;
        }
    return !doubt || cut_all(evaluation, false);
}

/* Gives up on what is left. */
static bool cut_short(struct evaluation *evaluation)
{
    evaluation->outcome->cut_short = true;
    for (size_t i = 0; i < evaluation->left.count; i++) {
        const struct box *box = &evaluation->left.items[i];
        struct aks_security_part part = {
            .source = box->sides[SOURCE],
            .destination = box->sides[DESTINATION],
            .source_ports = box->sides[SOURCE_PORTS],
            .verdict = AKS_SECURITY_UNKNOWN,
            .rule = evaluation->rule,
            .doubt = evaluation->rule,
            .first_deny =
                box->doubts[AKS_SECURITY_DENY] ? box->doubts[AKS_SECURITY_DENY]->priority : evaluation->rule->priority,
        };

        if (!add_part(evaluation, &part))
            return false;
    }
    evaluation->left.count = 0;
    return true;
}

static bool apply_all(struct evaluation *evaluation, const struct aks_security_rule *const *rules, size_t count)
{
    for (size_t i = 0; i < count && evaluation->left.count > 0; i++)
        if (!apply(evaluation, rules[i]))
            return evaluation->exceeded && cut_short(evaluation);
    return true;
}

static int compare_priorities(const void *a, const void *b)
{
    const struct aks_security_rule *const *left = a, *const *right = b;

    if ((*left)->priority != (*right)->priority)
        return (*left)->priority < (*right)->priority ? -1 : 1;
    return (*left > *right) - (*left < *right); /* Azure has no two of one priority */
}

/* The rules of the flow's direction in order, with the default ones last; *count says how many. The caller frees the
   list; NULL for want of memory. */
static const struct aks_security_rule **sort_rules(const struct evaluation *evaluation, size_t *count)
{
    const struct aks_security_group *group = evaluation->group;
    size_t default_count, used = 0;
    const struct aks_security_rule *defaults = aks_security_default_rules(evaluation->flow->direction, &default_count);
    const struct aks_security_rule **rules = calloc(group->count + default_count, sizeof *rules);

    if (!rules)
        return NULL;
    for (size_t i = 0; i < group->count; i++)
        if (group->rules[i].direction == evaluation->flow->direction)
            rules[used++] = &group->rules[i];
    if (used > 0)
        qsort(rules, used, sizeof *rules, compare_priorities);
    for (size_t i = 0; i < default_count; i++)
        rules[used++] = &defaults[i];
    *count = used;
    return rules;
}

static void sum_up(struct aks_security_outcome *outcome)
{
    bool found[4] = {false};

    for (size_t i = outcome->part_count; i-- > 0;) {
        const struct aks_security_part *part = &outcome->parts[i];

        if (part->verdict != AKS_SECURITY_ALLOWED || !(found[AKS_SECURITY_DENIED] || found[AKS_SECURITY_UNKNOWN]))
            outcome->rule = part->doubt ? part->doubt : part->rule;
        found[part->verdict] = true;
    }
    outcome->verdict = found[AKS_SECURITY_ALLOWED] && found[AKS_SECURITY_DENIED] ? AKS_SECURITY_PARTLY
                       : found[AKS_SECURITY_UNKNOWN]                             ? AKS_SECURITY_UNKNOWN
                       : found[AKS_SECURITY_DENIED]                              ? AKS_SECURITY_DENIED
                                                                                 : AKS_SECURITY_ALLOWED;
}

static bool evaluate(struct evaluation *evaluation)
{
    size_t count;
    const struct aks_security_rule **rules = sort_rules(evaluation, &count);
    bool done = rules && keep(&evaluation->left, &evaluation->whole) && apply_all(evaluation, rules, count);

    free(rules);
    free(evaluation->left.items);
    free(evaluation->cut.items);
    for (enum side side = SOURCE; side < SIDES; side++)
        aks_range_set_clear(&evaluation->matches[side].known);
    return done;
}

bool aks_security_evaluate(const struct aks_security_group *group, const struct aks_security_flow *flow,
                           struct aks_security_outcome *outcome, struct aks_error *error)
{
    const struct aks_port_range every_port = {.first = 0, .last = AKS_PORT_LAST};
    struct aks_cidr probe = aks_security_probe_address(flow->destination.bits);
    const struct aks_cidr *source = flow->from_load_balancer ? &probe : &flow->source;
    struct evaluation evaluation = {
        .group = group,
        .flow = flow,
        .bits = flow->destination.bits,
        .whole.sides = {aks_range_of_cidr(source), aks_range_of_cidr(&flow->destination),
                        aks_range_of_ports(&every_port)},
        .outcome = outcome,
    };
    char source_text[AKS_CIDR_TEXT_SIZE], destination_text[AKS_CIDR_TEXT_SIZE];

    *outcome = (struct aks_security_outcome){0};
    if (source->bits != flow->destination.bits)
        return aks_error_set(error, "address_families_differ", "no packet goes from %s to %s: an IP version each",
                             aks_cidr_text(source, source_text), aks_cidr_text(&flow->destination, destination_text));
    if (!evaluate(&evaluation)) {
        aks_security_outcome_clear(outcome);
        return aks_error_set_no_memory(error);
    }
    sum_up(outcome);
    return true;
}

void aks_security_outcome_clear(struct aks_security_outcome *outcome)
{
    free(outcome->parts);
    *outcome = (struct aks_security_outcome){0};
}
