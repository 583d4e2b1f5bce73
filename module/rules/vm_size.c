/* Takes names of sizes apart. */
#include "rules/vm_size.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* "Standard_NC24ads_A100_v4" is NC, 24, ads, and v4. */
struct parts {
    const char *series, *features, *version; /* none is terminated */
    int series_length, features_length;
    unsigned number;
    bool plain; /* nothing else stands in the name */
};

static bool take_apart(const char *size, struct parts *parts)
{
    const char *name = strchr(size, '_'), *number, *end;

    name = name ? name + 1 : size;
    parts->series = name;
    parts->series_length = (int)strspn(name, LETTERS);
    number = name + parts->series_length;
    if (strspn(number, DIGITS) == 0 || strspn(number, DIGITS) > 5 || parts->series_length > 20)
        return false;
    parts->number = (unsigned)strtoul(number, NULL, 10);
    parts->features = number + strspn(number, DIGITS);
    parts->features_length = (int)strspn(parts->features, LETTERS);
    end = parts->features + parts->features_length;
    parts->version = *end == '_' ? end + 1 : end;
    parts->plain = parts->features_length <= 20 &&
                   (*end == '\0' ||
                    (parts->version[0] == 'v' && parts->version[1] != '\0' &&
                     parts->version[1 + strspn(parts->version + 1, DIGITS)] == '\0' && strlen(parts->version) < 4));
    return true;
}

static bool is_series(const struct parts *parts, const char *series)
{
    return (size_t)parts->series_length == strlen(series) && strncasecmp(parts->series, series, strlen(series)) == 0;
}

/* Of D and DS up to version 2 the number only counts up: 1, 2, 4, 8, 16; those with more memory begin again at 11. */
static unsigned counted_up(unsigned number)
{
    if (number >= 11 && number <= 14)
        number -= 9;
    return number >= 1 && number <= 5 ? 1U << (number - 1) : 0;
}

unsigned aks_vm_size_cores(const char *size)
{
    struct parts parts;

    if (!take_apart(size, &parts))
        return 0;
    if ((is_series(&parts, "D") || is_series(&parts, "DS")) && parts.features_length == 0 &&
        (*parts.version == '\0' || strcmp(parts.version, "v2") == 0))
        return counted_up(parts.number);
    return parts.number <= AKS_VM_SIZE_CORES_LIMIT ? parts.number : 0;
}

bool aks_vm_size_family(const char *size, char family[AKS_VM_SIZE_FAMILY_SIZE])
{
    struct parts parts;

    if (!take_apart(size, &parts) || !parts.plain)
        return false;
    snprintf(family, AKS_VM_SIZE_FAMILY_SIZE, "standard%.*s%.*s%sFamily", parts.series_length, parts.series,
             parts.features_length, parts.features, parts.version);
    return true;
}
