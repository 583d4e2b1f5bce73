/* What a call sends, made once for all its tries: URL, headers, body. For arm/call.c alone. */
#ifndef AKS_ARM_REQUEST_H
#define AKS_ARM_REQUEST_H

#include "arm/call.h"

/* Longer tokens are refused. */
#define AKS_TOKEN_LIMIT (64 * 1024)

/* Zero-initialised is empty. */
struct aks_request {
    char *method;
    char *url;
    char *body; /* JSON text, or NULL */
    char *if_match;
    char *if_none_match;
    char *correlation_id;
    char client_request_id[AKS_UUID_SIZE];
};

/* Copies and encodes what the caller asked for. On failure the request is to be cleared too. */
AKS_CHECK bool aks_request_make(struct aks_request *request, const struct aks_session *session,
                                const struct aks_call_request *source, struct aks_error *error);

/* Adds the headers of a try with this token. On failure some may have been added. */
AKS_CHECK bool aks_request_add_headers(const struct aks_request *request, const struct aks_session *session,
                                       const char *token, struct aks_headers *headers, struct aks_error *error);

void aks_request_clear(struct aks_request *request);

#endif
