/* Clusters: bodies of the ways to create one, of updates, and what counts as a difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../support/json_text.h"
#include "arm/document.h"
#include "resources/resource.h"

#define SUBSCRIPTION "/subscriptions/79a73911-1111-1111-1111-111111111111"
#define GROUP SUBSCRIPTION "/resourceGroups/demo_group"
#define VNET GROUP "/providers/Microsoft.Network/virtualNetworks/hub"
#define APISERVER VNET "/subnets/apiserver"
#define NODES VNET "/subnets/nodes"
#define IDENTITIES GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"

#define POOL                                                                                                           \
    "{'name':'nodepool1','mode':'System','type':'VirtualMachineScaleSets','osType':'Linux','count':3,"                 \
    "'vmSize':'Standard_D4s_v3'"
#define SYSTEM "'location':'westus2','identity':{'type':'SystemAssigned'}"
#define USER "'location':'westus2','identity':{'type':'UserAssigned','userAssignedIdentities':{'" IDENTITIES "/cp':{}}}"
#define BYO "'apiserver_subnet':'" APISERVER "','node_subnet':'" NODES "','identity':'" IDENTITIES "/cp'"
#define DNS "'dnsPrefix':'demo-demogroup-79a739'"

static struct aks_resource *declare(const char *name, const char *spec)
{
    struct aks_error error = {0};
    struct aks_resource *cluster =
        aks_resource_new(NULL, &aks_type_cluster, GROUP, name, spec ? json_of(spec) : NULL, "westus2", &error);

    if (!cluster)
        fail_msg("%s: %s", aks_error_code(&error), error.message);
    return cluster;
}

static json_t *body_for(const char *name, const char *spec, const json_t *document)
{
    struct aks_resource *cluster = declare(name, spec);
    struct aks_error error = {0};
    json_t *body = aks_resource_body(cluster, document, &error);

    if (!body)
        fail_msg("%s: %s", aks_error_code(&error), error.message);
    aks_resource_release(cluster);
    return body;
}

/* Bodies of new clusters called "demo". */
static const struct {
    const char *spec, *body;
} creates[] = {
    /* public, managed network */
    {"{'vnet_integration':true}", "{" SYSTEM ",'properties':{" DNS ",'agentPoolProfiles':[" POOL
                                  "}],'apiServerAccessProfile':{'enableVnetIntegration':true}}}"},
    /* private, managed network */
    {"{'vnet_integration':true,'private':true}",
     "{" SYSTEM ",'properties':{" DNS ",'agentPoolProfiles':[" POOL
     "}],'apiServerAccessProfile':{'enableVnetIntegration':true,'enablePrivateCluster':true}}}"},
    /* public, own network: the subnet implies the integration */
    {"{" BYO "}", "{" USER ",'properties':{" DNS ",'agentPoolProfiles':[" POOL ",'vnetSubnetID':'" NODES
                  "'}],'apiServerAccessProfile':{'enableVnetIntegration':true,'subnetId':'" APISERVER "'}}}"},
    /* private, own network */
    {"{" BYO ",'private':true,'vnet_integration':true}",
     "{" USER ",'properties':{" DNS ",'agentPoolProfiles':[" POOL ",'vnetSubnetID':'" NODES
     "'}],'apiServerAccessProfile':{'enableVnetIntegration':true,'subnetId':'" APISERVER
     "','enablePrivateCluster':true}}}"},
    /* nothing named, and without integration */
    {"{}", "{" SYSTEM ",'properties':{" DNS ",'agentPoolProfiles':[" POOL "}]}}"},
    {NULL, "{" SYSTEM ",'properties':{" DNS ",'agentPoolProfiles':[" POOL "}]}}"},
    /* most fields */
    {"{'location':'East US','tags':{'a':'b'},'private':false,'network_plugin':'Azure','network_plugin_mode':'overlay',"
     "'network_policy':'none','network_dataplane':'cilium','pod_cidr':'10.244.0.0/16','service_cidr':'10.1.0.0/16',"
     "'dns_service_ip':'10.1.0.10','outbound_type':'USERDEFINEDROUTING','node_count':5,'vm_size':'Standard_D8s_v5',"
     "'kubernetes_version':'1.33','dns_prefix':'mine','authorized_ip_ranges':['1.2.3.4','5.6.7.0/24'],"
     "'ssh_public_key':'ssh-rsa AAAA me\\n','sku_tier':'standard','node_resource_group':'nodes','public_fqdn':true,"
     "'private_dns_zone':'none','disable_local_accounts':true}",
     "{'location':'eastus','tags':{'a':'b'},'identity':{'type':'SystemAssigned'},'sku':{'name':'Base','tier':'Standard'"
     "},"
     "'properties':{'dnsPrefix':'mine','kubernetesVersion':'1.33','nodeResourceGroup':'nodes',"
     "'disableLocalAccounts':true,'linuxProfile':{'adminUsername':'azureuser','ssh':{'publicKeys':[{'keyData':"
     "'ssh-rsa AAAA me'}]}},'agentPoolProfiles':[{'name':'nodepool1','mode':'System','type':"
     "'VirtualMachineScaleSets','osType':'Linux','count':5,'vmSize':'Standard_D8s_v5'}],'networkProfile':{"
     "'networkPlugin':'azure','networkPluginMode':'overlay','networkPolicy':'none','networkDataplane':'cilium',"
     "'podCidr':'10.244.0.0/16','serviceCidr':'10.1.0.0/16','dnsServiceIP':'10.1.0.10','outboundType':"
     "'userDefinedRouting'},'apiServerAccessProfile':{'enablePrivateCluster':false,'authorizedIPRanges':['1.2.3.4',"
     "'5.6.7.0/24'],'enablePrivateClusterPublicFQDN':true,'privateDNSZone':'none'}}}"},
    /* pools: the first without a mode is the System pool; a subnet of its own wins */
    {"{'node_subnet':'" NODES "','vm_size':'Standard_D8s_v5','pools':[{'name':'gpu','mode':'user','count':0,"
     "'vm_size':'Standard_NC6','os_type':'windows','subnet':'" VNET
     "/subnets/gpu','node_taints':['gpu=true:NoSchedule'],"
     "'node_labels':{'a':'b'},'availability_zones':['1','2'],'os_disk_size':64,'max_pods':30,'os_sku':'Windows2022',"
     "'max_surge':'33%','kubernetes_version':'1.33.2'},{'name':'sys','autoscaling':true,'min_count':5,'max_count':9}]}",
     "{" SYSTEM ",'properties':{" DNS ",'agentPoolProfiles':[{'name':'gpu','mode':'User','type':"
     "'VirtualMachineScaleSets','osType':'Windows','count':0,'vmSize':'Standard_NC6','vnetSubnetID':'" VNET
     "/subnets/gpu','nodeTaints':['gpu=true:NoSchedule'],'nodeLabels':{'a':'b'},'availabilityZones':['1','2'],"
     "'osDiskSizeGB':64,'maxPods':30,'osSKU':'Windows2022','upgradeSettings':{'maxSurge':'33%'},"
     "'orchestratorVersion':'1.33.2'},{'name':'sys','mode':'System','type':'VirtualMachineScaleSets','osType':'Linux',"
     "'count':5,'enableAutoScaling':true,'minCount':5,'maxCount':9,'vmSize':'Standard_D8s_v5','vnetSubnetID':'" NODES
     "'}]}}"},
    /* User pools alone need a System pool beside them */
    {"{'node_count':2,'pools':[{'name':'extra','mode':'User','count':1}]}",
     "{" SYSTEM ",'properties':{" DNS ",'agentPoolProfiles':[{'name':'nodepool1','mode':'System','type':"
     "'VirtualMachineScaleSets','osType':'Linux','count':2,'vmSize':'Standard_D4s_v3'},{'name':'extra','mode':'User',"
     "'type':'VirtualMachineScaleSets','osType':'Linux','count':1,'vmSize':'Standard_D4s_v3'}]}}"},
    /* raw comes last, and null takes away */
    {"{'raw':{'identity':null,'sku':{'name':'Automatic'},'properties':{'agentPoolProfiles':null,'fqdnSubdomain':'x',"
     "'oidcIssuerProfile':{'enabled':true,'none':null}}}}",
     "{'location':'westus2','sku':{'name':'Automatic'},'properties':{'fqdnSubdomain':'x','oidcIssuerProfile':{"
     "'enabled':true}}}"},
};

