/* A long-running operation as a state machine: answers in, the next URL out. Sends nothing and waits for nothing.
   "Track asynchronous Azure operations":
   https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations What it leaves open is done as
   the Azure SDKs do it (azure-core's polling/base_polling.py). */
#include "arm/poll.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "arm/fault.h"
#include "base/text.h"
#include "transport/retry.h"
#include "transport/url.h"

/* Answers without a status that are taken for a passing oddity. */
#define MUTE_LIMIT 5

/* How a word of Azure's says that things stand. Every word that is not known means: still running. */
enum standing { RUNNING, SUCCEEDED, FAILED, CANCELED };

static enum standing standing_of(const char *status)
{
    static const struct {
        const char *word;
        enum standing standing;
    } words[] = {{"Succeeded", SUCCEEDED}, {"Failed", FAILED}, {"Canceled", CANCELED}, {"Cancelled", CANCELED}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (aks_text_equal_fold(words[i].word, status))
            return words[i].standing;
    return RUNNING;
}

bool aks_poll_state_is_terminal(const char *provisioning_state)
{
    return !provisioning_state || *provisioning_state == '\0' || standing_of(provisioning_state) != RUNNING;
}

static const char *provisioning_state(const json_t *document)
{
    return aks_document_text_at(document, "properties.provisioningState");
}

static bool replace_text(char **target, const char *text, struct aks_error *error)
{
    char *copy = strdup(text);

    if (!copy)
        return aks_error_set_no_memory(error);
    free(*target);
    *target = copy;
    return true;
}

static bool set_status(struct aks_poll *poll, const char *status, struct aks_error *error)
{
    return !status || *status == '\0' || replace_text(&poll->status, status, error);
}

static void set_document(struct aks_poll *poll, json_t *document)
{
    json_incref(document);
    json_decref(poll->document);
    poll->document = document;
}

/* A link becomes *target, if its host may have our token. A relative one is relative to what named it, but trust comes
   from the URL of the beginning: a regional host that was trusted may name the global one again. */
static bool follow(const struct aks_poll *poll, const struct aks_reply *reply, const char *link, char **target,
                   struct aks_error *error)
{
    char *url = aks_url_follow(*link == '/' ? reply->url : poll->resource_url, link, error);

    if (!url)
        return false;
    free(*target);
    *target = url;
    return true;
}

static const char *link_of(const struct aks_reply *reply, const char *name)
{
    const char *link = aks_headers_get(&reply->headers, name);

    return link && *link != '\0' ? link : NULL;
}

static bool wait_at(struct aks_poll *poll, enum aks_poll_state state, const struct aks_reply *reply, const char *link,
                    struct aks_error *error)
{
    poll->state = state;
    return follow(poll, reply, link, &poll->url, error);
}

static bool wait_at_resource(struct aks_poll *poll, struct aks_error *error)
{
    poll->state = AKS_POLL_RESOURCE;
    return replace_text(&poll->url, poll->resource_url, error);
}

static void end(struct aks_poll *poll, enum aks_poll_state state)
{
    poll->state = state;
    free(poll->url);
    poll->url = NULL;
}

static bool has_reason(const json_t *reason)
{
    return json_is_string(reason) || (json_is_object(reason) && json_object_size(reason) > 0);
}

/* Ends in failure; `reason` is ARM's error object, or NULL. */
static void end_badly(struct aks_poll *poll, enum aks_poll_state state, const json_t *reason)
{
    const char *code = state == AKS_POLL_CANCELED ? "operation_canceled" : "operation_failed";
    const char *what = state == AKS_POLL_CANCELED ? "the operation was canceled" : "Azure could not do it";
    const struct aks_error *deepest;
    struct aks_error cause = {0};
    struct aks_error *detail;

    end(poll, state);
    aks_error_clear(&poll->error);
    if (!has_reason(reason)) {
        aks_error_set(&poll->error, code, "%s, and Azure gave no reason", what);
        return;
    }
    aks_fault_read_object(reason, &cause);
    deepest = aks_fault_deepest(&cause);
    aks_error_set(&poll->error, code, "%s: %s: %s", what, aks_error_code(deepest),
                  deepest->message ? deepest->message : "");
    aks_error_note(&poll->error.target, deepest->target);
    aks_error_note(&poll->error.hint, cause.hint);
    detail = aks_error_add_detail(&poll->error);
    if (detail)
        aks_error_move(detail, &cause);
    aks_error_clear(&cause);
}

static const json_t *reason_in_resource(const json_t *document)
{
    return aks_document_get(document, "properties.status.provisioningError");
}

void aks_poll_explain(struct aks_poll *poll, const json_t *document)
{
    const json_t *reason = reason_in_resource(document);

    if ((poll->state == AKS_POLL_FAILED || poll->state == AKS_POLL_CANCELED) && poll->error.detail_count == 0 &&
        has_reason(reason))
        end_badly(poll, poll->state, reason);
}

/* Azure has done it: what is left is to read the result, where there is one. */
static bool end_well(struct aks_poll *poll, const struct aks_reply *reply, const json_t *operation,
                     struct aks_error *error)
{
    const char *resource = aks_document_text_at(operation, "resourceLocation");
    const char *final = poll->reads_resource ? poll->resource_url : poll->location;

