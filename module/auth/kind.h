/* What a kind of credential is made of: for the files of this folder, which have one kind each. */
#ifndef AKS_AUTH_KIND_H
#define AKS_AUTH_KIND_H

#include "auth/cache.h"
#include "auth/credential.h"
#include "auth/token.h"

/* Told exactly once how a fetch ended, never from inside `fetch` and never after `cancel`. `token` (NULL on failure) is
   taken; `error`, empty on success and never NULL, is the kind's. The fetch is over, and the credential may be gone
   when this returns. */
typedef void aks_fetch_done(void *context, struct aks_token *token, struct aks_error *error);

/* One request for one token: the first member of every kind's own struct. */
struct aks_fetch {
    aks_fetch_done *done;
    void *context;
};

struct aks_credential_methods {
    const char *kind; /* "client_secret" */
    /* Starts asking; `target` outlives the fetch. NULL on failure, and then `done` is not called. */
    struct aks_fetch *(*fetch)(struct aks_credential *credential, const struct aks_token_target *target,
                               aks_fetch_done *done, void *context, struct aks_error *error);
    void (*cancel)(struct aks_credential *credential, struct aks_fetch *fetch);
    void (*free)(struct aks_credential *credential);
    /* The token is the user's business: for whom it is and who gives it need not be known. */
    bool is_given;
};

/* The first member of every kind's own struct. */
struct aks_credential {
    const struct aks_credential_methods *methods;
    unsigned references;
    struct aks_token_entry *entries;
};

/* With one reference. */
void aks_credential_init(struct aks_credential *credential, const struct aks_credential_methods *methods);

/* Puts stars in the place of a secret (NULL: none) wherever the message has it, as it stands or percent-encoded: no
   endpoint has a reason to repeat it to us, but what it says ends up in logs. */
void aks_secret_hide(struct aks_error *error, const char *secret);

/* Overwrites a secret and frees it; NULL is allowed. */
void aks_secret_free(char *secret);

#endif
