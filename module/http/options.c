/* The options of an exchange on its handle: what is trusted, what is sent, what is collected. */
#include <limits.h>
#include <string.h>

#include "http/answer.h"
#include "http/exchange.h"

/* The same for every exchange. The security of the engine is here; some are defaults, which are not left to chance. */
static const struct {
    CURLoption option;
    long value;
} constants[] = {
    {CURLOPT_SSL_VERIFYPEER, 1},
    {CURLOPT_SSL_VERIFYHOST, 2},
    {CURLOPT_PROXY_SSL_VERIFYPEER, 1},
    {CURLOPT_PROXY_SSL_VERIFYHOST, 2},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_FOLLOWLOCATION, 0},
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_HTTP09_ALLOWED, 0},
    {CURLOPT_PATH_AS_IS, 1}, /* the URL is sent as it stands */
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_NOPROGRESS, 1},
    {CURLOPT_TCP_KEEPALIVE, 1},
    {CURLOPT_QUICK_EXIT, 1}, /* ending an exchange must not wait for the thread that resolves its name */
};

static CURLcode set_constants(CURL *easy)
{
    CURLcode code = CURLE_OK;

    for (size_t i = 0; i < sizeof constants / sizeof *constants && code == CURLE_OK; i++)
        code = curl_easy_setopt(easy, constants[i].option, constants[i].value);
    return code;
}

/* A ca_file replaces the system's authorities, for the host and for a proxy. */
static CURLcode set_authorities(CURL *easy, const char *ca_file)
{
    CURLcode code = CURLE_OK;

    if (!ca_file)
        return CURLE_OK;
    code = code ? code : curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, ca_file);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
    return code;
}

static long milliseconds(double seconds)
{
    double count = seconds * 1000.0;

    if (!(count > 1)) /* 0 would mean no limit */
        return 1;
    return count < INT_MAX ? (long)count : INT_MAX;
}

static CURLcode set_connection(const struct aks_exchange *exchange, CURL *easy,
                               const struct aks_transport_options *options)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, exchange->url);

    code = code ? code : curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, exchange->secure ? "https" : "http,https");
    if (exchange->direct)
        code = code ? code : curl_easy_setopt(easy, CURLOPT_PROXY, "");
    else if (options->proxy)
        code = code ? code : curl_easy_setopt(easy, CURLOPT_PROXY, options->proxy);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(exchange->timeout));
    code = code ? code : curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options->connect_timeout));
    if (!exchange->secure)
        return code ? code : curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    /* A libcurl without HTTP/2 refuses it, and speaks HTTP/1.1. */
    if (!code && curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS) == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    return code;
}

/* Whether a request of this method without a body must say that it has none (RFC 9110 section 8.6). */
static bool expects_body(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
}

/* libcurl sends a request again when a connection that had served before closes without an answer: its server may have
   been about to close it. But it may have had its effect too, and one that is not idempotent must not have it twice
   (RFC 9110 section 9.2.2). */
static int before_sending(void *context, char *address, char *own_address, int port, int own_port)
{
    struct aks_exchange *exchange = context;

    (void)address;
    (void)own_address;
    (void)port;
    (void)own_port;
    if (exchange->sendings++ == 0)
        return CURL_PREREQFUNC_OK;
    exchange->stop = AKS_EXCHANGE_LOST;
    return CURL_PREREQFUNC_ABORT;
}

static CURLcode set_repetition(struct aks_exchange *exchange, CURL *easy)
{
    CURLcode code = CURLE_OK;

    if (strcmp(exchange->method, "POST") != 0 && strcmp(exchange->method, "PATCH") != 0)
        return code;
    code = code ? code : curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_sending);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
    return code;
}

static CURLcode set_request(const struct aks_exchange *exchange, CURL *easy)
{
    CURLcode code = CURLE_OK;

    if (exchange->body || expects_body(exchange->method)) {
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body_length);
        code = code ? code : curl_easy_setopt(easy, CURLOPT_POSTFIELDS, exchange->body ? exchange->body : "");
    } else if (strcmp(exchange->method, "HEAD") == 0) {
        return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else {
        code = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    return code ? code : curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, exchange->method);
}

static CURLcode set_collecting(struct aks_exchange *exchange, CURL *easy)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->lines);

    code = code ? code : curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    code = code ? code : curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, aks_answer_header);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, aks_answer_body);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->text);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    return code;
}

bool aks_exchange_set_up(struct aks_exchange *exchange, CURL *easy, const struct aks_transport_options *options,
                         struct aks_error *error)
{
    CURLcode code = set_constants(easy);

    code = code ? code : set_authorities(easy, options->ca_file);
    code = code ? code : set_connection(exchange, easy, options);
    code = code ? code : set_request(exchange, easy);
    code = code ? code : set_repetition(exchange, easy);
    code = code ? code : set_collecting(exchange, easy);
    if (code == CURLE_OK)
        return true;
    if (code == CURLE_OUT_OF_MEMORY)
        return aks_error_set_no_memory(error);
    return aks_error_set(error, "connection_failed", "libcurl refuses an option: %s", curl_easy_strerror(code));
}
