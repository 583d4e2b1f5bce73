/* The cache that a credential keeps its tokens in; its users see it as a token source (auth/credential.h). */
#ifndef AKS_AUTH_CACHE_H
#define AKS_AUTH_CACHE_H

/* The least seconds between two tries to replace a token that still serves. As in the Azure SDKs. */
#define AKS_TOKEN_REFRESH_PAUSE 30.0

/* One entry for each authority, tenant and audience that a source was made for. */
struct aks_token_entry;

/* No source of the credential is left. */
void aks_token_entries_clear(struct aks_token_entry **entries);

#endif
