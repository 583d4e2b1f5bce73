/* Looking up the address of a host for a step. */
#include "loop/lookup.h"
#include "operations/operation.h"
#include "transport/url.h"

/* Longer than this nobody waits for a name server. */
#define LOOKUP_LIMIT 5.0

static void on_looked_up(void *context, const char *address)
{
    struct aks_operation *operation = context;

    operation->lookup = NULL;
    operation->looked_up(operation, address);
}

void aks_operation_look_up(struct aks_operation *operation, const char *host,
                           void (*looked_up)(struct aks_operation *operation, const char *address))
{
    struct aks_error error = {0};
    struct aks_url url;

    if (aks_url_parse(operation->session->endpoint, &url) && aks_url_is_loopback(&url)) {
        looked_up(operation, NULL);
        return;
    }
    aks_operation_tell(operation);
    operation->looked_up = looked_up;
    operation->lookup = aks_lookup_start(operation->session->loop, host, LOOKUP_LIMIT, on_looked_up, operation, &error);
    if (!operation->lookup)
        aks_operation_fail(operation, &error);
}
