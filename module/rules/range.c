/* Arithmetic of ranges and of sets of them. */
#include "rules/range.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int aks_number_compare(struct aks_number a, struct aks_number b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return (a.low > b.low) - (a.low < b.low);
}

/* Of a number that is not the greatest. */
static struct aks_number next(struct aks_number number)
{
    number.low++;
    number.high += number.low == 0;
    return number;
}

/* Of a number that is not 0. */
static struct aks_number previous(struct aks_number number)
{
    number.high -= number.low == 0;
    number.low--;
    return number;
}

static bool is_greatest(struct aks_number number)
{
    return number.high == UINT64_MAX && number.low == UINT64_MAX;
}

static struct aks_number number_of(const struct aks_cidr *address)
{
    struct aks_number number = {0};

    for (unsigned i = 0; i < address->bits / 8; i++) {
        number.high = number.high << 8 | number.low >> 56;
        number.low = number.low << 8 | address->bytes[i];
    }
    return number;
}

static struct aks_cidr address_of(struct aks_number number, unsigned bits)
{
    struct aks_cidr address = {.length = bits, .bits = bits};

    for (unsigned i = bits / 8; i-- > 0;) {
        address.bytes[i] = (unsigned char)(number.low & 0xff);
        number.low = number.low >> 8 | number.high << 56;
        number.high >>= 8;
    }
    return address;
}

struct aks_range aks_range_of_cidr(const struct aks_cidr *prefix)
{
    struct aks_cidr first = aks_cidr_first(prefix), last = aks_cidr_last(prefix);

    return (struct aks_range){.first = number_of(&first), .last = number_of(&last)};
}

struct aks_range aks_range_of_ports(const struct aks_port_range *ports)
{
    return (struct aks_range){.first = {.low = ports->first}, .last = {.low = ports->last}};
}

bool aks_range_equal(const struct aks_range *a, const struct aks_range *b)
{
    return aks_number_compare(a->first, b->first) == 0 && aks_number_compare(a->last, b->last) == 0;
}

bool aks_range_meet(const struct aks_range *a, const struct aks_range *b, struct aks_range *common)
{
    struct aks_range result = {
        .first = aks_number_compare(a->first, b->first) > 0 ? a->first : b->first,
        .last = aks_number_compare(a->last, b->last) < 0 ? a->last : b->last,
    };

    if (aks_number_compare(result.first, result.last) > 0)
        return false;
    *common = result;
    return true;
}

bool aks_range_below(const struct aks_range *outer, const struct aks_range *inner, struct aks_range *rest)
{
    if (aks_number_compare(outer->first, inner->first) >= 0)
        return false;
    *rest = (struct aks_range){.first = outer->first, .last = previous(inner->first)};
    return true;
}

bool aks_range_above(const struct aks_range *outer, const struct aks_range *inner, struct aks_range *rest)
{
    if (aks_number_compare(outer->last, inner->last) <= 0)
        return false;
    *rest = (struct aks_range){.first = next(inner->last), .last = outer->last};
    return true;
}

const char *aks_range_text(const struct aks_range *range, unsigned bits, char text[AKS_RANGE_TEXT_SIZE])
{
    struct aks_cidr first = address_of(range->first, bits), last = address_of(range->last, bits), prefix = first;
    char last_text[AKS_CIDR_TEXT_SIZE];
    size_t used;

    for (unsigned length = 0; length <= bits; length++) {
        struct aks_range whole;

        prefix.length = length;
        whole = aks_range_of_cidr(&prefix);
        if (aks_cidr_contains(&prefix, &first) && aks_range_equal(&whole, range)) /* no bits beyond the length */
            return aks_cidr_text(&prefix, text);
    }
    aks_cidr_address_text(&first, text);
    used = strlen(text);
    snprintf(text + used, AKS_RANGE_TEXT_SIZE - used, " to %s", aks_cidr_address_text(&last, last_text));
    return text;
}

static bool reserve_one(struct aks_range_set *set)
{
    size_t capacity = set->capacity ? set->capacity * 2 : 4;
    struct aks_range *items;

    if (set->count < set->capacity)
        return true;
    items = reallocarray(set->items, capacity, sizeof *items);
    if (!items)
        return false;
    set->items = items;
    set->capacity = capacity;
    return true;
}

bool aks_range_set_add(struct aks_range_set *set, const struct aks_range *range, const struct aks_range *window)
{
    struct aks_range common;

    if (!aks_range_meet(range, window, &common))
        return true;
    if (!reserve_one(set))
        return false;
    set->items[set->count++] = common;
    return true;
}

bool aks_range_set_remove(struct aks_range_set *set, const struct aks_range *range)
{
    struct aks_range_set kept = {0};

    for (size_t i = 0; i < set->count; i++) {
        const struct aks_range *item = &set->items[i];
        struct aks_range common, below, above;
        bool cut = aks_range_meet(item, range, &common);

        if ((!cut && !aks_range_set_add(&kept, item, item)) ||
            (cut && aks_range_below(item, &common, &below) && !aks_range_set_add(&kept, &below, item)) ||
            (cut && aks_range_above(item, &common, &above) && !aks_range_set_add(&kept, &above, item))) {
            aks_range_set_clear(&kept);
            return false;
        }
    }
    free(set->items);
    *set = kept;
    return true;
}

static int compare_ranges(const void *a, const void *b)
{
    const struct aks_range *left = a, *right = b;

    return aks_number_compare(left->first, right->first);
}

/* Whether no number lies between `range` and a later one that begins at `first`. */
static bool touches(const struct aks_range *range, struct aks_number first)
{
    return is_greatest(range->last) || aks_number_compare(first, next(range->last)) <= 0;
}

void aks_range_set_settle(struct aks_range_set *set)
{
    size_t kept = 0;

    if (set->count < 2)
        return;
    qsort(set->items, set->count, sizeof *set->items, compare_ranges);
    for (size_t i = 1; i < set->count; i++) {
        struct aks_range *last = &set->items[kept];

        if (!touches(last, set->items[i].first))
            set->items[++kept] = set->items[i];
        else if (aks_number_compare(set->items[i].last, last->last) > 0)
            last->last = set->items[i].last;
    }
    set->count = kept + 1;
}

size_t aks_range_set_find(const struct aks_range_set *set, const struct aks_range *range)
{
    size_t low = 0, high = set->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (aks_number_compare(set->items[middle].last, range->first) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool aks_range_set_meets(const struct aks_range_set *set, const struct aks_range *range)
{
    size_t index = aks_range_set_find(set, range);

    return index < set->count && aks_number_compare(set->items[index].first, range->last) <= 0;
}

void aks_range_set_reset(struct aks_range_set *set)
{
    set->count = 0;
}

void aks_range_set_clear(struct aks_range_set *set)
{
    free(set->items);
    *set = (struct aks_range_set){0};
}
