/* For C tests: JSON written with single quotes, and allocators of jansson that fail when asked to. */
#ifndef SPEC_SUPPORT_JSON_TEXT_H
#define SPEC_SUPPORT_JSON_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* New value; "'" stands for '"'. */
static inline json_t *json_of(const char *text)
{
    char *copy = strdup(text);
    json_error_t error;
    json_t *value;

    assert_non_null(copy);
    for (char *at = copy; *at; at++)
        if (*at == '\'')
            *at = '"';
    value = json_loads(copy, JSON_DECODE_ANY, &error);
    if (!value)
        fail_msg("%s: %s", error.text, text);
    free(copy);
    return value;
}

/* Compares with text; members in any order. NULL text: there must be no value. */
static inline void expect_json(const json_t *actual, const char *text)
{
    json_t *expected = text ? json_of(text) : NULL;

    if (expected ? !json_equal(actual, expected) : actual != NULL) {
        char *shown = actual ? json_dumps(actual, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
        char *wanted = expected ? json_dumps(expected, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;

        /* cmocka cuts long messages */
        fprintf(stderr, "got      %s\nexpected %s\n", shown ? shown : "nothing", wanted ? wanted : "nothing");
        fail();
    }
    json_decref(expected);
}

/* As expect_json, and releases the value. */
static inline void expect_json_new(json_t *actual, const char *text)
{
    expect_json(actual, text);
    json_decref(actual);
}

/* How many allocations of jansson succeed before one fails; negative: all do. */
static int json_allocations_left = -1;
static bool json_allocation_failed;

static inline void *scarce_malloc(size_t size)
{
    if (json_allocations_left == 0) {
        json_allocation_failed = true;
        json_allocations_left = -1; /* one failure at a time */
        return NULL;
    }
    if (json_allocations_left > 0)
        json_allocations_left--;
    return malloc(size);
}

/* Runs `attempt` with the first, the second, ... allocation failing, until one run has no failure. Each run must fail
   exactly when an allocation did. The leak checker watches. */
static inline void torture_json(bool (*attempt)(void *context), void *context)
{
    bool failed = true;

    json_set_alloc_funcs(scarce_malloc, free);
    for (int count = 0; failed; count++) {
        bool done;

        json_allocation_failed = false;
        json_allocations_left = count;
        done = attempt(context);
        json_allocations_left = -1;
        failed = json_allocation_failed;
        if (done == failed)
            fail_msg("with allocation %d failing: %s", count, done ? "no failure was told" : "failed without reason");
    }
    json_set_alloc_funcs(malloc, free);
}

#endif
