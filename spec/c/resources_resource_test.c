/* Resources: declaring them, their bodies and differences, virtual networks with their subnets, role assignments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../support/json_text.h"
#include "resources/resource.h"
#include "resources/role_assignment.h"

#define SUBSCRIPTION "/subscriptions/11111111-1111-1111-1111-111111111111"
#define GROUP SUBSCRIPTION "/resourceGroups/demo"
#define VNET GROUP "/providers/Microsoft.Network/virtualNetworks/hub"
#define SUBNET VNET "/subnets/apiserver"
#define IDENTITY GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/cp"
#define OBJECT_ID "22222222-2222-2222-2222-222222222222"
#define NETWORK_CONTRIBUTOR "4d97b98b-1d4f-4787-a291-c67834d212e7"
#define DELEGATION "Microsoft.ContainerService/managedClusters"

/* As Azure answers, with everything that it sets. */
#define VNET_DOCUMENT                                                                                                  \
    "{'name':'hub','id':'" VNET "','etag':'W/1','type':'Microsoft.Network/virtualNetworks','location':'westus2',"      \
    "'tags':{'Owner':'me'},'properties':{'provisioningState':'Succeeded','resourceGuid':'g',"                          \
    "'addressSpace':{'addressPrefixes':['172.19.0.0/16']},'encryption':{'enabled':false,"                              \
    "'enforcement':'AllowUnencrypted'},'enableDdosProtection':false,'virtualNetworkPeerings':[],'subnets':["           \
    "{'name':'Apiserver','id':'" SUBNET "','etag':'W/2','type':'Microsoft.Network/virtualNetworks/subnets',"           \
    "'properties':{'provisioningState':'Succeeded','addressPrefix':'172.19.0.0/28','delegations':[{'name':'0',"        \
    "'id':'" SUBNET "/delegations/0','etag':'W/2','type':'Microsoft.Network/virtualNetworks/subnets/delegations',"     \
    "'properties':{'provisioningState':'Succeeded','serviceName':'Microsoft.ContainerService/managedClusters',"        \
    "'actions':['Microsoft.Network/virtualNetworks/subnets/join/action']}}],'serviceAssociationLinks':[{'name':"       \
    "'AzureKubernetesService'}],'ipConfigurations':[{'id':'x'}],'purpose':'p',"                                        \
    "'privateEndpointNetworkPolicies':'Disabled','privateLinkServiceNetworkPolicies':'Enabled'}},"                     \
    "{'name':'other','id':'" VNET "/subnets/other','etag':'W/3','properties':{'provisioningState':'Succeeded',"        \
    "'addressPrefix':'172.19.9.0/24','routeTable':{'id':'/r'},'delegations':[]}}]}}"

#define OTHER_PART                                                                                                     \
    "{'name':'other','properties':{'addressPrefix':'172.19.9.0/24','routeTable':{'id':'/r'},'delegations':[]}}"

static struct aks_resource *declare(const struct aks_type *type, const char *parent, const char *name, const char *spec)
{
    struct aks_error error = {0};
    struct aks_resource *resource =
        aks_resource_new(NULL, type, parent, name, spec ? json_of(spec) : NULL, "westus2", &error);

    if (!resource)
        fail_msg("%s: %s", aks_error_code(&error), error.message);
    return resource;
}

static json_t *body_of(const struct aks_resource *resource, const char *document)
{
    struct aks_error error = {0};
    json_t *present = document ? json_of(document) : NULL;
    json_t *body = aks_resource_body(resource, present, &error);

    if (!body)
        fail_msg("%s: %s", aks_error_code(&error), error.message);
    json_decref(present);
    return body;
}

static size_t count_of(const struct aks_resource *resource, const char *document, struct aks_findings *findings)
{
    struct aks_error error = {0};
    json_t *present = document ? json_of(document) : NULL;
    size_t count = 99;

    assert_true(aks_resource_compare(resource, present, &count, findings, &error));
    json_decref(present);
    return count;
}

