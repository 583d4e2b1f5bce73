/* One exchange on a curl handle: options in, bounded answer out. */
#include "http/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "transport/url.h"

static void wipe_list(struct curl_slist *list)
{
    for (struct curl_slist *item = list; item; item = item->next)
        explicit_bzero(item->data, strlen(item->data));
    curl_slist_free_all(list);
}

void exchange_free(struct aks_exchange *exchange)
{
    if (exchange->body)
        explicit_bzero(exchange->body, exchange->body_length);
    free(exchange->body);
    wipe_list(exchange->headers);
    aks_headers_clear(&exchange->response.headers);
    aks_buffer_erase(&exchange->response.body); /* an answer may bring a token */
    aks_error_clear(&exchange->error);
    free(exchange->method);
    free(exchange->url);
    free(exchange);
}

/* "Name: value", or "Name:", which tells curl to leave its own out. */
static bool add_header(struct aks_exchange *exchange, const char *name, const char *separator, const char *value)
{
    char *line = aks_text_format("%s%s%s", name, separator, value);
    struct curl_slist *list = line ? curl_slist_append(exchange->headers, line) : NULL;

    if (line)
        explicit_bzero(line, strlen(line));
    free(line);
    if (list)
        exchange->headers = list;
    return list;
}

static bool add_headers(struct aks_exchange *exchange, const struct aks_headers *headers)
{
    bool typed = headers && aks_headers_get(headers, "Content-Type");

    for (size_t i = 0; headers && i < headers->count; i++)
        if (!add_header(exchange, headers->items[i].name, *headers->items[i].value ? ": " : ";",
                        headers->items[i].value))
            return false;
    return add_header(exchange, "Expect", ":", "") && (typed || add_header(exchange, "Content-Type", ":", ""));
}

struct aks_exchange *exchange_new(const struct aks_http_request *request, aks_transport_done *done, void *context,
                                  struct aks_error *error)
{
    struct aks_exchange *exchange;
    struct aks_url url;

    if (!aks_url_check_secure(request->url, "the URL", error) || !aks_url_parse(request->url, &url))
        return NULL;
    exchange = calloc(1, sizeof *exchange);
    if (!exchange) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    aks_buffer_init(&exchange->response.body, request->response_limit);
    exchange->loopback = aks_url_is_loopback(&url);
    exchange->timeout = request->timeout;
    exchange->done = done;
    exchange->context = context;
    exchange->method = strdup(request->method);
    exchange->url = strdup(request->url);
    if (request->body && (exchange->body = malloc(request->body_length + 1))) {
        memcpy(exchange->body, request->body, request->body_length);
        exchange->body_length = request->body_length;
    }
    if (!exchange->method || !exchange->url || (request->body && !exchange->body) ||
        !add_headers(exchange, request->headers)) {
        exchange_free(exchange);
        aks_error_set_no_memory(error);
        return NULL;
    }
    return exchange;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct aks_exchange *exchange = context;
    struct aks_buffer *body = &exchange->response.body;

    (void)size; /* always 1 */
    if (aks_buffer_append(body, bytes, count))
        return count;
    exchange->fault = count > body->limit - body->length ? EXCHANGE_TOO_LARGE : EXCHANGE_NO_MEMORY;
    return count + 1; /* anything but count ends the transfer */
}

/* Keeps "Name: value" without the white space around the value. */
static bool keep_header(struct aks_exchange *exchange, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    const char *value, *end = line + length;
    char *name_copy, *value_copy;
    bool ok;

    if (!colon || colon == line || memchr(line, '\0', length))
        return false;
    for (value = colon + 1; value < end && (*value == ' ' || *value == '\t'); value++)
        continue;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    name_copy = aks_text_copy_n(line, (size_t)(colon - line));
    value_copy = aks_text_copy_n(value, (size_t)(end - value));
    ok = name_copy && value_copy && aks_headers_add(&exchange->response.headers, name_copy, value_copy);
    free(name_copy);
    free(value_copy);
    return ok;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct aks_exchange *exchange = context;
    size_t length = count;

    (void)size; /* always 1 */
    exchange->header_bytes += count;
    while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
        length--;
    if (length > 5 && strncmp(bytes, "HTTP/", 5) == 0)
        aks_headers_clear(&exchange->response.headers); /* an interim answer was before this one */
    else if (length > 0 && !keep_header(exchange, bytes, length))
        exchange->fault = EXCHANGE_BAD_HEADERS;
    if (exchange->header_bytes > AKS_HEADER_BYTES_LIMIT)
        exchange->fault = EXCHANGE_BAD_HEADERS;
    return exchange->fault == EXCHANGE_OK ? count : count + 1;
}

static long milliseconds(double seconds)
{
    return seconds > 0 && seconds < 1e6 ? (long)(seconds * 1000) + 1 : 0;
}

/* Adds to `failed` what curl says to an option; a macro, as curl checks the type of each option's value. */
#define SET(option, value) (failed |= curl_easy_setopt(easy, option, value) != CURLE_OK)

static bool prepare_safety(const struct aks_exchange *exchange, CURL *easy, const struct aks_transport_options *options)
{
    bool failed = false;

    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, exchange->loopback ? "https,http" : "https");
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (options->ca_file)
        SET(CURLOPT_CAINFO, options->ca_file);
    if (exchange->loopback)
        SET(CURLOPT_PROXY, ""); /* plain http must not leave the machine through a proxy */
    else if (options->proxy)
        SET(CURLOPT_PROXY, options->proxy);
    return !failed;
}