static void a_new_cluster_is_exactly_as_declared(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof creates / sizeof *creates; i++)
        expect_json_new(body_for("demo", creates[i].spec, NULL), creates[i].body);
}

static const struct {
    const char *name, *prefix;
} prefixes[] = {
    {"cliakstest000002", "cliakstest-demogroup-79a739"},
    {"9lives", "a9lives-demogroup-79a739"},
    {"0123456789abc", "a012345678-demogroup-79a739"},
    {"a_b", "ab-demogroup-79a739"},
};

static void the_dns_prefix_is_the_one_that_the_azure_cli_gives(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        json_t *body = body_for(prefixes[i].name, NULL, NULL);

        assert_string_equal(aks_document_text_at(body, "properties.dnsPrefix"), prefixes[i].prefix);
        json_decref(body);
    }
}

/* As Azure answers for a cluster in its own network: in cases and forms of its own, defaults filled in. */
#define DOCUMENT                                                                                                       \
    "{'id':'" SUBSCRIPTION "/resourcegroups/demo_group/providers/Microsoft.ContainerService/managedClusters/demo',"    \
    "'location':'westus2','name':'demo','type':'Microsoft.ContainerService/ManagedClusters','eTag':'e1','tags':{"      \
    "'Owner':'me'},'properties':{'provisioningState':'Succeeded','powerState':{'code':'Running'},"                     \
    "'kubernetesVersion':'1.33','currentKubernetesVersion':'1.33.2','dnsPrefix':'demo-demogroup-79a739',"              \
    "'fqdn':'demo-abc.hcp.westus2.azmk8s.io','azurePortalFQDN':'demo-abc.portal.hcp.westus2.azmk8s.io',"               \
    "'privateFQDN':'demo-def.private.westus2.azmk8s.io','agentPoolProfiles':[{'name':'nodepool1','count':3,"           \
    "'vmSize':'standard_d4s_v3','osDiskSizeGB':128,'osDiskType':'Managed','vnetSubnetID':'" SUBSCRIPTION               \
    "/resourcegroups/demo_group/providers/Microsoft.Network/virtualNetworks/hub/subnets/nodes','maxPods':250,"         \
    "'type':'VirtualMachineScaleSets','enableAutoScaling':false,'provisioningState':'Succeeded','powerState':{'code':" \
    "'Running'},'orchestratorVersion':'1.33.2','currentOrchestratorVersion':'1.33.2','mode':'System','osType':"        \
    "'Linux','osSKU':'Ubuntu','nodeImageVersion':'AKSUbuntu-2204gen2containerd-202601.01.0','upgradeSettings':{"       \
    "'maxSurge':'10%'},'eTag':'p1','status':{}},{'name':'batch','count':7,'vmSize':'Standard_E8s_v5','mode':'User',"   \
    "'type':'VirtualMachineScaleSets','enableAutoScaling':true,'minCount':1,'maxCount':9,'osType':'Linux','eTag':'p2'" \
    ","                                                                                                                \
    "'provisioningState':'Succeeded','nodeLabels':{'team':'x'},'vnetSubnetID':'" VNET "/subnets/batch'}],"             \
    "'linuxProfile':{'adminUsername':'azureuser','ssh':{'publicKeys':[{'keyData':'ssh-rsa AAAA me\\n'}]}},"            \
    "'servicePrincipalProfile':{'clientId':'msi'},'nodeResourceGroup':'MC_demo_group_demo_westus2','enableRBAC':true," \
    "'addonProfiles':{'azurepolicy':{'enabled':true,'config':null,'identity':{'clientId':'c'}}},'maxAgentPools':100,"  \
    "'networkProfile':{'networkPlugin':'azure','networkPluginMode':'Overlay','networkPolicy':'none',"                  \
    "'networkDataplane':'azure','loadBalancerSku':'Standard','loadBalancerProfile':{'managedOutboundIPs':{'count':1}," \
    "'effectiveOutboundIPs':[{'id':'/ip'}],'backendPoolType':'nodeIPConfiguration'},'podCidr':'10.244.0.0/16',"        \
    "'serviceCidr':'10.0.0.0/16','dnsServiceIP':'10.0.0.10','outboundType':'loadBalancer'},'resourceUID':'u',"         \
    "'apiServerAccessProfile':{'enablePrivateCluster':true,'privateDNSZone':'system','enablePrivateClusterPublicFQDN'" \
    ":"                                                                                                                \
    "true,'enableVnetIntegration':true,'subnetId':'" APISERVER "'},'oidcIssuerProfile':{'enabled':true,'issuerURL':"   \
    "'https://x/'},'securityProfile':{},'status':{'provisioningError':null},'controlPlanePluginProfiles':{'x':{}}},"   \
    "'identity':{'type':'UserAssigned','userAssignedIdentities':{'" SUBSCRIPTION                                       \
    "/resourcegroups/demo_group/providers/"                                                                            \
    "Microsoft.ManagedIdentity/userAssignedIdentities/cp':{'clientId':'c','principalId':'p'}},'principalId':'p',"      \
    "'tenantId':'t'},'sku':{'name':'Base','tier':'Free'},'systemData':{}}"

