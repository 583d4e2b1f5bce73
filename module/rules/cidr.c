/* Arithmetic of IP prefixes. Knows nothing of what a prefix is used for, but for the addresses that Azure keeps. */
#include "rules/cidr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

/* "10.0.0.010" would be an address if its octets had no leading zeros. */
static bool has_leading_zero(const char *text)
{
    if (text[strspn(text, "0123456789.")] != '\0')
        return false;
    for (const char *octet = text; octet; octet = strchr(octet, '.')) {
        if (*octet == '.')
            octet++;
        if (octet[0] == '0' && is_digit(octet[1]))
            return true;
    }
    return false;
}

enum aks_cidr_fault aks_cidr_parse_address(const char *text, struct aks_cidr *address)
{
    struct aks_cidr result = {.length = 32, .bits = 32};

    /* Not getaddrinfo and the like: inet_pton alone takes no octal, no short forms and no zones. */
    if (inet_pton(AF_INET, text, result.bytes) != 1) {
        result.length = result.bits = 128;
        if (inet_pton(AF_INET6, text, result.bytes) != 1)
            return has_leading_zero(text) ? AKS_CIDR_LEADING_ZERO : AKS_CIDR_NOT_AN_ADDRESS;
    }
    *address = result;
    return AKS_CIDR_VALID;
}

static bool parse_length(const char *text, unsigned maximum, unsigned *length)
{
    unsigned value = 0;
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 3 || text[digits] != '\0' || (digits > 1 && *text == '0'))
        return false;
    for (const char *digit = text; *digit; digit++)
        value = value * 10 + (unsigned)(*digit - '0');
    if (value > maximum)
        return false;
    *length = value;
    return true;
}

/* Which bits of the byte at `index` belong to a prefix of `length`. */
static unsigned char mask_at(unsigned length, unsigned index)
{
    unsigned before = index * 8;

    if (length <= before)
        return 0;
    return (unsigned char)(length - before >= 8 ? 0xff : 0xff << (8 - (length - before)));
}

/* Shortens to `length` and clears the bits beyond it; whether one was set. */
static bool shorten(struct aks_cidr *prefix, unsigned length)
{
    bool cleared = false;

    for (unsigned i = 0; i < sizeof prefix->bytes; i++) {
        unsigned char kept = prefix->bytes[i] & mask_at(length, i);

        cleared = cleared || kept != prefix->bytes[i];
        prefix->bytes[i] = kept;
    }
    prefix->length = length;
    return cleared;
}

enum aks_cidr_fault aks_cidr_parse(const char *text, struct aks_cidr *prefix)
{
    char address[AKS_CIDR_TEXT_SIZE];
    size_t before = strcspn(text, "/");
    struct aks_cidr result;
    enum aks_cidr_fault fault;
    unsigned length;

    if (before >= sizeof address)
        return AKS_CIDR_NOT_AN_ADDRESS;
    memcpy(address, text, before);
    address[before] = '\0';
    fault = aks_cidr_parse_address(address, &result);
    if (fault != AKS_CIDR_VALID)
        return fault;
    if (text[before] == '\0')
        return AKS_CIDR_NO_LENGTH;
    if (!parse_length(text + before + 1, result.bits, &length))
        return AKS_CIDR_BAD_LENGTH;
    fault = shorten(&result, length) ? AKS_CIDR_HOST_BITS : AKS_CIDR_VALID;
    *prefix = result;
    return fault;
}

const char *aks_cidr_fault_code(enum aks_cidr_fault fault)
{
    return fault == AKS_CIDR_HOST_BITS ? "cidr_host_bits" : "cidr_invalid";
}

void aks_cidr_explain(enum aks_cidr_fault fault, const char *text, char message[AKS_CIDR_MESSAGE_SIZE])
{
    static const char *const reasons[] = {
        [AKS_CIDR_VALID] = "is valid",
        [AKS_CIDR_NOT_AN_ADDRESS] = "is not an IP address",
        [AKS_CIDR_LEADING_ZERO] = "has a number with a leading zero, which some read as octal",
        [AKS_CIDR_NO_LENGTH] = "has no prefix length",
        [AKS_CIDR_BAD_LENGTH] = "has a prefix length out of range",
        [AKS_CIDR_HOST_BITS] = "has bits set beyond its prefix length",
    };
    const int shown = 80; /* of a text that may be anything */
    char better[AKS_CIDR_TEXT_SIZE];
    struct aks_cidr prefix;
    int used = snprintf(message, AKS_CIDR_MESSAGE_SIZE, "\"%.*s\" %s", shown, text, reasons[fault]);
    size_t length = used > 0 ? (size_t)used : 0;

    if (length >= AKS_CIDR_MESSAGE_SIZE)
        return;
    if (fault == AKS_CIDR_HOST_BITS && aks_cidr_parse(text, &prefix) == fault)
        snprintf(message + length, AKS_CIDR_MESSAGE_SIZE - length, ": the prefix is \"%s\"",
                 aks_cidr_text(&prefix, better));
    else if (fault == AKS_CIDR_NO_LENGTH && aks_cidr_parse_address(text, &prefix) == AKS_CIDR_VALID)
        snprintf(message + length, AKS_CIDR_MESSAGE_SIZE - length, ": one address alone is \"%s\"",
                 aks_cidr_text(&prefix, better));
    else if (fault == AKS_CIDR_BAD_LENGTH)
        snprintf(message + length, AKS_CIDR_MESSAGE_SIZE - length, ": it is 0 to %d", strchr(text, ':') ? 128 : 32);
}

bool aks_cidr_read(const char *text, struct aks_cidr *prefix, struct aks_error *error)
{
    enum aks_cidr_fault fault = aks_cidr_parse(text, prefix);
    char message[AKS_CIDR_MESSAGE_SIZE];

    if (fault == AKS_CIDR_VALID)
        return true;
    aks_cidr_explain(fault, text, message);
    return aks_error_set(error, aks_cidr_fault_code(fault), "%s", message);
}

