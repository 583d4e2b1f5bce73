/* The operation "convert": turns an existing cluster into one with API Server VNet Integration, which cannot be undone,
   and restarts it, as Azure demands right afterwards.
   https://learn.microsoft.com/azure/aks/api-server-vnet-integration (convert an existing cluster) */
#include "operations/convert.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "base/text.h"
#include "operations/current.h"
#include "operations/operations.h"
#include "resources/cluster.h"

enum {
    STEP_READ,
    STEP_ASSESS,
    STEP_SETTLE,
    STEP_SURVEY,
    STEP_LOOK_UP,
    STEP_CHECK,
    STEP_CONVERT,
    STEP_READ_CONVERTED,
    STEP_STOP,
    STEP_START,
    STEP_UNMARK,
    STEP_READ_AGAIN,
    STEP_LOOK,
    STEP_REPORT
};

static const struct aks_field options[] = {
    {.name = "apiserver_subnet",
     .type = AKS_FIELD_REFERENCE,
     .flags = AKS_FIELD_REQUIRED,
     .target = "Microsoft.Network/virtualNetworks/subnets",
     .documentation = "delegated subnet for the API server, at least a /28, in the virtual network of the nodes"},
    {.name = "approve",
     .type = AKS_FIELD_BOOLEAN,
     .documentation = "true: you know that it cannot be undone, and that every workload restarts"},
    {.name = "restart",
     .type = AKS_FIELD_BOOLEAN,
     .documentation = "false: the stop and start that Azure demands right afterwards are left to you; absent: true"},
    {.name = "wait", .type = AKS_FIELD_BOOLEAN, .documentation = "false: return the operation at once"},
};
const struct aks_fields aks_convert_options = AKS_FIELDS(options);

static struct aks_convert *convert_of(const struct aks_operation *operation)
{
    return operation->data;
}

static void clear(void *data)
{
    struct aks_convert *convert = data;

    aks_survey_clear(&convert->survey);
    free(convert->apiserver_subnet);
    free(convert->looked_up);
    json_decref(convert->before);
    aks_findings_clear(&convert->findings);
}

static bool is_integrated(const struct aks_operation *operation)
{
    return json_is_true(aks_document_get(operation->resource->state, AKS_CLUSTER_ACCESS "enableVnetIntegration"));
}

static bool has_state(const struct aks_operation *operation, const char *wanted)
{
    const char *state = aks_resource_provisioning_state(operation->resource);

    return state && aks_text_equal_fold(state, wanted);
}

/* Puts the findings in place of success. */
static void refuse(struct aks_operation *operation)
{
    struct aks_error error = {0};

    aks_error_note(&error.resource, operation->resource->title);
    aks_error_set_findings(&error, &convert_of(operation)->findings);
    aks_operation_fail(operation, &error);
}

/* STEP_ASSESS: where an earlier run was interrupted, this one goes on. */
static void go_on(struct aks_operation *operation)
{
    struct aks_convert *convert = convert_of(operation);

    if (!aks_convert_recall(operation)) {
        struct aks_error error = {0};

        aks_error_set_no_memory(&error);
        aks_operation_fail(operation, &error);
    } else if (!convert->approved) {
        if (!aks_findings_add(&convert->findings, "approval_required", AKS_SEVERITY_ERROR, operation->resource->title,
                              "approve", "pass approve = true",
                              "an earlier conversion of %s is not finished: the restart that it ends with needs "
                              "approval too",
                              operation->resource->title))
            convert->findings.count = 0;
        refuse(operation);
    } else if (aks_current_is_busy(operation)) {
        convert->was_starting = convert->was_starting || has_state(operation, "Starting");
        aks_operation_go(operation, STEP_SETTLE);
    } else if (!has_state(operation, "Succeeded")) {
        aks_operation_go(operation, STEP_CONVERT);
    } else if (!convert->restart) {
        aks_operation_go(operation, STEP_LOOK);
    } else if (convert->was_starting) {
        aks_operation_go(operation, STEP_UNMARK);
    } else {
        aks_operation_go(operation, STEP_STOP);
    }
}

static void assess(struct aks_operation *operation)
{
    if (is_integrated(operation) && aks_convert_mark(operation->resource->state) && !convert_of(operation)->check_only)
        go_on(operation);
    else
        aks_operation_go(operation, STEP_SURVEY);
}