/* One body a row: of a resource that is to be created, or brought to its spec. */
static const struct {
    const struct aks_type *type;
    const char *parent, *name, *spec, *document, *body;
} bodies[] = {
    {&aks_type_resource_group, SUBSCRIPTION, "demo", "{'location':'West US 2'}", NULL, "{'location':'westus2'}"},
    {&aks_type_resource_group, SUBSCRIPTION, "demo", "{'location':'westus2','tags':{'a':'b'}}",
     "{'id':'" GROUP "','name':'demo','type':'Microsoft.Resources/resourceGroups','location':'westus2',"
     "'managedBy':'m','tags':{'c':'d'},'properties':{'provisioningState':'Succeeded'}}",
     "{'location':'westus2','managedBy':'m','tags':{'c':'d','a':'b'}}"},
    {&aks_type_identity, GROUP, "cp-id", NULL, NULL, "{'location':'westus2'}"},
    {&aks_type_identity, GROUP, "cp-id", "{'location':'East US','tags':{'a':'b'}}", NULL,
     "{'location':'eastus','tags':{'a':'b'}}"},
    {&aks_type_identity, GROUP, "cp-id", "{'tags':{'a':'b'}}",
     "{'id':'x','name':'cp-id','type':'t','location':'westus2','tags':{},"
     "'properties':{'clientId':'c','principalId':'p','tenantId':'t'}}",
     "{'location':'westus2','tags':{'a':'b'}}"},
    {&aks_type_vnet, GROUP, "hub", "{'address_prefixes':['172.19.0.0/16']}", NULL,
     "{'location':'westus2','properties':{'addressSpace':{'addressPrefixes':['172.19.0.0/16']}}}"},
    {&aks_type_subnet, VNET, "apiserver", "{'address_prefix':'172.19.0.0/28','delegation':'" DELEGATION "'}", NULL,
     "{'properties':{'addressPrefix':'172.19.0.0/28','delegations':[{'name':'aks','properties':{'serviceName':"
     "'Microsoft.ContainerService/managedClusters'}}]}}"},
    {&aks_type_subnet, VNET, "apiserver",
     "{'address_prefix':'172.19.1.0/24','nsg':'" GROUP "/providers/Microsoft.Network/networkSecurityGroups/n',"
     "'route_table':'" GROUP "/providers/Microsoft.Network/routeTables/r','nat_gateway':'" GROUP
     "/providers/Microsoft.Network/natGateways/g','service_endpoints':['Microsoft.Storage'],"
     "'private_endpoint_network_policies':'disabled','default_outbound_access':false}",
     NULL,
     "{'properties':{'addressPrefix':'172.19.1.0/24','networkSecurityGroup':{'id':'" GROUP
     "/providers/Microsoft.Network/networkSecurityGroups/n'},'routeTable':{'id':'" GROUP
     "/providers/Microsoft.Network/routeTables/r'},'natGateway':{'id':'" GROUP
     "/providers/Microsoft.Network/natGateways/g'},'serviceEndpoints':[{'service':'Microsoft.Storage'}],"
     "'privateEndpointNetworkPolicies':'Disabled','defaultOutboundAccess':false}}"},
    /* the delegation keeps its name, and nobody's route table is lost */
    {&aks_type_subnet, VNET, "apiserver",
     "{'address_prefix':'172.19.0.0/28','delegation':'microsoft.containerservice/managedclusters'}",
     "{'id':'i','name':'apiserver','etag':'e','properties':{'addressPrefixes':['172.19.0.0/28'],'routeTable':{'id':'/"
     "r'},"
     "'provisioningState':'Succeeded','delegations':[{'name':'0','id':'i','etag':'e','type':'t','properties':{"
     "'serviceName':'Microsoft.ContainerService/managedClusters','actions':[],'provisioningState':'Succeeded'}}],"
     "'serviceEndpoints':[{'service':'Microsoft.Storage','locations':['westus2'],'provisioningState':'Succeeded'}]}}",
     "{'properties':{'addressPrefixes':['172.19.0.0/28'],'routeTable':{'id':'/r'},'delegations':[{'name':'0',"
     "'properties':{'serviceName':'Microsoft.ContainerService/managedClusters'}}],"
     "'serviceEndpoints':[{'service':'Microsoft.Storage','locations':['westus2']}]}}"},
    /* another delegation, another prefix, one endpoint more */
    {&aks_type_subnet, VNET, "apiserver",
     "{'address_prefix':'172.19.0.0/27','delegation':'Microsoft.Web/serverFarms',"
     "'service_endpoints':['microsoft.storage','Microsoft.Sql']}",
     "{'properties':{'addressPrefixes':['172.19.0.0/28'],'delegations':[],"
     "'serviceEndpoints':[{'service':'Microsoft.Storage','locations':['westus2']}]}}",
     "{'properties':{'addressPrefix':'172.19.0.0/27','delegations':[{'name':'delegation','properties':{'serviceName':"
     "'Microsoft.Web/serverFarms'}}],'serviceEndpoints':[{'service':'Microsoft.Storage','locations':['westus2']},"
     "{'service':'Microsoft.Sql'}]}}"},
    /* nothing declared: what is there, less what Azure sets */
    {&aks_type_vnet, GROUP, "hub", NULL, VNET_DOCUMENT,
     "{'location':'westus2','tags':{'Owner':'me'},'properties':{'addressSpace':{'addressPrefixes':['172.19.0.0/16']},"
     "'encryption':{'enabled':false,'enforcement':'AllowUnencrypted'},'enableDdosProtection':false,"
     "'virtualNetworkPeerings':[],'subnets':[{'name':'Apiserver','properties':{'addressPrefix':'172.19.0.0/28',"
     "'delegations':[{'name':'0','properties':{'serviceName':'Microsoft.ContainerService/managedClusters'}}],"
     "'privateEndpointNetworkPolicies':'Disabled','privateLinkServiceNetworkPolicies':'Enabled'}}," OTHER_PART "]}}"},
};

