/* What can be done with resources: each returns a new operation that is not started yet, or NULL. */
#ifndef AKS_OPERATIONS_OPERATIONS_H
#define AKS_OPERATIONS_OPERATIONS_H

#include "operations/operation.h"

/* Create the resource or bring it to its spec: reads, then acts on the difference. Result: none (resource->state
   tells). What is under way on it is waited for, not repeated; what nobody declared is kept. A cluster that does not
   exist yet is refused, with every finding, when what it needs is not there (unless the option "check" is false). */
struct aks_operation *aks_operation_new_create(struct aks_resource *resource, const json_t *options,
                                               struct aks_error *error);

/* The same for a role assignment: finds out principal and role, then assigns; one that exists is success. A new
   identity that Azure's directory does not know yet is waited for. */
struct aks_operation *aks_operation_new_assign(struct aks_resource *resource, struct aks_error *error);

/* Read: sets resource->state. Result: the document, or none when it is absent. */
struct aks_operation *aks_operation_new_read(struct aks_resource *resource, struct aks_error *error);

/* Register a resource provider, or a feature and then its provider again, and wait until that is done (minutes).
   Nothing is sent but reads for a provider that is registered. A feature that is generally available and unknown to the
   cloud is success. */
struct aks_operation *aks_operation_new_register(struct aks_resource *resource, struct aks_error *error);

/* Find what speaks against creating the resource, by reads alone. Objects that are declared and do not exist yet count
   as if they did. Result: a list of findings, errors first: {"code", "severity", "resource", "field", "message",
   "remedy"}. */
struct aks_operation *aks_operation_new_check(struct aks_resource *resource, struct aks_error *error);

/* New document of findings; NULL for want of memory. */
json_t *aks_findings_document(const struct aks_findings *findings);

/* Delete; absent is success. */
struct aks_operation *aks_operation_new_delete(struct aks_resource *resource, struct aks_error *error);

/* Wait until nothing is under way on it. Result: as read. Fails with "operation_failed" when it ended as Failed or
 * Canceled. */
struct aks_operation *aks_operation_new_wait(struct aks_resource *resource, struct aks_error *error);

/* Clusters: bring the nodes and the control plane up or down, and end what is under way (nothing under way is success).
   Start and stop wait for what is under way already, and do nothing when it is as wanted. */
struct aks_operation *aks_operation_new_start(struct aks_resource *resource, struct aks_error *error);
struct aks_operation *aks_operation_new_stop(struct aks_resource *resource, struct aks_error *error);
struct aks_operation *aks_operation_new_abort(struct aks_resource *resource, struct aks_error *error);

/* The operations that take options: the table of options that Lua gives, checked against the fields of that name. */
extern const struct aks_fields aks_create_options, aks_convert_options, aks_toggle_options, aks_credentials_options,
    aks_add_missing_rules_options;

/* Converts a cluster to API Server VNet Integration, and restarts it. Refuses with every finding at once before
   anything is changed; without approval with "approval_required", which says what would happen. Goes on where an
   earlier run was interrupted. Result: {"converted", "restarted", "restart_required": bool, "before", "after":
   {"apiserver_address", "node_image_version"}, "stale": [{"resource", "rule", "field"}]: what still names the old
   address}. */
struct aks_operation *aks_operation_new_convert(struct aks_resource *resource, const json_t *options,
                                                struct aks_error *error);

/* What speaks against that, by reads alone. Result: as aks_operation_new_check. */
struct aks_operation *aks_operation_new_convert_check(struct aks_resource *resource, const json_t *options,
                                                      struct aks_error *error);

/* Asks for the kubeconfig of a cluster. Result: its text. */
struct aks_operation *aks_operation_new_credentials(struct aks_resource *resource, const json_t *options,
                                                    struct aks_error *error);

/* Turns private mode of an integrated cluster on or off; nothing is sent when it is as wanted. Result: {"private",
   "changed": bool, "appeared", "gone": {field: host name}, "removed_authorized_ip_ranges": [...] (going private, if
   there were any), "leftover_private_dns_zone": name (going public)}. Fails with "not_integrated",
   "cluster_not_running". */
struct aks_operation *aks_operation_new_toggle(struct aks_resource *resource, const json_t *options,
                                               struct aks_error *error);

/* Gives a network security group the rules that it lacks so that the traffic of API Server VNet Integration passes: of
   the side, API server or nodes, on whose subnet it is (on neither yet: API server). Each comes ahead of what denies
   it, and nothing else changes. Result: the rules that were added, in the terms of the field "rules". */
struct aks_operation *aks_operation_new_add_missing_rules(struct aks_resource *resource, const json_t *options,
                                                          struct aks_error *error);

/* One page of a collection: of `type` below `parent` (id of a group, VNet, subscription...), or the page at `next`.
   Result: {"values": [documents], "next": URL or absent}. */
struct aks_operation *aks_operation_new_list(struct aks_session *session, const struct aks_type *type,
                                             const char *parent, const char *next, struct aks_error *error);

/* Any request to any resource, long-running ones followed to their end. Result: the document, or none. */
struct aks_any_request {
    const char *method;
    const char *target; /* "/subscriptions/..." with any sub-path */
    const char *api_version;
    const json_t *body;     /* borrowed for the call; NULL: none */
    bool absent_is_success; /* a 404 is no error: result none */
};
struct aks_operation *aks_operation_new_request(struct aks_session *session, const struct aks_any_request *request,
                                                struct aks_error *error);

#endif