    if (resource && *resource != '\0' && !poll->deletes) {
        if (!follow(poll, reply, resource, &poll->url, error))
            return false;
    } else if (!final || poll->deletes) {
        end(poll, AKS_POLL_SUCCEEDED);
        return true;
    } else if (!replace_text(&poll->url, final, error)) {
        return false;
    }
    poll->state = AKS_POLL_FINAL;
    poll->retry_after = 0; /* nothing is waited for any more */
    return true;
}

/* The state that a document tells of its own resource. */
static bool update_resource(struct aks_poll *poll, const struct aks_reply *reply, struct aks_error *error)
{
    const char *state = provisioning_state(reply->body);

    set_document(poll, reply->body);
    if (!set_status(poll, state, error))
        return false;
    switch (standing_of(state ? state : "Succeeded")) {
    case FAILED:
        end_badly(poll, AKS_POLL_FAILED, reason_in_resource(reply->body));
        return true;
    case CANCELED:
        end_badly(poll, AKS_POLL_CANCELED, reason_in_resource(reply->body));
        return true;
    case SUCCEEDED:
        if (!poll->deletes) {
            end(poll, AKS_POLL_SUCCEEDED);
            return true;
        }
        break;
    case RUNNING:
        break;
    }
    return wait_at_resource(poll, error);
}

/* Whether a Location on the first answer means that something is under way, and does not only name what was made: the
   answer to a new user-assigned identity has a relative one on a 201 that is final. */
static bool is_location_followed(const struct aks_reply *reply, const char *location)
{
    if (reply->status == 202)
        return true;
    return *location != '/' && (!reply->body || !aks_poll_state_is_terminal(provisioning_state(reply->body)));
}

static bool begin_without_link(struct aks_poll *poll, const struct aks_reply *reply, struct aks_error *error)
{
    if (reply->status == 202 && (poll->reads_resource || poll->deletes))
        return wait_at_resource(poll, error);
    if (poll->reads_resource && reply->body)
        return update_resource(poll, reply, error);
    set_document(poll, reply->body);
    end(poll, AKS_POLL_SUCCEEDED);
    return true;
}

/* "https://host/.../managedClusters/demo/stop?..." acts upon "https://host/.../managedClusters/demo?...". */
static void drop_action(char *url)
{
    char *query = url + strcspn(url, "?");
    char *slash = query;

    while (slash > url && *slash != '/')
        slash--;
    if (slash > url)
        memmove(slash, query, strlen(query) + 1);
}

bool aks_poll_begin(struct aks_poll *poll, const char *method, const struct aks_reply *reply, double now,
                    struct aks_error *error)
{
    const char *operation = link_of(reply, "Azure-AsyncOperation");
    const char *location = link_of(reply, "Location");
    bool posts = aks_text_equal_fold(method, "POST");