static void bodies_are_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct aks_resource *resource = declare(bodies[i].type, bodies[i].parent, bodies[i].name, bodies[i].spec);

        expect_json_new(body_of(resource, bodies[i].document), bodies[i].body);
        aks_resource_release(resource);
    }
}

static const struct {
    const struct aks_type *type;
    const char *parent, *name, *spec, *document;
    size_t count;
    const char *create_only; /* field of the finding; NULL: none */
} comparisons[] = {
    {&aks_type_resource_group, SUBSCRIPTION, "demo", "{'location':'westus2'}", NULL, 1, NULL},
    {&aks_type_resource_group, SUBSCRIPTION, "demo", NULL, NULL, 0, NULL},
    {&aks_type_resource_group, SUBSCRIPTION, "demo", "{'location':'West US 2','tags':{'a':'b'}}",
     "{'location':'westus2','tags':{'A':'b','x':'y'}}", 0, NULL},
    {&aks_type_resource_group, SUBSCRIPTION, "demo", "{'location':'eastus'}", "{'location':'westus2'}", 1, "location"},
    {&aks_type_vnet, GROUP, "hub", "{'address_prefixes':['172.19.0.0/16'],'dns_servers':[]}", VNET_DOCUMENT, 0, NULL},
    {&aks_type_vnet, GROUP, "hub", "{'address_prefixes':['172.19.0.0/16','10.0.0.0/8']}", VNET_DOCUMENT, 1, NULL},
    {&aks_type_subnet, VNET, "apiserver", "{'address_prefix':'172.19.0.0/28','delegation':'" DELEGATION "'}",
     "{'properties':{'addressPrefixes':['172.19.0.0/28'],'delegations':[{'name':'0','properties':{'serviceName':"
     "'Microsoft.ContainerService/ManagedClusters'}}]}}",
     0, NULL},
    {&aks_type_subnet, VNET, "apiserver", "{'address_prefix':'172.19.0.0/28','delegation':'" DELEGATION "'}",
     "{'properties':{'addressPrefix':'172.19.0.0/28','delegations':[]}}", 1, NULL},
    {&aks_type_subnet, VNET, "apiserver",
     "{'address_prefix':'172.19.0.0/28','service_endpoints':['Microsoft.Sql','Microsoft.Storage'],"
     "'default_outbound_access':true,'private_endpoint_network_policies':'disabled'}",
     "{'properties':{'addressPrefix':'172.19.0.0/28','privateEndpointNetworkPolicies':'Disabled','serviceEndpoints':["
     "{'service':'microsoft.storage'},{'service':'Microsoft.Sql'}]}}",
     0, NULL},
    {&aks_type_subnet, VNET, "apiserver", "{'address_prefix':'172.19.0.0/28','default_outbound_access':false}",
     "{'properties':{'addressPrefix':'172.19.0.0/28'}}", 1, "default_outbound_access"},
};

