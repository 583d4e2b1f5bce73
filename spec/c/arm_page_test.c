/* Pages of lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arm/document.h"
#include "arm/page.h"

#define URL "https://management.azure.com/subscriptions/s/resourceGroups?api-version=1"

static bool read_page(const char *text, struct aks_page *page, struct aks_error *error)
{
    struct aks_reply reply = {.status = 200, .url = URL};
    bool done;

    if (text)
        reply.body = aks_document_parse(text, strlen(text), error);
    done = aks_page_read(page, &reply, error);
    json_decref(reply.body);
    return done;
}

static void reads_values_and_the_next_url_verbatim(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        const char *next;
    } rows[] = {
        {"{\"value\":[{},{}],\"nextLink\":\"" URL "&%24skipToken=a%2Fb&skipToken=\"}", 2,
         URL "&%24skipToken=a%2Fb&skipToken="},
        {"{\"value\":[]}", 0, NULL},
        {"{\"value\":[1],\"nextLink\":\"\"}", 1, NULL},
        {"{\"value\":[1],\"nextLink\":null}", 1, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_error error = {0};
        struct aks_page page;

        assert_true(read_page(rows[i].text, &page, &error));
        assert_int_equal(json_array_size(page.values), rows[i].count);
        if (rows[i].next)
            assert_string_equal(page.next, rows[i].next);
        else
            assert_null(page.next);
        aks_page_clear(&page);
    }
}

static void refuses_what_is_no_list(void **state)
{
    static const char *const rows[] = {"{}", "[]", "{\"value\":{}}", "null", "{\"value\":[],\"nextLink\":\"" URL "\"}",
                                       NULL};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_error error = {0};
        struct aks_page page;

        assert_false(read_page(rows[i], &page, &error));
        assert_string_equal(aks_error_code(&error), "response_invalid");
        aks_error_clear(&error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values_and_the_next_url_verbatim),
        cmocka_unit_test(refuses_what_is_no_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
