/* Taking challenges apart. What is malformed yields nothing, and never more than its own header's text. */
#include "transport/challenge.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SPACE " \t"

/* "claims", at `at` and so long. */
static bool is_word(const char *at, size_t length, const char *word)
{
    return strlen(word) == length && aks_text_equal_fold_n(at, word, length);
}

/* The length of a quoted text, quotes included; 0 when it does not end. */
static size_t quoted_length(const char *at)
{
    for (size_t i = 1; at[i]; i++) {
        if (at[i] == '"')
            return i + 1;
        if (at[i] == '\\' && at[i + 1])
            i++;
    }
    return 0;
}

/* The value's length as it stands there, quotes included. */
static size_t value_length(const char *at)
{
    return *at == '"' ? quoted_length(at) : strcspn(at, "," SPACE);
}

static char *copy_value(const char *at, size_t length)
{
    char *copy = *at == '"' ? aks_text_copy_n(at + 1, length - 2) : aks_text_copy_n(at, length);
    char *to = copy;

    if (!copy || *at != '"')
        return copy;
    for (const char *from = copy; *from; from++) {
        if (*from == '\\' && from[1])
            from++;
        *to++ = *from;
    }
    *to = '\0';
    return copy;
}

/* A word that '=' follows is a parameter of the scheme before it; any other word is a scheme. */
static bool find_in(const char *at, const char *scheme, const char *name, char **value)
{
    bool wanted = false;

    for (at += strspn(at, "," SPACE); *at; at += strspn(at, "," SPACE)) {
        const char *word = at;
        size_t length = strcspn(at, "=\"," SPACE), count;

        at += length;
        at += strspn(at, SPACE);
        if (*at != '=') {
            wanted = is_word(word, length, scheme);
            if (length == 0)
                return true; /* a quote that belongs to nothing */
            continue;
        }
        at++;
        at += strspn(at, SPACE);
        count = value_length(at);
        if (count == 0 && *at == '"')
            return true;
        if (wanted && is_word(word, length, name)) {
            *value = copy_value(at, count);
            return *value != NULL;
        }
        at += count;
    }
    return true;
}

bool aks_challenge_find(const struct aks_headers *headers, const char *scheme, const char *name, char **value)
{
    *value = NULL;
    for (size_t i = 0; i < headers->count && !*value; i++)
        if (aks_text_equal_fold(headers->items[i].name, "WWW-Authenticate") &&
            !find_in(headers->items[i].value, scheme, name, value))
            return false;
    return true;
}
