/* What speaks against creating a cluster, in what was read of the things around it. */
#include "operations/preflight.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "arm/id.h"
#include "base/text.h"
#include "operations/permissions.h"
#include "resources/cluster.h"
#include "resources/cluster_view.h"
#include "resources/role_assignment.h"
#include "rules/cluster_rules.h"
#include "rules/permission.h"
#include "rules/rule.h"

/* Everything that a check looks at. */
struct check {
    struct aks_operation *operation;
    const struct aks_survey *survey;
    const struct aks_resource *resource;
    struct aks_findings *findings;
    bool declared;
    json_t *body;                         /* owned: the cluster as it is to be */
    struct aks_preflight_subnet *subnets; /* owned: that of the API server, if there is one, and those of the nodes */
    size_t subnet_count;
    json_t *network;      /* owned: of the nodes, as seen, or as declared; NULL: not known */
    const char *location; /* NULL: not known */
};

static const char *text_of(const json_t *document, const char *path)
{
    const char *text = aks_document_text_at(document, path);

    return text && *text ? text : NULL;
}

/* What was seen of the virtual network of a subnet; NULL: it was not looked at. */
static const struct aks_sight *network_of(const struct check *check, const char *subnet)
{
    const struct aks_sight *sight = NULL;
    struct aks_error error = {0};
    struct aks_id id = {0};

    if (aks_id_parse(subnet, &id, &error))
        sight = aks_survey_find(check->survey, id.parent);
    aks_id_clear(&id);
    aks_error_clear(&error);
    return sight;
}

/* New document of an object that is declared and does not exist yet; NULL: there is none, or no memory. */
static json_t *declared_document(const struct check *check, const struct aks_resource *resource)
{
    struct aks_error error = {0};
    json_t *document = check->declared && resource && resource->spec ? aks_resource_body(resource, NULL, &error) : NULL;

    aks_error_clear(&error);
    return document;
}

/* A subnet as it is, else as it is declared; one that is neither is told. */
static bool find_subnet(struct check *check, struct aks_preflight_subnet *subnet)
{
    const struct aks_resource *object = aks_resource_referred_to(check->resource, subnet->id);
    const struct aks_sight *sight = network_of(check, subnet->id);
    json_t *list = sight ? aks_document_get(sight->document, "properties.subnets") : NULL;

    if (!sight)
        return true;
    if (sight->refusal)
        return aks_rule_break(check->findings, "check_forbidden", check->resource->title, subnet->field, NULL,
                              "the virtual network %s may not be read (%s): the subnet was not checked", sight->target,
                              sight->refusal);
    subnet->document = json_incref(aks_records_find(list, strrchr(subnet->id, '/') + 1));
    if (!subnet->document)
        subnet->document = declared_document(check, object);
    if (!subnet->of_apiserver && !check->network) {
        check->network = json_incref(sight->document);
        if (!check->network)
            check->network = declared_document(check, object ? object->parent : NULL);
    }
    return subnet->document ||
           aks_rule_break(check->findings, "not_found", check->resource->title, subnet->field,
                          "create it first: subnet:create()", "the subnet %s does not exist", subnet->id);
}

/* The field that names a subnet: the first one of nodes is as a rule that of the cluster. */
static const char *field_of(const struct check *check, const struct aks_preflight_subnet *subnet)
{
    if (subnet->of_apiserver)
        return "apiserver_subnet";
    return subnet->id == aks_cluster_node_subnet(check->body, 0) ? "node_subnet" : "pools";
}

static bool find_subnets(struct check *check)
{
    size_t limit = json_array_size(aks_document_get(check->body, AKS_CLUSTER_POOLS)) + 1;
    bool has_apiserver = text_of(check->body, AKS_CLUSTER_ACCESS "subnetId");
    const char *id;

    check->subnets = calloc(limit, sizeof *check->subnets);
    if (!check->subnets)
        return false;
    for (size_t i = 0; (id = aks_cluster_subnet(check->body, i)) != NULL; i++) {
        struct aks_preflight_subnet *subnet = &check->subnets[check->subnet_count++];

        subnet->id = id;
        subnet->of_apiserver = has_apiserver && i == 0;
        subnet->field = field_of(check, subnet);
        if (!find_subnet(check, subnet))
            return false;
    }
    return true;
}

