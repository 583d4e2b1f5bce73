/* A transport that loads its engine (aks.http) when the first request is sent. */
#ifndef AKS_LUA_TRANSPORT_H
#define AKS_LUA_TRANSPORT_H

#include "transport/transport.h"

struct aks_runtime;

/* NULL for want of memory. Options are copied. */
struct aks_transport *aks_lazy_transport_new(struct aks_runtime *runtime, const struct aks_transport_options *options);

#endif
