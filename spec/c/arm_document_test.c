/* JSON in and out with bounds, and members by path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arm/document.h"

static json_t *parse(const char *text)
{
    struct aks_error error = {0};
    json_t *value = aks_document_parse(text, strlen(text), &error);

    assert_non_null(value);
    return value;
}

static void assert_document(const json_t *document, const char *expected)
{
    struct aks_error error = {0};
    char *text = aks_document_text(document, &error);

    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void assert_refused(const char *text, size_t length)
{
    struct aks_error error = {0};

    assert_null(aks_document_parse(text, length, &error));
    assert_string_equal(aks_error_code(&error), "response_invalid");
    aks_error_clear(&error);
}

static void reads_json_and_nothing_else(void **state)
{
    static const char *const good[] = {"{}", "[]", "null", "\"x\"", "\xEF\xBB\xBF{\"a\":1}", "{\"log\":\"a\\u0000b\"}"};
    static const char *const bad[] = {"", " ", "<html>", "{", "{}}", "{\"a\":}", "\xEF\xBB\xBF", "\"\xFF\""};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        json_decref(parse(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(bad[i], strlen(bad[i]));
    assert_refused(NULL, 0);
}

static void refuses_what_is_nested_too_deep(void **state)
{
    static const size_t depths[] = {AKS_DOCUMENT_DEPTH_LIMIT + 1, 5000, 100000};
    struct aks_error error = {0};
    json_t *deep;

    (void)state;
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        char *text = malloc(2 * depths[i]);

        memset(text, '[', depths[i]);
        memset(text + depths[i], ']', depths[i]);
        assert_refused(text, 2 * depths[i]);
        if (i == 0)
            json_decref(aks_document_parse(text + 1, 2 * AKS_DOCUMENT_DEPTH_LIMIT, &error));
        assert_false(aks_error_is_set(&error));
        free(text);
    }
    deep = json_array();
    for (int i = 0; i < AKS_DOCUMENT_DEPTH_LIMIT; i++) {
        json_t *outer = json_object();

        assert_int_equal(json_object_set_new(outer, "a", deep), 0);
        deep = outer;
    }
    assert_false(aks_document_is_shallow(deep));
    assert_null(aks_document_text(deep, &error));
    aks_error_clear(&error);
    json_decref(deep);
}

static void finds_members_by_path(void **state)
{
    json_t *document =
        parse("{\"id\":\"x\",\"properties\":{\"pools\":[{\"count\":3},{\"name\":\"b\"}],\"none\":null,\"n\":1}}");

    (void)state;
    assert_string_equal(aks_document_text_at(document, "id"), "x");
    assert_int_equal(json_integer_value(aks_document_get(document, "properties.pools[0].count")), 3);
    assert_string_equal(aks_document_text_at(document, "properties.pools[1].name"), "b");
    assert_true(json_is_null(aks_document_get(document, "properties.none")));
    assert_ptr_equal(aks_document_get(document, ""), document);
    assert_null(aks_document_get(document, "properties.pools[2].name"));
    assert_null(aks_document_get(document, "properties.pools.name"));
    assert_null(aks_document_get(document, "properties[0]"));
    assert_null(aks_document_get(document, "id.x.y"));
    assert_null(aks_document_get(document, "properties.none.x"));
    assert_null(aks_document_get(document, "properties..n"));
    assert_null(aks_document_get(document, "properties.pools[*]"));
    assert_null(aks_document_get(document, "properties.pools[99999999999999999999]"));
    assert_null(aks_document_text_at(document, "properties.n"));
    assert_null(aks_document_get(NULL, "id"));
    json_decref(document);
}

static void sets_members_by_path(void **state)
{
    static const struct {
        const char *before, *path, *after; /* `after` NULL: refused */
    } rows[] = {
        {"{}", "a", "{\"a\":1}"},
        {"{\"a\":0}", "a", "{\"a\":1}"},
        {"{}", "a.b.c", "{\"a\":{\"b\":{\"c\":1}}}"},
        {"{\"a\":null}", "a.b", "{\"a\":{\"b\":1}}"},
        {"{}", "a[0].b", "{\"a\":[{\"b\":1}]}"},
        {"{}", "a[0]", "{\"a\":[1]}"},
        {"{\"a\":[{\"c\":2}]}", "a[0].b", "{\"a\":[{\"c\":2,\"b\":1}]}"},
        {"{\"a\":[{},{\"b\":0}]}", "a[*].b", "{\"a\":[{\"b\":1},{\"b\":1}]}"},
        {"{\"a\":[0,0]}", "a[*]", "{\"a\":[1,1]}"},
        {"{\"a\":[]}", "a[*].b", "{\"a\":[]}"},
        {"{}", "a[*].b", "{}"},
        {"{}", "a[1].b", NULL},
        {"{\"a\":\"x\"}", "a.b", NULL},
        {"{\"a\":{}}", "a[0]", NULL},
        {"{\"a\":{}}", "a[*].b", NULL},
        {"{\"a\":[]}", "a.b", NULL},
        {"{}", "", NULL},
        {"{}", "a..b", NULL},
        {"[]", "a", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *document = parse(rows[i].before);

        assert_int_equal(aks_document_set(document, rows[i].path, json_integer(1)), rows[i].after != NULL);
        assert_document(document, rows[i].after ? rows[i].after : rows[i].before);
        json_decref(document);
    }
}

static void elements_do_not_share_what_is_set(void **state)
{
    json_t *document = parse("{\"a\":[{},{}]}");

    (void)state;
    assert_true(aks_document_set(document, "a[*].b", json_object()));
    assert_true(aks_document_set(document, "a[0].b.c", json_true()));
    assert_document(document, "{\"a\":[{\"b\":{\"c\":true}},{\"b\":{}}]}");
    assert_false(aks_document_set(document, "x", NULL));
    json_decref(document);
}

static void deletes_members_by_path(void **state)
{
    static const struct {
        const char *before, *path, *after;
    } rows[] = {
        {"{\"a\":1,\"b\":2}", "a", "{\"b\":2}"},
        {"{\"a\":{\"b\":1}}", "a.b", "{\"a\":{}}"},
        {"{\"a\":[{\"b\":1},{\"b\":2,\"c\":3}]}", "a[*].b", "{\"a\":[{},{\"c\":3}]}"},
        {"{\"a\":[1,2]}", "a[0]", "{\"a\":[2]}"},
        {"{\"a\":[1,2]}", "a[*]", "{\"a\":[]}"},
        {"{\"a\":1}", "b.c", "{\"a\":1}"},
        {"{\"a\":1}", "a.c", "{\"a\":1}"},
        {"{\"a\":1}", "a[0].c", "{\"a\":1}"},
        {"{\"a\":1}", "a[*].c", "{\"a\":1}"},
        {"{\"a\":1}", "", "{\"a\":1}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *document = parse(rows[i].before);

        aks_document_delete(document, rows[i].path);
        assert_document(document, rows[i].after);
        json_decref(document);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_json_and_nothing_else),
        cmocka_unit_test(refuses_what_is_nested_too_deep),
        cmocka_unit_test(finds_members_by_path),
        cmocka_unit_test(sets_members_by_path),
        cmocka_unit_test(elements_do_not_share_what_is_set),
        cmocka_unit_test(deletes_members_by_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