/* New object of the subnets that are known, by their ids; NULL for want of memory. */
static json_t *known_subnets(const struct check *check)
{
    json_t *known = json_object();

    for (size_t i = 0; known && i < check->subnet_count; i++)
        if (check->subnets[i].document &&
            json_object_set(known, check->subnets[i].id, check->subnets[i].document) != 0) {
            json_decref(known);
            return NULL;
        }
    return known;
}

/* The rules of the cluster itself. What Azure would take for absent ranges is checked with them, for a new one. */
static bool check_cluster(struct check *check)
{
    json_t *services = json_string("10.0.0.0/16"), *pods = json_string("10.244.0.0/16");
    json_t *subnets = known_subnets(check);
    const struct aks_cluster_sources sources = {
        .title = check->resource->title,
        .location = check->location,
        .cluster = check->body,
        .subnets = subnets,
        .network = check->network,
        .wanted_services = services,
        .wanted_pods = pods,
        .sharing = 1,
        .whole = true,
    };
    struct aks_cluster_view view = {0};
    bool done = services && pods && subnets && aks_cluster_view_make(&view, &sources) &&
                aks_cluster_check_subnets(&view.facts, check->findings) &&
                aks_cluster_check_addresses(&view.facts, check->findings) &&
                aks_cluster_check_access(&view.facts, check->findings);

    aks_cluster_view_clear(&view);
    json_decref(services);
    json_decref(pods);
    json_decref(subnets);
    return done;
}

static bool has_default_route(const json_t *table)
{
    const json_t *routes = aks_document_get(table, "properties.routes");

    for (size_t i = 0; i < json_array_size(routes); i++) {
        const char *prefix = text_of(json_array_get(routes, i), "properties.addressPrefix");

        if (prefix && strcmp(prefix, "0.0.0.0/0") == 0)
            return true;
    }
    return false;
}

/* Whether a subnet of nodes leads somewhere, when traffic leaves by routes of one's own alone. */
static bool check_route_table(struct check *check, const struct aks_preflight_subnet *subnet)
{
    const char *table = text_of(subnet->document, "properties.routeTable.id");
    const struct aks_sight *sight = table ? aks_survey_find(check->survey, table) : NULL;

    if (!table)
        return aks_rule_break(check->findings, "route_table_required", check->resource->title, "outbound_type", NULL,
                              "outbound_type is userDefinedRouting, but the subnet %s of the nodes has no route table",
                              subnet->id);
    return !sight || !sight->document || has_default_route(sight->document) ||
           aks_rule_break(check->findings, "default_route_missing", check->resource->title, "outbound_type", NULL,
                          "outbound_type is userDefinedRouting, but the route table %s has no route for 0.0.0.0/0",
                          table);
}

static bool check_routes(struct check *check)
{
    const char *outbound = text_of(check->body, "properties.networkProfile.outboundType");
    bool done = true;

    if (!outbound || !aks_text_equal_fold(outbound, "userDefinedRouting"))
        return true;
    for (size_t i = 0; done && i < check->subnet_count; i++)
        done = check->subnets[i].of_apiserver || !check->subnets[i].document ||
               check_route_table(check, &check->subnets[i]);
    return done;
}

/* What its network must not be. */
static bool check_network(struct check *check)
{
    bool integrated = json_is_true(aks_document_get(check->body, AKS_CLUSTER_ACCESS "enableVnetIntegration"));

    return !integrated || !json_is_true(aks_document_get(check->network, "properties.encryption.enabled")) ||
           aks_rule_break(check->findings, "vnet_encryption", check->resource->title, "node_subnet", NULL,
                          "the virtual network is encrypted, and API Server VNet Integration does not work in one");
}

static bool is_granted(const struct check *check, const char *scope);