/* The same as a PUT sends it back. */
#define STRIPPED                                                                                                       \
    "{'location':'westus2','tags':{'Owner':'me'},'properties':{'kubernetesVersion':'1.33','dnsPrefix':"                \
    "'demo-demogroup-79a739','agentPoolProfiles':[{'name':'nodepool1','count':3,'vmSize':'standard_d4s_v3',"           \
    "'osDiskSizeGB':128,'osDiskType':'Managed','vnetSubnetID':'" SUBSCRIPTION                                          \
    "/resourcegroups/demo_group/providers/Microsoft.Network/virtualNetworks/hub/subnets/nodes','maxPods':250,"         \
    "'type':'VirtualMachineScaleSets','enableAutoScaling':false,'powerState':{'code':'Running'},"                      \
    "'orchestratorVersion':'1.33.2','mode':'System','osType':'Linux','osSKU':'Ubuntu','upgradeSettings':{"             \
    "'maxSurge':'10%'}},{'name':'batch','count':7,'vmSize':'Standard_E8s_v5','mode':'User','type':"                    \
    "'VirtualMachineScaleSets','enableAutoScaling':true,'minCount':1,'maxCount':9,'osType':'Linux','nodeLabels':{"     \
    "'team':'x'},'vnetSubnetID':'" VNET "/subnets/batch'}],'linuxProfile':{'adminUsername':'azureuser','ssh':{"        \
    "'publicKeys':[{'keyData':'ssh-rsa AAAA me\\n'}]}},'servicePrincipalProfile':{'clientId':'msi'},"                  \
    "'nodeResourceGroup':'MC_demo_group_demo_westus2','enableRBAC':true,'addonProfiles':{'azurepolicy':{'enabled':"    \
    "true,'config':null}},'networkProfile':{'networkPlugin':'azure','networkPluginMode':'Overlay','networkPolicy':"    \
    "'none','networkDataplane':'azure','loadBalancerSku':'Standard','loadBalancerProfile':{'managedOutboundIPs':{"     \
    "'count':1},'backendPoolType':'nodeIPConfiguration'},'podCidr':'10.244.0.0/16','serviceCidr':'10.0.0.0/16',"       \
    "'dnsServiceIP':'10.0.0.10','outboundType':'loadBalancer'},'apiServerAccessProfile':{'enablePrivateCluster':true," \
    "'privateDNSZone':'system','enablePrivateClusterPublicFQDN':true,'enableVnetIntegration':true,'subnetId':"         \
    "'" APISERVER "'},'oidcIssuerProfile':{'enabled':true},'securityProfile':{}},'identity':{'type':'UserAssigned',"   \
    "'userAssignedIdentities':{'" SUBSCRIPTION "/resourcegroups/demo_group/providers/Microsoft.ManagedIdentity/"       \
    "userAssignedIdentities/cp':{}}},'sku':{'name':'Base','tier':'Free'}}"

