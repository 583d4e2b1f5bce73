/* The type "cluster": its fields. Its pools are in cluster_pool.c, the rest of its body in cluster_compose.c.
   https://learn.microsoft.com/azure/templates/microsoft.containerservice/managedclusters */
#include "resources/cluster.h"
#include "resources/cluster_view.h"

#include <string.h>

#include "arm/document.h"
#include "arm/id.h"
#include "resources/field_value.h"
#include "resources/resource.h"
#include "resources/type.h"

#define NETWORK "properties.networkProfile."
#define IDENTITIES "identity.userAssignedIdentities"
#define SSH_KEY "properties.linuxProfile.ssh.publicKeys[0].keyData"

/* The one identity is a member's name in the document. */
static json_t *read_identity(const struct aks_field *field, const json_t *document)
{
    json_t *identities = aks_document_get(document, IDENTITIES);
    void *at = json_object_iter(identities);

    (void)field;
    return at ? json_string(json_object_iter_key(at)) : NULL;
}

static bool write_identity(const struct aks_field *field, const json_t *value, json_t *document,
                           struct aks_error *error)
{
    json_t *identities = json_object();

    (void)field;
    if (json_object_set_new(identities, json_string_value(value), json_object()) != 0) {
        json_decref(identities);
        return aks_error_set_no_memory(error);
    }
    return aks_field_put(document, IDENTITIES, identities, error) &&
           aks_field_put(document, "identity.type", json_string("UserAssigned"), error);
}

static bool identity_agrees(const struct aks_field *field, const json_t *wanted, const json_t *document)
{
    void *at = json_object_iter(aks_document_get(document, IDENTITIES));
    const char *text = json_string_value(wanted);

    (void)field;
    return at && text && aks_id_equal(json_object_iter_key(at), text);
}

static const struct aks_field_codec identity_codec = {
    .write = write_identity, .read = read_identity, .agrees = identity_agrees};

static size_t trimmed_length(const char *text)
{
    size_t length = strlen(text);

    while (length > 0 && strchr(" \t\r\n", text[length - 1]))
        length--;
    return length;
}

/* A key is a line, with or without its end. */
static json_t *trimmed(const json_t *value)
{
    const char *text = json_string_value(value);

    return text ? json_stringn(text, trimmed_length(text)) : NULL;
}

static json_t *read_key(const struct aks_field *field, const json_t *document)
{
    return trimmed(aks_document_get(document, field->path));
}

static bool write_key(const struct aks_field *field, const json_t *value, json_t *document, struct aks_error *error)
{
    return aks_field_put(document, field->path, trimmed(value), error);
}

static bool key_agrees(const struct aks_field *field, const json_t *wanted, const json_t *document)
{
    const char *text = json_string_value(wanted), *present = aks_document_text_at(document, field->path);
    size_t length = text ? trimmed_length(text) : 0;

    return text && present && trimmed_length(present) == length && memcmp(text, present, length) == 0;
}

static const struct aks_field_codec key_codec = {.write = write_key, .read = read_key, .agrees = key_agrees};

static bool version_agrees(const struct aks_field *field, const json_t *wanted, const json_t *document)
{
    return aks_cluster_version_agrees(wanted, aks_document_text_at(document, field->path),
                                      aks_document_text_at(document, "properties.currentKubernetesVersion"));
}

static const struct aks_field_codec version_codec = {.agrees = version_agrees};

