/* Names of resources: what Azure accepts, as a table with a row for each kind of name. Pure. */
#ifndef AKS_RULES_NAME_H
#define AKS_RULES_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

struct aks_name_rule {
    const char *kind;        /* "subnet": as the resource type is called in Lua, or the field with the name */
    size_t minimum, maximum; /* characters */
    unsigned allowed;        /* sets of characters: of name.c */
    unsigned first, last;    /* the sets for the first and the last character */
    const char *words;       /* the whole rule, to follow "a name here has ..." */
    const char *source;      /* the public page that says so */
};

enum aks_name_fault {
    AKS_NAME_VALID,
    AKS_NAME_TOO_SHORT,
    AKS_NAME_TOO_LONG,
    AKS_NAME_BAD_CHARACTER,
    AKS_NAME_BAD_FIRST,
    AKS_NAME_BAD_LAST
};

/* NULL when there is no rule for that kind. */
const struct aks_name_rule *aks_name_rule_find(const char *kind);

/* All rules; *count says how many. */
const struct aks_name_rule *aks_name_rules(size_t *count);

/* `fault` (may be NULL) says what is wrong. */
bool aks_name_is_valid(const struct aks_name_rule *rule, const char *name, enum aks_name_fault *fault);

/* What is wrong in words, to follow the name: "is too long". Static. */
const char *aks_name_fault_text(enum aks_name_fault fault);

#endif
