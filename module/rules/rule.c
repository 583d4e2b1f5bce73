/* The table of rules. */
#include "rules/rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEATURE "https://learn.microsoft.com/azure/aks/api-server-vnet-integration"
#define CNI "https://learn.microsoft.com/azure/aks/concepts-network-cni-overview"
#define PRIVATE "https://learn.microsoft.com/azure/aks/private-clusters"
#define RANGES "https://learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges"
#define START_STOP "https://learn.microsoft.com/azure/aks/start-stop-cluster"
#define PROVIDERS                                                                                                      \
    "https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-register-resource-provider"
#define NAMES "https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"
#define VNET_FAQ "https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq"
#define QUOTAS "https://learn.microsoft.com/azure/aks/quotas-skus-regions"
#define POOLS "https://learn.microsoft.com/azure/aks/create-node-pools"
#define ROUTES "https://learn.microsoft.com/azure/aks/egress-outboundtype"

#define ERROR AKS_SEVERITY_ERROR
#define WARNING AKS_SEVERITY_WARNING
#define INFO AKS_SEVERITY_INFO

static const struct aks_rule rules[] = {
    /* Of arguments. */
    {"unknown_field", ERROR, false, "A spec has only fields that its type has.", NULL, NULL, NULL},
    {"field_required", ERROR, false, "A required field is given.", NULL, NULL, NULL},
    {"field_read_only", ERROR, false, "What Azure sets is not given.", NULL, "leave it out", NULL},
    {"type_mismatch", ERROR, false, "A value is of its field's type.", NULL, NULL, NULL},
    {"value_not_allowed", ERROR, false, "A value is one that its field takes.", NULL, NULL, NULL},
    {"name_invalid", ERROR, false, "A name has the length and the characters of its kind.", NULL, "give another name",
     NAMES},
    {"field_create_only", ERROR, true, "What Azure does not let change later stays as it was created.", NULL,
     "keep the value it was created with, or delete it and create it anew", NULL},
    {"cidr_invalid", ERROR, false, "A prefix is written as 172.19.0.0/28 or fd00::/64.", NULL, NULL, NULL},
    {"cidr_host_bits", ERROR, false, "No bit is set in a prefix beyond its length.", NULL, NULL, NULL},
    /* Of addresses. */
    {"cidr_outside_vnet", ERROR, false, "A subnet lies in the address space of its virtual network.", NULL,
     "choose a prefix inside, or add one to address_prefixes of the virtual network", VNET_FAQ},
    {"cidr_overlap", ERROR, false,
     "Subnets do not overlap each other, services not the virtual network, pods neither services nor subnets.",
     "Azure refuses the subnet or the cluster; overlapping pods or services would reach the wrong addresses",
     "choose another prefix", CNI},
    {"pod_cidr_in_vnet", WARNING, false, "Pods have addresses outside the virtual network.",
     "a subnet that is made there later would not be reached by the pods", "choose another pod_cidr", CNI},
    {"cidr_reserved", ERROR, false,
     "169.254.0.0/16, 192.0.2.0/24, 172.30.0.0/16 and 172.31.0.0/16 are used by AKS itself.",
     "AKS refuses them for pods, services and the network of the nodes", "choose another prefix", CNI},
    {"dns_service_ip", ERROR, false, "The DNS service has an address of service_cidr, and not its first one.",
     "the first address is that of the Kubernetes API inside the cluster",
     "choose a higher address of service_cidr, such as its tenth", CNI},
    /* Of the cluster. */
    {"apiserver_subnet_required", ERROR, false,
     "An integrated cluster whose nodes are in a network of one's own names a subnet for the API server.", NULL,
     "give apiserver_subnet", FEATURE},
    {"node_subnet_required", ERROR, false,
     "A cluster that names a subnet for the API server, or for one of its pools, names one for all its nodes.", NULL,
     "give node_subnet, of the same virtual network", FEATURE},
    {"node_subnet_wrong_vnet", ERROR, false, "The subnets of all node pools are in one virtual network.", NULL,
     "take subnets of one virtual network", POOLS},
    {"identity_required", ERROR, false, "A cluster in a network of one's own has a user-assigned identity.",
     "a system-assigned one does not exist yet when it needs its permissions",
     "give identity = group:identity(...), with the role Network Contributor on both subnets", FEATURE},
    {"apiserver_subnet_is_node_subnet", ERROR, false, "API server and nodes have a subnet each.", NULL,
     "make a subnet for the API server alone", FEATURE},
    {"apiserver_subnet_wrong_vnet", ERROR, false,
     "The subnet of the API server is in the virtual network of the nodes.", NULL,
     "take a subnet of that virtual network", FEATURE},
    {"apiserver_subnet_too_small", ERROR, false, "The subnet of an API server is at least a /28.", NULL,
     "make one of at least /28, better /27", FEATURE},
    {"apiserver_subnet_capacity", ERROR, false,
     "The subnet of API servers has 9 addresses for each cluster beside the 5 that Azure keeps.",
     "an API server without addresses does not scale, and after a stop may not start", "take a larger subnet", FEATURE},
    {"apiserver_subnet_not_delegated", ERROR, false,
     "The subnet of an API server is delegated to Microsoft.ContainerService/managedClusters.", NULL,
     "give the subnet delegation = \"Microsoft.ContainerService/managedClusters\"", FEATURE},
    {"apiserver_subnet_in_use", ERROR, true, "Nothing but API servers lives in their subnet.", NULL,
     "take a subnet that only API servers use", FEATURE},
    {"node_subnet_delegated", ERROR, false, "The subnet of the nodes is not delegated to any service.", NULL,
     "take the delegation off, or another subnet", CNI},
    {"node_subnet_capacity", ERROR, false,
     "The subnet of the nodes has an address for every node, for the pods too where they are in it.", NULL,
     "take a larger subnet, fewer nodes, or network_plugin_mode = \"overlay\"", CNI},
    {"node_subnet_surge", WARNING, false, "The subnet of the nodes has addresses for the extra nodes of an upgrade.",
     "an upgrade would stop for want of addresses", "take a larger subnet", CNI},
    {"private_field_without_private", ERROR, false,
     "Private DNS and the public FQDN flag are about private clusters, authorised ranges about public ones.", NULL,
     "leave it out, or change private", PRIVATE},
    {"private_dns_zone", ERROR, false,
     "A private DNS zone of one's own is named private.REGION.azmk8s.io or ends in that, and needs a user-assigned "
     "identity; without any, the public FQDN stays.",
     NULL, NULL, PRIVATE},
    {"authorized_ranges_limit", ERROR, false,
     "A cluster has at most 200 authorised ranges, with API Server VNet Integration 2,000.", NULL, "join ranges",
     RANGES},
    {"dual_stack_unsupported", ERROR, false,
     "An integrated cluster with IPv6 has network_plugin azure and mode overlay.", NULL,
     "give network_plugin = \"azure\" and network_plugin_mode = \"overlay\"", FEATURE},
    /* Of what is there. */
    {"not_found", ERROR, true, "What a spec refers to exists.", NULL, "create it first", NULL},
    {"provider_not_registered", ERROR, true, "The resource providers are registered in the subscription.", NULL,
     "client:provider(NAMESPACE):register()", PROVIDERS},
    {"region_unavailable", ERROR, true,
     "The region offers managed clusters, and API Server VNet Integration where it is asked for.", NULL,
     "choose another region", FEATURE},
    {"kubernetes_version_unavailable", ERROR, true, "The region offers the Kubernetes version.", NULL,
     "choose a version that it offers", "https://learn.microsoft.com/azure/aks/supported-kubernetes-versions"},
    {"quota_exceeded", ERROR, true,
     "The subscription's quotas of cores in the region, and of their families, are enough for the nodes.", NULL,
     "ask for more quota, or take fewer or smaller nodes", QUOTAS},
    {"permission_missing", ERROR, true, "The cluster's identity may join and read both subnets.",
     "the creation fails after minutes, as the API server cannot be put into the subnet",
     "subnet:role_assignment({ principal = identity, role = \"Network Contributor\" }):create()", FEATURE},
    {"vnet_encryption", ERROR, true, "The virtual network is not encrypted.", "nodes never become ready",
     "turn the encryption of the virtual network off", FEATURE},
    {"nsg_flow_denied", ERROR, true,
     "Nodes reach the API server at TCP 443 and 4443, the load balancer's probes reach it at TCP 9988.",
     "nodes do not join the cluster", "nsg:add_missing_rules{ apiserver_subnet = ..., node_subnet = ... }", FEATURE},
    {"nsg_flow_unknown", WARNING, true, "Whether security rules let that traffic through can be told.", NULL,
     "look at the rule that is named: its application security groups or service tags are not known here", FEATURE},
    {"nsg_no_free_priority", ERROR, true, "There is a free priority ahead of the rule that denies.", NULL,
     "give the rule that denies a higher number", FEATURE},
    {"route_table_required", ERROR, true,
     "With outbound_type userDefinedRouting the subnet of the nodes has a route table.", NULL,
     "attach a route table with a default route to the subnet", ROUTES},
    {"default_route_missing", WARNING, true,
     "With outbound_type userDefinedRouting the route table has a default route.",
     "nodes that find no way out do not become ready, unless a gateway announces the route",
     "add a route for 0.0.0.0/0 to the appliance or gateway", ROUTES},
    {"private_dns_zone_missing", ERROR, true, "The private DNS zone that is named exists.", NULL, "create it first",
     PRIVATE},
    {"check_forbidden", WARNING, true, "Everything that is checked may be read.", NULL,
     "let somebody look who may read it", NULL},
    /* Of conversions and changes of mode. */
    {"already_integrated", ERROR, true, "Only a cluster without API Server VNet Integration is converted.", NULL,
     "there is nothing to convert", FEATURE},
    {"not_integrated", ERROR, true, "Only an integrated cluster changes its private mode.", NULL,
     "convert it first: cluster:convert{ apiserver_subnet = ... }", FEATURE},
    {"operation_in_flight", ERROR, true, "Nothing else is under way on the cluster.", NULL,
     "wait for it: cluster:wait()", NULL},
    {"cluster_not_running", ERROR, true, "The cluster runs.", "a stopped cluster can only be started or deleted",
     "start it first: cluster:start()", START_STOP},
    {"convert_dual_stack", ERROR, true, "A cluster with IPv6 is not converted.",
     "conversions of such clusters have broken them for good",
     "create a new cluster with the integration and move the workloads",
     "https://github.com/MicrosoftDocs/azure-aks-docs/pull/412"},
    {"convert_restart_impossible", ERROR, true, "A cluster that is converted can be stopped and started afterwards.",
     "node auto-provisioning forbids to stop it", "turn node auto-provisioning off first", START_STOP},
    {"convert_one_way", INFO, true, "A conversion cannot be undone and restarts everything.", NULL, NULL, FEATURE},
    {"approval_required", ERROR, false, "What cannot be undone is approved.", NULL, "pass approve = true", FEATURE},
};

