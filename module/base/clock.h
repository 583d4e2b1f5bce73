/* Time: two clocks, and the dates that HTTP and ARM write. Independent of locale and time zone. */
#ifndef AKS_BASE_CLOCK_H
#define AKS_BASE_CLOCK_H

#include <stdbool.h>

#include "base/attributes.h"

/* Seconds of a clock that never goes back: for waiting. */
double aks_clock_monotonic(void);

/* Seconds since 1970-01-01T00:00:00Z: for expiry and dates. */
double aks_clock_wall(void);

/* The three date forms of RFC 9110 section 5.6.7 ("Wed, 21 Jun 2023 09:18:33 GMT") as seconds since 1970. */
AKS_CHECK bool aks_clock_parse_http_date(const char *text, double *seconds);

/* RFC 3339 ("2023-11-22T09:08:39.84Z", "...+01:00"; lower case t and z too) as seconds since 1970. */
AKS_CHECK bool aks_clock_parse_rfc3339(const char *text, double *seconds);

#endif
