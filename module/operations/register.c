/* The operation "register": of a resource provider; or of a preview feature, after which its provider is registered
   once more, as that is what makes the feature known to it. Waits until Azure says Registered.
   https://learn.microsoft.com/azure/azure-resource-manager/management/preview-features */
#include "operations/operations.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "base/text.h"

enum { STEP_READ, STEP_REGISTER, STEP_WATCH, STEP_REFRESH, STEP_WATCH_PROVIDER };

/* The path of a feature's provider; freed by the caller. */
static char *provider_path(const struct aks_resource *feature)
{
    const char *end = strchr(feature->id.name, '/');

    return aks_text_format("%s/providers/%.*s", feature->id.parent, (int)(end - feature->id.name), feature->id.name);
}

static bool is_feature(const struct aks_operation *operation)
{
    return operation->resource->type == &aks_type_feature;
}

static bool is_registered(const char *state)
{
    return state && aks_text_equal_fold(state, "Registered");
}

static const char *state_of(const struct aks_operation *operation)
{
    return aks_document_text_at(operation->resource->state,
                                is_feature(operation) ? "properties.state" : "registrationState");
}

/* A provider is registered in seconds, a feature in minutes: looks come closer at first. */
static double interval_of(struct aks_operation *operation)
{
    double interval = operation->session->poll_interval, limit = operation->resource->type->pace.interval;

    if (interval > 0)
        return interval;
    interval = ++operation->attempts;
    return interval < limit ? interval : limit;
}

/* Says when a feature need not be registered any more. */
static void note_general(struct aks_operation *operation)
{
    const char *since = is_feature(operation) ? aks_feature_general_since(operation->resource->id.name) : NULL;
    char *note = since ? aks_text_format("not needed: generally available since api-version %s", since) : NULL;

    aks_operation_note(operation, note);
    free(note);
}

static bool keep(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    json_t *document = reply ? reply->body : NULL;

    if (!reply) {
        aks_operation_fail(operation, error);
        return false;
    }
    reply->body = NULL;
    if (aks_resource_set_state(operation->resource, document, error))
        return true;
    aks_operation_fail(operation, error);
    return false;
}

/* STEP_READ. A cloud that no longer knows a feature that is generally available needs no registration of it. */
static void read_answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    if (!reply && is_feature(operation) && error->status == 404 &&
        aks_feature_general_since(operation->resource->id.name)) {
        aks_error_clear(error);
        aks_operation_succeed(operation, NULL);
    } else if (keep(operation, reply, error)) {
        if (is_registered(state_of(operation)))
            aks_operation_go(operation, STEP_REFRESH);
        else
            aks_operation_next(operation);
    }
}

static void read_state(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "GET");

    note_general(operation);
    aks_operation_call(operation, &request, read_answered);
}

/* STEP_REGISTER */
static void registered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    if (keep(operation, reply, error))
        aks_operation_go_after(operation, STEP_WATCH, 0, state_of(operation));
}

static void post_register(struct aks_operation *operation, const char *path, const char *api_version,
                          void (*answered)(struct aks_operation *operation, struct aks_reply *reply,
                                           struct aks_error *error))
{
    char *target = path ? aks_text_format("%s/register", path) : NULL;
    struct aks_call_request request = {
        .method = "POST", .target = target, .api_version = api_version, .repeatable = true};
    struct aks_error error = {0};

    if (target) {
        aks_operation_call(operation, &request, answered);
    } else {
        aks_error_set_no_memory(&error);
        aks_operation_fail(operation, &error);
    }
    free(target);
}

static void register_it(struct aks_operation *operation)
{
    const struct aks_resource *resource = operation->resource;

    post_register(operation, resource->id.text, resource->type->api_version, registered);
}

/* STEP_WATCH */
static void watched(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    if (!keep(operation, reply, error))
        return;
    if (is_registered(state_of(operation)))
        aks_operation_next(operation);
    else
        aks_operation_go_after(operation, STEP_WATCH, interval_of(operation), state_of(operation));
}

static void watch(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "GET");

    aks_operation_call(operation, &request, watched);
}

/* STEP_REFRESH and STEP_WATCH_PROVIDER: of a feature alone. Whether the provider was told of a feature that is
   registered cannot be seen, so it is told again each time, which does no harm. */
static void provider_answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    const char *state = reply ? aks_document_text_at(reply->body, "registrationState") : NULL;

    if (!reply)
        aks_operation_fail(operation, error);
    else if (is_registered(state))
        aks_operation_succeed(operation, NULL);
    else
        aks_operation_go_after(operation, STEP_WATCH_PROVIDER, interval_of(operation), state);
}

static void refresh(struct aks_operation *operation)
{
    char *path;

    if (!is_feature(operation)) {
        aks_operation_succeed(operation, NULL);
        return;
    }
    path = provider_path(operation->resource);
    post_register(operation, path, aks_type_provider.api_version, provider_answered);
    free(path);
}

static void watch_provider(struct aks_operation *operation)
{
    char *path = provider_path(operation->resource);
    struct aks_call_request request = {.method = "GET", .target = path, .api_version = aks_type_provider.api_version};
    struct aks_error error = {0};

    if (path) {
        aks_operation_call(operation, &request, provider_answered);
    } else {
        aks_error_set_no_memory(&error);
        aks_operation_fail(operation, &error);
    }
    free(path);
}

static const struct aks_step steps[] = {
    [STEP_READ] = {"read", read_state},
    [STEP_REGISTER] = {"register", register_it},
    [STEP_WATCH] = {"wait until registered", watch},
    [STEP_REFRESH] = {"tell the resource provider", refresh},
    [STEP_WATCH_PROVIDER] = {"wait for the resource provider", watch_provider},
};

static const struct aks_operation_kind kind = {
    .name = "register",
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
};

struct aks_operation *aks_operation_new_register(struct aks_resource *resource, struct aks_error *error)
{
    return aks_operation_new(&kind, resource->session, resource, error);
}