static void only_real_differences_count(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
        struct aks_resource *resource =
            declare(comparisons[i].type, comparisons[i].parent, comparisons[i].name, comparisons[i].spec);
        struct aks_findings findings = {0};
        size_t count = count_of(resource, comparisons[i].document, &findings);

        if (count != comparisons[i].count)
            fail_msg("row %zu: %zu", i, count);
        assert_int_equal(findings.count, comparisons[i].create_only != NULL);
        if (comparisons[i].create_only) {
            assert_string_equal(findings.items[0].code, "field_create_only");
            assert_string_equal(findings.items[0].field, comparisons[i].create_only);
            assert_string_equal(findings.items[0].resource, resource->title);
        }
        aks_findings_clear(&findings);
        aks_resource_release(resource);
    }
}

static void a_network_carries_its_declared_subnets_and_keeps_the_others(void **state)
{
    struct aks_resource *vnet = declare(&aks_type_vnet, GROUP, "hub", "{'address_prefixes':['172.19.0.0/16']}");
    struct aks_resource *apiserver = declare(&aks_type_subnet, VNET, "apiserver",
                                             "{'address_prefix':'172.19.0.0/27','delegation':'" DELEGATION "'}");
    struct aks_resource *nodes = declare(&aks_type_subnet, VNET, "nodes", "{'address_prefix':'172.19.1.0/24'}");
    struct aks_resource *handle = declare(&aks_type_subnet, VNET, "elsewhere", NULL);
    struct aks_findings findings = {0};
    struct aks_error error = {0};

    (void)state;
    assert_true(aks_resource_add_child(vnet, apiserver, &error));
    assert_true(aks_resource_add_child(vnet, nodes, &error));
    assert_true(aks_resource_add_child(vnet, handle, &error));
    expect_json_new(
        body_of(vnet, NULL),
        "{'location':'westus2','properties':{'addressSpace':{'addressPrefixes':['172.19.0.0/16']},'subnets':["
        "{'name':'apiserver','properties':{'addressPrefix':'172.19.0.0/27','delegations':[{'name':'aks',"
        "'properties':{'serviceName':'Microsoft.ContainerService/managedClusters'}}]}},"
        "{'name':'nodes','properties':{'addressPrefix':'172.19.1.0/24'}}]}}");
    expect_json_new(body_of(vnet, VNET_DOCUMENT),
                    "{'location':'westus2','tags':{'Owner':'me'},'properties':{'addressSpace':{'addressPrefixes':["
                    "'172.19.0.0/16']},'encryption':{'enabled':false,'enforcement':'AllowUnencrypted'},"
                    "'enableDdosProtection':false,'virtualNetworkPeerings':[],'subnets':[{'name':'apiserver',"
                    "'properties':{'addressPrefix':'172.19.0.0/27','delegations':[{'name':'0','properties':{"
                    "'serviceName':'Microsoft.ContainerService/managedClusters'}}],'privateEndpointNetworkPolicies':"
                    "'Disabled','privateLinkServiceNetworkPolicies':'Enabled'}}," OTHER_PART
                    ",{'name':'nodes','properties':{'addressPrefix':'172.19.1.0/24'}}]}}");
    /* the prefix of one, and the other that is missing */
    assert_int_equal(count_of(vnet, VNET_DOCUMENT, &findings), 2);
    assert_int_equal(findings.count, 0);
    aks_resource_release(vnet);
    aks_resource_release(apiserver);
    aks_resource_release(nodes);
    aks_resource_release(handle);
}

