/* Growable bytes with a ceiling, for everything whose length somebody else decides. */
#ifndef AKS_BASE_BUFFER_H
#define AKS_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

/* `data` is NULL or has a NUL behind its `length` bytes. Invariant: length <= limit. */
struct aks_buffer {
    char *data;
    size_t length;
    size_t capacity;
    size_t limit;
};

/* An empty buffer that will never hold more than `limit` bytes. Allocates nothing. */
void aks_buffer_init(struct aks_buffer *buffer, size_t limit);

/* Releases the bytes; the buffer is empty and can be used again with the same limit. */
void aks_buffer_clear(struct aks_buffer *buffer);

/* As aks_buffer_clear, and overwrites the bytes first: for secrets. Growing overwrites the old bytes of any buffer. */
void aks_buffer_erase(struct aks_buffer *buffer);

/* Append; false when the limit would be exceeded or memory is short, and then nothing was appended. */
AKS_CHECK bool aks_buffer_append(struct aks_buffer *buffer, const void *bytes, size_t count);
AKS_CHECK bool aks_buffer_append_text(struct aks_buffer *buffer, const char *text);
AKS_CHECK bool aks_buffer_append_format(struct aks_buffer *buffer, const char *format, ...) AKS_PRINTF(2, 3);
AKS_CHECK bool aks_buffer_append_arguments(struct aks_buffer *buffer, const char *format, va_list arguments)
    AKS_PRINTF(2, 0);

/* Append `text` with every byte outside RFC 3986's unreserved set percent-encoded. */
AKS_CHECK bool aks_buffer_append_percent_encoded(struct aks_buffer *buffer, const char *text);

/* The bytes so far as a NUL-terminated string; the caller frees it. NULL only for want of memory. The buffer is then
 * empty. */
char *aks_buffer_take(struct aks_buffer *buffer);

#endif
