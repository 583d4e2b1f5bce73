/* The operation "credentials": asks Azure for the kubeconfig of a cluster.
   https://learn.microsoft.com/rest/api/aks/managed-clusters/list-cluster-user-credentials */
#include "operations/operations.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "base/base64.h"
#include "base/text.h"

static const struct aks_field options[] = {
    {.name = "admin",
     .type = AKS_FIELD_BOOLEAN,
     .documentation = "true: the administrator's certificate, which no role of Kubernetes limits"},
    {.name = "format",
     .type = AKS_FIELD_CHOICE,
     .choices = "azure|exec",
     .documentation =
         "of a cluster with Microsoft Entra accounts: exec has kubelogin sign in; absent: Azure's default"},
    {.name = "public_fqdn",
     .type = AKS_FIELD_BOOLEAN,
     .documentation = "of a private cluster: true names its host in public DNS instead of the private one"},
    {.name = "wait", .type = AKS_FIELD_BOOLEAN, .documentation = "false: return the operation at once"},
};
const struct aks_fields aks_credentials_options = AKS_FIELDS(options);

struct credentials {
    bool admin;
    bool public_fqdn;
    const char *format; /* static; NULL: Azure's default */
};

static const char *action_of(const struct credentials *credentials)
{
    return credentials->admin ? "listClusterAdminCredential" : "listClusterUserCredential";
}

/* A new text: what stands base64-encoded in the first kubeconfig of the answer. */
static json_t *decode(const json_t *document)
{
    const char *value = aks_document_text_at(document, "kubeconfigs[0].value");
    size_t length;
    char *text = value ? aks_base64_decode(value, &length) : NULL;
    json_t *result = text ? json_stringn(text, length) : NULL; /* NULL too when it is not UTF-8 */

    if (text)
        OPENSSL_cleanse(text, length);
    free(text);
    return result;
}

static void answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    json_t *result = reply ? decode(reply->body) : NULL;

    if (result) {
        aks_operation_succeed(operation, result);
        return;
    }
    if (reply)
        aks_error_set(error, "response_invalid", "the answer to %s holds no kubeconfig", action_of(operation->data));
    aks_operation_fail(operation, error);
}

static void list_credential(struct aks_operation *operation)
{
    const struct credentials *credentials = operation->data;
    struct aks_call_request request = aks_operation_request(operation, "POST");
    char *target = aks_text_format("%s/%s", operation->resource->id.text, action_of(credentials));
    char *query = aks_text_format("%s%s%s%s", credentials->public_fqdn ? "server-fqdn=public" : "",
                                  credentials->public_fqdn && credentials->format ? "&" : "",
                                  credentials->format ? "format=" : "", credentials->format ? credentials->format : "");
    struct aks_error error = {0};

    request.target = target;
    request.query = query && *query ? query : NULL;
    request.repeatable = true; /* it changes nothing */
    if (target && query) {
        aks_operation_call(operation, &request, answered);
    } else {
        aks_error_set_no_memory(&error);
        aks_operation_fail(operation, &error);
    }
    free(target);
    free(query);
}

static const struct aks_step steps[] = {{"ask for the kubeconfig", list_credential}};

static const struct aks_operation_kind kind = {
    .name = "credentials",
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
    .data_size = sizeof(struct credentials),
};

struct aks_operation *aks_operation_new_credentials(struct aks_resource *resource, const json_t *wanted,
                                                    struct aks_error *error)
{
    struct aks_operation *operation = aks_operation_new(&kind, resource->session, resource, error);
    const char *format = json_string_value(json_object_get(wanted, "format"));
    struct credentials *credentials = operation ? operation->data : NULL;

    if (!operation)
        return NULL;
    credentials->admin = json_is_true(json_object_get(wanted, "admin"));
    credentials->public_fqdn = json_is_true(json_object_get(wanted, "public_fqdn"));
    if (format)
        credentials->format = aks_text_equal_fold(format, "exec") ? "exec" : "azure";
    return operation;
}