static const struct aks_field fields[] = {
    {.name = "location",
     .path = "location",
     .type = AKS_FIELD_LOCATION,
     .flags = AKS_FIELD_CREATE_ONLY,
     .documentation = "Azure region; absent: that of the resource group"},
    {.name = "tags",
     .path = "tags",
     .type = AKS_FIELD_TAGS,
     .flags = AKS_FIELD_FOLD,
     .documentation = "tags by name; those that are there already and not named here are kept"},
    {.name = "private",
     .path = AKS_CLUSTER_ACCESS "enablePrivateCluster",
     .type = AKS_FIELD_BOOLEAN,
     .absent = "false",
     .documentation = "whether the API server is reached from within the virtual network alone"},
    {.name = "vnet_integration",
     .path = AKS_CLUSTER_ACCESS "enableVnetIntegration",
     .type = AKS_FIELD_BOOLEAN,
     .flags = AKS_FIELD_CREATE_ONLY, /* turning it on later is a conversion: one-way, with a restart of everything */
     .absent = "false",
     .documentation = "API Server VNet Integration: the API server is in a subnet; once on it stays on"},
    {.name = "apiserver_subnet",
     .path = AKS_CLUSTER_ACCESS "subnetId",
     .type = AKS_FIELD_REFERENCE,
     .flags = AKS_FIELD_CREATE_ONLY,
     .target = "Microsoft.Network/virtualNetworks/subnets",
     .documentation =
         "delegated subnet of the API server, at least a /28; implies vnet_integration; absent: AKS makes one"},
    {.name = "node_subnet",
     .type = AKS_FIELD_REFERENCE,
     .flags = AKS_FIELD_CREATE_ONLY,
     .target = "Microsoft.Network/virtualNetworks/subnets",
     .codec = &aks_cluster_node_subnet_codec,
     .documentation = "subnet of the nodes of all pools that name none; absent: AKS makes a virtual network"},
    {.name = "identity",
     .type = AKS_FIELD_REFERENCE,
     .target = "Microsoft.ManagedIdentity/userAssignedIdentities",
     .codec = &identity_codec,
     .documentation = "user-assigned identity of the control plane; absent: a system-assigned one"},
    {.name = "network_plugin",
     .path = NETWORK "networkPlugin",
     .type = AKS_FIELD_CHOICE,
     .choices = "azure|kubenet|none",
     .documentation = "network plugin; absent: Azure's default, which is azure with overlay"},
    {.name = "network_plugin_mode",
     .path = NETWORK "networkPluginMode",
     .type = AKS_FIELD_CHOICE,
     .choices = "overlay",
     .documentation = "overlay: pods have addresses of their own range, apart from the virtual network"},
    {.name = "network_policy",
     .path = NETWORK "networkPolicy",
     .type = AKS_FIELD_CHOICE,
     .choices = "none|calico|azure|cilium",
     .absent = "none",
     .documentation = "what enforces Kubernetes network policies"},
    {.name = "network_dataplane",
     .path = NETWORK "networkDataplane",
     .type = AKS_FIELD_CHOICE,
     .choices = "azure|cilium",
     .documentation = "data plane of the network"},
    {.name = "pod_cidr",
     .path = NETWORK "podCidr",
     .type = AKS_FIELD_CIDR,
     .documentation = "address range of pods in an overlay network; absent: 10.244.0.0/16"},
    {.name = "service_cidr",
     .path = NETWORK "serviceCidr",
     .type = AKS_FIELD_CIDR,
     .flags = AKS_FIELD_CREATE_ONLY,
     .documentation = "address range of Kubernetes services, apart from all networks; absent: 10.0.0.0/16"},
    {.name = "dns_service_ip",
     .path = NETWORK "dnsServiceIP",
     .type = AKS_FIELD_ADDRESS,
     .flags = AKS_FIELD_CREATE_ONLY,
     .documentation = "address of the cluster's DNS within service_cidr, not its first one; absent: 10.0.0.10"},
    {.name = "outbound_type",
     .path = NETWORK "outboundType",
     .type = AKS_FIELD_CHOICE,
     .choices = "loadBalancer|userDefinedRouting|managedNATGateway|userAssignedNATGateway|none",
     .documentation = "how nodes reach the internet; absent: loadBalancer"},
    {.name = "node_count",
     .type = AKS_FIELD_INTEGER,
     .minimum = 1,
     .maximum = 1000,
     .codec = &aks_cluster_node_count_codec,
     .documentation = "number of nodes of the first System pool; absent: 3 for a new cluster"},
    {.name = "vm_size",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_CREATE_ONLY | AKS_FIELD_FOLD,
     .minimum = 1,
     .maximum = 80,
     .codec = &aks_cluster_vm_size_codec,
     .documentation =
         "size of the nodes of the first System pool, and of pools that name none; absent: " AKS_CLUSTER_VM_SIZE},
    {.name = "pools",
     .path = AKS_CLUSTER_POOLS,
     .type = AKS_FIELD_RECORDS,
     .items = &aks_cluster_pool_fields,
     .maximum = AKS_CLUSTER_POOLS_LIMIT,
     .documentation = "node pools; absent: one of mode System called nodepool1; existing ones not named here are kept"},
    {.name = "kubernetes_version",
     .path = "properties.kubernetesVersion",
     .type = AKS_FIELD_STRING,
     .minimum = 1,
     .maximum = 40,
     .codec = &version_codec,
     .documentation = "\"1.33\" for its newest patch, or \"1.33.2\"; absent: Azure's default"},
    {.name = "dns_prefix",
     .path = "properties.dnsPrefix",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_CREATE_ONLY,
     .name_rule = "dns_prefix",
     .documentation = "beginning of the API server's host name; absent: made of the names of cluster and group"},
    {.name = "private_dns_zone",
     .path = AKS_CLUSTER_ACCESS "privateDNSZone",
     .type = AKS_FIELD_REFERENCE,
     .choices = "system|none",
     .target = "Microsoft.Network/privateDnsZones",
     .documentation = "of a private cluster: \"system\", \"none\", or a zone of yours; absent: system"},
    {.name = "public_fqdn",
     .path = AKS_CLUSTER_ACCESS "enablePrivateClusterPublicFQDN",
     .type = AKS_FIELD_BOOLEAN,
     .documentation = "of a private cluster: whether its host name is in public DNS too; absent: true"},
    {.name = "authorized_ip_ranges",
     .path = AKS_CLUSTER_ACCESS "authorizedIPRanges",
     .type = AKS_FIELD_CIDRS,
     .flags = AKS_FIELD_HOSTS,
     .maximum = 2000,
     .documentation = "of a public cluster: addresses from which the API server is reached; absent or empty: all"},
    {.name = "ssh_public_key",
     .path = SSH_KEY,
     .type = AKS_FIELD_STRING,
     .minimum = 1,
     .maximum = 16384,
     .codec = &key_codec,
     .documentation = "public key for the nodes' administrator, as in an .ssh/id_rsa.pub"},
    {.name = "admin_username",
     .path = "properties.linuxProfile.adminUsername",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_CREATE_ONLY,
     .name_rule = "linux_admin",
     .documentation = "name of the nodes' administrator; absent: azureuser"},
    {.name = "sku_tier",
     .path = "sku.tier",
     .type = AKS_FIELD_CHOICE,
     .choices = "Free|Standard|Premium",
     .documentation = "pricing tier: Standard and Premium come with an uptime agreement"},
    {.name = "node_resource_group",
     .path = "properties.nodeResourceGroup",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_CREATE_ONLY | AKS_FIELD_FOLD,
     .name_rule = "resource_group",
     .documentation = "resource group that AKS makes for the nodes; absent: MC_GROUP_CLUSTER_REGION"},
    {.name = "disable_local_accounts",
     .path = "properties.disableLocalAccounts",
     .type = AKS_FIELD_BOOLEAN,
     .absent = "false",
     .documentation = "whether the cluster is reached with Microsoft Entra accounts alone"},
    {.name = "raw",
     .type = AKS_FIELD_TABLE,
     .codec = &aks_cluster_raw_codec,
     .documentation = "table merged into the request's body last (JSON merge patch), for what has no field here"},
    {.name = "fqdn",
     .path = "properties.fqdn",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "host name of the API server in public DNS"},
    {.name = "private_fqdn",
     .path = "properties.privateFQDN",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "host name of the API server in private DNS"},
    {.name = "portal_fqdn",
     .path = "properties.azurePortalFQDN",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "host name through which the Azure portal reaches the API server"},
    {.name = "provisioning_state",
     .path = "properties.provisioningState",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "state of the last operation: \"Succeeded\", \"Updating\", \"Failed\", ..."},
    {.name = "power_state",
     .path = "properties.powerState.code",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "\"Running\" or \"Stopped\""},
    {.name = "current_kubernetes_version",
     .path = "properties.currentKubernetesVersion",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "Kubernetes version that runs, patch included"},
    {.name = "node_image_version",
     .path = AKS_CLUSTER_POOLS "[0].nodeImageVersion",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "node image of the first pool"},
    {.name = "principal_id",
     .path = "identity.principalId",
     .type = AKS_FIELD_UUID,
     .flags = AKS_FIELD_READ_ONLY,
     .documentation = "object id of the system-assigned identity"},
};

