/* What the credentials of workloads that another authority vouches for have in common. */
#ifndef AKS_AUTH_WORKLOAD_H
#define AKS_AUTH_WORKLOAD_H

#include "base/error.h"

/* As `explain` of an aks_entra_client: who made the application's federated credential and the workload's token differ
   wants to see what is in the token. */
void aks_workload_explain(const char *proof, struct aks_error *error);

#endif
