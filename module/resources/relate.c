/* What objects mean together, before Azure is asked: a cluster with the subnets that its spec refers to, a subnet in
   its virtual network. */
#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "base/text.h"
#include "resources/cluster.h"
#include "resources/cluster_view.h"
#include "rules/cluster_rules.h"
#include "rules/rule.h"

/* New document of an object: as read, else as declared; NULL when nothing is known of it, or for want of memory, which
   `enough` then tells. */
static json_t *document_of(const struct aks_resource *resource, bool *enough)
{
    struct aks_error error = {0};
    json_t *document;

    if (!resource || (!resource->state && !resource->spec))
        return NULL;
    document = aks_resource_body(resource, resource->state, &error);
    *enough = *enough && (document || !error.no_memory);
    aks_error_clear(&error);
    return document;
}

/* Clusters that are declared to have their API servers in the subnet; one that is declared twice counts once. */
static size_t count_sharing(const struct aks_resource *subnet)
{
    size_t count = 0;

    for (size_t i = 0; subnet && i < subnet->referrer_count; i++) {
        const struct aks_resource *cluster = subnet->referrers[i];
        bool counted =
            cluster->type != &aks_type_cluster || aks_resource_referred(cluster, "apiserver_subnet") != subnet;

        for (size_t j = 0; !counted && j < i; j++)
            counted = aks_id_equal(subnet->referrers[j]->id.text, cluster->id.text) &&
                      aks_resource_referred(subnet->referrers[j], "apiserver_subnet") == subnet;
        count += !counted;
    }
    return count;
}

/* A spec that says neither is one that changes a cluster, of whose mode nothing is known here. */
static bool tells_mode(const struct aks_resource *resource)
{
    return aks_resource_declared(resource, "private") || aks_resource_declared(resource, "vnet_integration");
}

static bool check_cluster(const struct aks_resource *resource, const struct aks_cluster_sources *sources,
                          struct aks_findings *findings)
{
    struct aks_cluster_view view;
    bool done;

    if (!aks_cluster_view_make(&view, sources))
        return false;
    done = aks_cluster_check_subnets(&view.facts, findings) && aks_cluster_check_addresses(&view.facts, findings) &&
           (!tells_mode(resource) || aks_cluster_check_access(&view.facts, findings));
    aks_cluster_view_clear(&view);
    return done;
}

/* Puts what is known of a subnet beside its id. */
static bool add_subnet(json_t *subnets, const char *id, const struct aks_resource *subnet)
{
    bool enough = true;
    json_t *document = document_of(subnet, &enough);

    return enough && (!document || json_object_set_new(subnets, id, document) == 0);
}

/* New object of the subnets that a cluster's spec refers to; NULL for want of memory. */
static json_t *subnets_of(const struct aks_resource *resource, const json_t *cluster)
{
    const char *apiserver = aks_document_text_at(cluster, AKS_CLUSTER_ACCESS "subnetId"), *nodes;
    json_t *subnets = json_object();
    bool done =
        subnets && (!apiserver || add_subnet(subnets, apiserver, aks_resource_referred_to(resource, apiserver)));

    for (size_t i = 0; done && (nodes = aks_cluster_node_subnet(cluster, i)) != NULL; i++)
        done = add_subnet(subnets, nodes, aks_resource_referred_to(resource, nodes));
    if (done)
        return subnets;
    json_decref(subnets);
    return NULL;
}

bool aks_cluster_relate(const struct aks_resource *resource, struct aks_findings *findings)
{
    bool done = true;
    json_t *cluster = document_of(resource, &done), *subnets = subnets_of(resource, cluster);
    const char *first = aks_cluster_node_subnet(cluster, 0);
    const struct aks_resource *nodes = first ? aks_resource_referred_to(resource, first) : NULL;
    json_t *network = document_of(nodes ? nodes->parent : NULL, &done);
    const struct aks_cluster_sources sources = {
        .title = resource->title,
        .location = resource->location,
        .cluster = cluster,
        .subnets = subnets,
        .network = network,
        .sharing = count_sharing(aks_resource_referred(resource, "apiserver_subnet")),
    };

    done = done && subnets && (!cluster || check_cluster(resource, &sources, findings));
    json_decref(cluster);
    json_decref(subnets);
    json_decref(network);
    return done;
}

static bool read_declared(const struct aks_resource *subnet, struct aks_cidr *prefix)
{
    const char *text = json_string_value(aks_resource_declared(subnet, "address_prefix"));

    return text && aks_cidr_parse(text, prefix) == AKS_CIDR_VALID;
}

static bool check_inside(const struct aks_resource *subnet, const struct aks_cidr *prefix,
                         struct aks_findings *findings)
{
    const json_t *list = aks_resource_declared(subnet->parent, "address_prefixes");
    char text[AKS_CIDR_TEXT_SIZE];
    struct aks_cidr network;

    for (size_t i = 0; i < json_array_size(list); i++)
        if (aks_cidr_parse(json_string_value(json_array_get(list, i)), &network) == AKS_CIDR_VALID &&
            aks_cidr_contains(&network, prefix))
            return true;
    return json_array_size(list) == 0 ||
           aks_rule_break(findings, "cidr_outside_vnet", subnet->title, "address_prefix", NULL,
                          "%s is not in the address space of %s", aks_cidr_text(prefix, text), subnet->parent->title);
}

bool aks_subnet_relate(const struct aks_resource *subnet, struct aks_findings *findings)
{
    const struct aks_resource *parent = subnet->parent;
    struct aks_cidr prefix, other;
    char text[AKS_CIDR_TEXT_SIZE], other_text[AKS_CIDR_TEXT_SIZE];

    if (!parent || !read_declared(subnet, &prefix))
        return true;
    if (!check_inside(subnet, &prefix, findings))
        return false;
    for (size_t i = 0; i < parent->child_count; i++) {
        const struct aks_resource *sibling = parent->children[i];

        if (sibling != subnet && !aks_text_equal_fold(sibling->id.name, subnet->id.name) &&
            read_declared(sibling, &other) && aks_cidr_overlaps(&prefix, &other) &&
            !aks_rule_break(findings, "cidr_overlap", subnet->title, "address_prefix", NULL, "%s overlaps %s of %s",
                            aks_cidr_text(&prefix, text), aks_cidr_text(&other, other_text), sibling->title))
            return false;
    }
    return true;
}
