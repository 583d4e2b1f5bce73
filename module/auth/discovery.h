/* Clouds that are known by their resource manager alone: it tells where tokens are given, and for whom.
   https://learn.microsoft.com/azure-stack/user/azure-stack-rest-api-use */
#ifndef AKS_AUTH_DISCOVERY_H
#define AKS_AUTH_DISCOVERY_H

#include "auth/kind.h"

/* What a resource manager told. Zero-initialised is nothing. */
struct aks_token_place {
    char *authority; /* NULL: not known yet */
    char *audience;
};
void aks_token_place_clear(struct aks_token_place *place);

/* As the method `fetch` of the credential, for a target whose authority or audience (or both) is NULL: first its
   resource manager is asked, and `place`, which outlives the fetch, filled. An authority is not trusted
   ("host_not_trusted") unless it is https, or http on loopback as the resource manager is. */
struct aks_fetch *aks_discovery_fetch(struct aks_credential *credential, const struct aks_token_target *target,
                                      struct aks_token_place *place, aks_fetch_done *done, void *context,
                                      struct aks_error *error);
void aks_discovery_cancel(struct aks_fetch *fetch);

#endif