static void children_learn_their_part_of_a_document(void **state)
{
    struct aks_resource *vnet = declare(&aks_type_vnet, GROUP, "hub", "{'address_prefixes':['172.19.0.0/16']}");
    struct aks_resource *old = declare(&aks_type_subnet, VNET, "apiserver", "{'address_prefix':'172.19.0.0/29'}");
    struct aks_resource *apiserver = declare(&aks_type_subnet, VNET, "apiserver", "{'address_prefix':'172.19.0.0/28'}");
    struct aks_resource *nodes = declare(&aks_type_subnet, VNET, "nodes", NULL);
    struct aks_error error = {0};

    (void)state;
    assert_true(aks_resource_add_child(vnet, old, &error));
    assert_true(aks_resource_add_child(vnet, apiserver, &error));
    assert_true(aks_resource_add_child(vnet, nodes, &error));
    assert_int_equal(vnet->child_count, 2);
    assert_true(aks_resource_set_state(vnet, json_of(VNET_DOCUMENT), &error));
    assert_true(apiserver->read && nodes->read && !old->read);
    assert_null(nodes->state);
    expect_json_new(aks_resource_field(apiserver, "delegation"), "'" DELEGATION "'");
    expect_json_new(aks_resource_field(apiserver, "provisioning_state"), "'Succeeded'");
    assert_string_equal(aks_resource_provisioning_state(apiserver), "Succeeded");
    expect_json_new(aks_resource_field(nodes, "address_prefix"), NULL);
    expect_json_new(aks_resource_field(vnet, "encryption_enabled"), "false");
    expect_json_new(aks_resource_field(vnet, "no_such_field"), NULL);
    assert_true(aks_resource_set_state(vnet, NULL, &error));
    assert_null(apiserver->state);
    expect_json_new(aks_resource_field(apiserver, "address_prefix"), "'172.19.0.0/28'"); /* as declared */
    aks_resource_release(vnet);
    aks_resource_release(old);
    aks_resource_release(apiserver);
    aks_resource_release(nodes);
}

static void a_resource_knows_its_place(void **state)
{
    struct aks_resource *group = declare(&aks_type_resource_group, SUBSCRIPTION, "demo", "{'location':'eastus'}");
    struct aks_resource *subnet = declare(&aks_type_subnet, VNET, "apiserver", "{'address_prefix':'172.19.0.0/28'}");
    struct aks_resource *other = declare(&aks_type_generic, IDENTITY, NULL, NULL);
    struct aks_error error = {0};

    (void)state;
    assert_string_equal(group->id.text, GROUP);
    assert_string_equal(group->location, "eastus");
    assert_string_equal(group->title, "resource group 'demo'");
    assert_string_equal(subnet->id.text, SUBNET);
    assert_string_equal(subnet->title, "subnet 'apiserver'");
    assert_string_equal(other->id.text, IDENTITY);
    assert_true(aks_resource_add_reference(group, &group->type->fields.items[0], subnet, &error));
    assert_ptr_equal(aks_resource_referred(group, "location"), subnet);
    assert_null(aks_resource_referred(group, "tags"));
    aks_resource_release(subnet);
    aks_resource_release(other);
    aks_resource_release(group);
}

static void name_and_spec_are_refused_with_all_that_is_wrong(void **state)
{
    struct aks_error error = {0};

    (void)state;
    assert_null(
        aks_resource_new(NULL, &aks_type_subnet, VNET, "api/server", json_of("{'adress_prefix':'x'}"), NULL, &error));
    assert_int_equal(error.findings.count, 3);
    assert_string_equal(aks_error_code(&error), "name_invalid");
    assert_string_equal(error.resource, "subnet 'api/server'");
    assert_non_null(strstr(error.message, "'api/server'"));
    assert_string_equal(error.findings.items[1].code, "unknown_field");
    assert_string_equal(error.findings.items[1].remedy, "did you mean 'address_prefix'?");
    assert_string_equal(error.findings.items[2].code, "field_required");
    aks_error_clear(&error);
    assert_null(aks_resource_new(NULL, &aks_type_subnet, VNET, "nodes", json_of("['x']"), NULL, &error));
    assert_string_equal(aks_error_code(&error), "type_mismatch");
    aks_error_clear(&error);
    assert_null(aks_resource_new(NULL, &aks_type_subnet, "no id", "nodes", NULL, NULL, &error));
    assert_string_equal(aks_error_code(&error), "id_invalid");
    aks_error_clear(&error);
}

