/* The operation "list": one page of a collection. */
#include "operations/operations.h"

#include <stdlib.h>
#include <string.h>

#include "arm/page.h"
#include "base/text.h"

struct list {
    char *target; /* path of the collection, or the URL of a further page */
    const char *api_version;
};

static void clear(void *data)
{
    struct list *list = data;

    free(list->target);
}

/* New {"values": [...], "next": URL}; takes the values out of the page. */
static json_t *as_result(struct aks_page *page)
{
    json_t *result = json_object();
    int failed = json_object_set_new(result, "values", page->values);

    page->values = NULL;
    if (page->next)
        failed |= json_object_set_new(result, "next", json_string(page->next));
    if (failed) {
        json_decref(result);
        return NULL;
    }
    return result;
}

static void answered(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    struct aks_page page = {0};
    json_t *result;

    if (!reply || !aks_page_read(&page, reply, error)) {
        aks_operation_fail(operation, error);
        return;
    }
    result = as_result(&page);
    aks_page_clear(&page);
    if (!result) {
        aks_error_set_no_memory(error);
        aks_operation_fail(operation, error);
        return;
    }
    aks_operation_succeed(operation, result);
}

static void list_page(struct aks_operation *operation)
{
    const struct list *list = operation->data;
    struct aks_call_request request = {.method = "GET", .target = list->target, .api_version = list->api_version};

    aks_operation_call(operation, &request, answered);
}

static const struct aks_step steps[] = {{"list", list_page}};

static const struct aks_operation_kind kind = {
    .name = "list",
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
    .data_size = sizeof(struct list),
    .clear = clear,
};

/* "Microsoft.Network/virtualNetworks/subnets" below a VNet is ".../subnets"; below a group, ".../providers/TYPE". */
static char *collection_path(const char *parent, const char *type, struct aks_error *error)
{
    struct aks_id id = {0};
    char *path = NULL;

    if (strcmp(type, "Microsoft.Resources/resourceGroups") == 0) {
        path = aks_text_format("%s/resourcegroups", parent);
    } else if (aks_id_build(parent, type, "x", &id, error)) {
        path = aks_text_copy_n(id.text, strlen(id.text) - strlen("/x"));
        aks_id_clear(&id);
    } else {
        return NULL;
    }
    if (!path)
        aks_error_set_no_memory(error);
    return path;
}

struct aks_operation *aks_operation_new_list(struct aks_session *session, const struct aks_type *type,
                                             const char *parent, const char *next, struct aks_error *error)
{
    struct aks_operation *operation = aks_operation_new(&kind, session, NULL, error);
    struct list *list;

    if (!operation)
        return NULL;
    list = operation->data;
    list->api_version = next ? NULL : type->api_version;
    if (!next)
        list->target = collection_path(parent, type->arm_type, error);
    else if (!(list->target = strdup(next)))
        aks_error_set_no_memory(error);
    if (!list->target) {
        aks_operation_release(operation);
        return NULL;
    }
    return operation;
}
