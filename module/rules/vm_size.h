/* What the name of a size of virtual machines tells: "Standard_D4s_v3" has 4 cores and counts as "standardDSv3Family".
   Pure. https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions */
#ifndef AKS_RULES_VM_SIZE_H
#define AKS_RULES_VM_SIZE_H

#include <stdbool.h>
#include <stddef.h>

/* The most that is believed of a name. */
#define AKS_VM_SIZE_CORES_LIMIT 10000
#define AKS_VM_SIZE_FAMILY_SIZE 96

/* Cores of a size; 0: its name does not tell. */
unsigned aks_vm_size_cores(const char *size);

/* Writes the family under whose quota a size counts, in the words of Microsoft.Compute's usages but for upper and lower
   case; false: its name does not tell. */
bool aks_vm_size_family(const char *size, char family[AKS_VM_SIZE_FAMILY_SIZE]);

#endif