static bool check_permissions(struct check *check)
{
    const char *identity = json_string_value(aks_resource_declared(check->resource, "identity"));
    const struct aks_sight *sight = identity ? aks_survey_find(check->survey, identity) : NULL;
    size_t count;
    const char *const *actions = aks_subnet_actions(&count);

    if (sight && !sight->document && !sight->refusal &&
        !(check->declared && aks_resource_referred(check->resource, "identity")) &&
        !aks_rule_break(check->findings, "not_found", check->resource->title, "identity",
                        "create it first: identity:create()", "the identity %s does not exist", identity))
        return false;
    for (size_t i = 0; i < check->subnet_count; i++) {
        const char *scope = check->subnets[i].id, *field = check->subnets[i].field;

        if (!check->subnets[i].document || is_granted(check, scope))
            continue;
        if (sight && !sight->document && !sight->refusal && check->declared &&
            !aks_rule_break(check->findings, "permission_missing", check->resource->title, field, NULL,
                            "no role at %s is declared for the cluster's identity, which does not exist yet", scope))
            return false;
        if (!aks_permissions_check(check->survey, scope, actions, count, check->resource->title, field,
                                   check->findings))
            return false;
    }
    return true;
}

/* Whether a role is one of the built-in ones that allow all that a cluster needs of its subnets. */
static bool is_enough(const struct aks_resource *assignment)
{
    static const char *const roles[] = {"Network Contributor", "Contributor", "Owner"};
    const char *role = json_string_value(aks_resource_declared(assignment, "role"));
    char uuid[AKS_UUID_SIZE], other[AKS_UUID_SIZE];

    for (size_t i = 0; role && aks_role_find(role, uuid) && i < sizeof roles / sizeof *roles; i++)
        if (aks_role_find(roles[i], other) && strcmp(uuid, other) == 0)
            return true;
    return false;
}

/* Whether a role assignment is declared, on the subnet's object or its network's, for the cluster's identity: it counts
   before it is made when objects are checked together. */
static bool declares_grant(const struct aks_resource *scope, const struct aks_resource *identity)
{
    for (size_t i = 0; scope && i < scope->declared_count; i++)
        if (scope->declared[i]->type == &aks_type_role_assignment && is_enough(scope->declared[i]) &&
            aks_resource_referred(scope->declared[i], "principal") == identity)
            return true;
    return false;
}

static bool is_granted(const struct check *check, const char *scope)
{
    const struct aks_resource *identity = aks_resource_referred(check->resource, "identity");

    if (!check->declared || !identity)
        return false;
    for (const struct aks_resource *at = aks_resource_referred_to(check->resource, scope); at; at = at->parent)
        if (declares_grant(at, identity))
            return true;
    return false;
}

static bool check_zone(struct check *check)
{
    const char *zone = text_of(check->body, AKS_CLUSTER_ACCESS "privateDNSZone");
    const struct aks_sight *sight = zone && zone[0] == '/' ? aks_survey_find(check->survey, zone) : NULL;

    return !sight || sight->document || sight->refusal ||
           aks_rule_break(check->findings, "private_dns_zone_missing", check->resource->title, "private_dns_zone", NULL,
                          "the private DNS zone %s does not exist", zone);
}

bool aks_preflight_check(struct aks_operation *operation, bool declared, struct aks_findings *findings)
{
    struct check check = {
        .operation = operation,
        .survey = operation->data,
        .resource = operation->resource,
        .findings = findings,
        .declared = declared,
        .location = operation->resource->location,
    };
    struct aks_error error = {0};
    bool done;

    check.body = aks_resource_body(check.resource, check.resource->state, &error);
    aks_error_clear(&error);
    done = check.body && find_subnets(&check) && check_cluster(&check) && check_network(&check) &&
           check_routes(&check) && check_permissions(&check) &&
           aks_preflight_check_security(check.survey, check.subnets, check.subnet_count, check.network, findings) &&
           check_zone(&check) && aks_preflight_check_offers(check.survey, check.resource, check.body, findings);
    for (size_t i = 0; i < check.subnet_count; i++)
        json_decref(check.subnets[i].document);
    free(check.subnets);
    json_decref(check.body);
    json_decref(check.network);
    aks_rules_sort(findings);
    return done;
}