/* What Azure sets. nodeImageVersion is among it though one may send it: that would roll a pool back. */
static const char *const stripped[] = {
    "id",
    "name",
    "type",
    "eTag",
    "systemData",
    "identity.principalId",
    "identity.tenantId",
    "properties.provisioningState",
    "properties.powerState",
    "properties.maxAgentPools",
    "properties.currentKubernetesVersion",
    "properties.fqdn",
    "properties.privateFQDN",
    "properties.azurePortalFQDN",
    "properties.resourceUID",
    "properties.status",
    "properties.controlPlanePluginProfiles",
    AKS_CLUSTER_POOLS "[*].eTag",
    AKS_CLUSTER_POOLS "[*].provisioningState",
    AKS_CLUSTER_POOLS "[*].currentOrchestratorVersion",
    AKS_CLUSTER_POOLS "[*].nodeImageVersion",
    AKS_CLUSTER_POOLS "[*].status",
    AKS_CLUSTER_POOLS "[*].localDNSProfile.state",
    NETWORK "loadBalancerProfile.effectiveOutboundIPs",
    NETWORK "natGatewayProfile.effectiveOutboundIPs",
    "properties.privateLinkResources[*].privateLinkServiceID",
    "properties.oidcIssuerProfile.issuerURL",
    "properties.ingressProfile.webAppRouting.identity",
    "properties.podIdentityProfile.userAssignedIdentities[*].provisioningState",
    "properties.podIdentityProfile.userAssignedIdentities[*].provisioningInfo",
    NULL,
};

