/* The operation "check": what speaks against creating a resource, found by reads alone. */
#include "operations/operations.h"
#include "operations/preflight.h"

#include "rules/rule.h"

struct check {
    struct aks_survey survey; /* first: see survey.h */
};

static void clear(void *data)
{
    struct check *check = data;

    aks_survey_clear(&check->survey);
}

static bool is_cluster(const struct aks_operation *operation)
{
    return operation->resource->type == &aks_type_cluster;
}

/* A scope that does not exist yet has no assignments to look at. */
static bool has_id(const struct aks_operation *operation)
{
    return operation->resource->id.text && *operation->resource->id.text;
}

static void answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    json_t *document = reply ? reply->body : NULL;

    if (!reply && !aks_call_is_absent(error)) {
        aks_operation_fail(operation, error);
        return;
    }
    aks_error_clear(error); /* absent is an answer */
    if (reply)
        reply->body = NULL;
    if (aks_resource_set_state(operation->resource, document, error))
        aks_operation_next(operation);
    else
        aks_operation_fail(operation, error);
}

static void read_resource(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "GET");

    if (has_id(operation))
        aks_operation_call(operation, &request, answered);
    else
        aks_operation_next(operation);
}

static void survey(struct aks_operation *operation)
{
    if (is_cluster(operation))
        aks_survey_run(operation, aks_preflight_look, aks_preflight_seen);
    else
        aks_operation_next(operation);
}

/* Create-only fields that differ from what is there. */
static bool compare(const struct aks_operation *operation, struct aks_findings *findings)
{
    struct aks_error error = {0};
    size_t changes = 0;
    bool done = !has_id(operation) ||
                aks_resource_compare(operation->resource, operation->resource->state, &changes, findings, &error);

    aks_error_clear(&error);
    return done;
}

static void judge(struct aks_operation *operation)
{
    struct aks_findings *findings = &operation->findings;
    struct aks_error error = {0};
    bool done = compare(operation, findings);
    json_t *result;

    if (done && is_cluster(operation)) /* which includes what its objects mean together */
        done = aks_preflight_check(operation, true, findings);
    else if (done)
        done = aks_resource_relate(operation->resource, findings);
    aks_rules_sort(findings);
    result = done ? aks_findings_document(findings) : NULL;
    if (result) {
        aks_operation_succeed(operation, result);
        return;
    }
    aks_error_set_no_memory(&error);
    aks_operation_fail(operation, &error);
}

static const struct aks_step steps[] = {
    {"read", read_resource},
    {"look at what it needs", survey},
    {"check", judge},
};

static const struct aks_operation_kind kind = {
    .name = "check",
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
    .data_size = sizeof(struct check),
    .clear = clear,
};

struct aks_operation *aks_operation_new_check(struct aks_resource *resource, struct aks_error *error)
{
    return aks_operation_new(&kind, resource->session, resource, error);
}

json_t *aks_findings_document(const struct aks_findings *findings)
{
    json_t *list = json_array();

    for (size_t i = 0; i < findings->count; i++) {
        const struct aks_finding *finding = &findings->items[i];
        json_t *item = json_pack("{s:s, s:s, s:s*, s:s*, s:s, s:s*}", "code", finding->code, "severity",
                                 aks_severity_name(finding->severity), "resource", finding->resource, "field",
                                 finding->field, "message", finding->message, "remedy", finding->remedy);

        if (json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}
