/* Any text as a resource id: what is read keeps its text, has a parent that is an id again, and is within it. */
#include "../support/fuzz.h"
#include "arm/id.h"

/* From an id to the root: each parent is shorter, is read as well, and holds its child. */
static void check_parents(const char *text)
{
    struct aks_error error = {0};
    struct aks_id id;

    FUZZ_CHECK(aks_id_parse(text, &id, &error));
    while (id.parent) {
        struct aks_id parent;

        FUZZ_CHECK(strlen(id.parent) < strlen(id.text));
        FUZZ_CHECK(aks_id_is_within(id.text, id.parent));
        FUZZ_CHECK(!aks_id_equal(id.text, id.parent));
        FUZZ_CHECK(aks_id_parse(id.parent, &parent, &error));
        aks_id_clear(&id);
        id = parent;
    }
    aks_id_clear(&id);
}

static void check_id(const struct aks_id *id, const char *text)
{
    struct aks_error error = {0};
    struct aks_id copy, built;

    FUZZ_CHECK(strcmp(id->text, text) == 0);
    FUZZ_CHECK(id->type && id->type[0] && id->name && id->name[0]);
    FUZZ_CHECK(id->subscription || !id->resource_group);
    FUZZ_CHECK(aks_id_equal(text, id->text) && aks_id_is_within(text, text));
    FUZZ_CHECK(aks_id_copy(&copy, id, &error));
    FUZZ_CHECK(strcmp(copy.text, id->text) == 0 && strcmp(copy.type, id->type) == 0);
    aks_id_clear(&copy);
    if (id->parent && aks_id_build(id->parent, id->type, id->name, &built, &error)) {
        FUZZ_CHECK(strcmp(built.name, id->name) == 0);
        aks_id_clear(&built);
    }
    aks_error_clear(&error);
    check_parents(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct aks_error error = {0};
    struct aks_id id;
    bool valid = aks_id_parse(text, &id, &error);

    FUZZ_CHECK(aks_error_is_set(&error) == !valid);
    if (valid)
        check_id(&id, text);
    else
        FUZZ_CHECK(!id.text && !id.type && !id.name && !id.parent);
    (void)aks_id_equal(text, "/subscriptions/S");
    (void)aks_id_is_within(text, "/subscriptions/S");
    aks_id_clear(&id);
    aks_error_clear(&error);
    free(text);
    return 0;
}
