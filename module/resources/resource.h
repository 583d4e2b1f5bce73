/* A resource: what was declared of it, and what was last read of it. */
#ifndef AKS_RESOURCES_RESOURCE_H
#define AKS_RESOURCES_RESOURCE_H

#include <jansson.h>
#include <stdbool.h>

#include "arm/id.h"
#include "arm/session.h"
#include "resources/type.h"

/* A field that was given another resource object: its state is looked at when the operation runs, not read twice. */
struct aks_reference {
    const struct aks_field *field;
    struct aks_resource *resource; /* owned (retained) */
};

/* Reference-counted. A parent retains the children that travel in its document; a child does not retain its parent. */
struct aks_resource {
    unsigned references;
    struct aks_session *session; /* retained */
    const struct aks_type *type;
    struct aks_id id; /* of a tentative type: empty text until resolved; `parent` is then its scope */
    char *title;      /* "subnet 'apiserver'": what messages call it */
    char *location;   /* declared, or the parent's when it was known; NULL: not known yet */
    json_t *spec;     /* owned; NULL: nothing was declared (a name for something that exists) */
    json_t *state;    /* owned: the document last read; NULL: absent, or not read */
    bool read;        /* whether `state` says something */
    struct aks_reference *refers;
    size_t refer_count;
    struct aks_resource **referrers; /* not retained: those that refer to this one; each leaves when it is freed */
    size_t referrer_count;
    struct aks_resource **declared; /* not retained: those that name this one as their parent */
    size_t declared_count;
    struct aks_resource *parent;    /* not retained: the object that declared it, while that lives; NULL: none */
    struct aks_resource **children; /* retained: declared resources of the type `type->embedded` */
    size_t child_count;
};

/* Declares a resource below `parent` (text of an id: the scope, for a role assignment). `name` is NULL for a tentative
   type. `spec` (may be NULL) is taken, also on failure. All that is wrong with name and spec comes as findings of one
   error. `location`: of the parent, may be NULL. */
struct aks_resource *aks_resource_new(struct aks_session *session, const struct aks_type *type, const char *parent,
                                      const char *name, json_t *spec, const char *location, struct aks_error *error);
struct aks_resource *aks_resource_retain(struct aks_resource *resource);
void aks_resource_release(struct aks_resource *resource); /* NULL is allowed */

/* `child` travels with `parent` from now on; one declared again under the same name replaces the earlier. */
AKS_CHECK bool aks_resource_add_child(struct aks_resource *parent, struct aks_resource *child, struct aks_error *error);
/* Notes which object declared the resource, which lasts while that object lives. */
AKS_CHECK bool aks_resource_set_parent(struct aks_resource *resource, struct aks_resource *parent,
                                       struct aks_error *error);
/* Forgets which objects were given: a resource that was refused must not count as one that uses them. */
void aks_resource_forget_references(struct aks_resource *resource);
/* What is wrong with it together with the objects that it refers to and lies in. False only for want of memory. */
AKS_CHECK bool aks_resource_relate(const struct aks_resource *resource, struct aks_findings *findings);

/* Notes which object was given for a field. */
AKS_CHECK bool aks_resource_add_reference(struct aks_resource *resource, const struct aks_field *field,
                                          struct aks_resource *other, struct aks_error *error);
/* The object given for a field; NULL when an id was given, or nothing. Borrowed. */
struct aks_resource *aks_resource_referred(const struct aks_resource *resource, const char *field);
/* The object with this id that was given anywhere in the spec; NULL: none. Borrowed. */
struct aks_resource *aks_resource_referred_to(const struct aks_resource *resource, const char *id);

/* What was read: takes `document` (NULL: absent). Children that travel in it learn their part. */
AKS_CHECK bool aks_resource_set_state(struct aks_resource *resource, json_t *document, struct aks_error *error);

/* New value of a field for the user: as last read, else as declared; NULL when there is none. */
json_t *aks_resource_field(const struct aks_resource *resource, const char *name);

/* The declared value (borrowed) of a field; NULL when the spec has none. */
const json_t *aks_resource_declared(const struct aks_resource *resource, const char *name);

/* New body for a PUT that brings the resource to its spec: `document` (borrowed; NULL: it does not exist) less what
   Azure sets, with the declared fields and children written over it. Members nobody declared stay as they are. */
json_t *aks_resource_body(const struct aks_resource *resource, const json_t *document, struct aks_error *error);

/* New body for a PUT that changes nothing: what was last read (it must exist) less what Azure sets. For operations that
   change something themselves, whatever the spec says. */
json_t *aks_resource_unchanged(const struct aks_resource *resource, struct aks_error *error);

/* What the PUT would change: fields of the resource and of its children (those of children named "subnets.apiserver..."
   are told by their child). Changing a create-only field is a finding field_create_only. `*count` is 0 when all is as
   declared. */
AKS_CHECK bool aks_resource_compare(const struct aks_resource *resource, const json_t *document, size_t *count,
                                    struct aks_findings *findings, struct aks_error *error);

/* properties.provisioningState of the last read document; NULL when unknown. */
const char *aks_resource_provisioning_state(const struct aks_resource *resource);

#endif
