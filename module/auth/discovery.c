/* A fetch around that of a credential: the cloud is asked about itself before it begins. */
#include "auth/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "auth/answer.h"
#include "auth/inquiry.h"
#include "base/text.h"
#include "transport/retry.h"
#include "transport/url.h"

#define PATH "/metadata/endpoints?api-version=2019-05-01"
#define EXCHANGE_TIMEOUT 30.0 /* seconds */
#define NAME_LIMIT 2048       /* bytes of an authority or an audience */

static const struct aks_retry_policy policy = {.retries = 4, .base = 0.5, .cap = 15.0};

struct fetch {
    struct aks_fetch base;
    struct aks_credential *credential;
    struct aks_token_target target; /* completed by what the place has */
    struct aks_token_place *place;
    struct aks_inquiry *inquiry; /* before the place is known */
    struct aks_fetch *inner;     /* afterwards */
};

void aks_token_place_clear(struct aks_token_place *place)
{
    free(place->authority);
    free(place->audience);
    *place = (struct aks_token_place){0};
}

static void finish(struct fetch *fetch, struct aks_token *token, struct aks_error *error)
{
    struct aks_fetch told = fetch->base;

    free(fetch);
    told.done(told.context, token, error);
    aks_error_clear(error);
}

static double wait_for_answer(unsigned attempt, const struct aks_http_response *response, const struct aks_error *error)
{
    return aks_inquiry_retry(&policy, attempt, response, false, error);
}

/* Older versions answer with a list of clouds, newer ones with one. Borrowed; NULL when there is none. */
static const json_t *cloud_of(const json_t *answer)
{
    return json_is_array(answer) ? json_array_get(answer, 0) : answer;
}

static const char *text_of(const json_t *value)
{
    const char *text = json_string_value(value);

    return text && *text != '\0' && strlen(text) <= NAME_LIMIT ? text : NULL;
}

/* Plain http may lead from loopback to loopback alone. */
static bool check_authority(const struct fetch *fetch, const char *authority, struct aks_error *error)
{
    struct aks_url from, to;

    if (!aks_url_check_secure(authority, "the authority that the resource manager names", error))
        return false;
    if (aks_url_parse(authority, &to) && !to.secure && aks_url_parse(fetch->target.resource_manager, &from) &&
        !aks_url_is_loopback(&from))
        return aks_error_set(error, "host_not_trusted",
                             "the resource manager names the authority '%.200s', which is not an https URL", authority);
    return true;
}

static bool read_cloud(struct fetch *fetch, const json_t *answer, struct aks_error *error)
{
    const json_t *authentication = json_object_get(cloud_of(answer), "authentication");
    const char *authority = text_of(json_object_get(authentication, "loginEndpoint"));
    const char *audience = text_of(json_array_get(json_object_get(authentication, "audiences"), 0));
    size_t length = authority ? strlen(authority) : 0;

    if (!authority || !audience)
        return aks_error_set(error, "response_invalid", "the answer of '%s' names no loginEndpoint or no audiences",
                             fetch->target.resource_manager);
    if (!check_authority(fetch, authority, error))
        return false;
    while (length > 0 && authority[length - 1] == '/')
        length--;
    fetch->place->authority = aks_text_copy_n(authority, length);
    fetch->place->audience = strdup(audience);
    if (fetch->place->authority && fetch->place->audience)
        return true;
    aks_token_place_clear(fetch->place);
    return aks_error_set_no_memory(error);
}

static bool read_answer(struct fetch *fetch, const struct aks_http_response *response, struct aks_error *error)
{
    json_t *answer = NULL;
    bool done;

    if (response->status == 200)
        answer = aks_answer_parse_any(response->body.data, response->body.length);
    if (answer)
        done = read_cloud(fetch, answer, error);
    else
        done = aks_error_set(error, response->status >= 500 ? "credential_unavailable" : "response_invalid",
                             "'%s' does not tell where tokens are given (HTTP status %d)",
                             fetch->target.resource_manager, response->status);
    if (!done) {
        error->status = response->status;
        error->retryable = response->status >= 500;
        aks_error_note(&error->hint, "name them: cloud = { resource_manager = ..., authority = ..., audience = ... }");
    }
    json_decref(answer);
    return done;
}

static void on_inner(void *context, struct aks_token *token, struct aks_error *error)
{
    struct aks_error failure = {0};

    aks_error_move(&failure, error);
    finish(context, token, &failure);
}

static bool begin_inner(struct fetch *fetch, struct aks_error *error)
{
    if (!fetch->target.authority)
        fetch->target.authority = fetch->place->authority;
    if (!fetch->target.audience)
        fetch->target.audience = fetch->place->audience;
    fetch->inner = fetch->credential->methods->fetch(fetch->credential, &fetch->target, on_inner, fetch, error);
    return fetch->inner != NULL;
}

static void on_answer(void *context, struct aks_http_response *response, struct aks_error *error)
{
    struct fetch *fetch = context;
    struct aks_error failure = {0};

    fetch->inquiry = NULL;
    if (!response)
        aks_error_move(&failure, error);
    else if (read_answer(fetch, response, &failure) && begin_inner(fetch, &failure))
        return;
    finish(fetch, NULL, &failure);
}

struct aks_fetch *aks_discovery_fetch(struct aks_credential *credential, const struct aks_token_target *target,
                                      struct aks_token_place *place, aks_fetch_done *done, void *context,
                                      struct aks_error *error)
{
    struct fetch *fetch = calloc(1, sizeof *fetch);
    size_t length = strlen(target->resource_manager);
    struct aks_inquiry_request request = {.method = "GET", .timeout = EXCHANGE_TIMEOUT, .wait = wait_for_answer};
    char *url;

    while (length > 0 && target->resource_manager[length - 1] == '/')
        length--;
    url = aks_text_format("%.*s" PATH, (int)length, target->resource_manager);
    if (fetch && url) {
        *fetch = (struct fetch){.base = {done, context}, .credential = credential, .target = *target, .place = place};
        request.url = url;
        fetch->inquiry = aks_inquiry_start(&fetch->target, &request, on_answer, fetch, error);
    } else {
        aks_error_set_no_memory(error);
    }
    free(url);
    if (fetch && fetch->inquiry)
        return &fetch->base;
    free(fetch);
    return NULL;
}

void aks_discovery_cancel(struct aks_fetch *base)
{
    struct fetch *fetch = (struct fetch *)base;

    if (fetch->inner)
        fetch->credential->methods->cancel(fetch->credential, fetch->inner);
    aks_inquiry_cancel(fetch->inquiry);
    free(fetch);
}
