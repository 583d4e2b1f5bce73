/* What a cluster may be, told from facts. */
#include "rules/cluster_rules.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "rules/rule.h"

#define SERVICE "Microsoft.ContainerService/managedClusters"

static double usable(const struct aks_subnet_facts *subnet)
{
    double sum = 0;

    for (size_t i = 0; i < subnet->prefix_count; i++)
        if (subnet->prefixes[i].bits == 32)
            sum += aks_cidr_usable(&subnet->prefixes[i]);
    return sum;
}

/* The text of its first prefix, for messages. */
static const char *shown(const struct aks_subnet_facts *subnet, char text[AKS_CIDR_TEXT_SIZE])
{
    return subnet->prefix_count > 0 ? aks_cidr_text(&subnet->prefixes[0], text) : "no prefix";
}

static bool check_size(const struct aks_subnet_facts *subnet, size_t sharing, const char *resource,
                       struct aks_findings *findings)
{
    double free = usable(subnet) - (double)subnet->used, needed = (double)(sharing * AKS_APISERVER_ADDRESSES);
    char text[AKS_CIDR_TEXT_SIZE];

    for (size_t i = 0; i < subnet->prefix_count; i++)
        if (subnet->prefixes[i].bits == 32 && subnet->prefixes[i].length > AKS_APISERVER_LENGTH)
            return aks_rule_break(findings, "apiserver_subnet_too_small", resource, "apiserver_subnet", NULL,
                                  "the subnet '%s' is %s; an API server needs at least a /%d", subnet->name,
                                  aks_cidr_text(&subnet->prefixes[i], text), AKS_APISERVER_LENGTH);
    if (subnet->prefix_count == 0 || free >= needed)
        return true;
    return aks_rule_break(findings, "apiserver_subnet_capacity", resource, "apiserver_subnet", NULL,
                          "the subnet '%s' (%s) has %.0f free addresses; %zu API server%s need%s %.0f", subnet->name,
                          shown(subnet, text), free < 0 ? 0 : free, sharing, sharing == 1 ? "" : "s",
                          sharing == 1 ? "s" : "", needed);
}

bool aks_apiserver_subnet_check(const struct aks_subnet_facts *subnet, size_t sharing, const char *resource,
                                struct aks_findings *findings)
{
    if (!subnet->known)
        return true;
    if (!check_size(subnet, sharing, resource, findings))
        return false;
    if (!(subnet->delegation && aks_text_equal_fold(subnet->delegation, SERVICE)) &&
        !aks_rule_break(findings, "apiserver_subnet_not_delegated", resource, "apiserver_subnet", NULL,
                        "the subnet '%s' is %s%s, not delegated to " SERVICE, subnet->name,
                        subnet->delegation ? "delegated to " : "", subnet->delegation ? subnet->delegation : "plain"))
        return false;
    return !subnet->foreign_use ||
           aks_rule_break(findings, "apiserver_subnet_in_use", resource, "apiserver_subnet", NULL,
                          "the subnet '%s' is used by %.300s", subnet->name, subnet->foreign_use);
}

static bool check_node_subnet(const struct aks_cluster_facts *facts, const struct aks_subnet_facts *subnet,
                              struct aks_findings *findings)
{
    double free = usable(subnet) - (double)subnet->used;
    char text[AKS_CIDR_TEXT_SIZE];

    if (!subnet->known)
        return true;
    if (subnet->delegation && !aks_rule_break(findings, "node_subnet_delegated", facts->title, subnet->field, NULL,
                                              "the subnet '%s' is delegated to %.100s; nodes need one that is not",
                                              subnet->name, subnet->delegation))
        return false;
    if (subnet->prefix_count == 0)
        return true;
    if (free < (double)subnet->addresses)
        return aks_rule_break(findings, "node_subnet_capacity", facts->title, subnet->field, NULL,
                              "the subnet '%s' (%s) has %.0f free addresses; the nodes%s take %zu", subnet->name,
                              shown(subnet, text), free < 0 ? 0 : free, facts->overlay ? "" : " and their pods",
                              subnet->addresses);
    if (free < (double)(subnet->addresses + subnet->surge))
        return aks_rule_break(
            findings, "node_subnet_surge", facts->title, subnet->field, NULL,
            "the subnet '%s' (%s) has %.0f free addresses; the nodes take %zu, and %zu more during an "
            "upgrade",
            subnet->name, shown(subnet, text), free, subnet->addresses, subnet->surge);
    return true;
}

