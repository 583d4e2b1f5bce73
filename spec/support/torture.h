/* An allocator that fails at the n-th call, and counts what is held: for the memory tests of C. A test program that
   includes it has it in place of the system's, also under AddressSanitizer. */
#ifndef AKS_SPEC_TORTURE_H
#define AKS_SPEC_TORTURE_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define TORTURE_SYSTEM(function) __interceptor_##function
#else
#define TORTURE_SYSTEM(function) __libc_##function
#endif

extern void *TORTURE_SYSTEM(malloc)(size_t size);
extern void *TORTURE_SYSTEM(calloc)(size_t count, size_t size);
extern void *TORTURE_SYSTEM(realloc)(void *block, size_t size);
extern void TORTURE_SYSTEM(free)(void *block);

/* They are called while AddressSanitizer starts, before code that it has changed can run. */
#define TORTURE_PLAIN __attribute__((no_sanitize("address", "undefined")))

static struct {
    bool on;
    bool only_one; /* the allocations after the one that failed succeed again */
    bool refused;  /* one has failed */
    long left;     /* allocations until the first that fails */
    long held;     /* blocks */
} torture_state;

TORTURE_PLAIN static bool torture_refuses(void)
{
    if (!torture_state.on || torture_state.left-- > 0 || (torture_state.only_one && torture_state.refused))
        return false;
    torture_state.refused = true;
    errno = ENOMEM;
    return true;
}

TORTURE_PLAIN static void *torture_count(void *block)
{
    torture_state.held += block != NULL;
    return block;
}

TORTURE_PLAIN void *malloc(size_t size)
{
    return torture_refuses() ? NULL : torture_count(TORTURE_SYSTEM(malloc)(size));
}

TORTURE_PLAIN void *calloc(size_t count, size_t size)
{
    return torture_refuses() ? NULL : torture_count(TORTURE_SYSTEM(calloc)(count, size));
}

TORTURE_PLAIN void *realloc(void *block, size_t size)
{
    void *moved = torture_refuses() ? NULL : TORTURE_SYSTEM(realloc)(block, size);

    return block ? moved : torture_count(moved);
}

TORTURE_PLAIN void free(void *block)
{
    torture_state.held -= block != NULL;
    TORTURE_SYSTEM(free)(block);
}

/* These allocate through the functions above in the C library, but past them in AddressSanitizer's. */

TORTURE_PLAIN void *reallocarray(void *block, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(block, total);
}

TORTURE_PLAIN static char *torture_copy(const char *text, size_t length)
{
    char *copy = malloc(length + 1);

    if (copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

TORTURE_PLAIN char *strdup(const char *text)
{
    return torture_copy(text, strlen(text));
}

TORTURE_PLAIN char *strndup(const char *text, size_t length)
{
    return torture_copy(text, strnlen(text, length));
}

/* Runs `attempt` until no allocation of it fails any more: with the first one failing, then the second, ..., alone and
   with all that follow. `attempt` tells whether all was as it must be (torture_state.refused: memory was short) and has
   released what it took. The result is NULL, or what went wrong. */
static const char *torture(bool (*attempt)(void))
{
    for (int only_one = 0; only_one <= 1; only_one++)
        for (long n = 0;; n++) {
            long before = torture_state.held;
            bool ok;

            torture_state.refused = false;
            torture_state.only_one = only_one;
            torture_state.left = n;
            torture_state.on = true;
            ok = attempt();
            torture_state.on = false;
            if (!ok)
                return torture_state.refused ? "not as it must be without memory" : "not as it must be with memory";
            if (torture_state.held != before)
                return "memory was lost";
            if (!torture_state.refused)
                break;
            if (n == 10000)
                return "it never ends";
        }
    return NULL;
}

#endif
