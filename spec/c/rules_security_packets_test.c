/* What rules do to a flow, against asking for every packet by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../support/security_rules.h"
#include "rules/security_flow.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define INBOUND AKS_SECURITY_INBOUND
#define OUTBOUND AKS_SECURITY_OUTBOUND

/* Addresses are those of two small prefixes: 20.0.0.0/29 or
   2600::/125 to 20.0.1.0/30 or 2600::100/126; source ports beyond the last that a rule names are like 65535. */
enum { SOURCES = 8, DESTINATIONS = 4, RULES = 8, TEXTS_OF_END = 3, PORTS = 7 };
static const unsigned source_ports[PORTS] = {0, 1, 2, 3, 4, 5, 65535};

enum answer { NO, MAYBE, YES }; /* the smaller one wins when both must hold, the greater one when either may */

struct end {
    size_t count;
    bool in_group;
    struct word {
        enum { PREFIX, ANY, VNET, PROBES, INTERNET, TAG } kind;
        unsigned bits, first, last; /* PREFIX: addresses from the base of its end */
        char text[40];
    } words[TEXTS_OF_END];
    const char *texts[TEXTS_OF_END];
};

struct ports {
    size_t count;
    struct {
        unsigned first, last;
        bool odd;
        char text[16];
    } words[TEXTS_OF_END];
    const char *texts[TEXTS_OF_END];
};

struct world {
    unsigned bits;
    bool probes;
    unsigned vnet_first, vnet_last; /* of the source's addresses; the destinations are always in it */
    struct end sources[RULES], destinations[RULES];
    struct ports source_ports[RULES], destination_ports[RULES];
    struct aks_security_rule rules[RULES];
    size_t count;
};

static uint64_t seed = 0x5eed;

static unsigned any(unsigned count)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % count);
}

static void write_prefix(char text[40], unsigned bits, unsigned end, unsigned offset, unsigned free_bits)
{
    if (bits == 32)
        snprintf(text, 40, "20.0.%u.%u/%u", end, offset, 32 - free_bits);
    else
        snprintf(text, 40, "2600::%x%02x/%u", end, offset, 128 - free_bits);
}

static void make_word(struct word *word, unsigned bits, unsigned end, unsigned addresses)
{
    static const char *const texts[] = {[ANY] = "*",
                                        [VNET] = "VirtualNetwork",
                                        [PROBES] = "AzureLoadBalancer",
                                        [INTERNET] = "Internet",
                                        [TAG] = "Storage"};
    unsigned free_bits = any(4);

    word->kind = any(3) ? PREFIX : (unsigned)(1 + any(5));
    if (word->kind != PREFIX) {
        snprintf(word->text, sizeof word->text, "%s", texts[word->kind]);
        return;
    }
    word->bits = any(8) ? bits : 160 - bits;
    word->first = any(addresses) >> free_bits << free_bits;
    word->last = word->first + (1u << free_bits) - 1;
    write_prefix(word->text, word->bits, end, word->first, free_bits);
}

static void make_end(struct end *made, struct aks_security_texts *texts, unsigned bits, unsigned end)
{
    made->in_group = any(12) == 0;
    made->count = made->in_group ? 0 : any(TEXTS_OF_END + 1);
    for (size_t i = 0; i < made->count; i++) {
        make_word(&made->words[i], bits, end, end == 0 ? SOURCES : DESTINATIONS);
        made->texts[i] = made->words[i].text;
    }
    *texts = (struct aks_security_texts){made->texts, made->count};
}

static void make_ports(struct ports *made, struct aks_security_texts *texts)
{
    made->count = any(10) ? 1 + any(TEXTS_OF_END) : 0;
    for (size_t i = 0; i < made->count; i++) {
        unsigned a = any(6), b = any(6);

        made->words[i].first = a < b ? a : b;
        made->words[i].last = any(3) ? (a < b ? b : a) : 65535;
        made->words[i].odd = any(20) == 0;
        snprintf(made->words[i].text, sizeof made->words[i].text, made->words[i].odd ? "http" : "%u-%u",
                 made->words[i].first, made->words[i].last);
        made->texts[i] = made->words[i].text;
    }
    *texts = (struct aks_security_texts){made->texts, made->count};
}