/* What was declared to have it made, and more that agrees with it: in other words, or in those of Azure's defaults. */
static const char *const agreeing[] = {
    NULL,
    "{}",
    "{" BYO ",'private':true}",
    "{" BYO ",'private':true,'vnet_integration':true,'network_plugin':'azure','network_plugin_mode':'overlay',"
    "'node_count':3,'vm_size':'Standard_D4s_v3','kubernetes_version':'1.33','location':'West US 2'}",
    "{'kubernetes_version':'1.33.2','tags':{'owner':'me'},'sku_tier':'free','outbound_type':'LoadBalancer'}",
    "{'authorized_ip_ranges':[],'disable_local_accounts':false,'private_dns_zone':'System','public_fqdn':true}",
    "{'ssh_public_key':'ssh-rsa AAAA me','admin_username':'azureuser','pod_cidr':'10.244.0.0/16'}",
    "{'pools':[{'name':'nodepool1','count':3,'mode':'system','autoscaling':false,'kubernetes_version':'1.33'}]}",
    "{'pools':[{'name':'batch','count':2,'autoscaling':true,'min_count':1,'node_labels':{},'node_taints':[]}]}",
    "{'raw':{'properties':{'oidcIssuerProfile':{'enabled':true},'securityProfile':{},'httpProxyConfig':null,"
    "'networkProfile':{'loadBalancerSku':'standard'}}}}",
};

