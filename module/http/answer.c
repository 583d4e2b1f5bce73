/* Collecting an answer: headers of the final answer, and the decoded body. */
#include "http/answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/exchange.h"

/* Ends the transfer: libcurl stops when fewer bytes were taken than it gave. */
static size_t stop(struct aks_exchange *exchange, enum aks_exchange_stop reason)
{
    exchange->stop = reason;
    return 0;
}

static bool is_space(char character)
{
    return character == ' ' || character == '\t';
}

/* Adds a line without its end of line. One without a name is no header and is passed over. */
static enum aks_exchange_stop keep_header(struct aks_headers *headers, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    const char *value, *end = line + length;
    char *name_copy, *value_copy;
    bool added;

    if (memchr(line, '\0', length) || memchr(line, '\r', length))
        return AKS_EXCHANGE_INVALID;
    if (!colon || colon == line || is_space(*line))
        return AKS_EXCHANGE_GOES_ON;
    if (headers->count == AKS_HEADERS_LIMIT)
        return AKS_EXCHANGE_TOO_LARGE;
    for (value = colon + 1; value < end && is_space(*value);)
        value++;
    while (end > value && is_space(end[-1]))
        end--;
    name_copy = aks_text_copy_n(line, (size_t)(colon - line));
    value_copy = aks_text_copy_n(value, (size_t)(end - value));
    added = name_copy && value_copy && aks_headers_add(headers, name_copy, value_copy);
    free(name_copy);
    free(value_copy);
    return added ? AKS_EXCHANGE_GOES_ON : AKS_EXCHANGE_NO_MEMORY;
}

size_t aks_answer_header(char *bytes, size_t size, size_t count, void *context)
{
    struct aks_exchange *exchange = context;
    size_t total = size * count, length = total; /* libcurl holds one line to 100 KiB */
    enum aks_exchange_stop reason = AKS_EXCHANGE_GOES_ON;

    if (total > AKS_HEADER_BYTES_LIMIT - exchange->header_bytes)
        return stop(exchange, AKS_EXCHANGE_TOO_LARGE);
    exchange->header_bytes += total;
    if (length > 0 && bytes[length - 1] == '\n')
        length--;
    if (length > 0 && bytes[length - 1] == '\r')
        length--;
    if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0) { /* another answer begins: the ones before were interim? */
        aks_headers_clear(&exchange->response.headers);
        exchange->in_headers = true;
    } else if (length == 0) {
        exchange->in_headers = false;
    } else if (exchange->in_headers) {
        reason = keep_header(&exchange->response.headers, bytes, length);
    }
    return reason == AKS_EXCHANGE_GOES_ON ? total : stop(exchange, reason);
}

size_t aks_answer_body(char *bytes, size_t size, size_t count, void *context)
{
    struct aks_exchange *exchange = context;
    struct aks_buffer *body = &exchange->response.body;
    size_t total = size * count;

    if (total > body->limit - body->length)
        return stop(exchange, AKS_EXCHANGE_TOO_LARGE);
    if (!aks_buffer_append(body, bytes, total))
        return stop(exchange, AKS_EXCHANGE_NO_MEMORY);
    return total;
}
