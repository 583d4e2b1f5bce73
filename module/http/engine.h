/* The HTTP engine behind transport/transport.h: exchanges over one curl multi handle that the loop drives. */
#ifndef AKS_HTTP_ENGINE_H
#define AKS_HTTP_ENGINE_H

#include "transport/transport.h"

/* Exchanges under way at once, at most. */
#define AKS_ENGINE_CONCURRENCY_LIMIT 50

/* Makes libcurl ready for this process; call it once before the first engine. There is no counterpart: libcurl's
   global state belongs to the process, which may use it elsewhere. */
AKS_CHECK bool aks_engine_prepare(struct aks_error *error);

/* A new engine; copies the texts of `options`. NULL on failure. */
struct aks_transport *aks_engine_new(const struct aks_transport_options *options, struct aks_error *error);

#endif
