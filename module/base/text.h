/* Text: comparing without case, numbers from text, the nearest of some names. ASCII only, whatever the locale. */
#ifndef AKS_BASE_TEXT_H
#define AKS_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

bool aks_text_equal_fold(const char *a, const char *b);
bool aks_text_equal_fold_n(const char *a, const char *b, size_t length);
char aks_text_lower(char character);

/* The whole of `text` as a decimal integer in [minimum, maximum]: digits with an optional '-', nothing else. */
AKS_CHECK bool aks_text_to_integer(const char *text, long long minimum, long long maximum, long long *value);

/* A new string in printf's manner, NULL for want of memory. */
char *aks_text_format(const char *format, ...) AKS_PRINTF(1, 2);

/* The first `length` bytes as a new string, NULL for want of memory. */
char *aks_text_copy_n(const char *text, size_t length);

/* How many single-character edits (insert, delete, replace, swap of neighbours) lead from a to b, without case; a
   number above `limit` when there are more than `limit`, or when a text has more than 64 characters. */
size_t aks_text_distance(const char *a, const char *b, size_t limit);

/* Finds "did you mean": feed the candidates, then ask. Only near ones count (a third of the name's length, at least 1).
 */
struct aks_text_nearest {
    const char *name;
    const char *best; /* borrowed from the candidates; NULL when none is near */
    size_t distance;
};
void aks_text_nearest_init(struct aks_text_nearest *nearest, const char *name);
void aks_text_nearest_try(struct aks_text_nearest *nearest, const char *candidate);

/* Whether `value` is one of the words of `choices` ("azure|kubenet|none"), without case. */
bool aks_text_is_choice(const char *choices, const char *value);

#endif
