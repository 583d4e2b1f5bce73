/* Lists of header fields. */
#include "transport/transport.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* What could smuggle another header in (RFC 9110 section 5.5). */
static bool is_clean(const char *text)
{
    return !strpbrk(text, "\r\n");
}

bool aks_headers_add(struct aks_headers *headers, const char *name, const char *value)
{
    struct aks_header *items;
    struct aks_header added;

    if (headers->count == AKS_HEADERS_LIMIT || !*name || !is_clean(name) || !is_clean(value) || strchr(name, ':'))
        return false;
    items = reallocarray(headers->items, headers->count + 1, sizeof *items);
    if (!items)
        return false;
    headers->items = items;
    added = (struct aks_header){.name = strdup(name)};
    if (added.name)
        added.value = strdup(value); /* the last, as it is not freed without being overwritten */
    if (!added.value) {
        free(added.name);
        return false;
    }
    items[headers->count++] = added;
    return true;
}

const char *aks_headers_get(const struct aks_headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (aks_text_equal_fold(headers->items[i].name, name))
            return headers->items[i].value;
    return NULL;
}

void aks_headers_clear(struct aks_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        explicit_bzero(headers->items[i].value, strlen(headers->items[i].value));
        free(headers->items[i].value);
        free(headers->items[i].name);
    }
    free(headers->items);
    *headers = (struct aks_headers){0};
}
