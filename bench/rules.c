/* What bench/rules measures: how fast a security group of 1,000 rules is evaluated, and how the search for overlapping
   prefixes grows. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rules/security_flow.h"

#define RULES 1000
#define RUNS 9 /* of which the median is taken */

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what)
{
    fprintf(stderr, "bench/rules: %s\n", what);
    exit(1);
}

static int compare_seconds(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static double median(double *seconds)
{
    qsort(seconds, RUNS, sizeof *seconds, compare_seconds);
    return seconds[RUNS / 2];
}

static struct aks_cidr prefix_of(uint32_t address, unsigned length)
{
    return (struct aks_cidr){
        .bytes = {(unsigned char)(address >> 24), (unsigned char)(address >> 16), (unsigned char)(address >> 8),
                  (unsigned char)address},
        .length = length,
        .bits = 32,
    };
}

/* Rules of which the flow meets none before the last, by port or by source; or that each cut a piece out of it. */
struct shape {
    const char *words;
    const char *port; /* of the rules */
    uint32_t first;   /* source of the first one; the others follow, each `step` addresses on */
    uint32_t step;
    unsigned length;
};

static const struct shape shapes[] = {
    {"rules for other ports", "8000-8999", 0x0b000000, 256, 24},
    {"rules for other sources", "443", 0x0b000000, 256, 24},
    {"rules that each deny one address of the source", "443", 0x0a010000, 2, 32},
};

static char source_texts[RULES][AKS_CIDR_TEXT_SIZE];
static const char *sources[RULES];
static struct aks_security_rule rules[RULES];

static void make_rules(const struct shape *shape)
{
    static const char *const any[] = {"*"}, *const destination[] = {"10.2.0.0/28"};

    for (size_t i = 0; i < RULES; i++) {
        struct aks_cidr prefix = prefix_of(shape->first + shape->step * (uint32_t)i, shape->length);

        sources[i] = aks_cidr_text(&prefix, source_texts[i]);
        rules[i] = (struct aks_security_rule){
            .name = "rule",
            .priority = AKS_SECURITY_PRIORITY_FIRST + (unsigned)i,
            .direction = AKS_SECURITY_INBOUND,
            .access = AKS_SECURITY_DENY,
            .protocol = AKS_SECURITY_TCP,
            .sources = {&sources[i], 1},
            .destinations = {destination, 1},
            .source_ports = {any, 1},
            .destination_ports = {&shape->port, 1},
        };
    }
}

static size_t evaluate(const struct aks_cidr *vnet)
{
    const struct aks_security_group group = {rules, RULES, vnet, 1};
    const struct aks_security_flow flow = {
        .direction = AKS_SECURITY_INBOUND,
        .protocol = AKS_SECURITY_TCP,
        .source = prefix_of(0x0a010000, 16),
        .destination = prefix_of(0x0a020000, 28),
        .port = 443,
    };
    struct aks_security_outcome outcome;
    struct aks_error error = {0};
    size_t parts;

    if (!aks_security_evaluate(&group, &flow, &outcome, &error))
        fail(aks_error_code(&error));
    parts = outcome.part_count;
    aks_security_outcome_clear(&outcome);
    return parts;
}

static void measure_evaluation(const struct shape *shape)
{
    const struct aks_cidr vnet = prefix_of(0x0a000000, 8);
    const int evaluations = 50;
    double seconds[RUNS];
    size_t parts = 0;

    make_rules(shape);
    for (int run = 0; run < RUNS; run++) {
        double began = now();

        for (int i = 0; i < evaluations; i++)
            parts = evaluate(&vnet);
        seconds[run] = (now() - began) / evaluations;
    }
    printf("  %-48s %8.0f a second (%zu parts)\n", shape->words, 1 / median(seconds), parts);
}

/* /28 prefixes side by side, none overlapping, in random order. */
static struct aks_cidr *make_prefixes(size_t count)
{
    struct aks_cidr *prefixes = calloc(count, sizeof *prefixes);
    uint64_t seed = 0x5eed;

    if (!prefixes)
        fail("out of memory");
    for (size_t i = 0; i < count; i++)
        prefixes[i] = prefix_of((uint32_t)i << 4, 28);
    for (size_t i = count; i > 1; i--) {
        size_t other;
        struct aks_cidr prefix = prefixes[i - 1];

        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        other = seed % i;
        prefixes[i - 1] = prefixes[other];
        prefixes[other] = prefix;
    }
    return prefixes;
}

static double measure_overlap(size_t count)
{
    struct aks_cidr *prefixes = make_prefixes(count);
    double seconds[RUNS];

    for (int run = 0; run < RUNS; run++) {
        struct aks_cidr_pair pair;
        struct aks_error error = {0};
        double began = now();

        if (!aks_cidr_find_overlap(prefixes, count, &pair, &error) || pair.found)
            fail("an overlap where there is none");
        seconds[run] = now() - began;
    }
    free(prefixes);
    return median(seconds);
}

int main(void)
{
    double first = 0;

    printf("evaluations of a flow by a group of %d rules (median of %d runs):\n", RULES, RUNS);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        measure_evaluation(&shapes[i]);
    printf("search for an overlap among n prefixes (median of %d runs):\n", RUNS);
    for (size_t count = 1000; count <= 1000000; count *= 10) {
        double seconds = measure_overlap(count), unit = seconds / ((double)count * log2((double)count));

        if (count == 1000)
            first = unit;
        printf("  n = %7zu: %9.3f ms, %5.2f ns for each of n log2 n, %.2f times that of n = 1000\n", count,
               seconds * 1e3, unit * 1e9, unit / first);
    }
    return 0;
}