/* A subnet for the API server asks for what puts it there. */
static bool complete(json_t *spec)
{
    return !json_object_get(spec, "apiserver_subnet") || json_object_get(spec, "vnet_integration") ||
           json_object_set_new(spec, "vnet_integration", json_true()) == 0;
}

static bool check(const struct aks_resource *resource, struct aks_findings *findings)
{
    if (json_is_false(aks_resource_declared(resource, "vnet_integration")) &&
        aks_resource_declared(resource, "apiserver_subnet") &&
        !aks_findings_add(findings, "value_not_allowed", AKS_SEVERITY_ERROR, resource->title, "vnet_integration",
                          "leave out vnet_integration, or apiserver_subnet",
                          "field 'vnet_integration' is false, but apiserver_subnet asks for it"))
        return false;
    return aks_cluster_check_pools(resource, findings);
}

const struct aks_type aks_type_cluster = {
    .name = "cluster",
    .plural = "clusters",
    .title = "cluster",
    .arm_type = "Microsoft.ContainerService/managedClusters",
    .api_version = "2026-05-01",
    .parent = "resource_group",
    .name_rule = "cluster",
    .flags = AKS_TYPE_LOCATED | AKS_TYPE_CREATE_CONDITIONAL,
    .fields = AKS_FIELDS(fields),
    .etag = "eTag",
    .stripped = stripped,
    .pace = {30, 10},
    .complete = complete,
    .check = check,
    .relate = aks_cluster_relate,
    .tidy = aks_cluster_tidy,
    .compose = aks_cluster_compose,
};
