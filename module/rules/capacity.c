/* Arithmetic of addresses. */
#include "rules/capacity.h"

#include <stdlib.h>
#include <string.h>

#include "rules/cluster_rules.h"

enum { IPV4_BITS = 32, SMALLEST = 29 }; /* Azure has no smaller subnets */

unsigned long long aks_capacity_clusters(const struct aks_cidr *subnet, unsigned long long used)
{
    double free = aks_cidr_usable(subnet) - (double)used;

    if (subnet->length > AKS_APISERVER_LENGTH && subnet->bits == IPV4_BITS)
        return 0;
    return free < AKS_APISERVER_ADDRESSES ? 0 : (unsigned long long)(free / AKS_APISERVER_ADDRESSES);
}

unsigned long long aks_capacity_addresses(unsigned long long nodes, unsigned long long surge, unsigned long long pods)
{
    return (nodes + surge) * (1 + pods);
}

unsigned aks_capacity_length(unsigned long long addresses)
{
    for (unsigned length = SMALLEST; length > 0; length--)
        if ((1ULL << (IPV4_BITS - length)) >= addresses + AKS_CIDR_RESERVED)
            return length;
    return 0;
}

unsigned aks_capacity_apiserver_length(unsigned long long clusters)
{
    unsigned length = aks_capacity_length(clusters * AKS_APISERVER_ADDRESSES);

    return length > AKS_APISERVER_LENGTH ? AKS_APISERVER_LENGTH : length;
}

static int compare(const void *a, const void *b)
{
    return aks_cidr_compare(a, b);
}

/* Whether `prefix` ends before `limit` begins. */
static bool is_before(const struct aks_cidr *prefix, const struct aks_cidr *limit)
{
    struct aks_cidr last = aks_cidr_last(prefix), first = aks_cidr_first(limit);

    return memcmp(last.bytes, first.bytes, sizeof last.bytes) < 0;
}

/* The prefix of that length that begins right after `taken`, rounded up; false at the end of all addresses. */
static bool next_after(const struct aks_cidr *taken, unsigned length, struct aks_cidr *next)
{
    struct aks_cidr last = aks_cidr_last(taken);
    unsigned bit = length;

    *next = last;
    next->length = length;
    for (unsigned i = length; i < last.bits; i++) /* the prefix of that length in which `taken` ends */
        next->bytes[i / 8] &= (unsigned char)~(0x80 >> i % 8);
    while (bit-- > 0) { /* and the one after it */
        next->bytes[bit / 8] ^= (unsigned char)(0x80 >> bit % 8);
        if (next->bytes[bit / 8] & (0x80 >> bit % 8))
            return true;
    }
    return false;
}

bool aks_capacity_next_free(const struct aks_cidr *network, const struct aks_cidr *taken, size_t count, unsigned length,
                            struct aks_cidr *found, struct aks_error *error)
{
    struct aks_cidr *sorted = malloc((count + 1) * sizeof *sorted), candidate = *network;
    bool done;

    if (!sorted)
        return aks_error_set_no_memory(error);
    if (count > 0)
        memcpy(sorted, taken, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    candidate.length = length;
    done = length >= network->length && length <= network->bits;
    for (size_t i = 0; done && i < count; i++) {
        if (sorted[i].bits != network->bits || !aks_cidr_overlaps(&sorted[i], &candidate)) {
            if (sorted[i].bits == network->bits && is_before(&candidate, &sorted[i]))
                break; /* nothing that follows begins earlier */
            continue;
        }
        done = next_after(&sorted[i], length, &candidate);
    }
    free(sorted);
    done = done && aks_cidr_contains(network, &candidate);
    if (done)
        *found = candidate;
    return done;
}