static bool prepare_request(const struct aks_exchange *exchange, CURL *easy)
{
    bool bodied = exchange->body || strcmp(exchange->method, "POST") == 0;
    bool failed = false;

    SET(CURLOPT_URL, exchange->url);
    SET(CURLOPT_HTTPHEADER, exchange->headers);
    if (bodied) {
        SET(CURLOPT_POSTFIELDS, exchange->body ? exchange->body : "");
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body_length);
    }
    if (strcmp(exchange->method, "HEAD") == 0)
        SET(CURLOPT_NOBODY, 1L);
    else
        SET(CURLOPT_CUSTOMREQUEST, exchange->method);
    SET(CURLOPT_TIMEOUT_MS, milliseconds(exchange->timeout));
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(CURLOPT_PIPEWAIT, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_ACCEPT_ENCODING, "");
    return !failed;
}

bool exchange_prepare(struct aks_exchange *exchange, CURL *easy, const struct aks_transport_options *options)
{
    bool failed = !prepare_safety(exchange, easy, options) || !prepare_request(exchange, easy);

    SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options->connect_timeout));
    SET(CURLOPT_ERRORBUFFER, exchange->reason);
    SET(CURLOPT_PRIVATE, (char *)exchange);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, exchange);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, exchange);
    exchange->easy = easy;
    return !failed;
}

/* How a result of curl's is told. */
static const struct outcome {
    CURLcode result;
    const char *code;
    bool retryable;
    bool unsent; /* nothing was sent whatever else happened */
    const char *hint;
} outcomes[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "connection_failed", true, true, "check the host's name and the network's DNS"},
    {CURLE_COULDNT_RESOLVE_PROXY, "connection_failed", true, true, "check the proxy's name"},
    {CURLE_COULDNT_CONNECT, "connection_failed", true, true, "check that the host can be reached from here"},
    {CURLE_OPERATION_TIMEDOUT, "timeout", true, false, NULL},
    {CURLE_SEND_ERROR, "connection_failed", true, false, NULL},
    {CURLE_RECV_ERROR, "connection_failed", true, false, NULL},
    {CURLE_GOT_NOTHING, "connection_failed", true, false, NULL},
    {CURLE_PARTIAL_FILE, "connection_failed", true, false, NULL},
    {CURLE_HTTP2, "connection_failed", true, false, NULL},
    {CURLE_HTTP2_STREAM, "connection_failed", true, false, NULL},
    {CURLE_SSL_CONNECT_ERROR, "tls_failed", true, true, NULL},
    {CURLE_PEER_FAILED_VERIFICATION, "tls_failed", false, true,
     "if a certificate authority of your own signed the certificate, name its file in ca_file"},
    {CURLE_SSL_CACERT_BADFILE, "tls_failed", false, true, "check that ca_file is a readable PEM file"},
    {CURLE_SSL_CERTPROBLEM, "tls_failed", false, true, NULL},
    {CURLE_SSL_CIPHER, "tls_failed", false, true, NULL},
    {CURLE_SSL_ISSUER_ERROR, "tls_failed", false, true, NULL},
    {CURLE_WEIRD_SERVER_REPLY, "response_invalid", false, false, NULL},
    {CURLE_BAD_CONTENT_ENCODING, "response_invalid", false, false, NULL},
};

static const struct outcome *outcome_of(CURLcode result)
{
    static const struct outcome other = {CURLE_OK, "connection_failed", false, false, NULL};

    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (outcomes[i].result == result)
            return &outcomes[i];
    return &other;
}

static void fail_by_curl(struct aks_exchange *exchange, CURLcode result, const struct aks_url *url)
{
    const struct outcome *outcome = outcome_of(result);
    struct aks_error *error = &exchange->error;
    curl_off_t connected = 0;
    long sent = 0;

    aks_error_set(error, outcome->code, "%.*s: %s", (int)url->host_length, url->host,
                  *exchange->reason ? exchange->reason : curl_easy_strerror(result));
    aks_error_note(&error->hint, outcome->hint);
    curl_easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &sent);
    curl_easy_getinfo(exchange->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
    error->retryable = outcome->retryable;
    error->unsent = outcome->unsent || (sent == 0 && connected == 0);
}

void exchange_finish(struct aks_exchange *exchange, CURLcode result)
{
    struct aks_error *error = &exchange->error;
    struct aks_url url;
    long status = 0;

    if (!aks_url_parse(exchange->url, &url)) {
        aks_error_set(error, "response_invalid", "the URL cannot be read"); /* exchange_new refused such */
        return;
    }
    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    exchange->response.status = (int)status;
    if (exchange->fault == EXCHANGE_TOO_LARGE)
        aks_error_set(error, "response_too_large", "%.*s: the answer is larger than %zu bytes", (int)url.host_length,
                      url.host, exchange->response.body.limit);
    else if (exchange->fault == EXCHANGE_BAD_HEADERS)
        aks_error_set(error, "response_invalid", "%.*s: the answer's headers are malformed, too many or too long",
                      (int)url.host_length, url.host);
    else if (exchange->fault == EXCHANGE_NO_MEMORY || result == CURLE_OUT_OF_MEMORY)
        aks_error_set_no_memory(error);
    else if (result != CURLE_OK)
        fail_by_curl(exchange, result, &url);
}
