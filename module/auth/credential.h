/* Credentials: the kinds, and the token source that a session asks. */
#ifndef AKS_AUTH_CREDENTIAL_H
#define AKS_AUTH_CREDENTIAL_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "loop/loop.h"
#include "transport/token_source.h"
#include "transport/transport.h"

/* Reference-counted. A credential keeps its tokens in one cache (auth/cache.h), so clients that share it share them. */
struct aks_credential;

struct aks_credential *aks_credential_retain(struct aks_credential *credential);
void aks_credential_release(struct aks_credential *credential);           /* NULL is allowed */
const char *aks_credential_kind(const struct aks_credential *credential); /* "token", "client_secret", ... */

/* A given token. `expires_on`: seconds since 1970, 0 when unknown. */
struct aks_credential *aks_credential_new_token(const char *token, double expires_on, struct aks_error *error);

/* A function that gives a token: fills `token` and *expires_on (0: unknown), or fails. Called outside any callback of a
   library; it may run the loop. `release` (may be NULL) is called with `context` at the end, but not when no credential
   could be made. */
typedef bool aks_credential_function(void *context, struct aks_buffer *token, double *expires_on,
                                     struct aks_error *error);
struct aks_credential *aks_credential_new_function(aks_credential_function *function, void *context,
                                                   void (*release)(void *context), struct aks_error *error);

/* A service principal's secret. `tenant` NULL: the target's. */
struct aks_client_secret {
    const char *tenant;
    const char *client_id;
    const char *client_secret;
};
struct aks_credential *aks_credential_new_client_secret(const struct aks_client_secret *secret,
                                                        struct aks_error *error);

/* For whom tokens are, and how to ask for them. Texts are copied. */
struct aks_token_target {
    struct aks_loop *loop;           /* outlives the source */
    struct aks_transport *transport; /* outlives the source */
    const char *authority;           /* "https://login.microsoftonline.com"; may be NULL where the kind needs none */
    const char *audience;            /* "https://management.azure.com": the scope is this + "/.default" */
    const char *tenant;              /* the default tenant; may be NULL */
};

/* A token source over the credential (which it retains): cached per authority, tenant and audience; refreshed 300 s
   ahead of expiry (the old token serves while it is valid), one request in flight for many waiters, at least 30 s
   between refreshes while a token is still valid. NULL on failure: "host_not_trusted" for an authority that is neither
   https nor on loopback. Freeing the source cancels its requests. */
struct aks_token_source *aks_token_source_new(struct aks_credential *credential, const struct aks_token_target *target,
                                              struct aks_error *error);

#endif
