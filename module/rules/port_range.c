/* Ranges of ports: their texts. Lists of them are sets in range.c. */
#include "rules/port_range.h"

#include <stdio.h>
#include <string.h>

/* Reads the number that `*text` begins with and moves behind it. */
static bool read_port(const char **text, unsigned *port)
{
    size_t digits = strspn(*text, "0123456789");
    unsigned value = 0;

    if (digits == 0 || digits > 5 || (digits > 1 && **text == '0'))
        return false;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (unsigned)((*text)[i] - '0');
    if (value > AKS_PORT_LAST)
        return false;
    *text += digits;
    *port = value;
    return true;
}

bool aks_port_range_parse(const char *text, struct aks_port_range *range)
{
    struct aks_port_range result;

    if (strcmp(text, "*") == 0) {
        *range = (struct aks_port_range){.first = 0, .last = AKS_PORT_LAST};
        return true;
    }
    if (!read_port(&text, &result.first))
        return false;
    result.last = result.first;
    if (*text == '-') {
        text++;
        if (!read_port(&text, &result.last))
            return false;
    }
    if (*text != '\0' || result.last < result.first)
        return false;
    *range = result;
    return true;
}

bool aks_port_range_read(const char *text, struct aks_port_range *range, struct aks_error *error)
{
    const int shown = 80; /* of a text that may be anything */

    if (aks_port_range_parse(text, range))
        return true;
    return aks_error_set(error, "port_range_invalid",
                         "\"%.*s\" is not a range of ports: write a port from 0 to 65535 (\"443\"), two with the lower "
                         "first (\"4000-5000\"), or \"*\" for all",
                         shown, text);
}

const char *aks_port_range_text(const struct aks_port_range *range, char text[AKS_PORT_RANGE_TEXT_SIZE])
{
    if (range->first == 0 && range->last == AKS_PORT_LAST)
        snprintf(text, AKS_PORT_RANGE_TEXT_SIZE, "*");
    else if (range->first == range->last)
        snprintf(text, AKS_PORT_RANGE_TEXT_SIZE, "%u", range->first);
    else
        snprintf(text, AKS_PORT_RANGE_TEXT_SIZE, "%u-%u", range->first, range->last);
    return text;
}

bool aks_port_range_contains(const struct aks_port_range *range, unsigned port)
{
    return range->first <= port && port <= range->last;
}
