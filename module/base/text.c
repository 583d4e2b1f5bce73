/* Comparing, converting and guessing text; ASCII only, so that no locale changes what is meant. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names longer than this are not worth a guess. */
#define DISTANCE_LENGTH_LIMIT 64

char aks_text_lower(char character)
{
    return character >= 'A' && character <= 'Z' ? (char)(character + ('a' - 'A')) : character;
}

bool aks_text_equal_fold(const char *a, const char *b)
{
    while (*a && aks_text_lower(*a) == aks_text_lower(*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

bool aks_text_equal_fold_n(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (aks_text_lower(a[i]) != aks_text_lower(b[i]))
            return false;
        if (a[i] == '\0')
            return true;
    }
    return true;
}

bool aks_text_to_integer(const char *text, long long minimum, long long maximum, long long *value)
{
    bool negative = *text == '-';
    const char *at = text + negative;
    long long sum = 0;

    if (*at == '\0')
        return false;
    for (; *at; at++) {
        int digit = *at - '0';

        if (digit < 0 || digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_sub_overflow(sum, digit, &sum)) /* downwards, as the lowest number has no counterpart */
            return false;
    }
    if (!negative && __builtin_sub_overflow(0LL, sum, &sum))
        return false;
    if (sum < minimum || sum > maximum)
        return false;
    *value = sum;
    return true;
}

char *aks_text_format(const char *format, ...)
{
    va_list arguments;
    char *text;
    int length;

    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return length < 0 ? NULL : text;
}

char *aks_text_copy_n(const char *text, size_t length)
{
    return strndup(text, length);
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t smaller = a < b ? a : b;

    return smaller < c ? smaller : c;
}

static bool swapped(const char *a, const char *b, size_t i, size_t j)
{
    return i > 1 && j > 1 && aks_text_lower(a[i - 1]) == aks_text_lower(b[j - 2]) &&
           aks_text_lower(a[i - 2]) == aks_text_lower(b[j - 1]);
}

/* Optimal string alignment, three rows at a time. */
size_t aks_text_distance(const char *a, const char *b, size_t limit)
{
    size_t a_length = strlen(a), b_length = strlen(b);
    size_t rows[3][DISTANCE_LENGTH_LIMIT + 1];

    if (a_length > DISTANCE_LENGTH_LIMIT || b_length > DISTANCE_LENGTH_LIMIT)
        return limit + 1;
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3], *above = rows[(i - 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replace = above[j - 1] + (aks_text_lower(a[i - 1]) != aks_text_lower(b[j - 1]));

            row[j] = smallest(above[j] + 1, row[j - 1] + 1, replace);
            if (swapped(a, b, i, j) && rows[(i - 2) % 3][j - 2] + 1 < row[j])
                row[j] = rows[(i - 2) % 3][j - 2] + 1;
        }
    }
    return rows[a_length % 3][b_length] > limit ? limit + 1 : rows[a_length % 3][b_length];
}

void aks_text_nearest_init(struct aks_text_nearest *nearest, const char *name)
{
    size_t near = strlen(name) / 3;

    *nearest = (struct aks_text_nearest){.name = name, .distance = (near > 0 ? near : 1) + 1};
}

void aks_text_nearest_try(struct aks_text_nearest *nearest, const char *candidate)
{
    size_t distance = aks_text_distance(nearest->name, candidate, nearest->distance);

    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = candidate;
    }
}

bool aks_text_is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);

    for (const char *at = choices; *at;) {
        size_t word = strcspn(at, "|");

        if (word == length && aks_text_equal_fold_n(at, value, length))
            return true;
        at += word;
        at += *at == '|';
    }
    return false;
}
