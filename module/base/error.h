/* The one error value: what went wrong, where, what Azure calls it, and what to do about it. */
#ifndef AKS_BASE_ERROR_H
#define AKS_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/finding.h"

/* Every text of an error: X(member). The same names are the fields of the error object in Lua and of errors as JSON. */
#define AKS_ERROR_TEXTS(X)                                                                                             \
    X(code)           /* ours in snake_case ("timeout"), or ARM's own ("SubnetIsDelegated") */                         \
    X(message)        /* a sentence */                                                                                 \
    X(target)         /* ARM's target: a property path */                                                              \
    X(resource)       /* id of the resource, or what it is ("subnet 'apiserver'") when it has no id yet */             \
    X(operation)      /* "create", "delete", ... */                                                                    \
    X(step)           /* the step of the operation */                                                                  \
    X(request_id)     /* x-ms-request-id of the answer: what Azure support asks for */                                 \
    X(correlation_id) /* x-ms-correlation-request-id of the operation */                                               \
    X(hint)           /* what to do about it */

/* Zero-initialised is "no error". It owns its texts, details and findings. */
struct aks_error {
#define X(member) char *member;
    AKS_ERROR_TEXTS(X)
#undef X
    int status;                /* HTTP status of the answer, 0 when there was none */
    bool retryable;            /* doing the same again later may succeed */
    bool unsent;               /* the request did not reach the server: repeating it is safe whatever it does */
    bool no_memory;            /* set instead of texts when memory was short: code "out_of_memory" */
    struct aks_error *details; /* ARM's details and inner errors */
    size_t detail_count;
    struct aks_findings findings; /* of refused arguments: all of them */
};

/* Sets code and message; returns false always, so that a failing function can end in `return aks_error_set(...)`.
   The first error wins: an error that is set stays as it is. `code` is copied. Cannot fail itself. */
bool aks_error_set(struct aks_error *error, const char *code, const char *format, ...) AKS_PRINTF(3, 4);

/* The same for "out_of_memory", without allocating. */
bool aks_error_set_no_memory(struct aks_error *error);

/* Sets code and message from the first error finding and takes the list over (which is then empty). Returns false. */
bool aks_error_set_findings(struct aks_error *error, struct aks_findings *findings);

bool aks_error_is_set(const struct aks_error *error);

/* The code as text: never NULL for an error that is set ("out_of_memory" without memory). */
const char *aks_error_code(const struct aks_error *error);

/* Whether the error, or one of its details at any depth, has this code (ARM's codes are compared without case). */
bool aks_error_has_code(const struct aks_error *error, const char *code);

/* Fills an empty text member, such as &error->step; a filled one stays: the innermost, most exact context wins.
   NULL text does nothing. For want of memory the member stays empty. */
void aks_error_note(char **member, const char *text);

/* Appends an empty detail for the caller to fill, before it adds another (which may move them); NULL for want of memory
   (or beyond AKS_ERROR_DETAILS_LIMIT). */
struct aks_error *aks_error_add_detail(struct aks_error *error);
#define AKS_ERROR_DETAILS_LIMIT 100

/* Messages from outside are cut to this many bytes. */
#define AKS_ERROR_TEXT_LIMIT 8192

void aks_error_clear(struct aks_error *error);

/* Clears `target` and moves `source` into it, which may be one of its details; `source` is then empty. */
void aks_error_move(struct aks_error *target, struct aks_error *source);

/* Clears `target` and copies; for want of memory the copy is an "out_of_memory" error. */
void aks_error_copy(struct aks_error *target, const struct aks_error *source);

#endif
