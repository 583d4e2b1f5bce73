/* Taking URLs apart, strictly: what two parsers could read differently is refused, since a token may go there. */
#include "transport/url.h"

#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h> /* inet_pton */

#include "base/buffer.h"
#include "base/text.h"

/* What is shown of a URL: a scheme and a parameter longer than this are left out. */
#define SCHEME_LIMIT 8
#define PARAMETER_LIMIT 1024

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* As the system reads addresses: four decimal numbers without leading zeros, or RFC 4291 without a zone. */
static bool is_address(int family, const char *host, size_t length)
{
    unsigned char address[sizeof(struct in6_addr)];
    char text[INET6_ADDRSTRLEN];

    if (length >= sizeof text)
        return false;
    memcpy(text, host, length);
    text[length] = '\0';
    return inet_pton(family, text, address) == 1;
}

/* Printable ASCII without what RFC 3986 leaves out of URLs and clients treat differently. */
static bool is_plain(const char *text)
{
    for (const char *at = text; *at; at++)
        if (*at <= ' ' || *at > '~' || strchr("\\\"<>^`{|}", *at))
            return false;
    return true;
}

static size_t host_name_length(const char *at)
{
    size_t length = 0;

    while (is_letter_or_digit(at[length]) || at[length] == '.' || at[length] == '-')
        length++;
    if (length == 0 || at[0] == '.' || at[0] == '-' || at[length - 1] == '.' || at[length - 1] == '-')
        return 0;
    for (size_t i = 0; i + 1 < length; i++)
        if (at[i] == '.' && at[i + 1] == '.')
            return 0;
    return length;
}

/* Moves *at behind the host. */
static bool parse_host(const char **at, struct aks_url *url)
{
    bool literal = **at == '[';

    *at += literal;
    url->host = *at;
    if (literal) {
        url->host_length = strcspn(*at, "]");
        *at += url->host_length;
        return *(*at)++ == ']' && is_address(AF_INET6, url->host, url->host_length);
    }
    url->host_length = host_name_length(*at);
    *at += url->host_length;
    return url->host_length > 0;
}

static bool parse_port(const char **at, struct aks_url *url)
{
    unsigned port = 0;
    size_t count = 0;

    url->port = url->secure ? 443 : 80;
    if (**at != ':')
        return true;
    for ((*at)++; **at >= '0' && **at <= '9'; (*at)++) {
        port = port * 10 + (unsigned)(**at - '0');
        if (++count > 5)
            return false;
    }
    url->port = port;
    return count > 0 && port > 0 && port <= 65535;
}

bool aks_url_parse(const char *text, struct aks_url *url)
{
    const char *at = text;

    *url = (struct aks_url){0};
    if (strnlen(text, AKS_URL_LIMIT + 1) > AKS_URL_LIMIT || !is_plain(text))
        return false;
    if (aks_text_equal_fold_n(text, "https://", 8)) {
        url->secure = true;
        at += 8;
    } else if (aks_text_equal_fold_n(text, "http://", 7)) {
        at += 7;
    } else {
        return false;
    }
    if (!parse_host(&at, url) || !parse_port(&at, url) || !(*at == '\0' || *at == '/' || *at == '?'))
        return false;
    url->path = at;
    return !strchr(at, '#');
}

bool aks_url_is_loopback(const struct aks_url *url)
{
    if (url->host_length == 9 && aks_text_equal_fold_n(url->host, "localhost", 9))
        return true;
    if (url->host_length == 3 && strncmp(url->host, "::1", 3) == 0)
        return true;
    return url->host_length > 4 && strncmp(url->host, "127.", 4) == 0 &&
           is_address(AF_INET, url->host, url->host_length);
}

bool aks_url_is_link_local(const struct aks_url *url)
{
    return url->host_length > 8 && strncmp(url->host, "169.254.", 8) == 0 &&
           is_address(AF_INET, url->host, url->host_length);
}

bool aks_url_check_secure(const char *text, const char *what, struct aks_error *error)
{
    struct aks_url url;
    char *shown;

    if (aks_url_parse(text, &url) && (url.secure || aks_url_is_loopback(&url)))
        return true;
    shown = aks_url_redact(text);
    aks_error_set(error, "host_not_trusted", "%s '%.200s' is not an https URL (plain http is for this machine alone)",
                  what, shown ? shown : "");
    free(shown);
    return false;
}

