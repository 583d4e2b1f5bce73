/* UUIDs on libcrypto's SHA-1 and random numbers. */
#include "base/uuid.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

/* Where the four dashes stand. */
static bool is_dash(size_t position)
{
    return position == 8 || position == 13 || position == 18 || position == 23;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool aks_uuid_is_valid(const char *text)
{
    for (size_t i = 0; i < AKS_UUID_SIZE - 1; i++)
        if (is_dash(i) ? text[i] != '-' : hex_value(text[i]) < 0)
            return false;
    return text[AKS_UUID_SIZE - 1] == '\0';
}

static void to_bytes(const char *text, unsigned char bytes[16])
{
    size_t count = 0;

    for (size_t i = 0; i < AKS_UUID_SIZE - 1; i += is_dash(i) ? 1 : 2)
        if (!is_dash(i))
            bytes[count++] = (unsigned char)(hex_value(text[i]) << 4 | hex_value(text[i + 1]));
}

/* Puts version and variant in and prints; RFC 9562 section 4. */
static void print(unsigned char bytes[16], unsigned version, char uuid[AKS_UUID_SIZE])
{
    size_t at = 0;

    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | version << 4);
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
    for (size_t i = 0; i < 16; i++) {
        if (is_dash(at))
            uuid[at++] = '-';
        snprintf(uuid + at, 3, "%02x", bytes[i]);
        at += 2;
    }
}

bool aks_uuid_from_name(const char *space, const char *name, char uuid[AKS_UUID_SIZE])
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned char prefix[16];
    bool ok;

    if (!digest || !aks_uuid_is_valid(space)) {
        EVP_MD_CTX_free(digest);
        return false;
    }
    to_bytes(space, prefix);
    ok = EVP_DigestInit_ex(digest, EVP_sha1(), NULL) && EVP_DigestUpdate(digest, prefix, sizeof prefix) &&
         EVP_DigestUpdate(digest, name, strlen(name)) && EVP_DigestFinal_ex(digest, bytes, NULL);
    EVP_MD_CTX_free(digest);
    if (ok)
        print(bytes, 5, uuid);
    return ok;
}

bool aks_uuid_random(char uuid[AKS_UUID_SIZE])
{
    unsigned char bytes[16];

    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    print(bytes, 4, uuid);
    return true;
}