static void what_azure_says_in_other_words_is_no_difference(void **state)
{
    json_t *document = json_of(DOCUMENT);

    (void)state;
    for (size_t i = 0; i < sizeof agreeing / sizeof *agreeing; i++) {
        struct aks_resource *cluster = declare("demo", agreeing[i]);
        struct aks_findings findings = {0};
        struct aks_error error = {0};
        size_t count;

        assert_true(aks_resource_compare(cluster, document, &count, &findings, &error));
        if (count != 0 || findings.count != 0)
            fail_msg("%s: %zu differences, %s", agreeing[i], count,
                     findings.count ? findings.items[0].message : "no finding");
        aks_resource_release(cluster);
    }
    json_decref(document);
}

static void a_body_has_no_read_only_members_and_all_others(void **state)
{
    json_t *document = json_of(DOCUMENT);

    (void)state;
    expect_json_new(body_for("demo", NULL, document), STRIPPED);
    expect_json_new(body_for("demo", "{" BYO ",'private':true,'node_count':3,'kubernetes_version':'1.33.2'}", document),
                    STRIPPED);
    json_decref(document);
}

/* An update: what it changes, by paths of the body with their values; everything else is as in STRIPPED. */
static const struct {
    const char *spec;
    size_t count;
    const char *paths[3], *values[3];
} updates[] = {
    {"{'private':false}", 1, {"properties.apiServerAccessProfile.enablePrivateCluster"}, {"false"}},
    {"{'node_count':5}", 1, {"properties.agentPoolProfiles[0].count"}, {"5"}},
    {"{'pools':[{'name':'batch','autoscaling':false,'count':2}]}",
     1, /* how many nodes an autoscaled pool has is not compared */
     {"properties.agentPoolProfiles[1].enableAutoScaling", "properties.agentPoolProfiles[1].count"},
     {"false", "2"}},
    {"{'tags':{'env':'x','owner':'you'}}", 1, {"tags"}, {"{'Owner':'you','env':'x'}"}},
    {"{'kubernetes_version':'1.34'}", 1, {"properties.kubernetesVersion"}, {"'1.34'"}},
    {"{'ssh_public_key':'ssh-rsa BBBB you'}",
     1,
     {"properties.linuxProfile.ssh.publicKeys[0].keyData"},
     {"'ssh-rsa BBBB you'"}},
    {"{'identity':'" IDENTITIES "/other'}", 1, {"identity.userAssignedIdentities"}, {"{'" IDENTITIES "/other':{}}"}},
    {"{'private_dns_zone':'none','public_fqdn':false}",
     2,
     {"properties.apiServerAccessProfile.privateDNSZone",
      "properties.apiServerAccessProfile.enablePrivateClusterPublicFQDN"},
     {"'none'", "false"}},
    {"{'sku_tier':'Standard','raw':{'properties':{'oidcIssuerProfile':{'enabled':false}}}}",
     2,
     {"sku.tier", "properties.oidcIssuerProfile.enabled"},
     {"'Standard'", "false"}},
    {"{'node_subnet':'" NODES "','pools':[{'name':'more','vm_size':'Standard_D2s_v3'}]}",
     1,
     {"properties.agentPoolProfiles[2]"},
     {"{'name':'more','mode':'User','type':'VirtualMachineScaleSets','osType':'Linux','count':3,"
      "'vmSize':'Standard_D2s_v3','vnetSubnetID':'" NODES "'}"}},
};