static bool check_required(const struct aks_cluster_facts *facts, struct aks_findings *findings)
{
    bool has_nodes = facts->node_subnet_count > 0;

    if (facts->integrated && has_nodes && !facts->apiserver &&
        !aks_rule_break(findings, "apiserver_subnet_required", facts->title, "apiserver_subnet", NULL,
                        "the nodes are in a network of your own, so the API server needs a subnet there too"))
        return false;
    if (facts->apiserver && !has_nodes &&
        !aks_rule_break(findings, "node_subnet_required", facts->title, "node_subnet", NULL,
                        "apiserver_subnet is given, but no subnet for the nodes"))
        return false;
    if (facts->pool_without_subnet &&
        !aks_rule_break(findings, "node_subnet_required", facts->title, "node_subnet", NULL,
                        "pool '%s' has no subnet, and other pools have one", facts->pool_without_subnet))
        return false;
    if (facts->apiserver && has_nodes && !facts->has_identity &&
        !aks_rule_break(findings, "identity_required", facts->title, "identity", NULL,
                        "subnets of your own need a user-assigned identity that may use them"))
        return false;
    return facts->nodes_in_one_vnet || aks_rule_break(findings, "node_subnet_wrong_vnet", facts->title, "pools", NULL,
                                                      "the subnets of the pools are of several virtual networks");
}

static bool check_place(const struct aks_cluster_facts *facts, struct aks_findings *findings)
{
    if (facts->same_subnet)
        return aks_rule_break(findings, "apiserver_subnet_is_node_subnet", facts->title, "apiserver_subnet", NULL,
                              "the subnet '%s' is that of the nodes", facts->apiserver->name);
    return facts->apiserver_in_node_vnet ||
           aks_rule_break(findings, "apiserver_subnet_wrong_vnet", facts->title, "apiserver_subnet", NULL,
                          "the subnet '%s' is not in the virtual network of the nodes", facts->apiserver->name);
}

bool aks_cluster_check_subnets(const struct aks_cluster_facts *facts, struct aks_findings *findings)
{
    bool done = check_required(facts, findings) && check_place(facts, findings) &&
                (!facts->apiserver || facts->same_subnet ||
                 aks_apiserver_subnet_check(facts->apiserver, facts->sharing, facts->title, findings));

    for (size_t i = 0; done && i < facts->node_subnet_count; i++)
        done = check_node_subnet(facts, &facts->node_subnets[i], findings);
    return done;
}

/* Ranges that AKS uses itself, and refuses wherever they are given. */
static const char *const reserved_ranges[] = {"169.254.0.0/16", "192.0.2.0/24", "172.30.0.0/16", "172.31.0.0/16"};

bool aks_cidr_is_reserved(const struct aks_cidr *prefix, const char **reserved)
{
    for (size_t i = 0; i < sizeof reserved_ranges / sizeof *reserved_ranges; i++) {
        struct aks_cidr range;

        if (aks_cidr_parse(reserved_ranges[i], &range) == AKS_CIDR_VALID && aks_cidr_overlaps(prefix, &range)) {
            *reserved = reserved_ranges[i];
            return true;
        }
    }
    return false;
}

static bool check_reserved(const struct aks_cluster_facts *facts, const struct aks_cidr *prefix, const char *field,
                           struct aks_findings *findings)
{
    char text[AKS_CIDR_TEXT_SIZE];
    const char *reserved;

