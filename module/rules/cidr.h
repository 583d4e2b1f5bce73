/* IP prefixes and addresses, version 4 and 6: read, written, compared, divided. Pure. */
#ifndef AKS_RULES_CIDR_H
#define AKS_RULES_CIDR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"

/* A prefix; an address is one of full length. Bits beyond `length`, and bytes beyond `bits`, are zero. */
struct aks_cidr {
    unsigned char bytes[16]; /* in network order */
    unsigned length;         /* of the prefix: 0 to `bits` */
    unsigned bits;           /* of an address: 32 or 128 */
};

#define AKS_CIDR_TEXT_SIZE 50 /* with "/128" and the NUL */

/* What is wrong with a text. */
enum aks_cidr_fault {
    AKS_CIDR_VALID,
    AKS_CIDR_NOT_AN_ADDRESS,
    AKS_CIDR_LEADING_ZERO, /* "10.0.0.010": octal to some readers, decimal to others */
    AKS_CIDR_NO_LENGTH,    /* an address without "/28" */
    AKS_CIDR_BAD_LENGTH,   /* not a number, or more than the address has bits */
    AKS_CIDR_HOST_BITS     /* "172.19.0.1/16": bits are set beyond the length */
};

/* Reads "172.19.0.0/28" or "fd00::/64": four decimal octets without leading zeros, or any form of RFC 4291 section 2.2.
   With AKS_CIDR_HOST_BITS, *prefix is what was meant: the bits are cleared. With another fault it is left alone. */
enum aks_cidr_fault aks_cidr_parse(const char *text, struct aks_cidr *prefix);

/* Reads an address alone: the faults are AKS_CIDR_NOT_AN_ADDRESS and AKS_CIDR_LEADING_ZERO. */
enum aks_cidr_fault aks_cidr_parse_address(const char *text, struct aks_cidr *address);

/* The code of findings and errors: "cidr_host_bits" or "cidr_invalid". Static. */
const char *aks_cidr_fault_code(enum aks_cidr_fault fault);

/* A sentence on the fault that aks_cidr_parse or aks_cidr_parse_address gave for `text`, naming the text and what to
   write instead. */
#define AKS_CIDR_MESSAGE_SIZE 256
void aks_cidr_explain(enum aks_cidr_fault fault, const char *text, char message[AKS_CIDR_MESSAGE_SIZE]);

/* aks_cidr_parse for those who want an error: its code and message are those of the two functions above. */
AKS_CHECK bool aks_cidr_read(const char *text, struct aks_cidr *prefix, struct aks_error *error);

/* The text in canonical form (RFC 5952): with the length, and without. Both return `text`. */
const char *aks_cidr_text(const struct aks_cidr *prefix, char text[AKS_CIDR_TEXT_SIZE]);
const char *aks_cidr_address_text(const struct aks_cidr *address, char text[AKS_CIDR_TEXT_SIZE]);

/* Order by version, then first address, then length (the larger prefix first): negative, 0 or positive. */
int aks_cidr_compare(const struct aks_cidr *a, const struct aks_cidr *b);

/* Whether all of `inner`, a prefix or an address, is in `outer`. Never across versions. */
bool aks_cidr_contains(const struct aks_cidr *outer, const struct aks_cidr *inner);

/* Whether they have an address in common: prefixes nest or are apart. */
bool aks_cidr_overlaps(const struct aks_cidr *a, const struct aks_cidr *b);

struct aks_cidr aks_cidr_first(const struct aks_cidr *prefix);
struct aks_cidr aks_cidr_last(const struct aks_cidr *prefix);

/* How many addresses: a power of two, which a double holds exactly. */
double aks_cidr_size(const struct aks_cidr *prefix);

/* How many addresses of an Azure subnet are for its user. Azure keeps the first four and the last one:
   https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq */
#define AKS_CIDR_RESERVED 5
double aks_cidr_usable(const struct aks_cidr *prefix);

/* How many prefixes of `length` it holds: 0 when `length` is shorter than its own or longer than an address. */
double aks_cidr_subnet_count(const struct aks_cidr *prefix, unsigned length);

/* The prefix of `length` at `index` (from 0) within it; false when there is none. */
AKS_CHECK bool aks_cidr_subnet(const struct aks_cidr *prefix, unsigned length, unsigned long long index,
                               struct aks_cidr *subnet);

/* Two prefixes of an array that overlap. */
struct aks_cidr_pair {
    bool found;
    size_t first, second; /* indices, first < second */
};

/* Finds the pair that one meets first when reading the array: the one with the least `second`, and among those the
   least `first`. In O(n log n). False only for want of memory. */
AKS_CHECK bool aks_cidr_find_overlap(const struct aks_cidr *prefixes, size_t count, struct aks_cidr_pair *pair,
                                     struct aks_error *error);

#endif
