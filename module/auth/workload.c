/* The credential of a workload that some other authority vouches for: a pod of Kubernetes, a job of a CI service. Its
   token is in a file, which is read anew whenever a proof is needed, as it is replaced long before it expires. */
#include <stdlib.h>
#include <string.h>

#include "auth/entra.h"
#include "auth/file.h"
#include "auth/jwt.h"
#include "auth/workload.h"

#define TOKEN_FILE_LIMIT AKS_TOKEN_TEXT_LIMIT

struct workload_credential {
    struct aks_credential base;
    struct aks_entra_client client;
    char *token_file;
};

static bool is_space(char character)
{
    return strchr(" \t\r\n", character) != NULL;
}

static bool prove(struct aks_credential *base, const struct aks_entra_occasion *occasion, struct aks_buffer *proof,
                  struct aks_error *error)
{
    const struct workload_credential *credential = (const struct workload_credential *)base;
    struct aks_buffer text;
    size_t first = 0, end;
    bool done;

    (void)occasion;
    aks_buffer_init(&text, TOKEN_FILE_LIMIT);
    done = aks_file_read(credential->token_file, "the federated token file", &text, error);
    error->retryable = !done; /* it may just be replaced; and a chain must not go on to somebody else */
    end = text.length;
    while (first < end && is_space(text.data[first]))
        first++;
    while (end > first && is_space(text.data[end - 1]))
        end--;
    if (done && first == end) {
        done = aks_error_set(error, "credential_unavailable", "the federated token file '%s' is empty",
                             credential->token_file);
        error->retryable = true;
    } else if (done) {
        done = aks_buffer_append(proof, text.data + first, end - first) || aks_error_set_no_memory(error);
    }
    aks_buffer_erase(&text);
    return done;
}

/* The audience may be a list; the first counts here. */
static const char *text_of(const json_t *value)
{
    const char *text = json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);

    return text ? text : "(none)";
}

void aks_workload_explain(const char *proof, struct aks_error *error)
{
    json_t *claims = NULL;

    /* AADSTS70021, and 700211 to 700213 for issuer, audience, subject */
    if (error->message && strstr(error->message, "AADSTS70021"))
        claims = aks_jwt_claims(proof);
    if (!claims)
        return;
    free(error->hint);
    error->hint = NULL;
    if (asprintf(&error->hint,
                 "the application needs a federated credential with exactly these: issuer '%.256s', subject '%.256s', "
                 "audience '%.256s'",
                 text_of(json_object_get(claims, "iss")), text_of(json_object_get(claims, "sub")),
                 text_of(json_object_get(claims, "aud"))) < 0)
        error->hint = NULL;
    json_decref(claims);
}

static struct aks_fetch *fetch_token(struct aks_credential *base, const struct aks_token_target *target,
                                     aks_fetch_done *done, void *context, struct aks_error *error)
{
    const struct workload_credential *credential = (const struct workload_credential *)base;

    return aks_entra_fetch(base, &credential->client, target, done, context, error);
}

static void free_workload(struct aks_credential *base)
{
    struct workload_credential *credential = (struct workload_credential *)base;

    aks_entra_client_clear(&credential->client);
    free(credential->token_file);
    free(credential);
}

struct aks_credential *aks_credential_new_workload_identity(const struct aks_workload_identity *options,
                                                            struct aks_error *error)
{
    static const struct aks_credential_methods methods = {"workload_identity", fetch_token, aks_entra_cancel,
                                                          free_workload, false};
    struct workload_credential *credential;

    if (!options->token_file || *options->token_file == '\0') {
        aks_error_set(error, "credential_unavailable", "the federated token file is missing");
        return NULL;
    }
    credential = calloc(1, sizeof *credential);
    if (!credential) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    aks_credential_init(&credential->base, &methods);
    credential->client.asserts = true;
    credential->client.prove = prove;
    credential->client.explain = aks_workload_explain;
    credential->token_file = strdup(options->token_file);
    if (aks_entra_client_init(&credential->client, options->tenant, options->client_id, error) &&
        credential->token_file)
        return &credential->base;
    free_workload(&credential->base);
    aks_error_set_no_memory(error);
    return NULL;
}
