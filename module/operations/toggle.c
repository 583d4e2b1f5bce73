/* The operation "toggle": turns the private mode of an integrated cluster on or off, and keeps everything else.
   https://learn.microsoft.com/azure/aks/api-server-vnet-integration (enable or disable private cluster mode) */
#include "operations/current.h"
#include "operations/operations.h"

#include <string.h>

#include "arm/document.h"
#include "base/text.h"
#include "resources/cluster.h"

enum { STEP_READ, STEP_SETTLE, STEP_COMPARE, STEP_WRITE, STEP_READ_BACK, STEP_REPORT };

static const struct aks_field options[] = {
    {.name = "private",
     .type = AKS_FIELD_BOOLEAN,
     .flags = AKS_FIELD_REQUIRED,
     .documentation = "true: the API server is reached from within the virtual network alone; false: from anywhere"},
    {.name = "wait", .type = AKS_FIELD_BOOLEAN, .documentation = "false: return the operation at once"},
};
const struct aks_fields aks_toggle_options = AKS_FIELDS(options);

/* The host names of an API server: field of ours, place in the document. */
static const char *const names[][2] = {
    {"fqdn", "properties.fqdn"},
    {"private_fqdn", "properties.privateFQDN"},
    {"portal_fqdn", "properties.azurePortalFQDN"},
};

struct toggle {
    bool private;
    json_t *before; /* the document that was changed; NULL: it is as wanted already */
};

static void clear(void *data)
{
    struct toggle *toggle = data;

    json_decref(toggle->before);
}

static void refuse(struct aks_operation *operation, const char *code, const char *problem, const char *hint)
{
    struct aks_error error = {0};

    aks_error_set(&error, code, "%s %s", operation->resource->title, problem);
    aks_error_note(&error.hint, hint);
    aks_operation_fail(operation, &error);
}

static bool is_true(const json_t *document, const char *path)
{
    return json_is_true(aks_document_get(document, path));
}

/* STEP_COMPARE: local. */
static void compare(struct aks_operation *operation)
{
    const struct toggle *toggle = operation->data;
    const json_t *state = operation->resource->state;

    if (!is_true(state, AKS_CLUSTER_ACCESS "enableVnetIntegration"))
        refuse(operation, "not_integrated",
               "has no API Server VNet Integration: without it private mode cannot be turned on or off",
               "convert it first: cluster:convert{ apiserver_subnet = ... }");
    else if (is_true(state, AKS_CLUSTER_ACCESS "enablePrivateCluster") == toggle->private)
        aks_operation_go(operation, STEP_REPORT);
    else if (aks_current_has_power(operation, "Stopped"))
        refuse(operation, "cluster_not_running", "is stopped, and a stopped cluster can only be started or deleted",
               "start it first: cluster:start()");
    else
        aks_operation_next(operation);
}

/* STEP_WRITE */
static void written(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    if (!aks_error_is_set(error)) {
        if (document)
            aks_current_keep(operation, json_incref(document), error);
        else
            aks_operation_next(operation);
    } else if (!aks_current_begin_again(operation, STEP_READ, error)) {
        aks_operation_fail(operation, error);
    }
}

/* Authorised ranges are about the public address alone, and Azure takes none for a private cluster: they go. The
   settings of private DNS stay in the document of a public cluster, as the Azure CLI leaves them. */
static json_t *new_body(const struct aks_operation *operation, struct aks_error *error)
{
    const struct toggle *toggle = operation->data;
    json_t *body = aks_resource_unchanged(operation->resource, error);

    if (body && toggle->private)
        aks_document_delete(body, AKS_CLUSTER_ACCESS "authorizedIPRanges");
    if (body && aks_field_put(body, AKS_CLUSTER_ACCESS "enablePrivateCluster", json_boolean(toggle->private), error))
        return body;
    json_decref(body);
    return NULL;
}

