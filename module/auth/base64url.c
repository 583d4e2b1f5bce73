/* Base64 for URLs. Secrets go through here: what is on the stack is overwritten. */
#include "auth/base64url.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool aks_base64url_encode(const void *bytes, size_t count, struct aks_buffer *text)
{
    const unsigned char *from = bytes;
    char group[4];
    bool enough = true;

    for (size_t at = 0; at < count && enough; at += 3) {
        size_t left = count - at < 3 ? count - at : 3;
        unsigned bits = (unsigned)from[at] << 16;

        bits |= left > 1 ? (unsigned)from[at + 1] << 8 : 0;
        bits |= left > 2 ? from[at + 2] : 0;
        for (unsigned i = 0; i < 4; i++)
            group[i] = alphabet[bits >> (18 - 6 * i) & 63];
        enough = aks_buffer_append(text, group, left + 1);
    }
    explicit_bzero(group, sizeof group);
    return enough;
}

/* 0 to 63; negative for what is in neither alphabet. */
static int value_of(char character)
{
    const char *found = character ? strchr(alphabet, character) : NULL;

    if (found)
        return (int)(found - alphabet);
    return character == '+' ? 62 : character == '/' ? 63 : -1;
}

bool aks_base64url_decode(const char *text, size_t length, struct aks_buffer *bytes)
{
    unsigned bits = 0, count = 0;
    bool good = true;

    for (int padding = 0; padding < 2 && length > 0 && text[length - 1] == '='; padding++)
        length--;
    if (length % 4 == 1)
        return false;
    for (size_t i = 0; i < length && good; i++) {
        int value = value_of(text[i]);
        char byte;

        bits = (bits << 6 | (unsigned)value) & 0xFFFF;
        count += 6;
        good = value >= 0;
        if (good && count >= 8) {
            count -= 8;
            byte = (char)(bits >> count);
            good = aks_buffer_append(bytes, &byte, 1);
        }
    }
    return good;
}
