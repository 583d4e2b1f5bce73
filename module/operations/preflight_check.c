/* What speaks against creating a cluster, in what was read of the things around it. */
#include "operations/preflight.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "arm/id.h"
#include "base/text.h"
#include "operations/permissions.h"
#include "operations/security_group.h"
#include "resources/cluster.h"
#include "resources/cluster_view.h"
#include "resources/role_assignment.h"
#include "rules/cluster_rules.h"
#include "rules/permission.h"
#include "rules/rule.h"

enum { APISERVER, NODES, SUBNETS };

static const char *const subnet_fields[SUBNETS] = {"apiserver_subnet", "node_subnet"};

/* Everything that a check looks at. */
struct check {
    struct aks_operation *operation;
    const struct aks_survey *survey;
    const struct aks_resource *resource;
    struct aks_findings *findings;
    bool declared;
    json_t *body;             /* owned: the cluster as it is to be */
    json_t *subnets[SUBNETS]; /* owned: as seen, or as declared; NULL: not known */
    json_t *network;          /* owned likewise: of the nodes */
    const char *location;     /* NULL: not known */
};

static const char *text_of(const json_t *document, const char *path)
{
    const char *text = aks_document_text_at(document, path);

    return text && *text ? text : NULL;
}

static const char *subnet_id(const struct check *check, size_t which)
{
    const json_t *pools = aks_document_get(check->body, AKS_CLUSTER_POOLS);

    if (which == APISERVER)
        return text_of(check->body, AKS_CLUSTER_ACCESS "subnetId");
    for (size_t i = 0; i < json_array_size(pools); i++)
        if (text_of(json_array_get(pools, i), "vnetSubnetID"))
            return text_of(json_array_get(pools, i), "vnetSubnetID");
    return NULL;
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

/* Subnets as they are, else as they are declared; one that is neither is told. */
static bool find_subnet(struct check *check, size_t which)
{
    const char *id = subnet_id(check, which), *field = subnet_fields[which];
    const struct aks_resource *object = aks_resource_referred(check->resource, field);
    const struct aks_sight *sight = id ? network_of(check, id) : NULL;
    json_t *list = sight ? aks_document_get(sight->document, "properties.subnets") : NULL;

    if (!id || !sight)
        return true;
    if (sight->refusal)
        return aks_rule_break(check->findings, "check_forbidden", check->resource->title, field, NULL,
                              "the virtual network %s may not be read (%s): the subnet was not checked", sight->target,
                              sight->refusal);
    check->subnets[which] = json_incref(aks_records_find(list, strrchr(id, '/') + 1));
    if (!check->subnets[which])
        check->subnets[which] = declared_document(check, object);
    if (which == NODES) {
        check->network = json_incref(sight->document);
        if (!check->network)
            check->network = declared_document(check, object ? object->parent : NULL);
    }
    return check->subnets[which] ||
           aks_rule_break(check->findings, "not_found", check->resource->title, field,
                          "create it first: subnet:create()", "the subnet %s does not exist", id);
}

/* The rules of the cluster itself. What Azure would take for absent ranges is checked with them, for a new one. */
static bool check_cluster(struct check *check)
{
    json_t *services = json_string("10.0.0.0/16"), *pods = json_string("10.244.0.0/16");
    const struct aks_cluster_sources sources = {
        .title = check->resource->title,
        .location = check->location,
        .cluster = check->body,
        .apiserver = check->subnets[APISERVER],
        .nodes = check->subnets[NODES],
        .network = check->network,
        .wanted_services = services,
        .wanted_pods = pods,
        .sharing = 1,
    };
    struct aks_cluster_view view = {0};
    bool done = services && pods && aks_cluster_view_make(&view, &sources) &&
                aks_cluster_check_subnets(&view.facts, check->findings) &&
                aks_cluster_check_addresses(&view.facts, check->findings) &&
                aks_cluster_check_access(&view.facts, check->findings);

    aks_cluster_view_clear(&view);
    json_decref(services);
    json_decref(pods);
    return done;
}

/* What its network must not be. */
static bool check_network(struct check *check)
{
    const char *outbound = text_of(check->body, "properties.networkProfile.outboundType");
    bool integrated = json_is_true(aks_document_get(check->body, AKS_CLUSTER_ACCESS "enableVnetIntegration"));

    if (integrated && json_is_true(aks_document_get(check->network, "properties.encryption.enabled")) &&
        !aks_rule_break(check->findings, "vnet_encryption", check->resource->title, "node_subnet", NULL,
                        "the virtual network is encrypted, and API Server VNet Integration does not work in one"))
        return false;
    if (outbound && aks_text_equal_fold(outbound, "userDefinedRouting") && check->subnets[NODES] &&
        !text_of(check->subnets[NODES], "properties.routeTable.id"))
        return aks_rule_break(check->findings, "route_table_required", check->resource->title, "outbound_type", NULL,
                              "outbound_type is userDefinedRouting, but the subnet of the nodes has no route table");
    return true;
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
    for (size_t i = 0; i < SUBNETS; i++) {
        const char *scope = subnet_id(check, i);

        if (!scope || !check->subnets[i] || is_granted(check, scope))
            continue;
        if (sight && !sight->document && !sight->refusal && check->declared &&
            !aks_rule_break(check->findings, "permission_missing", check->resource->title, subnet_fields[i], NULL,
                            "no role at %s is declared for the cluster's identity, which does not exist yet", scope))
            return false;
        if (!aks_permissions_check(check->survey, scope, actions, count, check->resource->title, subnet_fields[i],
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

    for (size_t i = 0; check->declared && identity && i < SUBNETS; i++) {
        const struct aks_resource *subnet = aks_resource_referred(check->resource, subnet_fields[i]);

        for (const struct aks_resource *at = subnet; at && aks_id_equal(subnet->id.text, scope); at = at->parent)
            if (declares_grant(at, identity))
                return true;
    }
    return false;
}

/* Security rules: of the groups on either subnet. */
struct security {
    struct aks_cidr *lists[3]; /* prefixes of both subnets, of the network */
    size_t counts[3];
};

static bool check_group(struct check *check, const struct security *security, const struct aks_sight *sight,
                        unsigned attached)
{
    const struct aks_required_network network = {
        .apiserver_prefixes = security->lists[APISERVER],
        .apiserver_prefix_count = security->counts[APISERVER],
        .node_prefixes = security->lists[NODES],
        .node_prefix_count = security->counts[NODES],
    };
    struct aks_security_view view;
    struct aks_error error = {0};
    bool done;

    if (sight->refusal)
        return aks_rule_break(check->findings, "check_forbidden", sight->target, NULL, NULL,
                              "the network security group may not be read (%s): its rules were not checked",
                              sight->refusal);
    done = aks_security_view_read(&view, sight->document, security->lists[2], security->counts[2]) &&
           aks_required_check(&view.group, &network, attached, sight->target, check->findings, &error);
    aks_security_view_clear(&view);
    aks_error_clear(&error);
    return done;
}

static const char *group_of(const struct check *check, size_t which)
{
    return text_of(check->subnets[which], "properties.networkSecurityGroup.id");
}

static bool check_groups(struct check *check, const struct security *security)
{
    const char *apiserver = group_of(check, APISERVER), *nodes = group_of(check, NODES);
    bool same = apiserver && nodes && aks_id_equal(apiserver, nodes);
    const struct aks_sight *seen[] = {apiserver ? aks_survey_find(check->survey, apiserver) : NULL,
                                      nodes && !same ? aks_survey_find(check->survey, nodes) : NULL};

    if (seen[APISERVER] &&
        !check_group(check, security, seen[APISERVER], AKS_SECURITY_ON_APISERVER | (same ? AKS_SECURITY_ON_NODES : 0U)))
        return false;
    return !seen[NODES] || check_group(check, security, seen[NODES], AKS_SECURITY_ON_NODES);
}

static bool check_security(struct check *check)
{
    struct security security = {0};
    bool done = true;

    if (!check->subnets[APISERVER] || !check->subnets[NODES])
        return true;
    for (size_t i = 0; i < SUBNETS; i++) {
        security.lists[i] = aks_prefixes_read(check->subnets[i], "properties.addressPrefix",
                                              "properties.addressPrefixes", &security.counts[i]);
        done = done && security.lists[i];
    }
    security.lists[2] =
        aks_prefixes_read(check->network, NULL, "properties.addressSpace.addressPrefixes", &security.counts[2]);
    done = done && security.lists[2] && check_groups(check, &security);
    for (size_t i = 0; i < sizeof security.lists / sizeof *security.lists; i++)
        free(security.lists[i]);
    return done;
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
    done = check.body && find_subnet(&check, APISERVER) && find_subnet(&check, NODES) && check_cluster(&check) &&
           check_network(&check) && check_permissions(&check) && check_security(&check) && check_zone(&check) &&
           aks_preflight_check_offers(check.survey, check.resource, check.body, findings);
    json_decref(check.body);
    json_decref(check.subnets[APISERVER]);
    json_decref(check.subnets[NODES]);
    json_decref(check.network);
    aks_rules_sort(findings);
    return done;
}