#define COUNT (sizeof rules / sizeof *rules)

const struct aks_rule *aks_rules(size_t *count)
{
    *count = COUNT;
    return rules;
}

const struct aks_rule *aks_rule_find(const char *code)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(rules[i].code, code) == 0)
            return &rules[i];
    return NULL;
}

bool aks_rule_break(struct aks_findings *findings, const char *code, const char *resource, const char *field,
                    const char *remedy, const char *format, ...)
{
    const struct aks_rule *rule = aks_rule_find(code);
    char message[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return aks_findings_add(findings, rule ? rule->code : code, rule ? rule->severity : AKS_SEVERITY_ERROR, resource,
                            field, remedy || !rule ? remedy : rule->remedy, "%s", message);
}

static size_t place_of(const char *code)
{
    const struct aks_rule *rule = aks_rule_find(code);

    return rule ? (size_t)(rule - rules) : COUNT;
}

static int compare(const struct aks_finding *a, const struct aks_finding *b)
{
    size_t first = place_of(a->code), second = place_of(b->code);

    if (a->severity != b->severity)
        return a->severity < b->severity ? -1 : 1;
    return first < second ? -1 : first > second;
}

/* By insertion, which keeps equal ones in order; there are few. */
void aks_rules_sort(struct aks_findings *findings)
{
    for (size_t i = 1; i < findings->count; i++)
        for (size_t j = i; j > 0 && compare(&findings->items[j - 1], &findings->items[j]) > 0; j--) {
            struct aks_finding finding = findings->items[j];

            findings->items[j] = findings->items[j - 1];
            findings->items[j - 1] = finding;
        }
}
