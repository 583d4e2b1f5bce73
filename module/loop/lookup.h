/* Looking up the address of a host, while the loop goes on. */
#ifndef AKS_LOOP_LOOKUP_H
#define AKS_LOOP_LOOKUP_H

#include "loop/loop.h"

struct aks_lookup;

/* Told once, never from inside aks_lookup_start and never after a cancel: `address` ("203.0.113.7", IPv4 before IPv6)
   is borrowed, and NULL when there is none or nobody answered within `seconds`. The lookup is over when it is told. */
typedef void aks_lookup_done(void *context, const char *address);

/* NULL on failure. */
struct aks_lookup *aks_lookup_start(struct aks_loop *loop, const char *host, double seconds, aks_lookup_done *done,
                                    void *context, struct aks_error *error);
void aks_lookup_cancel(struct aks_lookup *lookup); /* NULL is allowed */

#endif
