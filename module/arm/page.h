/* One page of a list: its values and where the next one is. */
#ifndef AKS_ARM_PAGE_H
#define AKS_ARM_PAGE_H

#include <jansson.h>

#include "arm/call.h"

/* Zero-initialised is empty. */
struct aks_page {
    json_t *values; /* owned: an array */
    char *next;     /* owned: the next page's URL, verbatim; NULL on the last */
};

/* Reads a page out of an answer; fails with "response_invalid" when it is no list, or names itself as the next page. */
AKS_CHECK bool aks_page_read(struct aks_page *page, struct aks_reply *reply, struct aks_error *error);
void aks_page_clear(struct aks_page *page);

#endif