/* Whether `host` is the base's, or ends in "." and the base's. A base that is an address or has no dot has no
 * sub-domains. */
static bool is_within(const struct aks_url *host, const struct aks_url *base)
{
    size_t more = host->host_length - base->host_length;
    char last = base->host[base->host_length - 1];

    if (host->host_length < base->host_length ||
        !aks_text_equal_fold_n(host->host + more, base->host, base->host_length))
        return false;
    if (more == 0)
        return true;
    return host->host[more - 1] == '.' && memchr(base->host, '.', base->host_length) &&
           !memchr(base->host, ':', base->host_length) && (last < '0' || last > '9');
}

static char *join(const char *base, const struct aks_url *url, const char *link, struct aks_error *error)
{
    char *result = NULL;

    if (link[1] == '/' || !is_plain(link) || strchr(link, '#') || strnlen(link, AKS_URL_LIMIT) == AKS_URL_LIMIT) {
        aks_error_set(error, "host_not_trusted", "an answer named a link that is no path and no trusted URL");
        return NULL;
    }
    result = aks_text_format("%.*s%s", (int)(url->path - base), base, link);
    if (!result)
        aks_error_set_no_memory(error);
    return result;
}

char *aks_url_follow(const char *base, const char *link, struct aks_error *error)
{
    struct aks_url from, to;
    char *result;

    if (!aks_url_check_secure(base, "the resource manager's URL", error) || !aks_url_parse(base, &from))
        return NULL;
    if (link[0] == '/')
        return join(base, &from, link, error);
    if (!aks_url_parse(link, &to) || to.secure != from.secure || to.port != from.port || !is_within(&to, &from)) {
        char *shown = aks_url_redact(link);

        aks_error_set(error, "host_not_trusted",
                      "an answer named the link '%.200s', which is not at the configured host '%.*s': not followed",
                      shown ? shown : "", (int)from.host_length, from.host);
        free(shown);
        return NULL;
    }
    result = strdup(link);
    if (!result)
        aks_error_set_no_memory(error);
    return result;
}

static bool may_be_shown(const char *parameter, size_t length)
{
    static const char *const names[] = {"api-version", "$filter", "$top", "$expand"};
    size_t name = 0;

    while (name < length && parameter[name] != '=')
        name++;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == name && aks_text_equal_fold_n(names[i], parameter, name))
            return true;
    return false;
}

/* "user:secret@host/path": the host. */
static const char *behind_user(const char *authority)
{
    const char *at = memrchr(authority, '@', strcspn(authority, "/?#"));

    return at ? at + 1 : authority;
}

/* Whether user information may be where nobody can tell it from the rest, as in "https://user:se/cret@host". */
static bool may_hide_user(const char *text, const char *start)
{
    struct aks_url url;
    bool is_path = text[0] == '/' && text[1] != '/';

    return strchr(start, '@') && !is_path && !aks_url_parse(text, &url);
}

static bool append_parameters(struct aks_buffer *shown, const char *query)
{
    char separator = '?';

    for (const char *at = query; *at && *at != '#' && shown->length < AKS_URL_LIMIT - PARAMETER_LIMIT;) {
        size_t length = strcspn(at, "&#");

        if (length < PARAMETER_LIMIT && may_be_shown(at, length)) {
            if (!aks_buffer_append(shown, &separator, 1) || !aks_buffer_append(shown, at, length))
                return false;
            separator = '&';
        }
        at += length;
        at += *at == '&';
    }
    return true;
}

char *aks_url_redact(const char *text)
{
    size_t scheme = strcspn(text, ":/?#");
    size_t prefix = scheme <= SCHEME_LIMIT && strncmp(text + scheme, "://", 3) == 0 ? scheme + 3 : 0;
    const char *start = behind_user(text + prefix);
    size_t path = strcspn(start, "?#");
    struct aks_buffer shown;

    if (may_hide_user(text, start))
        return aks_text_format("%.*s...", (int)prefix, text);
    aks_buffer_init(&shown, AKS_URL_LIMIT);
    if (!aks_buffer_append(&shown, text, prefix) ||
        !aks_buffer_append(&shown, start, path < AKS_URL_LIMIT / 2 ? path : AKS_URL_LIMIT / 2) ||
        !append_parameters(&shown, start[path] == '?' ? start + path + 1 : "")) {
        aks_buffer_clear(&shown);
        return NULL;
    }
    return aks_buffer_take(&shown);
}
