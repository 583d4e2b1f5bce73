/* Lists of findings. */
#include "base/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *aks_severity_name(enum aks_severity severity)
{
    static const char *const names[] = {"error", "warning", "info"};

    return names[severity];
}

static void clear_finding(struct aks_finding *finding)
{
    free(finding->resource);
    free(finding->field);
    free(finding->message);
    free(finding->remedy);
}

/* A copy that is NULL exactly when the text is; *ok becomes false for want of memory. */
static char *copy(const char *text, bool *ok)
{
    char *result = text ? strdup(text) : NULL;

    if (text && !result)
        *ok = false;
    return result;
}

static bool append(struct aks_findings *findings, struct aks_finding *finding)
{
    struct aks_finding *items = reallocarray(findings->items, findings->count + 1, sizeof *items);

    if (!items) {
        clear_finding(finding);
        return false;
    }
    findings->items = items;
    items[findings->count++] = *finding;
    return true;
}

bool aks_findings_add(struct aks_findings *findings, const char *code, enum aks_severity severity, const char *resource,
                      const char *field, const char *remedy, const char *format, ...)
{
    bool ok = true;
    struct aks_finding finding = {
        .code = code,
        .severity = severity,
        .resource = copy(resource, &ok),
        .field = copy(field, &ok),
        .remedy = copy(remedy, &ok),
    };
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&finding.message, format, arguments) < 0) {
        finding.message = NULL;
        ok = false;
    }
    va_end(arguments);
    if (!ok) {
        clear_finding(&finding);
        return false;
    }
    return append(findings, &finding);
}

bool aks_findings_refuse(const struct aks_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].severity == AKS_SEVERITY_ERROR)
            return true;
    return false;
}

bool aks_findings_copy(struct aks_findings *target, const struct aks_findings *source)
{
    if (target == source)
        return true;
    aks_findings_clear(target);
    for (size_t i = 0; i < source->count; i++) {
        const struct aks_finding *item = &source->items[i];

        if (!aks_findings_add(target, item->code, item->severity, item->resource, item->field, item->remedy, "%s",
                              item->message)) {
            aks_findings_clear(target);
            return false;
        }
    }
    return true;
}

void aks_findings_clear(struct aks_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        clear_finding(&findings->items[i]);
    free(findings->items);
    *findings = (struct aks_findings){0};
}
