/* Every rule of clusters from both sides of its edge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "rules/cluster_rules.h"
#include "rules/rule.h"

#define SERVICE "Microsoft.ContainerService/managedClusters"

static struct aks_cidr cidr(const char *text)
{
    struct aks_cidr prefix;

    if (strchr(text, '/'))
        assert_int_equal(aks_cidr_parse(text, &prefix), AKS_CIDR_VALID);
    else
        assert_int_equal(aks_cidr_parse_address(text, &prefix), AKS_CIDR_VALID);
    return prefix;
}

/* A cluster in which nothing is wrong; tests change one thing. */
struct world {
    struct aks_cluster_facts facts;
    struct aks_subnet_facts apiserver, nodes[2];
    struct aks_cidr apiserver_prefix, node_prefix, network, pods, services, dns;
};

static void make(struct world *world)
{
    memset(world, 0, sizeof *world);
    world->apiserver_prefix = cidr("172.19.0.0/28");
    world->node_prefix = cidr("172.19.1.0/24");
    world->network = cidr("172.19.0.0/16");
    world->pods = cidr("10.244.0.0/16");
    world->services = cidr("10.0.0.0/16");
    world->dns = cidr("10.0.0.10");
    world->apiserver = (struct aks_subnet_facts){
        .name = "api", .known = true, .prefixes = &world->apiserver_prefix, .prefix_count = 1, .delegation = SERVICE};
    for (size_t i = 0; i < 2; i++)
        world->nodes[i] = (struct aks_subnet_facts){.name = "nodes",
                                                    .field = i ? "pools" : "node_subnet",
                                                    .known = true,
                                                    .prefixes = &world->node_prefix,
                                                    .prefix_count = 1,
                                                    .addresses = 3,
                                                    .surge = 1};
    world->facts = (struct aks_cluster_facts){
        .title = "cluster 'demo'",
        .integrated = true,
        .has_identity = true,
        .apiserver_in_node_vnet = true,
        .nodes_in_one_vnet = true,
        .apiserver = &world->apiserver,
        .node_subnets = world->nodes,
        .node_subnet_count = 1,
        .sharing = 1,
        .network = &world->network,
        .network_count = 1,
        .taken = &world->node_prefix,
        .taken_count = 1,
        .pods = &world->pods,
        .services = &world->services,
        .dns = &world->dns,
        .overlay = true,
        .location = "westus2",
    };
}

/* The codes of what is wrong, joined by spaces. */
static const char *codes(const struct world *world)
{
    static char text[512];
    struct aks_findings findings = {0};

    text[0] = '\0';
    assert_true(aks_cluster_check_subnets(&world->facts, &findings));
    assert_true(aks_cluster_check_addresses(&world->facts, &findings));
    assert_true(aks_cluster_check_access(&world->facts, &findings));
    for (size_t i = 0; i < findings.count; i++) {
        assert_non_null(aks_rule_find(findings.items[i].code));
        assert_string_equal(findings.items[i].resource, "cluster 'demo'");
        assert_true(strlen(findings.items[i].message) > 10);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", findings.items[i].code);
    }
    aks_findings_clear(&findings);
    return text;
}

static void nothing_is_wrong_with_what_the_documentation_shows(void **state)
{
    struct world world;

    (void)state;
    make(&world);
    assert_string_equal(codes(&world), "");
    world.facts.private = true;
    assert_string_equal(codes(&world), "");
    make(&world);
    world.facts.apiserver = NULL;
    world.facts.node_subnet_count = 0;
    world.facts.has_identity = false;
    world.facts.network_count = 0;
    assert_string_equal(codes(&world), "");
}

static void the_subnet_of_an_api_server_has_two_edges(void **state)
{
    struct world world;

    (void)state;
    make(&world);
    world.apiserver_prefix = cidr("172.19.0.0/29");
    assert_string_equal(codes(&world), "apiserver_subnet_too_small");
    make(&world);
    world.apiserver.used = 2; /* 11 usable, 9 left */
    assert_string_equal(codes(&world), "");
    world.apiserver.used = 3;
    assert_string_equal(codes(&world), "apiserver_subnet_capacity");
    make(&world);
    world.facts.sharing = 2; /* 18 of 11 */
    assert_string_equal(codes(&world), "apiserver_subnet_capacity");
    world.apiserver_prefix = cidr("172.19.0.0/27"); /* 18 of 27 */
    assert_string_equal(codes(&world), "");
    world.facts.sharing = 3;
    assert_string_equal(codes(&world), "");
    world.facts.sharing = 4;
    assert_string_equal(codes(&world), "apiserver_subnet_capacity");
}

static void the_subnet_of_an_api_server_is_delegated_and_used_by_no_other(void **state)
{
    struct world world;

    (void)state;
    make(&world);
    world.apiserver.delegation = NULL;
    assert_string_equal(codes(&world), "apiserver_subnet_not_delegated");
    world.apiserver.delegation = "Microsoft.Web/serverFarms";
    assert_string_equal(codes(&world), "apiserver_subnet_not_delegated");
    world.apiserver.delegation = "microsoft.containerservice/MANAGEDCLUSTERS";
    assert_string_equal(codes(&world), "");
    world.apiserver.foreign_use = "a network interface";
    assert_string_equal(codes(&world), "apiserver_subnet_in_use");
    world.apiserver.known = false;
    assert_string_equal(codes(&world), "");
}

