/* The operation "add missing rules": gives a network security group exactly the rules that it lacks for the traffic of
   API Server VNet Integration, ahead of what denies it, and changes nothing else.
   https://learn.microsoft.com/azure/aks/api-server-vnet-integration (network security group rules) */
#include "operations/current.h"
#include "operations/operations.h"
#include "operations/security_group.h"
#include "operations/survey.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "arm/id.h"
#include "base/text.h"
#include "resources/cluster_view.h"
#include "rules/required_rule.h"

#define RULES "properties.securityRules"

enum { STEP_READ, STEP_SETTLE, STEP_LOOK, STEP_PLAN, STEP_WRITE };

static const struct aks_field options[] = {
    {.name = "apiserver_subnet",
     .type = AKS_FIELD_REFERENCE,
     .flags = AKS_FIELD_REQUIRED,
     .target = "Microsoft.Network/virtualNetworks/subnets",
     .documentation = "subnet of the API server"},
    {.name = "node_subnet",
     .type = AKS_FIELD_REFERENCE,
     .flags = AKS_FIELD_REQUIRED,
     .target = "Microsoft.Network/virtualNetworks/subnets",
     .documentation = "subnet of the nodes"},
    {.name = "wait", .type = AKS_FIELD_BOOLEAN, .documentation = "false: return the operation at once"},
};
const struct aks_fields aks_add_missing_rules_options = AKS_FIELDS(options);

struct add_rules {
    struct aks_survey survey; /* first: see survey.h */
    char *subnets[2];         /* ids: of the API server, of the nodes */
    json_t *added;            /* security rules as Azure has them */
};

enum { APISERVER, NODES };

static struct add_rules *data_of(const struct aks_operation *operation)
{
    return operation->data;
}

static void clear(void *data)
{
    struct add_rules *add = data;

    aks_survey_clear(&add->survey);
    free(add->subnets[APISERVER]);
    free(add->subnets[NODES]);
    json_decref(add->added);
}

/* STEP_LOOK: the networks of both subnets, which is one. */
static void look_at_networks(struct aks_operation *operation)
{
    struct add_rules *add = data_of(operation);

    for (size_t i = 0; i < sizeof add->subnets / sizeof *add->subnets; i++) {
        struct aks_id id = {0};

        if (aks_id_parse(add->subnets[i], &id, &add->survey.error))
            aks_survey_look(operation, id.parent, NULL, aks_type_vnet.api_version);
        aks_id_clear(&id);
    }
}

static void look(struct aks_operation *operation)
{
    aks_survey_run(operation, look_at_networks, NULL);
}

/* STEP_PLAN: local. */

/* A subnet in what was seen; *network is its virtual network. NULL: it does not exist, or may not be read. */
static const json_t *seen_subnet(const struct add_rules *add, const char *id, const json_t **network)
{
    for (size_t i = 0; i < add->survey.count; i++) {
        const json_t *document = add->survey.sights[i]->document;
        const json_t *list = aks_document_get(document, "properties.subnets");

        for (size_t j = 0; j < json_array_size(list); j++) {
            const char *other = aks_document_text_at(json_array_get(list, j), "id");

            if (other && aks_id_equal(other, id)) {
                *network = document;
                return json_array_get(list, j);
            }
        }
    }
    return NULL;
}

static bool is_on(const struct aks_operation *operation, const json_t *subnet)
{
    const char *id = aks_document_text_at(subnet, "properties.networkSecurityGroup.id");

    return id && aks_id_equal(id, operation->resource->id.text);
}

/* Everything that a plan is made of. */
struct facts {
    const json_t *network;
    const json_t *subnets[2];
    struct aks_cidr *prefixes[3]; /* of both subnets, of the network */
    size_t counts[3];
    unsigned attached;
    struct aks_security_view view;
};

static void clear_facts(struct facts *facts)
{
    for (size_t i = 0; i < sizeof facts->prefixes / sizeof *facts->prefixes; i++)
        free(facts->prefixes[i]);
    aks_security_view_clear(&facts->view);
}

