/* Growable bytes with a ceiling. Growing copies by hand, so that no old copy of a secret stays in freed memory. */
#include "base/buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

void aks_buffer_init(struct aks_buffer *buffer, size_t limit)
{
    *buffer = (struct aks_buffer){.limit = limit < SIZE_MAX ? limit : SIZE_MAX - 1};
}

void aks_buffer_clear(struct aks_buffer *buffer)
{
    free(buffer->data);
    aks_buffer_init(buffer, buffer->limit);
}

void aks_buffer_erase(struct aks_buffer *buffer)
{
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->capacity);
    aks_buffer_clear(buffer);
}

/* Room for `count` more bytes and the NUL. */
static bool reserve(struct aks_buffer *buffer, size_t count)
{
    size_t needed, capacity;
    char *data;

    if (count > buffer->limit - buffer->length)
        return false;
    needed = buffer->length + count + 1; /* limit is below SIZE_MAX */
    if (needed <= buffer->capacity)
        return true;
    capacity = buffer->capacity < FIRST_CAPACITY / 2 ? FIRST_CAPACITY : buffer->capacity;
    while (capacity < needed)
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    if (capacity > buffer->limit + 1)
        capacity = buffer->limit + 1;
    data = malloc(capacity);
    if (!data)
        return false;
    if (buffer->data) {
        memcpy(data, buffer->data, buffer->length + 1);
        explicit_bzero(buffer->data, buffer->capacity);
        free(buffer->data);
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool aks_buffer_append(struct aks_buffer *buffer, const void *bytes, size_t count)
{
    if (!reserve(buffer, count))
        return false;
    if (count > 0)
        memcpy(buffer->data + buffer->length, bytes, count);
    buffer->length += count;
    buffer->data[buffer->length] = '\0';
    return true;
}

bool aks_buffer_append_text(struct aks_buffer *buffer, const char *text)
{
    return aks_buffer_append(buffer, text, strlen(text));
}

bool aks_buffer_append_arguments(struct aks_buffer *buffer, const char *format, va_list arguments)
{
    va_list measured;
    int count;

    va_copy(measured, arguments);
    count = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    if (count < 0 || !reserve(buffer, (size_t)count))
        return false;
    vsnprintf(buffer->data + buffer->length, (size_t)count + 1, format, arguments);
    buffer->length += (size_t)count;
    return true;
}

bool aks_buffer_append_format(struct aks_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    bool ok;

    va_start(arguments, format);
    ok = aks_buffer_append_arguments(buffer, format, arguments);
    va_end(arguments);
    return ok;
}

/* RFC 3986 section 2.3, whatever the locale. */
static bool is_unreserved(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

bool aks_buffer_append_percent_encoded(struct aks_buffer *buffer, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t before = buffer->length;
    bool ok = true;

    for (const char *at = text; ok && *at; at++) {
        unsigned char byte = (unsigned char)*at;
        char encoded[3] = {'%', digits[byte >> 4], digits[byte & 15]};

        ok =
            is_unreserved(byte) ? aks_buffer_append(buffer, at, 1) : aks_buffer_append(buffer, encoded, sizeof encoded);
    }
    if (!ok) {
        buffer->length = before;
        if (buffer->data)
            buffer->data[before] = '\0';
    }
    return ok;
}

char *aks_buffer_take(struct aks_buffer *buffer)
{
    char *data = buffer->data ? buffer->data : calloc(1, 1);

    aks_buffer_init(buffer, buffer->limit);
    return data;
}
