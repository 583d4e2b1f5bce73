/* The HTTP engine: curl's multi interface on the event loop. */
#ifndef AKS_HTTP_ENGINE_H
#define AKS_HTTP_ENGINE_H

#include "transport/transport.h"

/* NULL on failure. Texts are copied. curl_global_init must have been called. */
struct aks_transport *engine_new(const struct aks_transport_options *options, struct aks_error *error);

#endif
