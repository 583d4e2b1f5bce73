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

/* A service principal's certificate. */
struct aks_client_certificate {
    const char *tenant; /* NULL: the target's */
    const char *client_id;
    const char *certificate; /* path of a PEM or PKCS #12 file, or PEM text; with the private key */
    const char *password;    /* of the key; NULL: none */
    bool pkcs1;              /* signs with RS256, and else with PS256 */
    bool sends_chain;        /* for applications that know certificates by name and issuer */
};
struct aks_credential *aks_credential_new_client_certificate(const struct aks_client_certificate *options,
                                                             struct aks_error *error);

/* A token of another authority, which the application has a federated credential for. */
struct aks_workload_identity {
    const char *tenant; /* NULL: the target's */
    const char *client_id;
    const char *token_file;
};
struct aks_credential *aks_credential_new_workload_identity(const struct aks_workload_identity *options,
                                                            struct aks_error *error);

/* A CI service's job, whose token is asked for anew whenever it is needed: it lasts for minutes. */
struct aks_ci_job {
    const char *tenant; /* NULL: the target's */
    const char *client_id;
    const char *method;        /* "GET", "POST" */
    const char *request_url;   /* with a query that says for whom the token is */
    const char *request_token; /* which the service has given the job to ask with */
    const char *member;        /* of the answer, a JSON object: where the token is */
};
struct aks_credential *aks_credential_new_ci_job(const struct aks_ci_job *options, struct aks_error *error);

/* The identity that Azure has given to the machine, the app or the function that this runs in. At most one of the three
   names is not NULL; without one it is the system-assigned identity, or the only one. */
struct aks_managed_identity {
    const char *client_id;
    const char *object_id;
    const char *resource_id;
    /* The value of a variable of the environment, or NULL: where the endpoint is that gives tokens. */
    const char *(*variable)(void *context, const char *name);
    void *context;
    const char *key_directory; /* where the agent of Azure Arc puts its keys; NULL: its own */
};
struct aks_credential *aks_credential_new_managed_identity(const struct aks_managed_identity *options,
                                                           struct aks_error *error);

/* Whoever is signed in with the Azure CLI. */
struct aks_azure_cli {
    const char *tenant;  /* NULL: the target's, or else that of the CLI's subscription */
    const char *program; /* absolute path; NULL: "az" in the directories of PATH */
    double timeout;      /* seconds; 0: the default, 30 */
};
struct aks_credential *aks_credential_new_azure_cli(const struct aks_azure_cli *options, struct aks_error *error);

/* A list: the first credential that can give a token is asked from then on. `kind` names the list, and each token tells
   the kind of the link that gave it. The links are retained. */
struct aks_credential *aks_credential_new_chain(const char *kind, struct aks_credential *const *links, size_t count,
                                                struct aks_error *error);

/* A link that cannot even be tried: it says why, and the list goes on. */
struct aks_credential *aks_credential_new_absent(const char *kind, const char *reason, struct aks_error *error);

/* For whom tokens are, and how to ask for them. Texts are copied. */
struct aks_token_target {
    struct aks_loop *loop;           /* outlives the source */
    struct aks_transport *transport; /* outlives the source */
    const char *authority;           /* "https://login.microsoftonline.com"; NULL: as the resource manager says */
    const char *audience;         /* "https://management.azure.com": the scope is this + "/.default"; NULL: the same */
    const char *tenant;           /* the default tenant; may be NULL */
    const char *resource_manager; /* which tells of its cloud (auth/discovery.h); NULL: it cannot be asked */
    const char *claims;           /* of the source: what the next token must have besides (JSON); NULL: nothing */
};

/* A token source over the credential (which it retains): cached per authority, tenant and audience; refreshed 300 s
   ahead of expiry (the old token serves while it is valid), one request in flight for many waiters, at least 30 s
   between refreshes while a token is still valid. NULL on failure: "host_not_trusted" for an authority that is neither
   https nor on loopback. Freeing the source cancels its requests. */
struct aks_token_source *aks_token_source_new(struct aks_credential *credential, const struct aks_token_target *target,
                                              struct aks_error *error);

#endif
