/* One exchange: copying the request, and collecting the answer. The options of its handle are in options.c. */
#include "http/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/failure.h"
#include "transport/url.h"

#define METHOD_LIMIT 16

static bool is_method(const char *method)
{
    size_t length = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    return length > 0 && length <= METHOD_LIMIT && method[length] == '\0';
}

/* The raw form of `lines`: "Name:" takes away a header that libcurl would add. */
static bool add_line(struct curl_slist **lines, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*lines, line);

    if (longer)
        *lines = longer;
    return longer != NULL;
}

static bool add_header(struct curl_slist **lines, const struct aks_header *header)
{
    /* "Name;" is how libcurl is asked for a header without a value */
    char *line =
        *header->value ? aks_text_format("%s: %s", header->name, header->value) : aks_text_format("%s;", header->name);
    bool added = line && add_line(lines, line);

    if (line)
        explicit_bzero(line, strlen(line));
    free(line);
    return added;
}

static bool copy_headers(struct aks_exchange *exchange, const struct aks_headers *headers)
{
    static const struct aks_headers none = {0};

    if (!headers)
        headers = &none;
    for (size_t i = 0; i < headers->count; i++)
        if (!add_header(&exchange->lines, &headers->items[i]))
            return false;
    if (!aks_headers_get(headers, "Content-Type") && !add_line(&exchange->lines, "Content-Type:"))
        return false;
    /* a body that waits for "100 Continue" costs a round trip, and a second where the server does not know it */
    return add_line(&exchange->lines, "Expect:");
}

static bool copy_body(struct aks_exchange *exchange, const struct aks_http_request *request)
{
    if (!request->body)
        return true;
    exchange->body = malloc(request->body_length + 1);
    if (!exchange->body)
        return false;
    memcpy(exchange->body, request->body, request->body_length);
    exchange->body_length = request->body_length;
    return true;
}

static char *name_origin(const struct aks_url *url)
{
    int length = (int)url->host_length; /* at most AKS_URL_LIMIT */

    return memchr(url->host, ':', url->host_length) ? aks_text_format("[%.*s]:%u", length, url->host, url->port)
                                                    : aks_text_format("%.*s:%u", length, url->host, url->port);
}

static bool copy_request(struct aks_exchange *exchange, const struct aks_http_request *request,
                         const struct aks_url *url)
{
    exchange->secure = url->secure;
    /* A proxy's loopback is not ours, and plain http must not leave this machine. */
    exchange->direct = !url->secure || aks_url_is_loopback(url);
    exchange->timeout = request->timeout;
    aks_buffer_init(&exchange->response.body, request->response_limit);
    exchange->method = strdup(request->method);
    exchange->url = strdup(request->url);
    exchange->origin = name_origin(url);
    return exchange->method && exchange->url && exchange->origin && copy_headers(exchange, request->headers) &&
           copy_body(exchange, request);
}

/* Whether the request may go where it goes although that is plain http. */
static bool is_of_link(const struct aks_http_request *request)
{
    struct aks_url url;

    return request->link_local && aks_url_parse(request->url, &url) && aks_url_is_link_local(&url);
}

struct aks_exchange *aks_exchange_new(const struct aks_http_request *request, struct aks_error *error)
{
    struct aks_exchange *exchange;
    struct aks_url url;

    if (!is_of_link(request) && !aks_url_check_secure(request->url, "the URL of the request", error))
        return NULL;
    if (!aks_url_parse(request->url, &url) || !is_method(request->method)) {
        aks_error_set(error, "connection_failed", "the request has no valid method or URL");
        return NULL;
    }
    exchange = calloc(1, sizeof *exchange);
    if (exchange && copy_request(exchange, request, &url))
        return exchange;
    aks_exchange_free(exchange);
    aks_error_set_no_memory(error);
    return NULL;
}

void aks_exchange_finish(struct aks_exchange *exchange, CURL *easy, CURLcode code)
{
    struct aks_error *error = &exchange->error;
    long status = 0;

    switch (exchange->stop) {
    case AKS_EXCHANGE_TOO_LARGE:
        aks_error_set(error, "response_too_large", "the answer of %s is larger than %zu bytes, or its headers are",
                      exchange->origin, exchange->response.body.limit);
        return;
    case AKS_EXCHANGE_INVALID:
        aks_error_set(error, "response_invalid", "the answer of %s has a malformed header", exchange->origin);
        return;
    case AKS_EXCHANGE_NO_MEMORY:
        aks_error_set_no_memory(error);
        return;
    case AKS_EXCHANGE_LOST:
        aks_error_set(error, "connection_failed", "no answer from %s: the connection was lost", exchange->origin);
        error->retryable = true;
        return;
    case AKS_EXCHANGE_GOES_ON:
        break;
    }
    if (code != CURLE_OK) {
        aks_failure_set(error, code, easy, exchange->origin, exchange->text);
        return;
    }
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    exchange->response.status = (int)status;
}

static void erase(char *bytes, size_t length)
{
    if (bytes)
        explicit_bzero(bytes, length);
    free(bytes);
}

void aks_exchange_free(struct aks_exchange *exchange)
{
    if (!exchange)
        return;
    for (struct curl_slist *line = exchange->lines; line; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    curl_slist_free_all(exchange->lines);
    erase(exchange->body, exchange->body_length);
    free(exchange->method);
    free(exchange->url);
    free(exchange->origin);
    aks_headers_clear(&exchange->response.headers);
    aks_buffer_erase(&exchange->response.body);
    aks_error_clear(&exchange->error);
    free(exchange);
}
