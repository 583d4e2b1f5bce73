/* Ports and ranges of ports, as security rules write them: "443", "4000-5000", "*". Pure. */
#ifndef AKS_RULES_PORT_RANGE_H
#define AKS_RULES_PORT_RANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"

#define AKS_PORT_LAST 65535

/* Both ends belong to it: 0 <= first <= last <= AKS_PORT_LAST. */
struct aks_port_range {
    unsigned first, last;
};

#define AKS_PORT_RANGE_TEXT_SIZE 12 /* "65534-65535" and the NUL */

/* Reads one range: decimal numbers without leading zeros, the lower first, nothing else; "*" is every port.
   https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#security-rules
   On failure *range is left alone. */
AKS_CHECK bool aks_port_range_parse(const char *text, struct aks_port_range *range);

/* aks_port_range_parse for those who want an error: "port_range_invalid". */
AKS_CHECK bool aks_port_range_read(const char *text, struct aks_port_range *range, struct aks_error *error);

/* As Azure writes it: "443", "4000-5000", "*" for every port. Returns `text`. */
const char *aks_port_range_text(const struct aks_port_range *range, char text[AKS_PORT_RANGE_TEXT_SIZE]);

bool aks_port_range_contains(const struct aks_port_range *range, unsigned port);

#endif