static void make_world(struct world *world)
{
    unsigned priority = 100;

    world->bits = any(2) ? 32 : 128;
    world->probes = any(6) == 0;
    world->vnet_first = any(SOURCES) & ~3u;
    world->vnet_last = world->vnet_first + 3;
    world->count = any(RULES + 1);
    for (size_t i = 0; i < world->count; i++) {
        struct aks_security_rule *rule = &world->rules[i];

        *rule = (struct aks_security_rule){
            .name = "own",
            .priority = priority += 1 + any(3),
            .direction = any(5) ? INBOUND : OUTBOUND,
            .access = any(2) ? AKS_SECURITY_ALLOW : AKS_SECURITY_DENY,
            .protocol = any(3)   ? AKS_SECURITY_TCP
                        : any(2) ? AKS_SECURITY_ANY_PROTOCOL
                                 : AKS_SECURITY_UDP,
        };
        make_end(&world->sources[i], &rule->sources, world->bits, 0);
        make_end(&world->destinations[i], &rule->destinations, world->bits, 1);
        make_ports(&world->source_ports[i], &rule->source_ports);
        make_ports(&world->destination_ports[i], &rule->destination_ports);
        rule->source_groups = world->sources[i].in_group;
        rule->destination_groups = world->destinations[i].in_group;
    }
}

/* Priorities stay, places change. */
static void shuffle(struct world *world, struct aks_security_rule shuffled[RULES])
{
    memcpy(shuffled, world->rules, sizeof world->rules);
    for (size_t i = world->count; i > 1; i--) {
        size_t other = any((unsigned)i);
        struct aks_security_rule rule = shuffled[i - 1];

        shuffled[i - 1] = shuffled[other];
        shuffled[other] = rule;
    }
}

/* The address `offset` of an end; the probes are no offset. */
static enum answer ask_word(const struct world *world, const struct word *word, unsigned end, unsigned offset)
{
    bool probe = end == 0 && world->probes;
    bool in_vnet = end == 1 || (offset >= world->vnet_first && offset <= world->vnet_last);

    switch (word->kind) {
    case ANY:
        return YES;
    case TAG:
        return MAYBE;
    case VNET:
        return probe ? (world->bits == 32 ? YES : MAYBE) : in_vnet ? YES : NO;
    case PROBES:
        return probe ? YES : NO;
    case INTERNET:
        return probe || in_vnet ? NO : YES;
    default:
        return !probe && word->bits == world->bits && offset >= word->first && offset <= word->last ? YES : NO;
    }
}

static enum answer ask_end(const struct world *world, const struct end *asked, unsigned end, unsigned offset)
{
    enum answer best = NO;

    if (asked->in_group)
        return end == 0 && world->probes ? NO : MAYBE;
    if (asked->count == 0)
        return MAYBE;
    for (size_t i = 0; i < asked->count; i++) {
        enum answer answer = ask_word(world, &asked->words[i], end, offset);

        best = answer > best ? answer : best;
    }
    return best;
}

static enum answer ask_ports(const struct ports *ports, unsigned port)
{
    enum answer best = ports->count == 0 ? MAYBE : NO;

    for (size_t i = 0; i < ports->count; i++)
        if (ports->words[i].odd)
            best = best > MAYBE ? best : MAYBE;
        else if (port >= ports->words[i].first && port <= ports->words[i].last)
            best = YES;
    return best;
}

struct packet {
    unsigned source, destination, source_port, port;
};

static enum answer ask_rule(const struct world *world, size_t index, const struct packet *packet)
{
    const struct aks_security_rule *rule = &world->rules[index];
    enum answer answers[] = {
        ask_end(world, &world->sources[index], 0, packet->source),
        ask_end(world, &world->destinations[index], 1, packet->destination),
        ask_ports(&world->source_ports[index], packet->source_port),
        ask_ports(&world->destination_ports[index], packet->port),
    };
    enum answer least = rule->direction != INBOUND || rule->protocol == AKS_SECURITY_UDP ? NO : YES;

    for (size_t i = 0; i < COUNT(answers); i++)
        least = answers[i] < least ? answers[i] : least;
    return least;
}

/* What happens to a packet, by priorities: 0 stands for no rule. */
struct fate {
    enum aks_security_verdict verdict;
    unsigned rule, doubt, first_deny;
};

static struct fate fate_of(const struct world *world, const struct packet *packet)
{
    unsigned doubts[2] = {0};
    struct fate fate = {.rule = 0};
    enum aks_security_access access = AKS_SECURITY_DENY;
    bool in_vnet =
        world->probes ? world->bits == 32 : packet->source >= world->vnet_first && packet->source <= world->vnet_last;

    for (size_t i = 0; i < world->count && fate.rule == 0; i++) {
        enum answer answer = ask_rule(world, i, packet);

        access = world->rules[i].access;
        if (answer == YES)
            fate.rule = world->rules[i].priority;
        else if (answer == MAYBE && doubts[access] == 0)
            doubts[access] = world->rules[i].priority;
    }
    if (fate.rule == 0) {
        if (world->probes && world->bits == 128 && doubts[AKS_SECURITY_ALLOW] == 0)
            doubts[AKS_SECURITY_ALLOW] = 65000;
        fate.rule = in_vnet ? 65000 : world->probes ? 65001 : 65500;
        access = fate.rule == 65500 ? AKS_SECURITY_DENY : AKS_SECURITY_ALLOW;
    }
    fate.doubt = doubts[1 - access];
    fate.verdict = fate.doubt                     ? AKS_SECURITY_UNKNOWN
                   : access == AKS_SECURITY_ALLOW ? AKS_SECURITY_ALLOWED
                                                  : AKS_SECURITY_DENIED;
    fate.first_deny = doubts[AKS_SECURITY_DENY]      ? doubts[AKS_SECURITY_DENY]
                      : access == AKS_SECURITY_ALLOW ? 0
                                                     : fate.rule;
    return fate;
}

