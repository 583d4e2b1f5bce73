/* A network security group's document in the terms of rules/security_rule.h. */
#ifndef AKS_OPERATIONS_SECURITY_GROUP_H
#define AKS_OPERATIONS_SECURITY_GROUP_H

#include <jansson.h>

#include "rules/required_flow.h"

/* What was read of a document, which must outlive it. Zero-initialised is empty. */
struct aks_security_view {
    struct aks_security_group group;
    struct aks_security_rule *rules;
    const char **texts; /* of all rules, one after the other */
    size_t text_count;
};

/* Reads the rules of a group. `network` (borrowed): the prefixes of the virtual network. A rule whose direction, access
   or protocol is none that we know is left out, as Azure has none such. False only for want of memory. */
AKS_CHECK bool aks_security_view_read(struct aks_security_view *view, const json_t *document,
                                      const struct aks_cidr *network, size_t network_count);
void aks_security_view_clear(struct aks_security_view *view);

#endif
