/* A field of a resource: one row says its Lua name, its place in the ARM document, its type and its constraint.
   Checking, bodies, reading back, comparing and explaining are driven by the rows; adding a field is adding a row.

   A "spec" is a JSON object whose members are fields by their Lua names; a resource is given as the text of its id. */
#ifndef AKS_RESOURCES_FIELD_H
#define AKS_RESOURCES_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/finding.h"

enum aks_field_type {
    AKS_FIELD_STRING,
    AKS_FIELD_BOOLEAN,
    AKS_FIELD_INTEGER,
    AKS_FIELD_CHOICE,   /* one of `choices`, without case */
    AKS_FIELD_LOCATION, /* "West US 2" equals "westus2" */
    AKS_FIELD_UUID,
    AKS_FIELD_ADDRESS, /* an IP address */
    AKS_FIELD_CIDR,    /* "172.19.0.0/28"; compared as a prefix, not as text */
    AKS_FIELD_CIDRS,   /* a list of them */
    AKS_FIELD_STRINGS,
    AKS_FIELD_TAGS,      /* names to strings */
    AKS_FIELD_REFERENCE, /* the id of a resource of type `target` */
    AKS_FIELD_PRINCIPAL, /* the id of an identity or cluster, or an object id (UUID) */
    AKS_FIELD_RECORDS,   /* a list of objects with the fields `items`, told apart by their field "name" */
    AKS_FIELD_TABLE      /* a table of ARM's own making: sent as it stands */
};

enum {
    AKS_FIELD_REQUIRED = 1,    /* must be in the spec to create */
    AKS_FIELD_CREATE_ONLY = 2, /* Azure refuses to change it later */
    AKS_FIELD_READ_ONLY = 4,   /* Azure sets it: refused in a spec */
    AKS_FIELD_SECRET = 128,    /* its value is in no message */
    AKS_FIELD_FOLD = 8,        /* STRING, STRINGS: compared without case; TAGS: their names are */
    AKS_FIELD_ORDERED = 16,    /* STRINGS: their order has a meaning */
    AKS_FIELD_HOSTS = 32,      /* CIDRS: a bare address stands for the prefix of that address alone */
    AKS_FIELD_SINGLE = 64      /* STRINGS: in Lua, one text or integer may stand for the list of it, and integers for
                                  their texts: ports = 443 */
};

struct aks_field;

/* What a field does that is not simply a value at its path. NULL members: the ordinary way. */
struct aks_field_codec {
    /* Puts the value (borrowed) of a spec into the document. */
    bool (*write)(const struct aks_field *field, const json_t *value, json_t *document, struct aks_error *error);
    /* New value in the spec's terms, or NULL when the document has none. */
    json_t *(*read)(const struct aks_field *field, const json_t *document);
    /* Whether the document has what the spec asks for; the ordinary way is aks_field_equal. */
    bool (*agrees)(const struct aks_field *field, const json_t *wanted, const json_t *document);
};

struct aks_field {
    const char *name; /* in Lua */
    /* In the ARM document: "properties.addressSpace.addressPrefixes". NULL: with a codec, or left to the type's hooks.
     */
    const char *path;
    enum aks_field_type type;
    unsigned flags;
    const char *choices;        /* CHOICE: "azure|kubenet|none"; REFERENCE: words that may stand in place of an id */
    long long minimum, maximum; /* INTEGER: the range; STRING and lists: the length; both 0: unbounded */
    const char *target;         /* REFERENCE: ARM type, "Microsoft.Network/virtualNetworks/subnets" */
    const char *name_rule;      /* STRING: of aks_name_rule_find */
    const struct aks_fields *items; /* RECORDS */
    const struct aks_field_codec *codec;
    const char *absent;        /* what a document without the member means: "false", "none"; NULL: nothing */
    const char *documentation; /* one line */
};

struct aks_fields {
    const struct aks_field *items;
    size_t count;
};
#define AKS_FIELDS(array)                                                                                              \
    {                                                                                                                  \
        .items = (array), .count = sizeof(array) / sizeof *(array)                                                     \
    }

/* NULL when there is none of that name. */
const struct aks_field *aks_fields_find(const struct aks_fields *fields, const char *name);

/* "string", "CIDR prefix such as \"172.19.0.0/28\"": for messages. */
const char *aks_field_type_title(enum aks_field_type type);

/* Adds a finding for everything that is wrong with the spec: unknown_field (with the nearest name), field_read_only,
   field_required, type_mismatch, value_not_allowed, cidr_invalid, cidr_host_bits, reference of the wrong type.
   `resource` is what messages call it ("subnet 'apiserver'"). False only for want of memory. */
AKS_CHECK bool aks_fields_check(const struct aks_fields *fields, const char *resource, const json_t *spec,
                                struct aks_findings *findings);

/* Writes every field that the spec has into the document, leaving the rest of it alone: what means the same already
   stays as Azure wrote it, tags are added to those that are there, and so are records, each told by its name. */
AKS_CHECK bool aks_fields_write(const struct aks_fields *fields, const json_t *spec, json_t *document,
                                struct aks_error *error);

/* New value of a field as the document has it, in the spec's terms; NULL when it has none. */
json_t *aks_field_read(const struct aks_field *field, const json_t *document);

/* Whether the document has what the spec asks for. */
bool aks_field_agrees(const struct aks_field *field, const json_t *wanted, const json_t *document);

/* For codecs and compose hooks: aks_document_set that says what went wrong. `value` is taken; NULL is out of memory. */
AKS_CHECK bool aks_field_put(json_t *document, const char *path, json_t *value, struct aks_error *error);

/* The object of a list whose member "name" is `name` (without case); borrowed, NULL when there is none. */
json_t *aks_records_find(const json_t *list, const char *name);

/* Whether two values of the field mean the same: prefixes, ids, locations and choices are compared as such, an empty
   list equals an absent one (NULL). Tags: `wanted` must be contained in `present`. */
bool aks_field_equal(const struct aks_field *field, const json_t *wanted, const json_t *present);

/* A field of the spec that the document does not agree with. Records are compared field by field; one that is missing
   is a change of the list. */
struct aks_change {
    char *name; /* owned: "node_count", "pools.gpu.count", "pools.gpu" */
    const struct aks_field *field;
    json_t *from; /* owned; NULL when absent */
    json_t *to;   /* owned */
};
struct aks_changes {
    struct aks_change *items;
    size_t count;
};
AKS_CHECK bool aks_fields_compare(const struct aks_fields *fields, const json_t *spec, const json_t *document,
                                  struct aks_changes *changes, struct aks_error *error);
void aks_changes_clear(struct aks_changes *changes);

#endif