static void write_mode(struct aks_operation *operation)
{
    struct toggle *toggle = operation->data;
    struct aks_call_request request = aks_operation_request(operation, "PUT");
    struct aks_error error = {0};
    json_t *body = new_body(operation, &error);

    if (!body) {
        aks_operation_fail(operation, &error);
        return;
    }
    json_decref(toggle->before);
    toggle->before = json_incref(operation->resource->state);
    request.body = body;
    request.if_match = aks_document_text_at(operation->resource->state, "eTag");
    aks_operation_follow(operation, &request, written);
    json_decref(body);
}

/* STEP_READ_BACK: for answers that had no document. */
static void read_back(struct aks_operation *operation)
{
    const struct toggle *toggle = operation->data;

    if (operation->resource->state == toggle->before)
        aks_current_read(operation);
    else
        aks_operation_next(operation);
}

/* The names that `document` has and `other` has not (or has another of). */
static bool add_names(json_t *result, const char *member, const json_t *document, const json_t *other)
{
    json_t *list = json_object();
    bool done = json_object_set_new(result, member, list) == 0;

    for (size_t i = 0; done && i < sizeof names / sizeof *names; i++) {
        const char *name = aks_document_text_at(document, names[i][1]);
        const char *counterpart = aks_document_text_at(other, names[i][1]);

        if (name && (!counterpart || !aks_text_equal_fold(name, counterpart)))
            done = json_object_set_new(list, names[i][0], json_string(name)) == 0;
    }
    return done;
}

/* A private cluster's zone stays in its node resource group when the cluster becomes public
   (https://github.com/Azure/AKS/issues/4297): everything of its private name behind the first label. */
static bool add_leftover_zone(json_t *result, const json_t *before)
{
    const char *zone = aks_document_text_at(before, AKS_CLUSTER_ACCESS "privateDNSZone");
    const char *name = aks_document_text_at(before, "properties.privateFQDN");
    const char *domain = name ? strchr(name, '.') : NULL;

    if (!domain || (zone && !aks_text_equal_fold(zone, "system")))
        return true;
    return json_object_set_new(result, "leftover_private_dns_zone", json_string(domain + 1)) == 0;
}

static bool add_changes(json_t *result, const struct toggle *toggle, const json_t *after)
{
    const json_t *before = toggle->before ? toggle->before : after;
    json_t *ranges = aks_document_get(before, AKS_CLUSTER_ACCESS "authorizedIPRanges");

    if (!add_names(result, "appeared", after, before) || !add_names(result, "gone", before, after))
        return false;
    if (!toggle->private)
        return !toggle->before || add_leftover_zone(result, before);
    return json_array_size(ranges) == 0 || json_object_set(result, "removed_authorized_ip_ranges", ranges) == 0;
}

static void report(struct aks_operation *operation)
{
    const struct toggle *toggle = operation->data;
    json_t *result = json_pack("{s:b, s:b}", "private", toggle->private, "changed", toggle->before != NULL);
    struct aks_error error = {0};

    if (result && add_changes(result, toggle, operation->resource->state)) {
        aks_operation_succeed(operation, result);
        return;
    }
    json_decref(result);
    aks_error_set_no_memory(&error);
    aks_operation_fail(operation, &error);
}

static const struct aks_step steps[] = {
    [STEP_READ] = {"read", aks_current_read},    [STEP_SETTLE] = {"wait for what is under way", aks_current_settle},
    [STEP_COMPARE] = {"compare", compare},       [STEP_WRITE] = {"change private mode", write_mode},
    [STEP_READ_BACK] = {"read back", read_back}, [STEP_REPORT] = {"compare names", report},
};

static const struct aks_operation_kind kind = {
    .name = "toggle",
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
    .data_size = sizeof(struct toggle),
    .clear = clear,
};

struct aks_operation *aks_operation_new_toggle(struct aks_resource *resource, const json_t *wanted,
                                               struct aks_error *error)
{
    struct aks_operation *operation = aks_operation_new(&kind, resource->session, resource, error);

    if (operation)
        ((struct toggle *)operation->data)->private = json_is_true(json_object_get(wanted, "private"));
    return operation;
}