static void settled(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    if (!aks_error_is_set(error) && !document)
        aks_error_set(error, "not_found", "%s does not exist", operation->resource->title);
    if (aks_error_is_set(error) || !aks_resource_set_state(operation->resource, json_incref(document), error))
        aks_operation_fail(operation, error);
    else
        aks_operation_go(operation, STEP_ASSESS);
}

static void settle(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "GET");

    aks_operation_watch(operation, &request, settled);
}

/* STEP_SURVEY */
static void survey(struct aks_operation *operation)
{
    aks_survey_run(operation, aks_convert_look, aks_convert_seen);
}

/* STEP_LOOK_UP: no resource shows where a public API server listens; its name does. */
static void looked_up(struct aks_operation *operation, const char *address)
{
    struct aks_convert *convert = convert_of(operation);

    free(convert->looked_up);
    convert->looked_up = address ? strdup(address) : NULL; /* only told: without memory it is not known */
    aks_operation_next(operation);
}

static void look_up(struct aks_operation *operation)
{
    const char *host = aks_document_text_at(operation->resource->state, "properties.fqdn");

    if (host && !is_integrated(operation) && !aks_convert_address(operation))
        aks_operation_look_up(operation, host, looked_up);
    else
        aks_operation_next(operation);
}

/* STEP_CHECK: local. */
static bool note_before(struct aks_operation *operation)
{
    struct aks_convert *convert = convert_of(operation);
    const char *address = aks_convert_address(operation);
    const char *image = aks_document_text_at(operation->resource->state, AKS_CLUSTER_POOLS "[0].nodeImageVersion");

    json_decref(convert->before);
    address = address ? address : convert->looked_up;
    convert->before = json_pack("{s:s*, s:s*}", "apiserver_address", address, "node_image_version", image);
    return convert->before;
}

/* The end of a check: its findings are told, not raised. */
static void report_findings(struct aks_operation *operation)
{
    struct aks_convert *convert = convert_of(operation);
    struct aks_error error = {0};
    json_t *result = aks_findings_document(&convert->findings);

    operation->findings = convert->findings;
    convert->findings = (struct aks_findings){0};
    if (result) {
        aks_operation_succeed(operation, result);
        return;
    }
    aks_error_set_no_memory(&error);
    aks_operation_fail(operation, &error);
}

static void check(struct aks_operation *operation)
{
    struct aks_convert *convert = convert_of(operation);
    struct aks_error error = {0};

    aks_findings_clear(&convert->findings);
    if (!note_before(operation) || !aks_convert_check(operation)) {
        aks_error_set_no_memory(&error);
        aks_operation_fail(operation, &error);
    } else if (convert->check_only) {
        report_findings(operation);
    } else if (aks_findings_refuse(&convert->findings)) {
        refuse(operation);
    } else {
        aks_operation_next(operation);
    }
}

/* STEP_CONVERT */
static void converted(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    if (aks_error_is_set(error)) {
        if (!aks_current_begin_again(operation, STEP_READ, error))
            aks_operation_fail(operation, error);
        return;
    }
    convert_of(operation)->converted = true;
    if (document && !aks_resource_set_state(operation->resource, json_incref(document), error))
        aks_operation_fail(operation, error);
    else
        aks_operation_go(operation, document ? STEP_READ_CONVERTED + 1 : STEP_READ_CONVERTED);
}

/* Everything else stays as it was read; a private cluster says so once more, as it must. */
static json_t *new_body(const struct aks_operation *operation, struct aks_error *error)
{
    const struct aks_convert *convert = operation->data;
    json_t *body = aks_resource_unchanged(operation->resource, error);

    if (body && aks_field_put(body, AKS_CLUSTER_ACCESS "enableVnetIntegration", json_true(), error) &&
        aks_field_put(body, AKS_CLUSTER_ACCESS "subnetId", json_string(convert->apiserver_subnet), error) &&
        aks_convert_write_mark(convert, body, error))
        return body;
    json_decref(body);
    return NULL;
}

static void write_conversion(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "PUT");
    struct aks_error error = {0};
    json_t *body = new_body(operation, &error);

    if (!body) {
        aks_operation_fail(operation, &error);
        return;
    }
    request.body = body;
    request.if_match = aks_document_text_at(operation->resource->state, "eTag");
    aks_operation_follow(operation, &request, converted);
    json_decref(body);
}