static void the_subnet_of_nodes_has_room_and_no_delegation(void **state)
{
    struct world world;

    (void)state;
    make(&world);
    world.nodes[0].delegation = SERVICE;
    assert_string_equal(codes(&world), "node_subnet_delegated");
    make(&world);
    world.nodes[0].addresses = 250; /* 251 usable */
    assert_string_equal(codes(&world), "");
    world.nodes[0].surge = 2;
    assert_string_equal(codes(&world), "node_subnet_surge");
    world.nodes[0].addresses = 252;
    assert_string_equal(codes(&world), "node_subnet_capacity");
    world.nodes[0].addresses = 251;
    world.nodes[0].surge = 0;
    assert_string_equal(codes(&world), "");
    world.nodes[0].used = 1;
    assert_string_equal(codes(&world), "node_subnet_capacity");
    world.nodes[0].used = 1000;
    assert_string_equal(codes(&world), "node_subnet_capacity");
}

static void every_subnet_of_nodes_is_looked_at(void **state)
{
    struct world world;

    (void)state;
    make(&world);
    world.facts.node_subnet_count = 2;
    assert_string_equal(codes(&world), "");
    world.nodes[1].delegation = SERVICE;
    assert_string_equal(codes(&world), "node_subnet_delegated");
    make(&world);
    world.facts.node_subnet_count = 2;
    world.nodes[1].addresses = 252; /* 251 usable, and each subnet has its own */
    assert_string_equal(codes(&world), "node_subnet_capacity");
    world.nodes[0].addresses = 252;
    assert_string_equal(codes(&world), "node_subnet_capacity node_subnet_capacity");
}

static void subnets_and_identity_belong_together(void **state)
{
    struct world world;

    (void)state;
    make(&world);
    world.facts.apiserver = NULL;
    assert_string_equal(codes(&world), "apiserver_subnet_required");
    world.facts.integrated = false;
    assert_string_equal(codes(&world), "");
    make(&world);
    world.facts.node_subnet_count = 0;
    assert_string_equal(codes(&world), "node_subnet_required");
    make(&world);
    world.facts.has_identity = false;
    assert_string_equal(codes(&world), "identity_required");
    make(&world);
    world.facts.apiserver_in_node_vnet = false;
    assert_string_equal(codes(&world), "apiserver_subnet_wrong_vnet");
    make(&world);
    world.facts.same_subnet = true;
    assert_string_equal(codes(&world), "apiserver_subnet_is_node_subnet");
    make(&world);
    world.facts.nodes_in_one_vnet = false;
    assert_string_equal(codes(&world), "node_subnet_wrong_vnet");
    make(&world);
    world.facts.pool_without_subnet = "gpu";
    assert_string_equal(codes(&world), "node_subnet_required");
}

static void one_region_has_no_integration(void **state)
{
    struct world world;

    (void)state;
    make(&world);
    world.facts.location = "qatarcentral";
    assert_string_equal(codes(&world), "region_unavailable");
    world.facts.integrated = false;
    assert_string_equal(codes(&world), "");
    assert_false(aks_region_integrates("QatarCentral"));
    assert_true(aks_region_integrates("westus2"));
}

static void ranges_are_apart_and_not_those_of_aks(void **state)
{
    static const struct {
        const char *pods, *services, *expected;
    } rows[] = {
        {"172.18.0.0/16", "172.20.0.0/16", ""},
        {"172.19.128.0/17", "10.0.0.0/16", "pod_cidr_in_vnet"},
        {"172.16.0.0/12", "10.0.0.0/16", "cidr_reserved cidr_overlap"},
        {"172.19.1.0/25", "10.0.0.0/16", "cidr_overlap"},
        {"172.19.2.0/24", "10.0.0.0/16", "pod_cidr_in_vnet"},
        {"10.244.0.0/16", "172.19.2.0/24", "cidr_overlap"},
        {"10.244.0.0/16", "172.16.0.0/12", "cidr_reserved cidr_overlap"},
        {"10.0.0.0/8", "10.0.0.0/16", "cidr_overlap"},
        {"10.1.0.0/16", "10.0.0.0/16", ""},
        {"169.253.0.0/16", "10.0.0.0/16", ""},
        {"169.254.0.0/24", "10.0.0.0/16", "cidr_reserved"},
        {"169.255.0.0/16", "10.0.0.0/16", ""},
        {"192.0.1.0/24", "10.0.0.0/16", ""},
        {"192.0.2.0/25", "10.0.0.0/16", "cidr_reserved"},
        {"192.0.3.0/24", "10.0.0.0/16", ""},
        {"172.29.0.0/16", "10.0.0.0/16", ""},
        {"172.30.0.0/16", "10.0.0.0/16", "cidr_reserved"},
        {"172.31.255.0/24", "10.0.0.0/16", "cidr_reserved"},
        {"172.32.0.0/16", "10.0.0.0/16", ""},
    };
    struct world world;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make(&world);
        world.pods = cidr(rows[i].pods);
        world.services = cidr(rows[i].services);
        world.facts.dns = NULL;
        assert_string_equal(codes(&world), rows[i].expected);
    }
    make(&world);
    world.network = cidr("172.30.0.0/24");
    assert_string_equal(codes(&world), "cidr_reserved");
}

