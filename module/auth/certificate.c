/* The credential of a service principal that proves itself by the key of a certificate. The file is read anew for every
   token: it may be replaced at any time, and the key is in memory only while it signs. */
#include <stdlib.h>
#include <string.h>

#include "auth/assertion.h"
#include "auth/entra.h"
#include "auth/file.h"
#include "base/text.h"

#define CERTIFICATE_LIMIT (256 * 1024)

struct certificate_credential {
    struct aks_credential base;
    struct aks_entra_client client;
    char *certificate; /* a path, or the text itself */
    char *password;    /* or NULL */
    bool pkcs1;
    bool sends_chain;
};

static bool is_text(const char *certificate)
{
    return strstr(certificate, "-----BEGIN ") != NULL;
}

static bool read_pair(const struct certificate_credential *credential, struct aks_key_pair *pair,
                      struct aks_error *error)
{
    bool given = is_text(credential->certificate), done;
    char *source = given ? strdup("certificate") : aks_text_format("certificate '%s'", credential->certificate);
    struct aks_buffer bytes;

    aks_buffer_init(&bytes, CERTIFICATE_LIMIT);
    if (!source)
        done = aks_error_set_no_memory(error);
    else if (given)
        done = aks_key_pair_read(credential->certificate, strlen(credential->certificate), credential->password, source,
                                 pair, error);
    else
        done = aks_file_read(credential->certificate, "the certificate", &bytes, error) &&
               aks_key_pair_read(bytes.data, bytes.length, credential->password, source, pair, error);
    aks_buffer_erase(&bytes);
    free(source);
    return done;
}

static bool prove(struct aks_credential *base, const struct aks_entra_occasion *occasion, struct aks_buffer *proof,
                  struct aks_error *error)
{
    const struct certificate_credential *credential = (const struct certificate_credential *)base;
    struct aks_key_pair pair = {0};
    const struct aks_assertion assertion = {.pair = &pair,
                                            .client_id = credential->client.client_id,
                                            .url = occasion->url,
                                            .now = occasion->now,
                                            .pkcs1 = credential->pkcs1 || occasion->is_adfs,
                                            .sha1 = occasion->is_adfs,
                                            .sends_chain = credential->sends_chain};
    bool done;

    if (!read_pair(credential, &pair, error)) {
        error->retryable = true; /* it was good before; and a chain must not go on to somebody else */
        return false;
    }
    done = aks_assertion_sign(&assertion, proof, error);
    aks_key_pair_clear(&pair);
    return done;
}

static struct aks_fetch *fetch_token(struct aks_credential *base, const struct aks_token_target *target,
                                     aks_fetch_done *done, void *context, struct aks_error *error)
{
    const struct certificate_credential *credential = (const struct certificate_credential *)base;

    return aks_entra_fetch(base, &credential->client, target, done, context, error);
}

static void free_certificate(struct aks_credential *base)
{
    struct certificate_credential *credential = (struct certificate_credential *)base;

    aks_entra_client_clear(&credential->client);
    aks_secret_free(credential->certificate);
    aks_secret_free(credential->password);
    free(credential);
}

static bool fill(struct certificate_credential *credential, const struct aks_client_certificate *options,
                 struct aks_error *error)
{
    struct aks_key_pair pair = {0};

    credential->client.asserts = true;
    credential->client.prove = prove;
    credential->pkcs1 = options->pkcs1;
    credential->sends_chain = options->sends_chain;
    credential->certificate = strdup(options->certificate);
    credential->password = options->password ? strdup(options->password) : NULL;
    if (!credential->certificate || (options->password && !credential->password))
        return aks_error_set_no_memory(error);
    if (!aks_entra_client_init(&credential->client, options->tenant, options->client_id, error) ||
        !read_pair(credential, &pair, error)) /* whoever gave it is still there to hear of it */
        return false;
    aks_key_pair_clear(&pair);
    return true;
}

struct aks_credential *aks_credential_new_client_certificate(const struct aks_client_certificate *options,
                                                             struct aks_error *error)
{
    static const struct aks_credential_methods methods = {"client_certificate", fetch_token, aks_entra_cancel,
                                                          free_certificate, false};
    struct certificate_credential *credential;

    if (!options->certificate || *options->certificate == '\0') {
        aks_error_set(error, "credential_unavailable", "the certificate of the service principal is missing");
        return NULL;
    }
    credential = calloc(1, sizeof *credential);
    if (!credential) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    aks_credential_init(&credential->base, &methods);
    if (fill(credential, options, error))
        return &credential->base;
    free_certificate(&credential->base);
    return NULL;
}