static void expect_update(size_t row, const json_t *document)
{
    struct aks_resource *cluster = declare("demo", updates[row].spec);
    struct aks_findings findings = {0};
    struct aks_error error = {0};
    json_t *expected = json_of(STRIPPED), *body = aks_resource_body(cluster, document, &error);
    json_t *pools = aks_document_get(expected, "properties.agentPoolProfiles");
    size_t count;

    for (size_t i = 0; i < 3 && updates[row].paths[i]; i++) {
        json_t *value = json_of(updates[row].values[i]);

        if (strcmp(updates[row].paths[i], "properties.agentPoolProfiles[2]") == 0)
            assert_int_equal(json_array_append_new(pools, value), 0);
        else
            assert_true(aks_document_set(expected, updates[row].paths[i], value));
    }
    if (!json_equal(body, expected))
        fail_msg("%s: %s", updates[row].spec, json_dumps(body, 0));
    assert_true(aks_resource_compare(cluster, document, &count, &findings, &error));
    if (count != updates[row].count || findings.count != 0)
        fail_msg("%s: %zu differences, %zu findings", updates[row].spec, count, findings.count);
    json_decref(expected);
    json_decref(body);
    aks_resource_release(cluster);
}

static void an_update_changes_what_it_names_and_nothing_else(void **state)
{
    json_t *document = json_of(DOCUMENT);

    (void)state;
    for (size_t i = 0; i < sizeof updates / sizeof *updates; i++)
        expect_update(i, document);
    json_decref(document);
}

static const struct {
    const char *spec, *field;
} refused_changes[] = {
    {"{'location':'eastus'}", "location"},
    {"{'dns_prefix':'other'}", "dns_prefix"},
    {"{'node_resource_group':'other'}", "node_resource_group"},
    {"{'service_cidr':'10.1.0.0/16'}", "service_cidr"},
    {"{'dns_service_ip':'10.0.0.11'}", "dns_service_ip"},
    {"{'vm_size':'Standard_D8s_v5'}", "vm_size"},
    {"{'node_subnet':'" APISERVER "'}", "node_subnet"},
    {"{'admin_username':'root'}", "admin_username"},
    {"{'pools':[{'name':'batch','vm_size':'Standard_D2s_v3'}]}", "pools.batch.vm_size"},
    {"{'pools':[{'name':'batch','subnet':'" NODES "'}]}", "pools.batch.subnet"},
};