static void the_dns_service_has_an_address_after_the_first(void **state)
{
    static const struct {
        const char *address, *expected;
    } rows[] = {{"10.0.0.0", "dns_service_ip"}, {"10.0.0.1", "dns_service_ip"}, {"10.0.0.2", ""},
                {"10.0.255.255", ""},           {"10.1.0.0", "dns_service_ip"}, {"9.255.255.255", "dns_service_ip"},
                {"fd00::10", "dns_service_ip"}};
    struct world world;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make(&world);
        world.dns = cidr(rows[i].address);
        assert_string_equal(codes(&world), rows[i].expected);
    }
}

static void private_mode_and_what_goes_with_it(void **state)
{
    struct world world;

    (void)state;
    make(&world);
    world.facts.private_dns_zone = "system";
    assert_string_equal(codes(&world), "private_field_without_private");
    world.facts.private = true;
    assert_string_equal(codes(&world), "");
    make(&world);
    world.facts.has_public_fqdn = true;
    assert_string_equal(codes(&world), "private_field_without_private");
    world.facts.private = true;
    assert_string_equal(codes(&world), "");
    world.facts.private_dns_zone = "none";
    assert_string_equal(codes(&world), "private_dns_zone");
    world.facts.public_fqdn = true;
    assert_string_equal(codes(&world), "");
    world.facts.authorized_ranges = 1;
    assert_string_equal(codes(&world), "private_field_without_private");
}

static void a_private_dns_zone_has_the_name_of_its_kind_and_region(void **state)
{
    static const struct {
        const char *zone;
        bool integrated;
        const char *expected;
    } rows[] = {
        {"/x/privateDnsZones/private.westus2.azmk8s.io", true, ""},
        {"/x/privateDnsZones/PRIVATE.WestUS2.azmk8s.io", true, ""},
        {"/x/privateDnsZones/a.b.private.westus2.azmk8s.io", true, ""},
        {"/x/privateDnsZones/aprivate.westus2.azmk8s.io", true, "private_dns_zone"},
        {"/x/privateDnsZones/privatelink.westus2.azmk8s.io", true, "private_dns_zone"},
        {"/x/privateDnsZones/private.westus.azmk8s.io", true, "private_dns_zone"},
        {"/x/privateDnsZones/privatelink.westus2.azmk8s.io", false, ""},
        {"/x/privateDnsZones/private.westus2.azmk8s.io", false, "private_dns_zone"},
    };
    struct world world;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make(&world);
        world.facts.private = true;
        world.facts.integrated = rows[i].integrated;
        world.facts.private_dns_zone = rows[i].zone;
        assert_string_equal(codes(&world), rows[i].expected);
    }
    make(&world);
    world.facts.private = true;
    world.facts.private_dns_zone = rows[0].zone;
    world.facts.apiserver = NULL;
    world.facts.node_subnet_count = 0;
    world.facts.has_identity = false;
    assert_string_equal(codes(&world), "private_dns_zone");
}

static void authorised_ranges_and_ip_families_have_limits(void **state)
{
    struct world world;

    (void)state;
    make(&world);
    world.facts.authorized_ranges = 2000;
    assert_string_equal(codes(&world), "");
    world.facts.authorized_ranges = 2001;
    assert_string_equal(codes(&world), "authorized_ranges_limit");
    world.facts.integrated = false;
    world.facts.authorized_ranges = 200;
    assert_string_equal(codes(&world), "");
    world.facts.authorized_ranges = 201;
    assert_string_equal(codes(&world), "authorized_ranges_limit");
    make(&world);
    world.facts.dual_stack = true;
    assert_string_equal(codes(&world), "");
    world.facts.overlay = false;
    assert_string_equal(codes(&world), "dual_stack_unsupported");
    world.facts.integrated = false;
    assert_string_equal(codes(&world), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_wrong_with_what_the_documentation_shows),
        cmocka_unit_test(the_subnet_of_an_api_server_has_two_edges),
        cmocka_unit_test(the_subnet_of_an_api_server_is_delegated_and_used_by_no_other),
        cmocka_unit_test(the_subnet_of_nodes_has_room_and_no_delegation),
        cmocka_unit_test(every_subnet_of_nodes_is_looked_at),
        cmocka_unit_test(subnets_and_identity_belong_together),
        cmocka_unit_test(one_region_has_no_integration),
        cmocka_unit_test(ranges_are_apart_and_not_those_of_aks),
        cmocka_unit_test(the_dns_service_has_an_address_after_the_first),
        cmocka_unit_test(private_mode_and_what_goes_with_it),
        cmocka_unit_test(a_private_dns_zone_has_the_name_of_its_kind_and_region),
        cmocka_unit_test(authorised_ranges_and_ip_families_have_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
