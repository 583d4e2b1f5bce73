/* Makes of what the caller asked for what goes over the wire. Sends nothing. */
#include "arm/request.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "base/buffer.h"
#include "transport/url.h"

/* "https://endpoint/subscriptions/...?api-version=...&query" */
static char *make_url(const struct aks_session *session, const struct aks_call_request *source, struct aks_error *error)
{
    struct aks_buffer url;
    struct aks_url parts;
    char separator = strchr(source->target, '?') ? '&' : '?';
    char *text;
    bool done;

    if (source->target[0] != '/')
        return aks_url_follow(session->endpoint, source->target, error);
    aks_buffer_init(&url, AKS_URL_LIMIT);
    done = aks_buffer_append_text(&url, session->endpoint) && aks_buffer_append_text(&url, source->target);
    if (source->api_version) {
        done = done && aks_buffer_append_format(&url, "%capi-version=", separator) &&
               aks_buffer_append_percent_encoded(&url, source->api_version);
        separator = '&';
    }
    if (source->query)
        done = done && aks_buffer_append_format(&url, "%c%s", separator, source->query);
    text = done ? aks_buffer_take(&url) : NULL;
    aks_buffer_clear(&url);
    if (!text) {
        aks_error_set_no_memory(error);
    } else if (!aks_url_parse(text, &parts)) {
        aks_error_set(error, "request_invalid", "no URL can be made of the target '%s'", source->target);
        free(text);
        text = NULL;
    }
    return text;
}

static bool copy_text(char **target, const char *text, struct aks_error *error)
{
    *target = text ? strdup(text) : NULL;
    return !text || *target || aks_error_set_no_memory(error);
}

static bool set_client_request_id(struct aks_request *request, const char *id, struct aks_error *error)
{
    if (!id)
        return aks_uuid_random(request->client_request_id) ||
               aks_error_set(error, "request_invalid", "the system has no randomness for a request id");
    if (!aks_uuid_is_valid(id))
        return aks_error_set(error, "request_invalid", "the client request id '%s' is not a UUID", id);
    memcpy(request->client_request_id, id, AKS_UUID_SIZE);
    return true;
}

bool aks_request_make(struct aks_request *request, const struct aks_session *session,
                      const struct aks_call_request *source, struct aks_error *error)
{
    request->url = make_url(session, source, error);
    if (!request->url)
        return false;
    if (source->body) {
        request->body = aks_document_text(source->body, error);
        if (!request->body)
            return false;
    }
    return copy_text(&request->method, source->method, error) &&
           copy_text(&request->if_match, source->if_match, error) &&
           copy_text(&request->if_none_match, source->if_none_match, error) &&
           copy_text(&request->correlation_id, source->correlation_id, error) &&
           set_client_request_id(request, source->client_request_id, error);
}

static bool add_header(struct aks_headers *headers, const char *name, const char *value, struct aks_error *error)
{
    if (!value || aks_headers_add(headers, name, value))
        return true;
    return aks_error_set(error, "request_invalid", "the header %s cannot be sent: is there a line break in its value?",
                         name);
}

static bool add_authorization(struct aks_headers *headers, const char *token, struct aks_error *error)
{
    struct aks_buffer value;
    bool done;

    aks_buffer_init(&value, AKS_TOKEN_LIMIT + 16);
    done = aks_buffer_append_text(&value, "Bearer ") && aks_buffer_append_text(&value, token);
    done = done ? add_header(headers, "Authorization", value.data, error) : aks_error_set_no_memory(error);
    aks_buffer_erase(&value);
    return done;
}

bool aks_request_add_headers(const struct aks_request *request, const struct aks_session *session, const char *token,
                             struct aks_headers *headers, struct aks_error *error)
{
    return add_authorization(headers, token, error) && add_header(headers, "Accept", "application/json", error) &&
           add_header(headers, "Content-Type", request->body ? "application/json" : NULL, error) &&
           add_header(headers, "User-Agent", session->user_agent, error) &&
           add_header(headers, "x-ms-client-request-id", request->client_request_id, error) &&
           add_header(headers, "x-ms-return-client-request-id", "true", error) &&
           add_header(headers, "x-ms-correlation-request-id", request->correlation_id, error) &&
           add_header(headers, "If-Match", request->if_match, error) &&
           add_header(headers, "If-None-Match", request->if_none_match, error);
}

void aks_request_clear(struct aks_request *request)
{
    free(request->method);
    free(request->url);
    free(request->body);
    free(request->if_match);
    free(request->if_none_match);
    free(request->correlation_id);
    *request = (struct aks_request){0};
}