    if (!prefix || !aks_cidr_is_reserved(prefix, &reserved))
        return true;
    return aks_rule_break(findings, "cidr_reserved", facts->title, field, NULL, "%s overlaps %s, which AKS uses itself",
                          aks_cidr_text(prefix, text), reserved);
}

static bool check_apart(const struct aks_cluster_facts *facts, const struct aks_cidr *prefix, const char *field,
                        const struct aks_cidr *other, const char *what, struct aks_findings *findings)
{
    char text[AKS_CIDR_TEXT_SIZE], other_text[AKS_CIDR_TEXT_SIZE];

    if (!prefix || !other || !aks_cidr_overlaps(prefix, other))
        return true;
    return aks_rule_break(findings, "cidr_overlap", facts->title, field, NULL, "%s overlaps %s, %s",
                          aks_cidr_text(prefix, text), aks_cidr_text(other, other_text), what);
}

static bool check_dns(const struct aks_cluster_facts *facts, struct aks_findings *findings)
{
    char text[AKS_CIDR_TEXT_SIZE], services[AKS_CIDR_TEXT_SIZE];
    struct aks_cidr network, kubernetes;

    if (!facts->dns || !facts->services)
        return true;
    network = aks_cidr_first(facts->services);
    kubernetes = network;
    kubernetes.bytes[kubernetes.bits / 8 - 1]++; /* ends in a zero bit: a service CIDR is no single address */
    if (aks_cidr_contains(facts->services, facts->dns) && aks_cidr_compare(facts->dns, &network) != 0 &&
        aks_cidr_compare(facts->dns, &kubernetes) != 0)
        return true;
    return aks_rule_break(findings, "dns_service_ip", facts->title, "dns_service_ip", NULL,
                          "%s is not an address of service_cidr %s after its first one",
                          aks_cidr_address_text(facts->dns, text), aks_cidr_text(facts->services, services));
}

static bool overlaps_any(const struct aks_cidr *prefix, const struct aks_cidr *others, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (aks_cidr_overlaps(prefix, &others[i]))
            return true;
    return false;
}

/* Pods may have addresses of the virtual network as long as no subnet has them. */
static bool check_pods(const struct aks_cluster_facts *facts, struct aks_findings *findings)
{
    char text[AKS_CIDR_TEXT_SIZE];
    bool done = true;

    if (!facts->pods || !overlaps_any(facts->pods, facts->network, facts->network_count))
        return true;
    if (!overlaps_any(facts->pods, facts->taken, facts->taken_count))
        return aks_rule_break(findings, "pod_cidr_in_vnet", facts->title, "pod_cidr", NULL,
                              "%s overlaps the address space of the virtual network", aks_cidr_text(facts->pods, text));
    for (size_t i = 0; done && i < facts->taken_count; i++)
        done =
            check_apart(facts, facts->pods, "pod_cidr", &facts->taken[i], "a subnet of the virtual network", findings);
    return done;
}

bool aks_cluster_check_addresses(const struct aks_cluster_facts *facts, struct aks_findings *findings)
{
    bool done = check_reserved(facts, facts->pods, "pod_cidr", findings) &&
                check_reserved(facts, facts->services, "service_cidr", findings) &&
                check_apart(facts, facts->pods, "pod_cidr", facts->services, "the service_cidr", findings) &&
                check_dns(facts, findings) && check_pods(facts, findings);

    for (size_t i = 0; done && i < facts->network_count; i++)
        done =
            check_reserved(facts, &facts->network[i], "node_subnet", findings) &&
            check_apart(facts, facts->services, "service_cidr", &facts->network[i], "of the virtual network", findings);
    return done;
}

static bool is_word(const char *zone, const char *word)
{
    return zone && aks_text_equal_fold(zone, word);
}