static bool find_subnets(struct aks_operation *operation, struct facts *facts, struct aks_error *error)
{
    const struct add_rules *add = data_of(operation);

    for (size_t i = 0; i < 2; i++) {
        facts->subnets[i] = seen_subnet(add, add->subnets[i], &facts->network);
        if (!facts->subnets[i])
            return aks_error_set(error, "not_found", "the subnet %s does not exist, or may not be read",
                                 add->subnets[i]);
        facts->prefixes[i] = aks_prefixes_read(facts->subnets[i], "properties.addressPrefix",
                                               "properties.addressPrefixes", &facts->counts[i]);
    }
    facts->prefixes[2] =
        aks_prefixes_read(facts->network, NULL, "properties.addressSpace.addressPrefixes", &facts->counts[2]);
    return (facts->prefixes[0] && facts->prefixes[1] && facts->prefixes[2]) || aks_error_set_no_memory(error);
}

/* A group that is on neither subnet yet is taken for one that is to be on that of the API server. */
static bool gather_facts(struct aks_operation *operation, struct facts *facts, struct aks_error *error)
{
    if (!find_subnets(operation, facts, error))
        return false;
    if (is_on(operation, facts->subnets[NODES]))
        facts->attached |= AKS_SECURITY_ON_NODES;
    if (is_on(operation, facts->subnets[APISERVER]) || !facts->attached)
        facts->attached |= AKS_SECURITY_ON_APISERVER;
    return aks_security_view_read(&facts->view, operation->resource->state, facts->prefixes[2], facts->counts[2]) ||
           aks_error_set_no_memory(error);
}

/* Puts texts under their member, or in the list of its plural. */
static bool put_texts(json_t *properties, const struct aks_security_texts *texts, const char *single,
                      const char *several)
{
    json_t *list;

    if (texts->count == 1)
        return json_object_set_new(properties, single, json_string(texts->items[0])) == 0;
    list = json_array();
    for (size_t i = 0; i < texts->count; i++)
        if (json_array_append_new(list, json_string(texts->items[i])) != 0) {
            json_decref(list);
            return false;
        }
    return json_object_set_new(properties, several, list) == 0;
}

static json_t *rule_document(const struct aks_required_rule *required)
{
    const struct aks_security_rule *rule = &required->rule;
    json_t *document =
        json_pack("{s:s, s:{s:s, s:s, s:s, s:i, s:s}}", "name", rule->name, "properties", "direction",
                  aks_security_direction_name(rule->direction), "access", aks_security_access_name(rule->access),
                  "protocol", aks_security_protocol_name(rule->protocol), "priority", (int)rule->priority,
                  "description", required->flow->description);
    json_t *properties = json_object_get(document, "properties");

    if (document && put_texts(properties, &rule->sources, "sourceAddressPrefix", "sourceAddressPrefixes") &&
        put_texts(properties, &rule->destinations, "destinationAddressPrefix", "destinationAddressPrefixes") &&
        put_texts(properties, &rule->source_ports, "sourcePortRange", "sourcePortRanges") &&
        put_texts(properties, &rule->destination_ports, "destinationPortRange", "destinationPortRanges"))
        return document;
    json_decref(document);
    return NULL;
}

static bool take_plan(struct aks_operation *operation, struct aks_required_plan *plan, struct aks_error *error)
{
    struct add_rules *add = data_of(operation);

    if (plan->findings.count > 0) { /* neither what is denied nor what is not known is passed over */
        plan->findings.items[0].severity = AKS_SEVERITY_ERROR;
        return aks_error_set_findings(error, &plan->findings);
    }
    json_decref(add->added);
    add->added = json_array();
    for (size_t i = 0; i < plan->count; i++)
        if (json_array_append_new(add->added, rule_document(&plan->rules[i])) != 0)
            return aks_error_set_no_memory(error);
    return add->added || aks_error_set_no_memory(error);
}

