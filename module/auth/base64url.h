/* Base64 with the alphabet for URLs, as JSON Web Tokens are written in it (RFC 4648 section 5, RFC 7515 section 2). */
#ifndef AKS_AUTH_BASE64URL_H
#define AKS_AUTH_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/buffer.h"

/* Appends the bytes, without padding; false when the buffer's limit would be exceeded or memory is short. */
AKS_CHECK bool aks_base64url_encode(const void *bytes, size_t count, struct aks_buffer *text);

/* Appends what `length` characters say, in this alphabet or the ordinary one, with padding or without; false when they
   are not base64, or as above. */
AKS_CHECK bool aks_base64url_decode(const char *text, size_t length, struct aks_buffer *bytes);

#endif