/* STEP_STOP and STEP_START */
static void hint_at_restart(struct aks_error *error)
{
    char *hint =
        aks_text_format("the cluster is converted, but still needs a stop and a start: remove what is in the way, "
                        "then run the conversion again%s%s",
                        error->hint ? "; " : "", error->hint ? error->hint : "");

    if (hint) {
        free(error->hint);
        error->hint = hint;
    }
}

static void acted(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    (void)document;
    if (!aks_error_is_set(error)) {
        aks_operation_next(operation);
    } else if (!aks_current_begin_again(operation, STEP_READ, error)) {
        hint_at_restart(error);
        aks_operation_fail(operation, error);
    }
}

static void stop(struct aks_operation *operation)
{
    if (!convert_of(operation)->restart)
        aks_operation_go(operation, STEP_LOOK);
    else if (aks_current_has_power(operation, "Stopped"))
        aks_operation_next(operation);
    else
        aks_current_act(operation, "stop", acted);
}

static void start(struct aks_operation *operation)
{
    aks_current_act(operation, "start", acted);
}

/* STEP_LOOK */
static void look(struct aks_operation *operation)
{
    aks_survey_run(operation, aks_convert_look_address, aks_convert_look_rules);
}

/* STEP_REPORT */
static json_t *after(const struct aks_operation *operation)
{
    return json_pack("{s:s*, s:s*}", "apiserver_address", aks_convert_address(operation), "node_image_version",
                     aks_document_text_at(operation->resource->state, AKS_CLUSTER_POOLS "[0].nodeImageVersion"));
}

static void report(struct aks_operation *operation)
{
    const struct aks_convert *convert = operation->data;
    const char *address = json_string_value(json_object_get(convert->before, "apiserver_address"));
    struct aks_error error = {0};
    json_t *stale = aks_convert_stale(operation, address);
    json_t *result = json_pack("{s:b, s:b, s:b, s:o, s:o, s:O?}", "converted", convert->converted, "restarted",
                               convert->restart, "restart_required", !convert->restart, "stale", stale, "after",
                               after(operation), "before", convert->before);

    if (!result) {
        aks_error_set_no_memory(&error);
        aks_operation_fail(operation, &error);
        return;
    }
    if (!convert->restart)
        aks_operation_note(operation, "restart required: stop and start the cluster now");
    aks_operation_succeed(operation, result);
}

static const struct aks_step steps[] = {
    [STEP_READ] = {"read", aks_current_read},
    [STEP_ASSESS] = {"assess", assess},
    [STEP_SETTLE] = {"wait for what is under way", settle},
    [STEP_SURVEY] = {"look at network and roles", survey},
    [STEP_LOOK_UP] = {"look up the API server", look_up},
    [STEP_CHECK] = {"check", check},
    [STEP_CONVERT] = {"convert", write_conversion},
    [STEP_READ_CONVERTED] = {"read back", aks_current_read},
    [STEP_STOP] = {"stop", stop},
    [STEP_START] = {"start", start},
    [STEP_UNMARK] = {"take the mark off", aks_convert_unmark},
    [STEP_READ_AGAIN] = {"read", aks_current_read},
    [STEP_LOOK] = {"look for the old address", look},
    [STEP_REPORT] = {"report", report},
};

static const struct aks_operation_kind kind = {
    .name = "convert",
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
    .data_size = sizeof(struct aks_convert),
    .clear = clear,
};

struct aks_operation *aks_operation_new_convert_check(struct aks_resource *resource, const json_t *wanted,
                                                      struct aks_error *error)
{
    struct aks_operation *operation = aks_operation_new_convert(resource, wanted, error);

    if (operation)
        convert_of(operation)->check_only = true;
    return operation;
}

struct aks_operation *aks_operation_new_convert(struct aks_resource *resource, const json_t *wanted,
                                                struct aks_error *error)
{
    struct aks_operation *operation = aks_operation_new(&kind, resource->session, resource, error);
    struct aks_convert *convert = operation ? operation->data : NULL;

    if (!operation)
        return NULL;
    convert->approved = json_is_true(json_object_get(wanted, "approve"));
    convert->restart = !json_is_false(json_object_get(wanted, "restart"));
    convert->apiserver_subnet = strdup(json_string_value(json_object_get(wanted, "apiserver_subnet")));
    if (convert->apiserver_subnet)
        return operation;
    aks_operation_release(operation);
    aks_error_set_no_memory(error);
    return NULL;
}