static bool make_plan(struct aks_operation *operation, const struct facts *facts, struct aks_error *error)
{
    const struct aks_required_network network = {
        .apiserver_prefixes = facts->prefixes[APISERVER],
        .apiserver_prefix_count = facts->counts[APISERVER],
        .node_prefixes = facts->prefixes[NODES],
        .node_prefix_count = facts->counts[NODES],
    };
    struct aks_required_plan plan = {0};
    bool done = aks_required_plan_make(&plan, &facts->view.group, &network, facts->attached, operation->resource->title,
                                       error) &&
                take_plan(operation, &plan, error);

    aks_required_plan_clear(&plan);
    return done;
}

static void plan(struct aks_operation *operation)
{
    struct aks_error error = {0};
    struct facts facts = {0};
    bool done = gather_facts(operation, &facts, &error) && make_plan(operation, &facts, &error);

    clear_facts(&facts);
    if (!done)
        aks_operation_fail(operation, &error);
    else if (json_array_size(data_of(operation)->added) == 0)
        aks_operation_succeed(operation, json_array());
    else
        aks_operation_next(operation);
}

/* STEP_WRITE */

/* The added rules in the terms of the field table. */
static json_t *as_fields(const struct add_rules *add)
{
    const struct aks_field *field = aks_fields_find(&aks_type_nsg.fields, "rules");
    json_t *document = json_pack("{s:{s:O}}", "properties", "securityRules", add->added);
    json_t *rules = document ? aks_field_read(field, document) : NULL;

    json_decref(document);
    return rules;
}

static void written(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    json_t *rules;

    if (aks_error_is_set(error)) {
        if (!aks_current_begin_again(operation, STEP_READ, error))
            aks_operation_fail(operation, error);
        return;
    }
    rules = as_fields(data_of(operation));
    if (rules && (!document || aks_resource_set_state(operation->resource, json_incref(document), error))) {
        aks_operation_succeed(operation, rules);
        return;
    }
    json_decref(rules);
    aks_error_set_no_memory(error);
    aks_operation_fail(operation, error);
}

static void write_rules(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "PUT");
    struct aks_error error = {0};
    json_t *body = aks_resource_unchanged(operation->resource, &error);
    json_t *list = aks_document_get(body, RULES);
    bool done = body && (json_is_array(list) || aks_field_put(body, RULES, json_array(), &error));

    if (done && json_array_extend(aks_document_get(body, RULES), data_of(operation)->added) == 0) {
        request.body = body;
        request.if_match = aks_document_text_at(operation->resource->state, "etag");
        aks_operation_follow(operation, &request, written);
    } else {
        aks_error_set_no_memory(&error);
        aks_operation_fail(operation, &error);
    }
    json_decref(body);
}

static const struct aks_step steps[] = {
    [STEP_READ] = {"read", aks_current_read},      [STEP_SETTLE] = {"wait for what is under way", aks_current_settle},
    [STEP_LOOK] = {"look at the network", look},   [STEP_PLAN] = {"find what is missing", plan},
    [STEP_WRITE] = {"add the rules", write_rules},
};

static const struct aks_operation_kind kind = {
    .name = "add missing rules",
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
    .data_size = sizeof(struct add_rules),
    .clear = clear,
};

struct aks_operation *aks_operation_new_add_missing_rules(struct aks_resource *resource, const json_t *wanted,
                                                          struct aks_error *error)
{
    struct aks_operation *operation = aks_operation_new(&kind, resource->session, resource, error);
    struct add_rules *add = operation ? operation->data : NULL;

    if (!operation)
        return NULL;
    add->subnets[APISERVER] = strdup(json_string_value(json_object_get(wanted, "apiserver_subnet")));
    add->subnets[NODES] = strdup(json_string_value(json_object_get(wanted, "node_subnet")));
    if (add->subnets[APISERVER] && add->subnets[NODES])
        return operation;
    aks_operation_release(operation);
    aks_error_set_no_memory(error);
    return NULL;
}
