/* The tag by which a conversion that was interrupted is found again, and the API server's earlier address in it. */
#include "operations/convert.h"

#include <string.h>

#include "arm/document.h"
#include "base/text.h"
#include "operations/current.h"

/* The tag of a conversion by us that is not finished; NULL: there is none. Tags' names have no case. */
const char *aks_convert_mark(const json_t *document)
{
    json_t *tags = json_object_get(document, "tags");

    for (void *at = json_object_iter(tags); at; at = json_object_iter_next(tags, at))
        if (aks_text_equal_fold(json_object_iter_key(at), AKS_CONVERT_TAG))
            return json_object_iter_key(at);
    return NULL;
}

bool aks_convert_recall(struct aks_operation *operation)
{
    struct aks_convert *convert = operation->data;
    json_t *tags = json_object_get(operation->resource->state, "tags");
    const char *value = json_string_value(json_object_get(tags, aks_convert_mark(operation->resource->state)));
    const char *address = value ? strrchr(value, ' ') : NULL;

    if (convert->before)
        return true;
    if (!address || strncmp(value, AKS_CONVERT_TAG_VALUE, strlen(AKS_CONVERT_TAG_VALUE)) != 0)
        convert->before = json_object();
    else
        convert->before = json_pack("{s:s}", "apiserver_address", address + 1);
    return convert->before;
}

bool aks_convert_write_mark(const struct aks_convert *convert, json_t *body, struct aks_error *error)
{
    const char *address = json_string_value(json_object_get(convert->before, "apiserver_address"));

    return aks_convert_mark(body) ||
           aks_field_put(body, "tags." AKS_CONVERT_TAG,
                         json_sprintf(AKS_CONVERT_TAG_VALUE "%s", address ? address : "unknown"), error);
}

/* The restart is done, and the tag that asked for it goes. Tags are all that a PATCH changes; they are
   read first, as somebody may have changed them meanwhile. */
static void unmarked(struct aks_operation *operation, json_t *document, struct aks_error *error)
{
    (void)document;
    if (!aks_error_is_set(error))
        aks_operation_next(operation);
    else if (!aks_current_begin_again(operation, operation->step, error))
        aks_operation_fail(operation, error);
}

static void read_for_unmarking(struct aks_operation *operation, struct aks_reply *reply, struct aks_error *error)
{
    struct aks_call_request request = aks_operation_request(operation, "PATCH");
    const char *mark = reply ? aks_convert_mark(reply->body) : NULL;
    json_t *body = mark ? json_pack("{s:o}", "tags", json_deep_copy(json_object_get(reply->body, "tags"))) : NULL;

    if (!reply) {
        aks_operation_fail(operation, error);
    } else if (!mark) {
        aks_operation_next(operation);
    } else if (!body) {
        aks_error_set_no_memory(error);
        aks_operation_fail(operation, error);
    } else {
        json_object_del(json_object_get(body, "tags"), mark);
        request.body = body;
        request.if_match = aks_document_text_at(reply->body, "eTag");
        aks_operation_follow(operation, &request, unmarked);
    }
    json_decref(body);
}

void aks_convert_unmark(struct aks_operation *operation)
{
    struct aks_call_request request = aks_operation_request(operation, "GET");

    aks_operation_call(operation, &request, read_for_unmarking);
}
