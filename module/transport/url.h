/* URLs: taken apart strictly, and whether one that an answer named may be followed with our token. */
#ifndef AKS_TRANSPORT_URL_H
#define AKS_TRANSPORT_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"

#define AKS_URL_LIMIT (64 * 1024)

/* Parts of an absolute http or https URL; they point into its text. Refused: user information, a fragment, white space,
   control characters, backslashes and the others that RFC 3986 has no place for ("<>^`{|}), an empty host, anything in
   the authority but letters, digits, '.', '-', ':' and [IPv6]. */
struct aks_url {
    bool secure; /* https */
    const char *host;
    size_t host_length; /* without the brackets of an IPv6 address */
    unsigned port;      /* 443 or 80 when the text has none */
    const char *path;   /* from the first '/' on, with the query; "" when there is none */
};

AKS_CHECK bool aks_url_parse(const char *text, struct aks_url *url);

/* Whether the host is this machine's own: localhost, 127.0.0.0/8 or ::1. Plain http is for these alone. */
bool aks_url_is_loopback(const struct aks_url *url);

/* Whether the host is an address of the link alone, 169.254.0.0/16 (RFC 3927), which no router passes on. */
bool aks_url_is_link_local(const struct aks_url *url);

/* Fails with "host_not_trusted" unless https is used, or http to loopback. `what` names the URL in the message. */
AKS_CHECK bool aks_url_check_secure(const char *text, const char *what, struct aks_error *error);

/* A new absolute URL for `link`, which an answer to a request to `base` named: itself when it is absolute, else
   `base`'s scheme and authority before it (it must begin with a single '/'). Fails with "host_not_trusted" unless the
   scheme and port are those of `base` and the host is base's or a sub-domain of it ("eastus2.management.azure.com"):
   only there may our token go. A base that is not secure (aks_url_check_secure) has no links. NULL on failure. */
char *aks_url_follow(const char *base, const char *link, struct aks_error *error);

/* A new text of the URL that may be shown: user information and fragment dropped, and of the query only api-version,
   $filter, $top and $expand kept; "https://..." where user information cannot be told from the rest. Not longer than
   AKS_URL_LIMIT, whatever the text. NULL for want of memory. */
char *aks_url_redact(const char *text);

#endif
