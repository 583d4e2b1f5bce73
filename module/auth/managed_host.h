/* The kinds of hosts that give their guests an identity, and what each wants to be asked. Pure. */
#ifndef AKS_AUTH_MANAGED_HOST_H
#define AKS_AUTH_MANAGED_HOST_H

#include "auth/credential.h"

#define AKS_MANAGED_URL_LIMIT (8 * 1024)

/* One kind of host. */
struct aks_managed_host {
    const char *name;              /* "App Service" */
    const char *needs[4];          /* variables that are all set there; NULL last */
    const char *endpoint_variable; /* one of them, with the URL; NULL: the instance metadata service */
    const char *version;           /* api-version; NULL: none */
    const char *client_id;         /* names of the parameters that choose an identity; NULL: impossible there */
    const char *object_id;
    const char *resource_id;
    const char *secret_header; /* NULL: none */
    const char *secret_variable;
    bool metadata;   /* wants the header "Metadata: true", which no redirect and no proxy adds */
    bool posts;      /* wants a form, not a query */
    bool challenges; /* wants a key from a file that its first answer names */
    bool known;      /* false: there is such a host, but it cannot be asked from here */
};

/* The host that the environment is of. Never NULL: without any sign it is a virtual machine, or none. */
const struct aks_managed_host *aks_managed_host_find(const struct aks_managed_identity *options);

/* A new text: the URL of its endpoint, without a query. Fails with "host_not_trusted" for one that is neither https nor
   on this machine or its link. */
char *aks_managed_host_endpoint(const struct aks_managed_host *host, const struct aks_managed_identity *options,
                                struct aks_error *error);

/* Appends "client_id=..." or nothing, as the options have it. Fails with "credential_unavailable" where the host knows
   no such choice. */
AKS_CHECK bool aks_managed_host_choice(const struct aks_managed_host *host, const struct aks_managed_identity *options,
                                       struct aks_buffer *query, struct aks_error *error);

#endif
