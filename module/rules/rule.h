/* The rules of the domain, one row each: what findings are called, why they matter, and what to do about them. Pure. */
#ifndef AKS_RULES_RULE_H
#define AKS_RULES_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/finding.h"

struct aks_rule {
    const char *code; /* of its findings */
    enum aks_severity severity;
    bool preflight;     /* whether Azure has to be asked; else the spec says enough */
    const char *rule;   /* a sentence */
    const char *why;    /* what happens otherwise; NULL: it speaks for itself */
    const char *remedy; /* of every finding that has no better one; NULL: the finding says it */
    const char *source; /* the public page; NULL: our own rule */
};

/* All rules, in the order in which findings are given; *count says how many. */
const struct aks_rule *aks_rules(size_t *count);

/* NULL when there is none of that code. */
const struct aks_rule *aks_rule_find(const char *code);

/* Adds a finding of the rule with this code, in its severity; `remedy` NULL: that of the rule; `format` gives the
   message. False only for want of memory. */
AKS_CHECK bool aks_rule_break(struct aks_findings *findings, const char *code, const char *resource, const char *field,
                              const char *remedy, const char *format, ...) AKS_PRINTF(6, 7);

/* Puts findings in the order of the table of rules, errors before warnings before information; those of one rule stay
   as they are. */
void aks_rules_sort(struct aks_findings *findings);

#endif
