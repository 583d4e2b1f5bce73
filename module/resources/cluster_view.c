/* Reads the facts out of documents. */
#include "resources/cluster_view.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "arm/id.h"
#include "base/text.h"
#include "resources/cluster.h"
#include "rules/capacity.h"
#include "rules/cluster_rules.h"

#define NETWORK "properties.networkProfile."

/* Pods on a node where the spec says nothing, in the subnet of the nodes
   (https://learn.microsoft.com/azure/aks/concepts-network-ip-address-planning#maximum-pods-per-node). */
#define DEFAULT_PODS 30

static const char *text_of(const json_t *document, const char *path)
{
    const char *text = aks_document_text_at(document, path);

    return text && *text ? text : NULL;
}

struct aks_cidr *aks_prefixes_read(const json_t *document, const char *single, const char *several, size_t *count)
{
    const char *one = single ? aks_document_text_at(document, single) : NULL;
    const json_t *list = aks_document_get(document, several);
    struct aks_cidr *prefixes = calloc(json_array_size(list) + 1, sizeof *prefixes);

    *count = 0;
    if (!prefixes)
        return NULL;
    if (one && aks_cidr_parse(one, &prefixes[0]) == AKS_CIDR_VALID) {
        *count = 1; /* the list, if there is one, says the same */
        return prefixes;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (text && aks_cidr_parse(text, &prefixes[*count]) == AKS_CIDR_VALID)
            ++*count;
    }
    return prefixes;
}

bool aks_prefixes_add(const json_t *document, const char *single, const char *several, struct aks_cidr **list,
                      size_t *count)
{
    size_t more;
    struct aks_cidr *prefixes = aks_prefixes_read(document, single, several, &more);
    struct aks_cidr *all = prefixes ? realloc(*list, (*count + more + 1) * sizeof **list) : NULL;

    if (all) {
        memcpy(all + *count, prefixes, more * sizeof *all);
        *list = all;
        *count += more;
    }
    free(prefixes);
    return all;
}

const char *aks_subnet_foreign_use(const json_t *subnet)
{
    const json_t *addresses = aks_document_get(subnet, "properties.ipConfigurations");
    const json_t *links = aks_document_get(subnet, "properties.serviceAssociationLinks");

    for (size_t i = 0; i < json_array_size(addresses); i++) {
        const char *id = text_of(json_array_get(addresses, i), "id");

        if (id && !strcasestr(id, "/loadBalancers/kube-apiserver/"))
            return id;
    }
    for (size_t i = 0; i < json_array_size(links); i++) {
        const char *type = text_of(json_array_get(links, i), "properties.linkedResourceType");

        if (type && !aks_text_equal_fold(type, "Microsoft.ContainerService/managedClusters"))
            return type;
    }
    return text_of(subnet, "properties.privateEndpoints[0].id");
}

size_t aks_subnet_used(const json_t *subnet, const char *own_group)
{
    const json_t *addresses = aks_document_get(subnet, "properties.ipConfigurations");
    size_t used = json_array_size(addresses);

    for (size_t i = 0; own_group && i < json_array_size(addresses); i++) {
        const char *id = text_of(json_array_get(addresses, i), "id");
        const char *at = id ? strcasestr(id, "/resourceGroups/") : NULL;
        size_t length = strlen(own_group);

        at = at ? at + strlen("/resourceGroups/") : NULL;
        if (at && aks_text_equal_fold_n(at, own_group, length) && at[length] == '/')
            used--;
    }
    return used;
}

/* The last segment of an id. */
static const char *name_of(const char *id)
{
    const char *slash = strrchr(id, '/');

    return slash ? slash + 1 : id;
}

/* Takes the next place among the view's subnets. */
static bool read_subnet(struct aks_cluster_view *view, const struct aks_cluster_sources *sources, const char *id)
{
    const json_t *document = json_object_get(sources->subnets, id);
    struct aks_subnet_facts *facts = &view->subnets[view->subnet_count];
    struct aks_cidr *prefixes =
        aks_prefixes_read(document, "properties.addressPrefix", "properties.addressPrefixes", &facts->prefix_count);

    facts->name = name_of(id);
    facts->known = document;
    facts->prefixes = prefixes;
    facts->delegation = text_of(document, "properties.delegations[0].properties.serviceName");
    facts->used = aks_subnet_used(document, text_of(sources->cluster, "properties.nodeResourceGroup"));
    view->lists[view->subnet_count++] = prefixes;
    return prefixes;
}