static void roles_are_known_by_name_and_id(void **state)
{
    char uuid[AKS_UUID_SIZE];

    (void)state;
    assert_true(aks_role_find("network contributor", uuid));
    assert_string_equal(uuid, NETWORK_CONTRIBUTOR);
    assert_true(aks_role_find("4D97B98B-1D4F-4787-A291-C67834D212E7", uuid));
    assert_string_equal(uuid, NETWORK_CONTRIBUTOR);
    assert_true(aks_role_find("/providers/Microsoft.Authorization/roleDefinitions/" NETWORK_CONTRIBUTOR, uuid));
    assert_string_equal(uuid, NETWORK_CONTRIBUTOR);
    assert_false(aks_role_find("My Own Role", uuid));
}

static void an_assignment_is_named_by_what_it_says(void **state)
{
    struct aks_resource *first =
        declare(&aks_type_role_assignment, SUBNET, NULL, "{'principal':'" IDENTITY "','role':'Network Contributor'}");
    struct aks_resource *second =
        declare(&aks_type_role_assignment, GROUP "/providers/microsoft.network/VIRTUALNETWORKS/hub/subnets/APIserver",
                NULL, "{'principal':'" OBJECT_ID "','role':'" NETWORK_CONTRIBUTOR "'}");
    struct aks_error error = {0};

    (void)state;
    assert_string_equal(first->title, "role assignment 'Network Contributor' on 'apiserver'");
    assert_string_equal(first->id.text, "");
    assert_string_equal(first->id.parent, SUBNET);
    assert_true(aks_role_assignment_resolve(first, OBJECT_ID, NETWORK_CONTRIBUTOR, &error));
    assert_true(aks_role_assignment_resolve(second, OBJECT_ID, NETWORK_CONTRIBUTOR, &error));
    assert_string_equal(first->id.name, second->id.name);
    /* Never to change: what an earlier run assigned must be found again. */
    assert_string_equal(first->id.text, SUBNET
                        "/providers/Microsoft.Authorization/roleAssignments/981b7109-65ab-528f-8675-abd79131213b");
    assert_true(aks_role_assignment_resolve(second, OBJECT_ID, "b24988ac-6180-42a0-ab88-20f7382dd24c", &error));
    assert_string_not_equal(first->id.name, second->id.name);
    aks_resource_release(first);
    aks_resource_release(second);
}

static void an_assignment_has_a_body_and_is_recognised(void **state)
{
    struct aks_resource *assignment =
        declare(&aks_type_role_assignment, SUBNET, NULL,
                "{'principal':'" IDENTITY "','role':'Network Contributor','description':'why'}");
    struct aks_error error = {0};
    json_t *document = json_of("{'properties':{'scope':'" VNET "/subnets/ApiServer','principalId':'" OBJECT_ID
                               "','roleDefinitionId':'" SUBSCRIPTION
                               "/providers/Microsoft.Authorization/roleDefinitions/" NETWORK_CONTRIBUTOR "'}}");

    (void)state;
    expect_json_new(aks_role_assignment_body(assignment, OBJECT_ID, NETWORK_CONTRIBUTOR, true, &error),
                    "{'properties':{'roleDefinitionId':'" SUBSCRIPTION
                    "/providers/Microsoft.Authorization/roleDefinitions/" NETWORK_CONTRIBUTOR
                    "','principalId':'" OBJECT_ID "','principalType':'ServicePrincipal','description':'why'}}");
    assert_true(aks_role_assignment_matches(assignment, document, OBJECT_ID, NETWORK_CONTRIBUTOR));
    assert_false(aks_role_assignment_matches(assignment, document, OBJECT_ID, OBJECT_ID));
    assert_int_equal(json_object_set_new(json_object_get(document, "properties"), "scope", json_string(VNET)), 0);
    assert_false(aks_role_assignment_matches(assignment, document, OBJECT_ID, NETWORK_CONTRIBUTOR));
    json_decref(document);
    aks_resource_release(assignment);
}

