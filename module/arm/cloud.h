/* The Azure clouds: where ARM and Entra are, and for whom tokens are.
   https://learn.microsoft.com/azure/developer/identity/national-clouds */
#ifndef AKS_ARM_CLOUD_H
#define AKS_ARM_CLOUD_H

struct aks_cloud {
    const char *name;             /* "public" */
    const char *resource_manager; /* "https://management.azure.com" */
    const char *authority;        /* "https://login.microsoftonline.com" */
    const char *audience;         /* "https://management.azure.com" */
};

/* NULL when there is no cloud of that name. */
const struct aks_cloud *aks_cloud_find(const char *name);

/* The cloud whose authority this URL is of, whatever its path; NULL when there is none. */
const struct aks_cloud *aks_cloud_of_authority(const char *url);

/* The names with '|' between them, for messages. */
const char *aks_cloud_names(void);

#endif
