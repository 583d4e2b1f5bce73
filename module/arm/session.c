/* What all calls of a client share, and its lifetime. Sends nothing itself. */
#include "arm/session.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "base/text.h"
#include "transport/url.h"

#define DEFAULT_TIMEOUT 100.0
#define DEFAULT_OPERATION_TIMEOUT 7200.0

/* The endpoint without a trailing '/'; NULL on failure. */
static char *copy_endpoint(const char *text, struct aks_error *error)
{
    struct aks_url url;
    size_t length;
    char *copy;

    if (!text) {
        aks_error_set(error, "endpoint_invalid", "an endpoint is required, such as \"https://management.azure.com\"");
        return NULL;
    }
    if (!aks_url_check_secure(text, "the endpoint", error))
        return NULL;
    if (!aks_url_parse(text, &url) || (*url.path != '\0' && strcmp(url.path, "/") != 0)) {
        aks_error_set(error, "endpoint_invalid", "the endpoint '%s' must be a scheme and a host alone", text);
        return NULL;
    }
    length = strlen(text);
    copy = aks_text_copy_n(text, *url.path == '/' ? length - 1 : length);
    if (!copy)
        aks_error_set_no_memory(error);
    return copy;
}

/* The caller's product before ours, as RFC 9110 section 10.1.5 orders them: the most significant first. */
static char *make_user_agent(const char *before, struct aks_error *error)
{
    char *text;

    for (const char *at = before; at && *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127) {
            aks_error_set(error, "user_agent_invalid", "the user agent has a control character");
            return NULL;
        }
    text = before && *before ? aks_text_format("%s aks/%s", before, AKS_VERSION) : strdup("aks/" AKS_VERSION);
    if (!text)
        aks_error_set_no_memory(error);
    return text;
}

static bool fill(struct aks_session *session, const struct aks_session_options *options, struct aks_error *error)
{
    session->endpoint = copy_endpoint(options->endpoint, error);
    if (!session->endpoint)
        return false;
    session->user_agent = make_user_agent(options->user_agent, error);
    if (!session->user_agent)
        return false;
    session->subscription = options->subscription ? strdup(options->subscription) : NULL;
    session->ssh_directory = options->ssh_directory ? strdup(options->ssh_directory) : NULL;
    if ((options->subscription && !session->subscription) || (options->ssh_directory && !session->ssh_directory))
        return aks_error_set_no_memory(error);
    session->loop = options->loop;
    session->retry = AKS_RETRY_POLICY_DEFAULT;
    session->check_only = options->check_only;
    if (options->retries >= 0)
        session->retry.retries = (unsigned)options->retries;
    session->timeout = options->timeout > 0 ? options->timeout : DEFAULT_TIMEOUT;
    session->poll_interval = options->poll_interval;
    session->operation_timeout =
        options->operation_timeout > 0 ? options->operation_timeout : DEFAULT_OPERATION_TIMEOUT;
    session->response_limit = AKS_DOCUMENT_SIZE_LIMIT;
    session->observe = options->observe;
    session->observer = options->observer;
    return true;
}

static void free_parts(struct aks_transport *transport, struct aks_token_source *tokens)
{
    /* Tokens first: their source may have an exchange under way in the transport. */
    if (tokens)
        tokens->methods->free(tokens);
    if (transport)
        transport->methods->free(transport);
}

struct aks_session *aks_session_new(const struct aks_session_options *options, struct aks_error *error)
{
    struct aks_session *session = calloc(1, sizeof *session);

    if (!session) {
        free_parts(options->transport, options->tokens);
        aks_error_set_no_memory(error);
        return NULL;
    }
    session->references = 1;
    session->transport = options->transport;
    session->tokens = options->tokens;
    if (fill(session, options, error))
        return session;
    aks_session_release(session);
    return NULL;
}

struct aks_session *aks_session_retain(struct aks_session *session)
{
    session->references++;
    return session;
}

void aks_session_close(struct aks_session *session)
{
    struct aks_transport *transport = session->transport;
    struct aks_token_source *tokens = session->tokens;

    session->closed = true;
    session->transport = NULL;
    session->tokens = NULL;
    free_parts(transport, tokens);
}

void aks_session_release(struct aks_session *session)
{
    if (!session || --session->references > 0)
        return;
    aks_session_close(session);
    free(session->endpoint);
    free(session->subscription);
    free(session->user_agent);
    free(session->ssh_directory);
    aks_grants_clear(&session->grants);
    free(session);
}

void aks_session_observe(const struct aks_session *session, const struct aks_event *event)
{
    if (session->observe)
        session->observe(session->observer, event);
}
