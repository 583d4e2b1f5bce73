/* A finding: one thing that is wrong with what was asked for, and what to do about it; and the list of them. */
#ifndef AKS_BASE_FINDING_H
#define AKS_BASE_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

enum aks_severity {
    AKS_SEVERITY_ERROR,   /* the operation would fail or do harm: refused */
    AKS_SEVERITY_WARNING, /* it may fail, or something could not be checked */
    AKS_SEVERITY_INFO     /* worth knowing */
};

struct aks_finding {
    const char *code; /* static text, such as "unknown_field" */
    enum aks_severity severity;
    char *resource; /* "subnet 'apiserver'", or NULL */
    char *field;    /* "address_prefix", or NULL */
    char *message;  /* names the value and the rule */
    char *remedy;   /* what to do, or NULL */
};

/* Zero-initialised is empty. */
struct aks_findings {
    struct aks_finding *items;
    size_t count;
};

/* Adds a finding; `format` gives its message. Texts are copied. False only for want of memory. */
AKS_CHECK bool aks_findings_add(struct aks_findings *findings, const char *code, enum aks_severity severity,
                                const char *resource, const char *field, const char *remedy, const char *format, ...)
    AKS_PRINTF(7, 8);

/* Whether there is a finding with AKS_SEVERITY_ERROR. */
bool aks_findings_refuse(const struct aks_findings *findings);

/* Clears `target` and copies. False for want of memory, and then `target` is empty. */
AKS_CHECK bool aks_findings_copy(struct aks_findings *target, const struct aks_findings *source);
void aks_findings_clear(struct aks_findings *findings);

/* "error", "warning", "info". */
const char *aks_severity_name(enum aks_severity severity);

#endif
