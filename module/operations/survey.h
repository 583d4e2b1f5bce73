/* Looking at what Azure has of several things before or after an operation: each read once, all at the same time.
   The data of a kind of operation that surveys begin with a struct aks_survey. */
#ifndef AKS_OPERATIONS_SURVEY_H
#define AKS_OPERATIONS_SURVEY_H

#include "operations/operation.h"

/* One thing that was looked at. */
struct aks_sight {
    char *target;        /* owned: its id, or the path of a collection */
    json_t *document;    /* owned; of a collection {"value": [...]}, all pages; NULL: absent or not readable */
    char *refusal;       /* owned: Azure's code when it may not be read ("AuthorizationFailed"); NULL: it could be */
    const char *version; /* static: api-version */
    unsigned pages;
};

/* Zero-initialised is empty. */
struct aks_survey {
    struct aks_sight **sights;
    size_t count;
    struct aks_error error; /* what ends the operation: neither absence nor a refusal */
    void (*seen)(struct aks_operation *operation, const struct aks_sight *sight);
};

/* Runs a step: what was seen before is forgotten, `begin` says what to look at; `seen` (may be NULL) is told each
   answer and may look further. Then the next step follows; an error that is neither absence nor a refusal fails the
   operation. */
void aks_survey_run(struct aks_operation *operation, void (*begin)(struct aks_operation *operation),
                    void (*seen)(struct aks_operation *operation, const struct aks_sight *sight));

/* Looks at `target` ("/subscriptions/..."), once. `query` (encoded, may be NULL) belongs to collections. */
void aks_survey_look(struct aks_operation *operation, const char *target, const char *query, const char *api_version);

/* What was seen of a target; NULL: nothing, or it was not looked at. Borrowed. */
const struct aks_sight *aks_survey_find(const struct aks_survey *survey, const char *target);
const json_t *aks_survey_document(const struct aks_survey *survey, const char *target);

/* Forgets everything. */
void aks_survey_clear(struct aks_survey *survey);

#endif
