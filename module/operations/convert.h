/* What the files of the operation "convert" share. */
#ifndef AKS_OPERATIONS_CONVERT_H
#define AKS_OPERATIONS_CONVERT_H

#include "operations/survey.h"

/* A cluster that was converted and not restarted yet carries this tag: whoever finds it can finish the work. Its value
   ends in the API server's earlier address, where that was known. */
#define AKS_CONVERT_TAG "aks-restart-required"
#define AKS_CONVERT_TAG_VALUE "converted; API server was at "

struct aks_convert {
    struct aks_survey survey; /* first: see survey.h */
    char *apiserver_subnet;   /* id */
    char *looked_up;          /* address of a public API server, as DNS has it; NULL: not known */
    bool approved, restart, check_only;
    bool converted;    /* by this run */
    bool was_starting; /* the restart of an earlier run was found in its second half */
    json_t *before;    /* {"address", "node_image_version"}: of the API server, of the first pool */
    struct aks_findings findings;
};

/* The name of that tag in a cluster's document; NULL: it has none. Borrowed. */
const char *aks_convert_mark(const json_t *document);
/* Takes the earlier address out of the tag that the cluster has. False only for want of memory. */
AKS_CHECK bool aks_convert_recall(struct aks_operation *operation);
/* Puts the tag into a body. */
AKS_CHECK bool aks_convert_write_mark(const struct aks_convert *convert, json_t *body, struct aks_error *error);
/* Step: takes it off. */
void aks_convert_unmark(struct aks_operation *operation);

/* What to look at before a conversion: the network of the nodes, the subnet, the roles of the cluster's identity. */
void aks_convert_look(struct aks_operation *operation);
void aks_convert_seen(struct aks_operation *operation, const struct aks_sight *sight);

/* Adds to the findings all that speaks against converting, from what was read and seen. False only for want of
   memory. */
AKS_CHECK bool aks_convert_check(struct aks_operation *operation);

/* What to look at to tell the API server's address, and afterwards the rules that may name the old one. */
void aks_convert_look_address(struct aks_operation *operation);
void aks_convert_look_rules(struct aks_operation *operation, const struct aks_sight *sight);

/* The API server's address as seen; NULL when no resource shows it. Borrowed from the survey. */
const char *aks_convert_address(const struct aks_operation *operation);

/* New list of what still names `address`: {"resource", "rule", "field"}; NULL for want of memory. */
json_t *aks_convert_stale(const struct aks_operation *operation, const char *address);

#endif
