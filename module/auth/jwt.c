/* The middle part of a token, decoded and parsed. */
#include "auth/jwt.h"

#include <string.h>

#include "auth/answer.h"
#include "auth/base64url.h"

json_t *aks_jwt_claims(const char *token)
{
    const char *middle = strchr(token, '.');
    const char *end = middle ? strchr(middle + 1, '.') : NULL;
    struct aks_buffer text;
    json_t *claims = NULL;

    if (!end)
        return NULL;
    middle++;
    aks_buffer_init(&text, AKS_ANSWER_LIMIT);
    if (aks_base64url_decode(middle, (size_t)(end - middle), &text) && text.length > 0)
        claims = aks_answer_parse(text.data, text.length);
    aks_buffer_erase(&text);
    return claims;
}