/* The virtual network of a subnet's id ends before "/subnets/". */
static bool in_one_network(const char *a, const char *b)
{
    const char *end_a = strcasestr(a, "/subnets/"), *end_b = strcasestr(b, "/subnets/");

    return end_a && end_b && end_a - a == end_b - b && aks_text_equal_fold_n(a, b, (size_t)(end_a - a));
}

/* The first pool without a subnet. */
static const char *pool_without_subnet(const json_t *cluster)
{
    const json_t *pools = aks_document_get(cluster, AKS_CLUSTER_POOLS);

    for (size_t i = 0; i < json_array_size(pools); i++)
        if (!text_of(json_array_get(pools, i), "vnetSubnetID"))
            return text_of(json_array_get(pools, i), "name");
    return NULL;
}

/* How many nodes an upgrade adds: "33%" (rounded up) or "2"; absent: 10%. */
static unsigned long long surge_of(const json_t *pool, unsigned long long count)
{
    const char *text = text_of(pool, "upgradeSettings.maxSurge");
    unsigned long long number = text ? strtoull(text, NULL, 10) : 10;

    if (text && !strchr(text, '%'))
        return number;
    return (count * number + 99) / 100;
}

/* What the pools in a subnet take of it. */
static void count_addresses(struct aks_subnet_facts *facts, const json_t *cluster, const char *subnet, bool overlay)
{
    const json_t *pools = aks_document_get(cluster, AKS_CLUSTER_POOLS);

    for (size_t i = 0; i < json_array_size(pools); i++) {
        const json_t *pool = json_array_get(pools, i), *pods = aks_document_get(pool, "maxPods");
        const char *other = text_of(pool, "vnetSubnetID");
        json_int_t count = json_integer_value(json_object_get(pool, "count"));
        unsigned long long nodes = count > 0 ? (unsigned long long)count : 0, each;

        if (!other || !aks_id_equal(other, subnet))
            continue;
        each = overlay ? 0 : json_is_integer(pods) ? (unsigned long long)json_integer_value(pods) : DEFAULT_PODS;
        facts->addresses += aks_capacity_addresses(nodes, 0, each);
        facts->surge += aks_capacity_addresses(0, surge_of(pool, nodes), each);
    }
}

/* How the subnets lie to each other. */
static void relate_subnets(struct aks_cluster_facts *facts, const struct aks_cluster_sources *sources)
{
    const json_t *cluster = sources->cluster;
    const char *apiserver = text_of(cluster, AKS_CLUSTER_ACCESS "subnetId");
    const char *first = aks_cluster_node_subnet(cluster, 0), *nodes;

    facts->apiserver_in_node_vnet = !apiserver || !first || in_one_network(apiserver, first);
    facts->nodes_in_one_vnet = true;
    for (size_t i = 0; (nodes = aks_cluster_node_subnet(cluster, i)) != NULL; i++) {
        facts->nodes_in_one_vnet = facts->nodes_in_one_vnet && in_one_network(first, nodes);
        facts->same_subnet = facts->same_subnet || (apiserver && aks_id_equal(apiserver, nodes));
    }
    facts->pool_without_subnet = first && sources->whole ? pool_without_subnet(cluster) : NULL;
}

static bool read_network(struct aks_cluster_view *view, const struct aks_cluster_sources *sources)
{
    struct aks_cluster_facts *facts = &view->facts;
    const json_t *subnets = aks_document_get(sources->network, "properties.subnets");
    struct aks_cidr **prefixes = &view->lists[view->subnet_count];
    bool done = true;

    *prefixes =
        aks_prefixes_read(sources->network, NULL, "properties.addressSpace.addressPrefixes", &facts->network_count);
    facts->network = *prefixes;
    for (size_t i = 0; done && i < json_array_size(subnets); i++)
        done = aks_prefixes_add(json_array_get(subnets, i), "properties.addressPrefix", "properties.addressPrefixes",
                                &view->taken, &facts->taken_count);
    facts->taken = view->taken;
    return done && *prefixes;
}

