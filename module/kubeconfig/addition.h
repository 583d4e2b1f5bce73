/* A kubeconfig as Azure hands it out, made ready to be merged: checked, its context named. */
#ifndef AKS_KUBECONFIG_ADDITION_H
#define AKS_KUBECONFIG_ADDITION_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"
#include "kubeconfig/document.h"

/* Names the context, its cluster and current-context of the addition `context`, unless that is NULL; the context of an
   administrator's account gets the suffix "-admin". `name` is the context's name then (new text). Every context of the
   addition must refer to a cluster and a user in it. False on failure: "kubeconfig_invalid", "value_not_allowed". */
AKS_CHECK bool aks_kubeconfig_prepare(struct aks_yaml *addition, const char *context, char **name,
                                      struct aks_error *error);

#endif
