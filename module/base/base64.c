/* Base64 through libcrypto, which skips what is none: that is looked at first. */
#include "base/base64.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_LIMIT ((size_t)1 << 30)

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *aks_base64_decode(const char *text, size_t *length)
{
    size_t size = strlen(text), digits = strspn(text, alphabet), padding = size - digits;
    unsigned char *bytes;

    if (size % 4 != 0 || size > LENGTH_LIMIT || padding > 2 || strspn(text + digits, "=") != padding)
        return NULL;
    bytes = malloc(size / 4 * 3 + 1);
    if (!bytes)
        return NULL;
    if (EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)size) < 0) {
        OPENSSL_cleanse(bytes, size / 4 * 3);
        free(bytes);
        return NULL;
    }
    *length = size / 4 * 3 - padding;
    bytes[*length] = '\0';
    return (char *)bytes;
}