static bool read_subnets(struct aks_cluster_view *view, const struct aks_cluster_sources *sources)
{
    struct aks_cluster_facts *facts = &view->facts;
    const json_t *cluster = sources->cluster;
    const char *apiserver = text_of(cluster, AKS_CLUSTER_ACCESS "subnetId"), *nodes;
    size_t limit = json_array_size(aks_document_get(cluster, AKS_CLUSTER_POOLS)) + 2;

    view->subnets = calloc(limit, sizeof *view->subnets);
    view->lists = calloc(limit, sizeof(struct aks_cidr *));
    if (!view->subnets || !view->lists)
        return false;
    if (apiserver) {
        if (!read_subnet(view, sources, apiserver))
            return false;
        view->subnets[0].field = "apiserver_subnet";
        view->subnets[0].foreign_use = aks_subnet_foreign_use(json_object_get(sources->subnets, apiserver));
        facts->apiserver = &view->subnets[0];
    }
    facts->node_subnets = view->subnets + view->subnet_count;
    while ((nodes = aks_cluster_node_subnet(cluster, facts->node_subnet_count)) != NULL) {
        struct aks_subnet_facts *subnet = &view->subnets[view->subnet_count];

        if (!read_subnet(view, sources, nodes))
            return false;
        subnet->field = facts->node_subnet_count++ == 0 ? "node_subnet" : "pools";
        count_addresses(subnet, cluster, nodes, facts->overlay);
    }
    relate_subnets(facts, sources);
    return read_network(view, sources);
}

static const struct aks_cidr *read_prefix(const json_t *cluster, const char *path, const json_t *absent,
                                          struct aks_cidr *prefix)
{
    const char *text = text_of(cluster, path);

    text = text ? text : json_string_value(absent);
    return text && aks_cidr_parse(text, prefix) == AKS_CIDR_VALID ? prefix : NULL;
}

/* Pods have addresses of their own range unless the plugin is Azure's without overlay. */
static bool is_overlay(const json_t *cluster)
{
    const char *plugin = text_of(cluster, NETWORK "networkPlugin"),
               *mode = text_of(cluster, NETWORK "networkPluginMode");

    return !plugin || !aks_text_equal_fold(plugin, "azure") || (mode && aks_text_equal_fold(mode, "overlay"));
}

static bool has_ipv6(const json_t *cluster)
{
    const json_t *families = aks_document_get(cluster, NETWORK "ipFamilies");

    for (size_t i = 0; i < json_array_size(families); i++) {
        const char *family = json_string_value(json_array_get(families, i));

        if (family && aks_text_equal_fold(family, "IPv6"))
            return true;
    }
    return false;
}

static void read_cluster(struct aks_cluster_view *view, const struct aks_cluster_sources *sources)
{
    struct aks_cluster_facts *facts = &view->facts;
    const json_t *cluster = sources->cluster;
    const json_t *public_fqdn = aks_document_get(cluster, AKS_CLUSTER_ACCESS "enablePrivateClusterPublicFQDN");
    const char *dns = text_of(cluster, NETWORK "dnsServiceIP");

    facts->integrated = json_is_true(aks_document_get(cluster, AKS_CLUSTER_ACCESS "enableVnetIntegration"));
    facts->private = json_is_true(aks_document_get(cluster, AKS_CLUSTER_ACCESS "enablePrivateCluster"));
    facts->has_identity = json_object_size(aks_document_get(cluster, "identity.userAssignedIdentities")) > 0;
    facts->overlay = is_overlay(cluster);
    facts->dual_stack = has_ipv6(cluster);
    facts->authorized_ranges = json_array_size(aks_document_get(cluster, AKS_CLUSTER_ACCESS "authorizedIPRanges"));
    facts->private_dns_zone = text_of(cluster, AKS_CLUSTER_ACCESS "privateDNSZone");
    facts->has_public_fqdn = json_is_boolean(public_fqdn);
    facts->public_fqdn = json_is_true(public_fqdn);
    facts->services = read_prefix(cluster, NETWORK "serviceCidr", sources->wanted_services, &view->services);
    if (facts->overlay)
        facts->pods = read_prefix(cluster, NETWORK "podCidr", sources->wanted_pods, &view->pods);
    if (dns && aks_cidr_parse_address(dns, &view->dns) == AKS_CIDR_VALID)
        facts->dns = &view->dns;
}

bool aks_cluster_view_make(struct aks_cluster_view *view, const struct aks_cluster_sources *sources)
{
    *view = (struct aks_cluster_view){0};
    view->facts.title = sources->title;
    view->facts.location = sources->location;
    view->facts.sharing = sources->sharing ? sources->sharing : 1;
    read_cluster(view, sources);
    if (read_subnets(view, sources))
        return true;
    aks_cluster_view_clear(view);
    return false;
}

void aks_cluster_view_clear(struct aks_cluster_view *view)
{
    for (size_t i = 0; view->lists && i <= view->subnet_count; i++)
        free(view->lists[i]);
    free(view->lists);
    free(view->subnets);
    free(view->taken);
    *view = (struct aks_cluster_view){0};
}
