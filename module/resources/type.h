/* Resource types: everything that distinguishes one from another, as a row. */
#ifndef AKS_RESOURCES_TYPE_H
#define AKS_RESOURCES_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "arm/poll.h"
#include "resources/field.h"

struct aks_resource;

enum {
    AKS_TYPE_LOCATED = 1, /* has a location; one made in a group takes the group's */
    AKS_TYPE_TENTATIVE =
        2, /* its name, and so its id, is known only when its references are resolved (role assignment) */
    /* Its API honours If-None-Match: * (https://learn.microsoft.com/azure/aks/use-etags). */
    AKS_TYPE_CREATE_CONDITIONAL = 4,
    AKS_TYPE_BARE = 8 /* its name says enough to create it; of other types that are absent a spec is asked for */
};

struct aks_type {
    const char *name;     /* of the Lua constructor: "vnet" */
    const char *plural;   /* of the Lua collection: "vnets"; NULL: none */
    const char *title;    /* in messages: "virtual network" */
    const char *arm_type; /* "Microsoft.Network/virtualNetworks"; NULL for the generic resource */
    const char *api_version;
    const char *parent;    /* name of the type that constructs it: "resource_group", "client", or "*": any resource */
    const char *name_rule; /* of aks_name_rule_find; NULL: none */
    const char *id_path;   /* what stands between parent and name, where ids have a form of their own; or NULL */
    unsigned flags;
    struct aks_fields fields;
    const char *root; /* the member of the document in which the fields are: "properties"; NULL: the document itself */
    const char *etag; /* path of the entity tag in its document; NULL: it has none to send with If-Match */
    const char *const *stripped; /* paths of what Azure sets and a PUT must not send back; NULL-terminated */
    const char *embedded;        /* name of the child type that travels in its document: "subnet" in "vnet"; or NULL */
    const char *embedded_path;   /* where: "properties.subnets" */
    struct aks_poll_pace pace;   /* of its operations, when Azure names no Retry-After */
    /* What the rows cannot say; each may be NULL. */
    /* Takes over what a new resource has of its parent, whose document was read; `spec` may be changed. Makes
       create read the parent first; so does AKS_TYPE_LOCATED. */
    bool (*inherit)(json_t *spec, const json_t *parent);
    bool (*complete)(json_t *spec); /* adds to a new spec what it implies; false only for want of memory */
    bool (*check)(const struct aks_resource *resource, struct aks_findings *findings); /* across fields */
    bool (*tidy)(json_t *document); /* takes out what a PUT must not send back beyond `stripped` */
    bool (*relate)(const struct aks_resource *resource, struct aks_findings *findings); /* across objects */
    bool (*compose)(const struct aks_resource *resource, bool fresh, json_t *document,
                    struct aks_error *error); /* after the fields: defaults (when `fresh`: to be created) and members
                                                 that depend on several fields */
};

/* All types, NULL-terminated; and one by its Lua name. */
const struct aks_type *const *aks_types(void);
const struct aks_type *aks_type_find(const char *name);
const struct aks_type *aks_type_find_arm(const char *arm_type); /* without case */

extern const struct aks_type aks_type_resource_group, aks_type_vnet, aks_type_subnet, aks_type_identity,
    aks_type_role_assignment, aks_type_cluster, aks_type_pool, aks_type_nsg;

/* Any other ARM resource: no fields, no version of its own, and not in aks_types. `parent` of aks_resource_new is its
   id, `name` NULL. */
extern const struct aks_type aks_type_generic;

/* Resource providers and their preview features of a subscription, not in aks_types either. The name of a feature is
   "NAMESPACE/FEATURE". */
extern const struct aks_type aks_type_provider, aks_type_feature;

/* The first api-version of a feature's provider that needs no registration of it; NULL: it is needed, or not known not
   to be. */
const char *aks_feature_general_since(const char *name);

#endif