static void what_is_set_at_creation_cannot_change(void **state)
{
    json_t *document = json_of(DOCUMENT);

    (void)state;
    for (size_t i = 0; i < sizeof refused_changes / sizeof *refused_changes; i++) {
        struct aks_resource *cluster = declare("demo", refused_changes[i].spec);
        struct aks_findings findings = {0};
        struct aks_error error = {0};
        size_t count;

        assert_true(aks_resource_compare(cluster, document, &count, &findings, &error));
        assert_int_equal(count, 1);
        assert_int_equal(findings.count, 1);
        assert_string_equal(findings.items[0].code, "field_create_only");
        assert_string_equal(findings.items[0].field, refused_changes[i].field);
        assert_string_equal(findings.items[0].resource, "cluster 'demo'");
        aks_findings_clear(&findings);
        aks_resource_release(cluster);
    }
    json_decref(document);
}

static const struct {
    const char *spec, *code, *field;
} refused_specs[] = {
    {"{'pools':[{'name':'Bad'}]}", "name_invalid", "pools[1].name"},
    {"{'pools':[{'name':'a'},{'name':'a'}]}", "value_not_allowed", "pools[2].name"},
    {"{'vnet_integration':false,'apiserver_subnet':'" APISERVER "'}", "value_not_allowed", "vnet_integration"},
    {"{'node_count':3,'pools':[{'name':'u','mode':'User','count':1},{'name':'s','count':5}]}", "value_not_allowed",
     "node_count"},
    {"{'vm_size':'A','pools':[{'name':'x'},{'name':'s','mode':'System','vm_size':'B'}]}", "value_not_allowed",
     "vm_size"},
    {"{'fqdn':'x'}", "field_read_only", "fqdn"},
    {"{'node_count':0}", "value_not_allowed", "node_count"},
    {"{'dns_prefix':'-x'}", "name_invalid", "dns_prefix"},
    {"{'apiserver_subnet':'" VNET "'}", "type_mismatch", "apiserver_subnet"},
};

static void what_cannot_be_meant_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused_specs / sizeof *refused_specs; i++) {
        struct aks_error error = {0};

        if (aks_resource_new(NULL, &aks_type_cluster, GROUP, "demo", json_of(refused_specs[i].spec), NULL, &error))
            fail_msg("%s was accepted", refused_specs[i].spec);
        assert_int_equal(error.findings.count, 1);
        assert_string_equal(aks_error_code(&error), refused_specs[i].code);
        assert_string_equal(error.findings.items[0].field, refused_specs[i].field);
        aks_error_clear(&error);
    }
}

static const struct {
    const char *field, *value;
} reads[] = {
    {"private", "true"},
    {"vnet_integration", "true"},
    {"apiserver_subnet", "'" APISERVER "'"},
    {"node_count", "3"},
    {"vm_size", "'standard_d4s_v3'"},
    {"authorized_ip_ranges", NULL},
    {"ssh_public_key", "'ssh-rsa AAAA me'"},
    {"fqdn", "'demo-abc.hcp.westus2.azmk8s.io'"},
    {"private_fqdn", "'demo-def.private.westus2.azmk8s.io'"},
    {"portal_fqdn", "'demo-abc.portal.hcp.westus2.azmk8s.io'"},
    {"power_state", "'Running'"},
    {"provisioning_state", "'Succeeded'"},
    {"current_kubernetes_version", "'1.33.2'"},
    {"node_image_version", "'AKSUbuntu-2204gen2containerd-202601.01.0'"},
    {"principal_id", "'p'"},
    {"raw", "{'kind':'x'}"}, /* as declared: Azure's document has it here and there */
};

