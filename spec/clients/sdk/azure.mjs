// Clients of a simulated Azure, as the Azure SDK for JavaScript makes them, and a record of what each step came to.
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ContainerServiceClient } from "@azure/arm-containerservice";
import { FeatureClient } from "@azure/arm-features";
import { ManagedServiceIdentityClient } from "@azure/arm-msi";
import { NetworkManagementClient } from "@azure/arm-network";
import { ResourceManagementClient } from "@azure/arm-resources";
import { ClientSecretCredential } from "@azure/identity";

const { AKS_ENDPOINT: endpoint, AZURE_SUBSCRIPTION_ID: subscription, AZURE_TENANT_ID: tenant } = process.env;
const credential = new ClientSecretCredential(tenant, process.env.AZURE_CLIENT_ID, process.env.AZURE_CLIENT_SECRET, {
  authorityHost: endpoint,
  disableInstanceDiscovery: true,
});
const options = { endpoint, credentialScopes: [`${endpoint}/.default`], credentials: { scopes: [`${endpoint}/.default`] } };

export { subscription };
export const resources = new ResourceManagementClient(credential, subscription, options);
export const features = new FeatureClient(credential, subscription, options);
export const network = new NetworkManagementClient(credential, subscription, options);
export const identities = new ManagedServiceIdentityClient(credential, subscription, options);
export const authorization = new AuthorizationManagementClient(credential, subscription, options);
export const aks = new ContainerServiceClient(credential, subscription, options);

// Runs a step and prints a line of JSON: { step, ok, value } or { step, ok: false, code, status, message }.
export async function step(name, act) {
  try {
    const value = await act();
    console.log(JSON.stringify({ step: name, ok: true, value: value ?? null }));
    return value;
  } catch (error) {
    const { code, statusCode: status, message } = error;
    console.log(JSON.stringify({ step: name, ok: false, code, status, message: String(message).slice(0, 500) }));
    return undefined;
  }
}

// All items of a paged list.
export async function all(pages) {
  const items = [];
  for await (const item of pages) {
    items.push(item);
  }
  return items;
}
