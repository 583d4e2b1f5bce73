/* Any rules and a flow: the parts do not overlap in what decides them, are all within the flow, and add up to it; the
   plan of missing rules repairs what it says it repairs. The input is lines, a rule each: see read_rule. */
#include "../support/fuzz.h"
#include "rules/required_rule.h"

#define RULES 40
#define COUNT(array) (sizeof(array) / sizeof *(array))

struct line {
    char *words[5];
    const char *lists[4][3];
};

/* Cuts `text` at `separator` into at most `limit` words; the result says how many. */
static size_t cut(char *text, char separator, char **words, size_t limit)
{
    size_t count = 0;

    while (text && count < limit) {
        words[count++] = text;
        text = strchr(text, separator);
        if (text)
            *text++ = '\0';
    }
    return count;
}

static struct aks_security_texts read_list(char *word, const char *list[3])
{
    char *words[3];
    size_t count = *word ? cut(word, ',', words, COUNT(words)) : 0;

    for (size_t i = 0; i < count; i++)
        list[i] = words[i];
    return (struct aks_security_texts){list, count};
}

/* "ad SOURCES DESTINATIONS SOURCE_PORTS PORTS": each letter of the first word sets something. */
static bool read_rule(char *text, unsigned priority, struct line *line, struct aks_security_rule *rule)
{
    if (cut(text, ' ', line->words, COUNT(line->words)) < COUNT(line->words))
        return false;
    *rule = (struct aks_security_rule){
        .name = line->words[0],
        .priority = priority,
        .direction = strchr(line->words[0], 'o') ? AKS_SECURITY_OUTBOUND : AKS_SECURITY_INBOUND,
        .access = strchr(line->words[0], 'd') ? AKS_SECURITY_DENY : AKS_SECURITY_ALLOW,
        .protocol = strchr(line->words[0], 'u') ? AKS_SECURITY_UDP : AKS_SECURITY_TCP,
        .sources = read_list(line->words[1], line->lists[0]),
        .destinations = read_list(line->words[2], line->lists[1]),
        .source_ports = read_list(line->words[3], line->lists[2]),
        .destination_ports = read_list(line->words[4], line->lists[3]),
        .source_groups = strchr(line->words[0], 's') != NULL,
        .destination_groups = strchr(line->words[0], 'g') != NULL,
    };
    return true;
}

static size_t read_rules(char *text, struct line *lines, struct aks_security_rule *rules)
{
    char *texts[RULES];
    size_t given = cut(text, '\n', texts, RULES), count = 0;

    for (size_t i = 0; i < given; i++)
        count += read_rule(texts[i], AKS_SECURITY_PRIORITY_FIRST + 3 * (unsigned)i, &lines[count], &rules[count]);
    return count;
}

static double size_of(const struct aks_range *range)
{
    return (double)(range->last.high - range->first.high) * 0x1p64 + (double)range->last.low -
           (double)range->first.low + 1;
}

/* The flow is small enough for the product to be exact. */
static void check_parts(const struct aks_security_group *group, const struct aks_security_flow *flow)
{
    struct aks_range source = aks_range_of_cidr(&flow->source), destination = aks_range_of_cidr(&flow->destination);
    struct aks_security_outcome outcome;
    struct aks_error error = {0};
    double sum = 0;

    FUZZ_CHECK(aks_security_evaluate(group, flow, &outcome, &error));
    FUZZ_CHECK(outcome.part_count > 0 && outcome.rule);
    for (size_t i = 0; i < outcome.part_count; i++) {
        const struct aks_security_part *part = &outcome.parts[i];
        struct aks_range common;

        FUZZ_CHECK(aks_range_meet(&part->source, &source, &common) && aks_range_equal(&part->source, &common));
        FUZZ_CHECK(aks_range_meet(&part->destination, &destination, &common));
        FUZZ_CHECK(aks_range_equal(&part->destination, &common));
        FUZZ_CHECK((part->verdict == AKS_SECURITY_UNKNOWN) == (part->doubt != NULL));
        FUZZ_CHECK((part->verdict == AKS_SECURITY_ALLOWED) == (part->first_deny == 0));
        sum += size_of(&part->source) * size_of(&part->destination) * size_of(&part->source_ports);
    }
    FUZZ_CHECK(sum == size_of(&source) * size_of(&destination) * (AKS_PORT_LAST + 1));
    aks_security_outcome_clear(&outcome);
}

/* With the rules of the plan, another plan has nothing to add. */
static void check_plan(const struct aks_security_rule *rules, size_t count, const struct aks_cidr *vnet,
                       const struct aks_required_network *network)
{
    const unsigned both = AKS_SECURITY_ON_APISERVER | AKS_SECURITY_ON_NODES;
    struct aks_security_rule all[RULES + AKS_REQUIRED_CASE_LIMIT];
    struct aks_security_group group = {rules, count, vnet, 1};
    struct aks_required_plan plan, again;
    struct aks_error error = {0};

    FUZZ_CHECK(aks_required_plan_make(&plan, &group, network, both, "nsg", &error));
    if (count > 0)
        memcpy(all, rules, count * sizeof *all);
    for (size_t i = 0; i < plan.count; i++)
        all[count + i] = plan.rules[i].rule;
    group.rules = all;
    group.count = count + plan.count;
    FUZZ_CHECK(aks_required_plan_make(&again, &group, network, both, "nsg", &error));
    FUZZ_CHECK(again.count == 0 && again.findings.count == plan.findings.count);
    aks_required_plan_clear(&plan);
    aks_required_plan_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct aks_cidr vnet = {.bytes = {10}, .length = 8, .bits = 32},
                                 nodes = {.bytes = {10, 1}, .length = 20, .bits = 32},
                                 apiserver = {.bytes = {10, 2}, .length = 28, .bits = 32};
    const struct aks_required_network network = {&nodes, 1, &apiserver, 1};
    struct aks_security_rule rules[RULES];
    struct line lines[RULES];
    char *text = fuzz_text(data, size);
    size_t count = read_rules(text, lines, rules);
    const struct aks_security_group group = {rules, count, &vnet, 1};
    const struct aks_security_flow flow = {.direction = AKS_SECURITY_INBOUND,
                                           .protocol = AKS_SECURITY_TCP,
                                           .source = nodes,
                                           .destination = apiserver,
                                           .port = 443};

    check_parts(&group, &flow);
    check_plan(rules, count, &vnet, &network);
    free(text);
    return 0;
}
