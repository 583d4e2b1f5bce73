/* What an answer's WWW-Authenticate headers ask for (RFC 9110 section 11.6.1). Pure. */
#ifndef AKS_TRANSPORT_CHALLENGE_H
#define AKS_TRANSPORT_CHALLENGE_H

#include <stdbool.h>

#include "base/attributes.h"
#include "transport/transport.h"

/* The value of the first parameter `name` of a challenge of this scheme ("Bearer", "Basic"), without quotes: a new
   text, or NULL when there is none. Names are compared without case. False only for want of memory. */
AKS_CHECK bool aks_challenge_find(const struct aks_headers *headers, const char *scheme, const char *name,
                                  char **value);

#endif
