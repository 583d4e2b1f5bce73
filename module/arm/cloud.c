/* The table of the Azure clouds. Custom clouds are not here: their caller fills a struct aks_cloud of its own. */
#include "arm/cloud.h"

#include <stddef.h>

#include "base/text.h"
#include "transport/url.h"

static const struct aks_cloud clouds[] = {
    {"public", "https://management.azure.com", "https://login.microsoftonline.com", "https://management.azure.com"},
    {"china", "https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn",
     "https://management.core.chinacloudapi.cn"},
    {"usgov", "https://management.usgovcloudapi.net", "https://login.microsoftonline.us",
     "https://management.core.usgovcloudapi.net"},
};

const struct aks_cloud *aks_cloud_find(const char *name)
{
    for (size_t i = 0; i < sizeof clouds / sizeof *clouds; i++)
        if (aks_text_equal_fold(clouds[i].name, name))
            return &clouds[i];
    return NULL;
}

const struct aks_cloud *aks_cloud_of_authority(const char *url)
{
    struct aks_url one, other;

    if (!aks_url_parse(url, &one) || !one.secure)
        return NULL;
    for (size_t i = 0; i < sizeof clouds / sizeof *clouds; i++)
        if (aks_url_parse(clouds[i].authority, &other) && other.host_length == one.host_length &&
            other.port == one.port && aks_text_equal_fold_n(other.host, one.host, one.host_length))
            return &clouds[i];
    return NULL;
}

const char *aks_cloud_names(void)
{
    return "public|china|usgov";
}
