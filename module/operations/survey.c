/* Reads of a survey: which were made, what they gave, the pages of collections. */
#include "operations/survey.h"

#include <stdlib.h>
#include <string.h>

#include "arm/id.h"
#include "arm/page.h"
#include "base/text.h"
#include "operations/gather.h"

/* A collection of more pages than this is none that we look at. */
#define PAGES_LIMIT 200

static struct aks_survey *survey_of(const struct aks_operation *operation)
{
    return operation->data;
}

static void free_sight(struct aks_sight *sight)
{
    free(sight->target);
    json_decref(sight->document);
    free(sight->refusal);
    free(sight);
}

void aks_survey_clear(struct aks_survey *survey)
{
    for (size_t i = 0; i < survey->count; i++)
        free_sight(survey->sights[i]);
    free(survey->sights);
    aks_error_clear(&survey->error);
    *survey = (struct aks_survey){0};
}

const struct aks_sight *aks_survey_find(const struct aks_survey *survey, const char *target)
{
    for (size_t i = 0; i < survey->count; i++)
        if (aks_id_equal(survey->sights[i]->target, target))
            return survey->sights[i];
    return NULL;
}

const json_t *aks_survey_document(const struct aks_survey *survey, const char *target)
{
    const struct aks_sight *sight = aks_survey_find(survey, target);

    return sight ? sight->document : NULL;
}

/* NULL for want of memory. */
static struct aks_sight *add_sight(struct aks_survey *survey, const char *target, const char *api_version)
{
    struct aks_sight *sight = calloc(1, sizeof *sight);
    struct aks_sight **sights = realloc(survey->sights, (survey->count + 1) * sizeof(struct aks_sight *));

    if (sights)
        survey->sights = sights;
    if (sight)
        sight->target = strdup(target);
    if (!sights || !sight || !sight->target) {
        free(sight ? sight->target : NULL);
        free(sight);
        return NULL;
    }
    sight->version = api_version;
    sights[survey->count++] = sight;
    return sight;
}

void aks_survey_look(struct aks_operation *operation, const char *target, const char *query, const char *api_version)
{
    struct aks_survey *survey = survey_of(operation);
    struct aks_call_request request = {.method = "GET", .target = target, .query = query, .api_version = api_version};

    if (aks_survey_find(survey, target))
        return;
    if (add_sight(survey, target, api_version))
        aks_gather_add(operation, survey->count - 1, &request);
    else
        aks_error_set_no_memory(&survey->error);
}

/* Puts the page's values behind those of earlier pages, and asks for the next page. */
static void take_page(struct aks_operation *operation, size_t key, struct aks_reply *reply)
{
    struct aks_survey *survey = survey_of(operation);
    struct aks_sight *sight = survey->sights[key];
    struct aks_call_request request = {.method = "GET"};
    struct aks_page page = {0};

    if (aks_page_read(&page, reply, &survey->error)) {
        if (!sight->document)
            sight->document = json_pack("{s:[]}", "value");
        if (json_array_extend(json_object_get(sight->document, "value"), page.values) != 0)
            aks_error_set_no_memory(&survey->error);
        request.target = page.next;
        if (page.next && ++sight->pages >= PAGES_LIMIT)
            aks_error_set(&survey->error, "response_too_large", "the list %s has more than %d pages", sight->target,
                          PAGES_LIMIT);
        else if (page.next)
            aks_gather_add(operation, key, &request);
    }
    aks_page_clear(&page);
}

static void take_failure(struct aks_survey *survey, struct aks_sight *sight, struct aks_error *error)
{
    if (aks_call_is_absent(error))
        return;
    if (error->status == 403) {
        sight->refusal = strdup(aks_error_code(error));
        if (!sight->refusal)
            aks_error_set_no_memory(&survey->error);
    } else if (!aks_error_is_set(&survey->error)) {
        aks_error_move(&survey->error, error);
    }
}

static void answered(struct aks_operation *operation, size_t key, struct aks_reply *reply, struct aks_error *error)
{
    struct aks_survey *survey = survey_of(operation);
    struct aks_sight *sight = survey->sights[key];

    if (!reply) {
        take_failure(survey, sight, error);
    } else if (json_is_array(json_object_get(reply->body, "value"))) {
        take_page(operation, key, reply);
    } else {
        sight->document = reply->body;
        reply->body = NULL;
    }
    if (survey->seen && !aks_error_is_set(&survey->error))
        survey->seen(operation, sight);
}

static void gathered(struct aks_operation *operation)
{
    struct aks_survey *survey = survey_of(operation);

    if (aks_error_is_set(&survey->error))
        aks_operation_fail(operation, &survey->error);
    else
        aks_operation_next(operation);
}

void aks_survey_run(struct aks_operation *operation, void (*begin)(struct aks_operation *operation),
                    void (*seen)(struct aks_operation *operation, const struct aks_sight *sight))
{
    aks_survey_clear(survey_of(operation));
    survey_of(operation)->seen = seen;
    aks_operation_gather(operation, begin, answered, gathered);
}
