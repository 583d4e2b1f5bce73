// The whole job with the Azure SDK for JavaScript: from the registration of the feature to the end of the group.
import { randomUUID } from "node:crypto";
import { aks, all, authorization, features, identities, network, resources, step, subscription } from "./azure.mjs";

const NAMESPACE = "Microsoft.ContainerService";
const FEATURE = "EnableAPIServerVnetIntegrationPreview";
const NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7";
const group = "demo";
const location = "westus2";
const root = `/subscriptions/${subscription}`;

await step("feature register", async () => (await features.features.register(NAMESPACE, FEATURE)).properties.state);
await step("feature show", async () => (await features.features.get(NAMESPACE, FEATURE)).properties.state);
await step("provider register", async () => (await resources.providers.register(NAMESPACE)).registrationState);
await step("provider show", async () => (await resources.providers.get(NAMESPACE)).registrationState);
await step("group create", async () => (await resources.resourceGroups.createOrUpdate(group, { location })).id);
await step("group exists", async () => (await resources.resourceGroups.checkExistence(group)).body);
await step("group list", async () => (await all(resources.resourceGroups.list())).map((item) => item.name));

await step("vnet create", async () => {
  const parameters = { location, addressSpace: { addressPrefixes: ["172.19.0.0/16"] } };
  return (await network.virtualNetworks.beginCreateOrUpdateAndWait(group, "network", parameters)).provisioningState;
});
const subnet = (name, parameters) =>
  network.subnets.beginCreateOrUpdateAndWait(group, "network", name, parameters);
const apiserver = await step("api server subnet create", () =>
  subnet("apiserver", {
    addressPrefix: "172.19.0.0/27",
    delegations: [{ name: "aks", serviceName: `${NAMESPACE}/managedClusters` }],
  }),
);
const nodes = await step("node subnet create", () => subnet("nodes", { addressPrefix: "172.19.1.0/24" }));
await step("spare subnet create", async () => (await subnet("spare", { addressPrefix: "172.19.2.0/24" })).name);
await step("spare subnet delete", () => network.subnets.beginDeleteAndWait(group, "network", "spare"));
await step("subnet list", async () => (await all(network.subnets.list(group, "network"))).map((item) => item.name));
await step("vnet list", async () => (await all(network.virtualNetworks.listAll())).map((item) => item.name));

const identity = await step("identity create", () =>
  identities.userAssignedIdentities.createOrUpdate(group, "cluster-identity", { location }),
);
for (const scope of [apiserver, nodes]) {
  await step(`role assignment create ${scope.name}`, async () => {
    const assignment = await authorization.roleAssignments.create(scope.id, randomUUID(), {
      principalId: identity.principalId,
      principalType: "ServicePrincipal",
      roleDefinitionId: `${root}/providers/Microsoft.Authorization/roleDefinitions/${NETWORK_CONTRIBUTOR}`,
    });
    return assignment.scope;
  });
}
await step("role assignment list", async () => {
  const list = authorization.roleAssignments.listForScope(nodes.id, { filter: "atScope()" });
  return (await all(list)).map((item) => item.principalId === identity.principalId);
});
await step("role definition list", async () => {
  const list = authorization.roleDefinitions.list(nodes.id, { filter: "roleName eq 'Network Contributor'" });
  return (await all(list)).map((item) => item.name);
});

// The body of a cluster; `brought`: in the network above.
function cluster(access, brought) {
  const pool = { name: "nodepool1", mode: "System", count: 1, vmSize: "Standard_D4s_v3" };
  const body = { location, dnsPrefix: "demo", identity: { type: "SystemAssigned" }, apiServerAccessProfile: access };
  if (brought) {
    pool.vnetSubnetID = nodes.id;
    body.identity = { type: "UserAssigned", userAssignedIdentities: { [identity.id]: {} } };
    access.subnetId = apiserver.id;
  }
  return { ...body, agentPoolProfiles: [pool] };
}
const put = (name, body, options) => aks.managedClusters.createOrUpdate(group, name, body, options).pollUntilDone();
const variants = [
  ["managed-public", { enableVnetIntegration: true }, false],
  ["managed-private", { enableVnetIntegration: true, enablePrivateCluster: true }, false],
  ["byo-public", { enableVnetIntegration: true }, true],
  ["byo-private", { enableVnetIntegration: true, enablePrivateCluster: true }, true],
];
await Promise.all(
  variants.map(([name, access, brought]) =>
    step(`cluster create ${name}`, async () => {
      const { provisioningState, apiServerAccessProfile, fqdn, privateFqdn, privateFQDN } = await put(
        name,
        cluster(access, brought),
      );
      return { provisioningState, apiServerAccessProfile, fqdn, privateFQDN: privateFQDN ?? privateFqdn };
    }),
  ),
);