static void types_are_found_by_their_names(void **state)
{
    size_t count = 0;

    (void)state;
    for (const struct aks_type *const *type = aks_types(); *type; type++, count++) {
        assert_ptr_equal(aks_type_find((*type)->name), *type);
        assert_ptr_equal(aks_type_find_arm((*type)->arm_type), *type);
    }
    assert_int_equal(count, 8);
    assert_ptr_equal(aks_type_find_arm("microsoft.containerservice/ManagedClusters"), &aks_type_cluster);
    assert_null(aks_type_find("resource"));
    assert_null(aks_type_find_arm("Microsoft.Compute/virtualMachines"));
}

static void check_rows(const struct aks_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct aks_field *field = &fields->items[i];

        assert_non_null(field->documentation);
        assert_null(strchr(field->documentation, '\n'));
        assert_ptr_equal(aks_fields_find(fields, field->name), field); /* no name twice */
        assert_true(field->path || field->codec);
        assert_int_equal(field->type == AKS_FIELD_CHOICE ? !field->choices : 0, 0);
        assert_int_equal(field->type == AKS_FIELD_REFERENCE ? !field->target : 0, 0);
        assert_int_equal(field->type == AKS_FIELD_RECORDS ? !field->items : 0, 0);
        if (field->type == AKS_FIELD_RECORDS)
            check_rows(field->items);
    }
}

static void every_row_is_whole(void **state)
{
    (void)state;
    for (const struct aks_type *const *type = aks_types(); *type; type++)
        check_rows(&(*type)->fields);
}

static bool declare_and_send(void *context)
{
    const json_t *sources = context;
    json_t *spec = json_deep_copy(json_array_get(sources, 0)), *present = json_deep_copy(json_array_get(sources, 2));
    json_t *part = json_deep_copy(json_array_get(sources, 1)), *body = NULL;
    struct aks_resource *vnet = NULL, *subnet = NULL;
    struct aks_findings findings = {0};
    struct aks_error error = {0};
    size_t count;
    bool done = spec && present && part;

    if (done) {
        vnet = aks_resource_new(NULL, &aks_type_vnet, GROUP, "hub", spec, NULL, &error);
        subnet = aks_resource_new(NULL, &aks_type_subnet, VNET, "nodes", part, NULL, &error);
        spec = part = NULL;
    }
    done = vnet && subnet && aks_resource_add_child(vnet, subnet, &error) &&
           aks_resource_compare(vnet, present, &count, &findings, &error) &&
           (body = aks_resource_body(vnet, present, &error));
    aks_findings_clear(&findings);
    aks_error_clear(&error);
    aks_resource_release(vnet);
    aks_resource_release(subnet);
    json_decref(body);
    json_decref(spec);
    json_decref(part);
    json_decref(present);
    return done;
}

static void want_of_memory_is_told_and_leaks_nothing(void **state)
{
    json_t *sources = json_of("[{'address_prefixes':['10.0.0.0/8'],'tags':{'a':'b'}},"
                              "{'address_prefix':'10.1.0.0/16','nsg':'" GROUP
                              "/providers/Microsoft.Network/networkSecurityGroups/n'}," VNET_DOCUMENT "]");

    (void)state;
    torture_json(declare_and_send, sources);
    json_decref(sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_exact),
        cmocka_unit_test(only_real_differences_count),
        cmocka_unit_test(a_network_carries_its_declared_subnets_and_keeps_the_others),
        cmocka_unit_test(children_learn_their_part_of_a_document),
        cmocka_unit_test(a_resource_knows_its_place),
        cmocka_unit_test(name_and_spec_are_refused_with_all_that_is_wrong),
        cmocka_unit_test(roles_are_known_by_name_and_id),
        cmocka_unit_test(an_assignment_is_named_by_what_it_says),
        cmocka_unit_test(an_assignment_has_a_body_and_is_recognised),
        cmocka_unit_test(types_are_found_by_their_names),
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(want_of_memory_is_told_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