static void a_cluster_is_read_back(void **state)
{
    struct aks_resource *cluster = declare("demo", "{'raw':{'kind':'x'}}");
    struct aks_error error = {0};

    (void)state;
    assert_true(aks_resource_set_state(cluster, json_of(DOCUMENT), &error));
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
        expect_json_new(aks_resource_field(cluster, reads[i].field), reads[i].value);
    aks_resource_release(cluster);
}

/* "subnetId":"" is how Azure says that the subnet is its own. */
static void a_managed_network_is_sent_back_as_it_was_read(void **state)
{
    json_t *document = json_of("{'location':'westus2','properties':{'agentPoolProfiles':[{'name':'nodepool1','mode':"
                               "'System','type':'VirtualMachineScaleSets','count':3}],'apiServerAccessProfile':{"
                               "'enablePrivateCluster':false,'enableVnetIntegration':true,'subnetId':''}}}");
    struct aks_resource *cluster = declare("demo", "{'vnet_integration':true,'node_count':4}");
    struct aks_error error = {0};

    (void)state;
    assert_true(aks_resource_set_state(cluster, json_incref(document), &error));
    expect_json_new(aks_resource_field(cluster, "apiserver_subnet"), NULL);
    expect_json_new(
        aks_resource_body(cluster, document, &error),
        "{'location':'westus2','properties':{'agentPoolProfiles':[{'name':'nodepool1','mode':'System',"
        "'type':'VirtualMachineScaleSets','count':4}],'apiServerAccessProfile':{'enablePrivateCluster':false,"
        "'enableVnetIntegration':true,'subnetId':''}}}");
    aks_resource_release(cluster);
    json_decref(document);
}

static bool declare_and_send(void *context)
{
    const json_t *sources = context;
    json_t *spec = json_deep_copy(json_array_get(sources, 0)), *present = json_deep_copy(json_array_get(sources, 1));
    json_t *fresh = NULL, *update = NULL;
    struct aks_resource *cluster = NULL;
    struct aks_findings findings = {0};
    struct aks_error error = {0};
    size_t count;
    bool done = spec && present;

    if (done) {
        cluster = aks_resource_new(NULL, &aks_type_cluster, GROUP, "demo", spec, "westus2", &error);
        spec = NULL;
    }
    done = cluster && aks_resource_compare(cluster, present, &count, &findings, &error) &&
           (fresh = aks_resource_body(cluster, NULL, &error)) && (update = aks_resource_body(cluster, present, &error));
    if (cluster && !done)
        assert_string_equal(aks_error_code(&error), "out_of_memory");
    aks_findings_clear(&findings);
    aks_error_clear(&error);
    aks_resource_release(cluster);
    json_decref(fresh);
    json_decref(update);
    json_decref(spec);
    json_decref(present);
    return done;
}

static void want_of_memory_is_told_and_leaks_nothing(void **state)
{
    json_t *sources =
        json_of("[{" BYO ",'private':true,'node_count':3,'ssh_public_key':'ssh-rsa AAAA me','sku_tier':'Free',"
                "'pools':[{'name':'more','mode':'User'}],'raw':{'properties':{'a':{'b':1}}}}," DOCUMENT "]");

    (void)state;
    torture_json(declare_and_send, sources);
    json_decref(sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_cluster_is_exactly_as_declared),
        cmocka_unit_test(the_dns_prefix_is_the_one_that_the_azure_cli_gives),
        cmocka_unit_test(what_azure_says_in_other_words_is_no_difference),
        cmocka_unit_test(a_body_has_no_read_only_members_and_all_others),
        cmocka_unit_test(an_update_changes_what_it_names_and_nothing_else),
        cmocka_unit_test(what_is_set_at_creation_cannot_change),
        cmocka_unit_test(what_cannot_be_meant_is_refused),
        cmocka_unit_test(a_cluster_is_read_back),
        cmocka_unit_test(a_managed_network_is_sent_back_as_it_was_read),
        cmocka_unit_test(want_of_memory_is_told_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