await step("cluster create plain", async () => (await put("plain", { ...cluster({}, true), apiServerAccessProfile: undefined })).fqdn);
const change = async (name, access, options) => {
  const body = await aks.managedClusters.get(group, name);
  body.apiServerAccessProfile = { ...body.apiServerAccessProfile, ...access };
  return (await put(name, body, options)).apiServerAccessProfile;
};
await step("cluster delete byo-public", () => aks.managedClusters.delete(group, "byo-public").pollUntilDone());
await step("cluster convert plain", () =>
  change("plain", { enableVnetIntegration: true, subnetId: apiserver.id }),
);
await step("cluster stop", () => aks.managedClusters.stop(group, "plain").pollUntilDone());
await step("cluster stopped", async () => (await aks.managedClusters.get(group, "plain")).powerState.code);
await step("cluster start", () => aks.managedClusters.start(group, "plain").pollUntilDone());
await step("cluster enable private", () => change("plain", { enablePrivateCluster: true }));
await step("cluster disable private", () => change("plain", { enablePrivateCluster: false }));
await step("cluster etag refused", () => change("plain", {}, { ifMatch: randomUUID() }));
await step("cluster integration is one-way", () => change("plain", { enableVnetIntegration: false, subnetId: undefined }));
await step("cluster tags", async () => {
  return (await aks.managedClusters.updateTags(group, "plain", { tags: { team: "a" } }).pollUntilDone()).tags;
});
await step("cluster list", async () => (await all(aks.managedClusters.list())).map((item) => item.name));
await step("cluster credentials", async () => {
  const { kubeconfigs } = await aks.managedClusters.listClusterUserCredentials(group, "plain");
  return Buffer.from(kubeconfigs[0].value).toString("utf8").split("\n", 1)[0];
});
await step("pool create", async () => {
  const parameters = { count: 1, mode: "User", vmSize: "Standard_D4s_v3", vnetSubnetID: nodes.id };
  return (await aks.agentPools.createOrUpdate(group, "plain", "user1", parameters).pollUntilDone()).provisioningState;
});
await step("pool list", async () => (await all(aks.agentPools.list(group, "plain"))).map((item) => item.name));
await step("pool delete", () => aks.agentPools.delete(group, "plain", "user1").pollUntilDone());
await step("run command", async () => {
  return aks.managedClusters.runCommand(group, "plain", { command: "kubectl get nodes" }).pollUntilDone();
});
await step("versions", async () => (await aks.managedClusters.listKubernetesVersions(location)).values.length);
await step("upgrades", async () => (await aks.managedClusters.getUpgradeProfile(group, "plain")).name);
await step("resources list", async () => {
  const filter = `resourceType eq '${NAMESPACE}/managedClusters'`;
  return (await all(resources.resources.list({ filter }))).map((item) => item.name);
});
await step("subnet in use", () => network.subnets.beginDeleteAndWait(group, "network", "apiserver"));
await step("vnet show absent", () => network.virtualNetworks.get(group, "absent"));
for (const name of ["plain", "managed-public", "managed-private", "byo-private"]) {
  await step(`cluster delete ${name}`, () => aks.managedClusters.delete(group, name).pollUntilDone());
}
await step("vnet delete", () => network.virtualNetworks.beginDeleteAndWait(group, "network"));
await step("identity delete", () => identities.userAssignedIdentities.delete(group, "cluster-identity"));
await step("group delete", () => resources.resourceGroups.beginDeleteAndWait(group));
await step("group gone", async () => (await resources.resourceGroups.checkExistence(group)).body);