    poll->reads_resource = aks_text_equal_fold(method, "PUT") || aks_text_equal_fold(method, "PATCH");
    poll->deletes = aks_text_equal_fold(method, "DELETE");
    poll->retry_after = aks_retry_after(&reply->headers, now);
    if (!replace_text(&poll->resource_url, reply->url, error))
        return false;
    if (posts)
        drop_action(poll->resource_url);
    if (aks_text_equal_fold(method, "GET"))
        return update_resource(poll, reply, error);
    if (reply->status == 204) {
        end(poll, AKS_POLL_SUCCEEDED);
        return true;
    }
    if (poll->reads_resource)
        set_document(poll, reply->body);
    if (!set_status(poll, provisioning_state(reply->body), error))
        return false;
    if (posts && location && (operation || is_location_followed(reply, location)) &&
        !follow(poll, reply, location, &poll->location, error))
        return false;
    if (operation)
        return wait_at(poll, AKS_POLL_OPERATION, reply, operation, error);
    if (location && is_location_followed(reply, location))
        return wait_at(poll, AKS_POLL_LOCATION, reply, location, error);
    return begin_without_link(poll, reply, error);
}

/* An answer that says "still running" may name new URLs: they replace the old ones. */
static bool take_links(struct aks_poll *poll, const struct aks_reply *reply, struct aks_error *error)
{
    const char *operation = link_of(reply, "Azure-AsyncOperation");
    const char *location = link_of(reply, "Location");

    if (location && poll->location && !follow(poll, reply, location, &poll->location, error))
        return false;
    if (operation)
        return wait_at(poll, AKS_POLL_OPERATION, reply, operation, error);
    if (location && poll->state == AKS_POLL_LOCATION)
        return wait_at(poll, AKS_POLL_LOCATION, reply, location, error);
    return true;
}

/* An operation that keeps silent about how it stands is no longer asked: its resource tells. */
static bool hear_nothing(struct aks_poll *poll, const struct aks_reply *reply, struct aks_error *error)
{
    return ++poll->mute == MUTE_LIMIT ? wait_at_resource(poll, error) : take_links(poll, reply, error);
}

static bool update_operation(struct aks_poll *poll, const struct aks_reply *reply, struct aks_error *error)
{
    const char *status = aks_document_text_at(reply->body, "status");
    enum standing standing;

    if (!status)
        status = provisioning_state(reply->body);
    if (!status && reply->status == 204)
        status = "Succeeded";
    if (!status && reply->status == 200)
        return hear_nothing(poll, reply, error);
    if (!set_status(poll, status, error))
        return false;
    poll->mute = 0;
    standing = status ? standing_of(status) : RUNNING;
    if (standing == SUCCEEDED)
        return end_well(poll, reply, reply->body, error);
    if (standing == RUNNING)
        return take_links(poll, reply, error);
    end_badly(poll, standing == CANCELED ? AKS_POLL_CANCELED : AKS_POLL_FAILED, json_object_get(reply->body, "error"));
    aks_error_note(&poll->error.request_id, link_of(reply, "x-ms-request-id"));
    aks_error_note(&poll->error.correlation_id, link_of(reply, "x-ms-correlation-request-id"));
    return true;
}

static bool update_location(struct aks_poll *poll, const struct aks_reply *reply, struct aks_error *error)
{
    if (reply->status == 202)
        return set_status(poll, aks_document_text_at(reply->body, "status"), error) && take_links(poll, reply, error);
    if (poll->reads_resource)
        return end_well(poll, reply, NULL, error);
    /* A Location on this answer (AKS sends one with its last 204) begins nothing new. */
    if (!poll->deletes)
        set_document(poll, reply->body);
    end(poll, AKS_POLL_SUCCEEDED);
    return true;
}

static bool update_final(struct aks_poll *poll, const struct aks_reply *reply, struct aks_error *error)
{
    const char *location = link_of(reply, "Location");

    if (reply->status == 202 && !poll->reads_resource)
        return !location || follow(poll, reply, location, &poll->url, error);
    if (reply->body)
        set_document(poll, reply->body);
    if (!set_status(poll, provisioning_state(reply->body), error))
        return false;
    end(poll, AKS_POLL_SUCCEEDED);
    return true;
}

bool aks_poll_update(struct aks_poll *poll, const struct aks_reply *reply, double now, struct aks_error *error)
{
    poll->retry_after = aks_retry_after(&reply->headers, now);
    switch (poll->state) {
    case AKS_POLL_OPERATION:
        return update_operation(poll, reply, error);
    case AKS_POLL_LOCATION:
        return update_location(poll, reply, error);
    case AKS_POLL_RESOURCE:
        return update_resource(poll, reply, error);
    case AKS_POLL_FINAL:
        return update_final(poll, reply, error);
    default:
        return true; /* over: nothing can change that */
    }
}

bool aks_poll_fall_back(struct aks_poll *poll)
{
    struct aks_error ignored = {0};
    bool posts = !poll->reads_resource && !poll->deletes;

    if (poll->state != AKS_POLL_OPERATION && (poll->state != AKS_POLL_LOCATION || posts))
        return false;
    if (wait_at_resource(poll, &ignored))
        return true;
    aks_error_clear(&ignored);
    return false;
}

bool aks_poll_accept_absence(struct aks_poll *poll)
{
    bool gone = poll->state == AKS_POLL_RESOURCE && poll->deletes;
    bool no_result = poll->state == AKS_POLL_FINAL && !poll->reads_resource;

    if (!gone && !no_result)
        return false;
    set_document(poll, NULL);
    end(poll, AKS_POLL_SUCCEEDED);
    return true;
}

double aks_poll_wait(const struct aks_poll *poll, const struct aks_poll_pace *pace, double elapsed)
{
    if (poll->retry_after >= 0)
        return poll->retry_after < AKS_RETRY_AFTER_LIMIT ? poll->retry_after : AKS_RETRY_AFTER_LIMIT;
    if (elapsed < pace->first)
        return pace->first - elapsed;
    return pace->interval;
}

bool aks_poll_is_over(const struct aks_poll *poll)
{
    return poll->state >= AKS_POLL_SUCCEEDED;
}

void aks_poll_clear(struct aks_poll *poll)
{
    free(poll->url);
    free(poll->resource_url);
    free(poll->location);
    free(poll->status);
    json_decref(poll->document);
    aks_error_clear(&poll->error);
    *poll = (struct aks_poll){0};
}