static bool holds(const struct aks_range *range, unsigned number)
{
    return range->first.high == 0 && range->last.high == 0 && range->first.low <= number && number <= range->last.low;
}

/* A range of addresses as offsets from the base of its end. */
static struct aks_range offsets_of(const struct world *world, const struct aks_range *range, unsigned end)
{
    uint64_t low = world->bits == 32 ? 0x14000000 + (end << 8) : end << 8;
    uint64_t high = world->bits == 32 ? 0 : 0x2600000000000000;

    return (struct aks_range){.first = {range->first.high - high, range->first.low - low},
                              .last = {range->last.high - high, range->last.low - low}};
}

static const struct aks_security_part *part_of(const struct world *world, const struct aks_security_outcome *outcome,
                                               const struct packet *packet)
{
    const struct aks_security_part *found = NULL;

    for (size_t i = 0; i < outcome->part_count; i++) {
        const struct aks_security_part *part = &outcome->parts[i];
        struct aks_range source = offsets_of(world, &part->source, 0);
        struct aks_range destination = offsets_of(world, &part->destination, 1);

        if ((world->probes || holds(&source, packet->source)) && holds(&destination, packet->destination) &&
            holds(&part->source_ports, packet->source_port)) {
            assert_null(found); /* parts do not overlap */
            found = part;
        }
    }
    assert_non_null(found);
    return found;
}

static void compare_with_naive(const struct world *world, const struct aks_security_outcome *outcome, unsigned port,
                               bool found[AKS_SECURITY_UNKNOWN + 1])
{
    struct packet packet = {.port = port};

    for (packet.source = 0; packet.source < (world->probes ? 1 : SOURCES); packet.source++)
        for (packet.destination = 0; packet.destination < DESTINATIONS; packet.destination++)
            for (size_t i = 0; i < PORTS; i++) {
                const struct aks_security_part *part;
                struct fate fate;

                packet.source_port = source_ports[i];
                part = part_of(world, outcome, &packet);
                fate = fate_of(world, &packet);
                assert_int_equal(part->verdict, fate.verdict);
                assert_int_equal(part->rule->priority, fate.rule);
                assert_int_equal(part->doubt ? part->doubt->priority : 0, fate.doubt);
                assert_int_equal(part->first_deny, fate.first_deny);
                found[fate.verdict] = true;
            }
}

static void every_packet_fares_as_asking_for_it_alone_says(void **state)
{
    static struct world world;
    size_t verdicts[AKS_SECURITY_UNKNOWN + 1] = {0};

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct aks_security_rule rules[RULES];
        struct aks_cidr vnet[2];
        const struct aks_security_group group = {rules, (make_world(&world), world.count), vnet, 2};
        struct aks_security_flow flow = {
            .direction = INBOUND, .protocol = AKS_SECURITY_TCP, .from_load_balancer = world.probes, .port = any(6)};
        bool found[AKS_SECURITY_UNKNOWN + 1] = {false};
        struct aks_security_outcome outcome;
        struct aks_error error = {0};
        char text[40];

        shuffle(&world, rules);
        write_prefix(text, world.bits, 0, world.vnet_first, 2);
        vnet[0] = cidr_of(text);
        write_prefix(text, world.bits, 0, 0, 3);
        flow.source = cidr_of(text);
        write_prefix(text, world.bits, 1, 0, 2);
        vnet[1] = flow.destination = cidr_of(text);
        assert_true(aks_security_evaluate(&group, &flow, &outcome, &error));
        compare_with_naive(&world, &outcome, flow.port, found);
        assert_false(outcome.cut_short);
        assert_int_equal(outcome.verdict, found[AKS_SECURITY_ALLOWED] && found[AKS_SECURITY_DENIED]
                                              ? AKS_SECURITY_PARTLY
                                          : found[AKS_SECURITY_UNKNOWN] ? AKS_SECURITY_UNKNOWN
                                          : found[AKS_SECURITY_DENIED]  ? AKS_SECURITY_DENIED
                                                                        : AKS_SECURITY_ALLOWED);
        verdicts[outcome.verdict]++;
        aks_security_outcome_clear(&outcome);
    }
    for (size_t i = 0; i < COUNT(verdicts); i++)
        assert_in_range(verdicts[i], 200, 18000); /* the rounds met every kind */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet_fares_as_asking_for_it_alone_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
