/* Reads one page of a list out of an answer. Following the pages is the caller's. */
#include "arm/page.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"

bool aks_page_read(struct aks_page *page, struct aks_reply *reply, struct aks_error *error)
{
    json_t *values = json_object_get(reply->body, "value");
    const char *next = aks_document_text_at(reply->body, "nextLink");

    *page = (struct aks_page){0};
    if (!json_is_array(values))
        return aks_error_set(error, "response_invalid", "the answer is no list: it has no array \"value\"");
    if (next && *next != '\0') {
        if (reply->url && strcmp(next, reply->url) == 0)
            return aks_error_set(error, "response_invalid", "the list names the same page as its next one");
        page->next = strdup(next);
        if (!page->next)
            return aks_error_set_no_memory(error);
    }
    page->values = json_incref(values);
    return true;
}

void aks_page_clear(struct aks_page *page)
{
    json_decref(page->values);
    free(page->next);
    *page = (struct aks_page){0};
}
