/* Ranges of whole numbers below 2^128, which stand for addresses or ports, and sets of such ranges. Pure. */
#ifndef AKS_RULES_RANGE_H
#define AKS_RULES_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "rules/cidr.h"
#include "rules/port_range.h"

struct aks_number {
    uint64_t high, low;
};

/* Both ends belong to it: first <= last. */
struct aks_range {
    struct aks_number first, last;
};

int aks_number_compare(struct aks_number a, struct aks_number b);

struct aks_range aks_range_of_cidr(const struct aks_cidr *prefix);
struct aks_range aks_range_of_ports(const struct aks_port_range *ports);

bool aks_range_equal(const struct aks_range *a, const struct aks_range *b);

/* What two ranges have in common; false when that is nothing. */
bool aks_range_meet(const struct aks_range *a, const struct aks_range *b, struct aks_range *common);

/* Whether a number is left below (above) `inner` in `outer`, and then which: *rest. */
bool aks_range_below(const struct aks_range *outer, const struct aks_range *inner, struct aks_range *rest);
bool aks_range_above(const struct aks_range *outer, const struct aks_range *inner, struct aks_range *rest);

/* Addresses of `bits` (32 or 128) as "10.0.0.0/24" where they are a prefix, else "10.0.0.1 to 10.0.0.9". Returns
   `text`. */
#define AKS_RANGE_TEXT_SIZE (2 * AKS_CIDR_TEXT_SIZE + 4)
const char *aks_range_text(const struct aks_range *range, unsigned bits, char text[AKS_RANGE_TEXT_SIZE]);

/* Zero-initialised is empty. Between aks_range_set_add and aks_range_set_settle it is a mere list. */
struct aks_range_set {
    struct aks_range *items; /* once settled: in order, none overlapping or touching another */
    size_t count, capacity;
};

/* Adds what `range` and `window` have in common. False only for want of memory. */
AKS_CHECK bool aks_range_set_add(struct aks_range_set *set, const struct aks_range *range,
                                 const struct aks_range *window);

/* Takes `range` out of a settled set, which stays settled. False only for want of memory. */
AKS_CHECK bool aks_range_set_remove(struct aks_range_set *set, const struct aks_range *range);

/* Sorts and joins. */
void aks_range_set_settle(struct aks_range_set *set);

/* The first item of a settled set that does not lie wholly below `range`: its index, or `count`. In O(log n). */
size_t aks_range_set_find(const struct aks_range_set *set, const struct aks_range *range);

/* Whether a settled set has a number in common with `range`. */
bool aks_range_set_meets(const struct aks_range_set *set, const struct aks_range *range);

/* Empties it but keeps the memory for the next use; and releases the memory. */
void aks_range_set_reset(struct aks_range_set *set);
void aks_range_set_clear(struct aks_range_set *set);

#endif
