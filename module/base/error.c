/* The one error value: setting, filling, copying, releasing. None of it can fail: without memory an error is
 * "out_of_memory". */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char out_of_memory[] = "out_of_memory";

bool aks_error_is_set(const struct aks_error *error)
{
    return error->code || error->no_memory;
}

const char *aks_error_code(const struct aks_error *error)
{
    return error->code ? error->code : out_of_memory;
}

/* Cuts at the ceiling, before and not inside a UTF-8 sequence, which goes on for three bytes at the most: text in some
   other encoding is not lost by this. */
static void cut(char *text)
{
    size_t length = AKS_ERROR_TEXT_LIMIT;

    if (strnlen(text, AKS_ERROR_TEXT_LIMIT + 1) <= AKS_ERROR_TEXT_LIMIT)
        return;
    while (length > AKS_ERROR_TEXT_LIMIT - 3 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--;
    text[length] = '\0';
}

bool aks_error_set_no_memory(struct aks_error *error)
{
    if (!aks_error_is_set(error))
        error->no_memory = true;
    return false;
}

bool aks_error_set(struct aks_error *error, const char *code, const char *format, ...)
{
    va_list arguments;

    if (aks_error_is_set(error))
        return false;
    error->code = strdup(code);
    va_start(arguments, format);
    if (vasprintf(&error->message, format, arguments) < 0)
        error->message = NULL;
    va_end(arguments);
    if (error->message)
        cut(error->message);
    if (!error->code || !error->message) {
        aks_error_clear(error);
        error->no_memory = true;
    }
    return false;
}

bool aks_error_set_findings(struct aks_error *error, struct aks_findings *findings)
{
    const struct aks_finding *first = NULL;

    for (size_t i = 0; i < findings->count && !first; i++)
        if (findings->items[i].severity == AKS_SEVERITY_ERROR)
            first = &findings->items[i];
    if (!first && findings->count > 0)
        first = &findings->items[0];
    if (first && !aks_error_is_set(error)) {
        aks_error_set(error, first->code, "%s", first->message);
        aks_error_note(&error->resource, first->resource);
        aks_error_note(&error->hint, first->remedy);
        error->findings = *findings;
        *findings = (struct aks_findings){0};
    }
    aks_findings_clear(findings);
    return false;
}

bool aks_error_has_code(const struct aks_error *error, const char *code)
{
    if (aks_error_is_set(error) && aks_text_equal_fold(aks_error_code(error), code))
        return true;
    for (size_t i = 0; i < error->detail_count; i++)
        if (aks_error_has_code(&error->details[i], code))
            return true;
    return false;
}

void aks_error_note(char **member, const char *text)
{
    if (*member || !text)
        return;
    *member = strdup(text);
    if (*member)
        cut(*member);
}

struct aks_error *aks_error_add_detail(struct aks_error *error)
{
    struct aks_error *details;

    if (error->detail_count == AKS_ERROR_DETAILS_LIMIT)
        return NULL;
    details = reallocarray(error->details, error->detail_count + 1, sizeof *details);
    if (!details)
        return NULL;
    error->details = details;
    details[error->detail_count] = (struct aks_error){0};
    return &details[error->detail_count++];
}

void aks_error_clear(struct aks_error *error)
{
#define X(member) free(error->member);
    AKS_ERROR_TEXTS(X)
#undef X
    for (size_t i = 0; i < error->detail_count; i++)
        aks_error_clear(&error->details[i]);
    free(error->details);
    aks_findings_clear(&error->findings);
    *error = (struct aks_error){0};
}

void aks_error_move(struct aks_error *target, struct aks_error *source)
{
    struct aks_error moved = *source; /* first, as the source may be one of the target's details */

    *source = (struct aks_error){0};
    aks_error_clear(target);
    *target = moved;
}

/* Copies everything into an empty error; false for want of memory. */
static bool copy(struct aks_error *target, const struct aks_error *source)
{
    bool ok = true;

#define X(member) ok = ok && (!source->member || (target->member = strdup(source->member)));
    AKS_ERROR_TEXTS(X)
#undef X
    target->status = source->status;
    target->retryable = source->retryable;
    target->unsent = source->unsent;
    target->no_memory = source->no_memory;
    for (size_t i = 0; ok && i < source->detail_count; i++) {
        struct aks_error *detail = aks_error_add_detail(target);

        ok = detail && copy(detail, &source->details[i]);
    }
    return ok && aks_findings_copy(&target->findings, &source->findings);
}

void aks_error_copy(struct aks_error *target, const struct aks_error *source)
{
    struct aks_error copied = {0};

    if (!copy(&copied, source)) {
        aks_error_clear(&copied);
        copied.no_memory = true;
    }
    aks_error_move(target, &copied);
}