const char *aks_cidr_address_text(const struct aks_cidr *address, char text[AKS_CIDR_TEXT_SIZE])
{
    /* Cannot fail: the family is known and the text is large enough. */
    return inet_ntop(address->bits == 32 ? AF_INET : AF_INET6, address->bytes, text, AKS_CIDR_TEXT_SIZE);
}

const char *aks_cidr_text(const struct aks_cidr *prefix, char text[AKS_CIDR_TEXT_SIZE])
{
    size_t used;

    aks_cidr_address_text(prefix, text);
    used = strlen(text);
    snprintf(text + used, AKS_CIDR_TEXT_SIZE - used, "/%u", prefix->length);
    return text;
}

int aks_cidr_compare(const struct aks_cidr *a, const struct aks_cidr *b)
{
    int order;

    if (a->bits != b->bits)
        return a->bits < b->bits ? -1 : 1;
    order = memcmp(a->bytes, b->bytes, sizeof a->bytes);
    if (order != 0)
        return order;
    return (a->length > b->length) - (a->length < b->length);
}

bool aks_cidr_contains(const struct aks_cidr *outer, const struct aks_cidr *inner)
{
    if (outer->bits != inner->bits || outer->length > inner->length)
        return false;
    for (unsigned i = 0; i < sizeof outer->bytes; i++)
        if ((inner->bytes[i] & mask_at(outer->length, i)) != outer->bytes[i])
            return false;
    return true;
}

bool aks_cidr_overlaps(const struct aks_cidr *a, const struct aks_cidr *b)
{
    return aks_cidr_contains(a, b) || aks_cidr_contains(b, a);
}

struct aks_cidr aks_cidr_first(const struct aks_cidr *prefix)
{
    struct aks_cidr first = *prefix;

    first.length = first.bits;
    return first;
}

struct aks_cidr aks_cidr_last(const struct aks_cidr *prefix)
{
    struct aks_cidr last = *prefix;

    for (unsigned i = 0; i < last.bits / 8; i++)
        last.bytes[i] |= (unsigned char)~mask_at(last.length, i);
    last.length = last.bits;
    return last;
}

static double power_of_two(unsigned exponent)
{
    double power = 1;

    while (exponent-- > 0)
        power *= 2;
    return power;
}

double aks_cidr_size(const struct aks_cidr *prefix)
{
    return power_of_two(prefix->bits - prefix->length);
}

double aks_cidr_usable(const struct aks_cidr *prefix)
{
    double size = aks_cidr_size(prefix);

    return size > AKS_CIDR_RESERVED ? size - AKS_CIDR_RESERVED : 0;
}

double aks_cidr_subnet_count(const struct aks_cidr *prefix, unsigned length)
{
    if (length < prefix->length || length > prefix->bits)
        return 0;
    return power_of_two(length - prefix->length);
}

bool aks_cidr_subnet(const struct aks_cidr *prefix, unsigned length, unsigned long long index, struct aks_cidr *subnet)
{
    struct aks_cidr result = *prefix;
    unsigned free_bits;

    if (length < prefix->length || length > prefix->bits)
        return false;
    free_bits = length - prefix->length;
    if (free_bits < 64 && index >> free_bits != 0)
        return false;
    for (unsigned position = length; index != 0; index >>= 1) {
        position--; /* of the bit, counted from the left: the index goes before `length`, its lowest bit last */
        if (index & 1)
            result.bytes[position / 8] |= (unsigned char)(0x80 >> position % 8);
    }
    result.length = length;
    *subnet = result;
    return true;
}

/* A prefix in sorted order, where containers come before what they contain. */
struct place {
    const struct aks_cidr *prefix;
    size_t index;  /* in the array */
    size_t least;  /* the least index of this one and all that contain it */
    size_t around; /* place of the nearest container, or NONE */
};
#define NONE ((size_t)-1)

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    int order = aks_cidr_compare(left->prefix, right->prefix);

    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

static void note_pair(struct aks_cidr_pair *pair, size_t a, size_t b)
{
    size_t first = a < b ? a : b, second = a < b ? b : a;

    if (!pair->found || second < pair->second || (second == pair->second && first < pair->first))
        *pair = (struct aks_cidr_pair){.found = true, .first = first, .second = second};
}

/* Every overlap is a prefix and one around it, and of those around a prefix the one with the least index makes the
   earliest pair: so one pair for each prefix is enough. */
static void sweep(struct place *places, size_t count, struct aks_cidr_pair *pair)
{
    for (size_t i = 0; i < count; i++) {
        size_t around = i > 0 ? i - 1 : NONE;

        while (around != NONE && !aks_cidr_contains(places[around].prefix, places[i].prefix))
            around = places[around].around;
        places[i].around = around;
        places[i].least = places[i].index;
        if (around == NONE)
            continue;
        note_pair(pair, places[around].least, places[i].index);
        if (places[around].least < places[i].least)
            places[i].least = places[around].least;
    }
}

bool aks_cidr_find_overlap(const struct aks_cidr *prefixes, size_t count, struct aks_cidr_pair *pair,
                           struct aks_error *error)
{
    struct place *places;

    *pair = (struct aks_cidr_pair){.found = false};
    if (count < 2)
        return true;
    places = calloc(count, sizeof *places);
    if (!places)
        return aks_error_set_no_memory(error);
    for (size_t i = 0; i < count; i++)
        places[i] = (struct place){.prefix = &prefixes[i], .index = i};
    qsort(places, count, sizeof *places, compare_places);
    sweep(places, count, pair);
    free(places);
    return true;
}
