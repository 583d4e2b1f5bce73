/* What a failure of libcurl means: one table from its codes to our errors. */
#include "http/failure.h"

#include <string.h>

#define HINT_NETWORK                                                                                                   \
    "check the network between here and the host; where a proxy is needed, set the option proxy or the variable "      \
    "https_proxy"
#define HINT_CERTIFICATE                                                                                               \
    "if a proxy or a private cloud signs with an authority of its own, give that authority's certificate (PEM) as "    \
    "the option ca_file; verification cannot be turned off"

struct failure {
    CURLcode code;
    const char *name;
    bool retryable;
    bool sending; /* happens while the request is being sent: part of it may have arrived */
    const char *hint;
};

static const struct failure failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "connection_failed", true, false,
     "check the host's name and that it can be resolved here; " HINT_NETWORK},
    {CURLE_COULDNT_RESOLVE_PROXY, "connection_failed", true, false,
     "check the option proxy and the variables https_proxy and no_proxy"},
    {CURLE_COULDNT_CONNECT, "connection_failed", true, false, HINT_NETWORK},
    {CURLE_PROXY, "connection_failed", true, false,
     "check the option proxy and the variables https_proxy and no_proxy"},
    {CURLE_OPERATION_TIMEDOUT, "timeout", true, false, HINT_NETWORK},
    {CURLE_SEND_ERROR, "connection_failed", true, true, NULL},
    {CURLE_SEND_FAIL_REWIND, "connection_failed", true, true, NULL},
    {CURLE_RECV_ERROR, "connection_failed", true, false, NULL},
    {CURLE_GOT_NOTHING, "connection_failed", true, true, NULL},
    {CURLE_PARTIAL_FILE, "connection_failed", true, true, NULL},
    {CURLE_HTTP2, "connection_failed", true, true, NULL},
    {CURLE_HTTP2_STREAM, "connection_failed", true, true, NULL},
    {CURLE_PEER_FAILED_VERIFICATION, "tls_failed", false, false, HINT_CERTIFICATE},
    {CURLE_SSL_CACERT_BADFILE, "tls_failed", false, false, "the option ca_file must name a readable file in PEM form"},
    {CURLE_SSL_CONNECT_ERROR, "tls_failed", false, false,
     "the host must speak TLS 1.2 or later on this port; a proxy on the way may break the connection"},
    {CURLE_SSL_CERTPROBLEM, "tls_failed", false, false, NULL},
    {CURLE_SSL_CIPHER, "tls_failed", false, false, NULL},
    {CURLE_SSL_ISSUER_ERROR, "tls_failed", false, false, HINT_CERTIFICATE},
    {CURLE_SSL_CRL_BADFILE, "tls_failed", false, false, NULL},
    {CURLE_SSL_INVALIDCERTSTATUS, "tls_failed", false, false, NULL},
    {CURLE_BAD_CONTENT_ENCODING, "response_invalid", false, true, NULL},
    {CURLE_WEIRD_SERVER_REPLY, "response_invalid", false, true, NULL},
    {CURLE_UNSUPPORTED_PROTOCOL, "response_invalid", false, true, "the host must speak HTTP/1.1 or HTTP/2"},
};

/* For every other code: such failures are of libcurl or its use, and would come again. */
static const struct failure unknown_failure = {CURLE_OK, "connection_failed", false, false, NULL};

static const struct failure *find(CURLcode code)
{
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (failures[i].code == code)
            return &failures[i];
    return &unknown_failure;
}

/* Whether the connection broke during the TLS handshake, which may pass, where a refusal by either side would not.
   libcurl has one code for both. */
static bool is_broken_handshake(CURLcode code, const char *text)
{
    static const char *const signs[] = {"SSL_ERROR_SYSCALL", "reset by peer", "unexpected eof", "Broken pipe"};

    if (code != CURLE_SSL_CONNECT_ERROR)
        return false;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strstr(text, signs[i]))
            return true;
    return false;
}

/* Whether no byte of the request can have been sent. What is sent to a proxy to open a tunnel is counted by libcurl as
   request bytes, but carries nothing of ours. */
static bool is_unsent(const struct failure *failure, CURL *easy)
{
    curl_off_t begun = 1;
    long bytes = 1, tunnel = 0;

    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &begun);
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &bytes);
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
    return !failure->sending && begun == 0 && (bytes == 0 || (tunnel != 0 && tunnel / 100 != 2));
}

/* libcurl's words. It quotes a proxy's URL that it does not understand, and with it the password: what has an '@' is
   not shown. */
static const char *explain(CURLcode code, const char *text)
{
    return *text && !strchr(text, '@') ? text : curl_easy_strerror(code);
}

void aks_failure_set(struct aks_error *error, CURLcode code, CURL *easy, const char *origin, const char *text)
{
    const struct failure *failure = find(code);

    if (code == CURLE_OUT_OF_MEMORY) {
        aks_error_set_no_memory(error);
    } else if (is_broken_handshake(code, text)) {
        failure = find(CURLE_COULDNT_CONNECT);
        aks_error_set(error, failure->name, "TLS with %s broke off: %s", origin, explain(code, text));
    } else {
        aks_error_set(error, failure->name, "no answer from %s: %s", origin, explain(code, text));
    }
    aks_error_note(&error->hint, failure->hint);
    error->retryable = failure->retryable;
    error->unsent = is_unsent(failure, easy);
}