/* "private.westus2.azmk8s.io", or something that ends in ".private.westus2.azmk8s.io". */
static bool is_zone_of(const char *id, const char *kind, const char *location)
{
    const char *name = strrchr(id, '/') ? strrchr(id, '/') + 1 : id;
    char expected[128];
    size_t length = strlen(name), size;

    snprintf(expected, sizeof expected, "%s.%.60s.azmk8s.io", kind, location);
    size = strlen(expected);
    return length >= size && aks_text_equal_fold(name + length - size, expected) &&
           (length == size || name[length - size - 1] == '.');
}

static bool check_zone(const struct aks_cluster_facts *facts, struct aks_findings *findings)
{
    const char *zone = facts->private_dns_zone, *kind = facts->integrated ? "private" : "privatelink";

    if (is_word(zone, "none") && facts->has_public_fqdn && !facts->public_fqdn)
        return aks_rule_break(findings, "private_dns_zone", facts->title, "private_dns_zone",
                              "leave public_fqdn on, or take another zone",
                              "without a private DNS zone and without the public FQDN the API server has no name");
    if (!zone || is_word(zone, "system") || is_word(zone, "none"))
        return true;
    if (!facts->has_identity &&
        !aks_rule_break(findings, "private_dns_zone", facts->title, "identity",
                        "give identity = group:identity(...), with the role Private DNS Zone Contributor on the zone",
                        "a private DNS zone of your own needs a user-assigned identity that may write to it"))
        return false;
    if (!facts->location || is_zone_of(zone, kind, facts->location))
        return true;
    return aks_rule_break(findings, "private_dns_zone", facts->title, "private_dns_zone", "take a zone of that name",
                          "the zone must be named %s.%s.azmk8s.io, or SOMETHING.%s.%s.azmk8s.io", kind, facts->location,
                          kind, facts->location);
}

static bool refuse_public(const struct aks_cluster_facts *facts, const char *field, struct aks_findings *findings)
{
    return aks_rule_break(findings, "private_field_without_private", facts->title, field, NULL,
                          "field '%s' is about private clusters, and this one is public", field);
}

/* Regions of the public cloud that have managed clusters, and no integration
   (https://learn.microsoft.com/azure/aks/api-server-vnet-integration). */
static const char *const regions_without_integration[] = {"qatarcentral"};

bool aks_region_integrates(const char *location)
{
    for (size_t i = 0; i < sizeof regions_without_integration / sizeof *regions_without_integration; i++)
        if (aks_text_equal_fold(location, regions_without_integration[i]))
            return false;
    return true;
}

bool aks_cluster_check_access(const struct aks_cluster_facts *facts, struct aks_findings *findings)
{
    size_t limit = facts->integrated ? 2000 : 200;

    if (facts->integrated && facts->location && !aks_region_integrates(facts->location) &&
        !aks_rule_break(findings, "region_unavailable", facts->title, "location", NULL,
                        "the region %s does not offer API Server VNet Integration", facts->location))
        return false;
    if (!facts->private && facts->private_dns_zone && !refuse_public(facts, "private_dns_zone", findings))
        return false;
    if (!facts->private && facts->has_public_fqdn && !refuse_public(facts, "public_fqdn", findings))
        return false;
    if (facts->private && facts->authorized_ranges > 0 &&
        !aks_rule_break(findings, "private_field_without_private", facts->title, "authorized_ip_ranges", NULL,
                        "authorised ranges are about the public address, and this cluster is private"))
        return false;
    if (facts->authorized_ranges > limit &&
        !aks_rule_break(findings, "authorized_ranges_limit", facts->title, "authorized_ip_ranges", NULL,
                        "%zu ranges are given; at most %zu are allowed", facts->authorized_ranges, limit))
        return false;
    if (facts->dual_stack && facts->integrated && !facts->overlay &&
        !aks_rule_break(findings, "dual_stack_unsupported", facts->title, "network_plugin_mode", NULL,
                        "IPv6 together with API Server VNet Integration needs the overlay network"))
        return false;
    return !facts->private || check_zone(facts, findings);
}
