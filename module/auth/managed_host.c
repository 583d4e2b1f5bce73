/* The table of hosts with managed identities, and finding the one that this is.
   https://learn.microsoft.com/azure/app-service/overview-managed-identity
   https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
   https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication */
#include "auth/managed_host.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "transport/url.h"

#define METADATA_SERVICE "http://169.254.169.254"
#define METADATA_PATH "/metadata/identity/oauth2/token"

/* Names another place of the instance metadata service, as for the Azure SDKs. */
#define METADATA_VARIABLE "AZURE_POD_IDENTITY_AUTHORITY_HOST"

/* In the order in which they are looked for: who sets more variables comes first. */
static const struct aks_managed_host hosts[] = {
    {.name = "Service Fabric",
     .needs = {"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", NULL},
     .endpoint_variable = "IDENTITY_ENDPOINT"},
    {.name = "App Service",
     .needs = {"IDENTITY_ENDPOINT", "IDENTITY_HEADER", NULL},
     .endpoint_variable = "IDENTITY_ENDPOINT",
     .version = "2019-08-01",
     .client_id = "client_id",
     .object_id = "principal_id",
     .resource_id = "mi_res_id",
     .secret_header = "X-IDENTITY-HEADER",
     .secret_variable = "IDENTITY_HEADER",
     .known = true},
    {.name = "Azure Arc",
     .needs = {"IDENTITY_ENDPOINT", "IMDS_ENDPOINT", NULL},
     .endpoint_variable = "IDENTITY_ENDPOINT",
     .version = "2019-11-01",
     .metadata = true,
     .challenges = true,
     .known = true},
    {.name = "Azure Machine Learning",
     .needs = {"MSI_ENDPOINT", "MSI_SECRET", NULL},
     .endpoint_variable = "MSI_ENDPOINT",
     .version = "2017-09-01",
     .client_id = "clientid",
     .secret_header = "secret",
     .secret_variable = "MSI_SECRET",
     .known = true},
    {.name = "Cloud Shell",
     .needs = {"MSI_ENDPOINT", NULL},
     .endpoint_variable = "MSI_ENDPOINT",
     .metadata = true,
     .posts = true,
     .known = true},
    {.name = "the instance metadata service",
     .needs = {NULL},
     .version = "2018-02-01",
     .client_id = "client_id",
     .object_id = "object_id",
     .resource_id = "msi_res_id",
     .metadata = true,
     .known = true},
};

/* An empty variable is as good as none. */
static const char *variable(const struct aks_managed_identity *options, const char *name)
{
    const char *value = options->variable ? options->variable(options->context, name) : NULL;

    return value && *value != '\0' ? value : NULL;
}

static bool fits(const struct aks_managed_host *host, const struct aks_managed_identity *options)
{
    for (size_t i = 0; host->needs[i]; i++)
        if (!variable(options, host->needs[i]))
            return false;
    return true;
}

const struct aks_managed_host *aks_managed_host_find(const struct aks_managed_identity *options)
{
    const struct aks_managed_host *host = hosts;

    while (!fits(host, options)) /* the last one needs nothing */
        host++;
    return host;
}

/* Plain http is all that most of them speak: it stays on the machine, or on the link to its host. */
static bool check(const char *text, struct aks_error *error)
{
    struct aks_url url;

    if (aks_url_parse(text, &url) && aks_url_is_link_local(&url))
        return true;
    return aks_url_check_secure(text, "the endpoint of the managed identity", error);
}

char *aks_managed_host_endpoint(const struct aks_managed_host *host, const struct aks_managed_identity *options,
                                struct aks_error *error)
{
    const char *base = variable(options, host->endpoint_variable ? host->endpoint_variable : METADATA_VARIABLE);
    size_t length;
    char *url;

    if (!base)
        base = METADATA_SERVICE;
    if (!check(base, error))
        return NULL;
    length = strlen(base);
    while (!host->endpoint_variable && base[length - 1] == '/')
        length--;
    url = aks_text_format("%.*s%s", (int)length, base, host->endpoint_variable ? "" : METADATA_PATH);
    if (!url)
        aks_error_set_no_memory(error);
    return url;
}

bool aks_managed_host_choice(const struct aks_managed_host *host, const struct aks_managed_identity *options,
                             struct aks_buffer *query, struct aks_error *error)
{
    const struct {
        const char *value, *name, *field;
    } choices[] = {
        {options->client_id, host->client_id, "client_id"},
        {options->object_id, host->object_id, "object_id"},
        {options->resource_id, host->resource_id, "resource_id"},
    };

    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        if (!choices[i].value || *choices[i].value == '\0')
            continue;
        if (!choices[i].name)
            return aks_error_set(error, "credential_unavailable", "%s does not let %s choose an identity", host->name,
                                 choices[i].field);
        if (query->length > 0)
            return aks_error_set(error, "credential_unavailable",
                                 "one of client_id, object_id and resource_id chooses the managed identity, not more");
        if (!aks_buffer_append_text(query, choices[i].name) || !aks_buffer_append_text(query, "=") ||
            !aks_buffer_append_percent_encoded(query, choices[i].value))
            return aks_error_set_no_memory(error);
    }
    return true;
}
