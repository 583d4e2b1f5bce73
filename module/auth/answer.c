/* Reads what token endpoints answer: tokens and refusals, as OAuth 2 (RFC 6749 section 5) and Entra ID write them. */
#include "auth/answer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/uuid.h"

#define LONGEST_LINE 2048                 /* bytes */
#define LONGEST_LIFE (10.0 * 365 * 86400) /* seconds: what is beyond is nonsense */

static bool is_shallow(const json_t *value, unsigned depth)
{
    void *iterator;

    if (depth > AKS_ANSWER_DEPTH_LIMIT)
        return false;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!is_shallow(json_array_get(value, i), depth + 1))
            return false;
    /* The iterator's functions take a json_t * that is not const, but do not change it. */
    for (iterator = json_object_iter((json_t *)value); iterator;
         iterator = json_object_iter_next((json_t *)value, iterator))
        if (!is_shallow(json_object_iter_value(iterator), depth + 1))
            return false;
    return true;
}

/* jansson's lexer keeps a copy of each string for a moment and does not overwrite
   it; all other traces of a token are ours to remove. */
json_t *aks_answer_parse_any(const char *text, size_t length)
{
    json_t *value = length > 0 && length <= AKS_ANSWER_LIMIT ? json_loadb(text, length, 0, NULL) : NULL;

    if (value && is_shallow(value, 0))
        return value;
    json_decref(value);
    return NULL;
}

json_t *aks_answer_parse(const char *text, size_t length)
{
    json_t *value = aks_answer_parse_any(text, length);

    if (json_is_object(value))
        return value;
    json_decref(value);
    return NULL;
}

/* A number, or its text; negative when there is none in range. */
static double number_at(const json_t *answer, const char *name, double maximum)
{
    const json_t *value = json_object_get(answer, name);
    long long integer;
    double number = -1;

    if (json_is_number(value))
        number = json_number_value(value);
    else if (json_is_string(value) && aks_text_to_integer(json_string_value(value), 0, (long long)maximum, &integer))
        number = (double)integer;
    return number <= maximum ? number : -1;
}

/* "06/20/2019 02:57:58 +00:00" and "6/20/2019 2:57:58 AM +00:00", as App Service's oldest endpoint writes them; 0 for
   anything else. */
static double date_of(const char *text)
{
    static const char *const forms[] = {"%m/%d/%Y %I:%M:%S %p +00:00", "%m/%d/%Y %H:%M:%S +00:00"};

    for (size_t i = 0; text && i < sizeof forms / sizeof *forms; i++) {
        struct tm parts = {0};
        const char *end = strptime(text, forms[i], &parts);

        if (end && *end == '\0')
            return (double)timegm(&parts);
    }
    return 0;
}

double aks_answer_expiry(const json_t *answer, const char *name, double now)
{
    double number = number_at(answer, name, now + LONGEST_LIFE);

    return number > 0 ? number : date_of(json_string_value(json_object_get(answer, name)));
}

/* Seconds since 1970 by our own clock, 0 when the answer does not say. A life counts from our clock whatever it shows;
   so it goes before a date of theirs. */
static double expiry_of(const json_t *answer, const struct aks_answer_time *time)
{
    double expires_in = number_at(answer, "expires_in", LONGEST_LIFE);
    double expires_on = aks_answer_expiry(answer, "expires_on", time->now + time->ahead);

    if (expires_in >= 0)
        return time->now + expires_in;
    return expires_on > 0 ? expires_on - time->ahead : 0;
}

static struct aks_token *token_of(const json_t *answer, const struct aks_answer_time *time, struct aks_error *error)
{
    const char *text = json_string_value(json_object_get(answer, "access_token"));
    double refresh_in = number_at(answer, "refresh_in", LONGEST_LIFE);
    struct aks_token *token;

    if (!text) {
        aks_error_set(error, "response_invalid", "the answer of the token endpoint has no access_token");
        return NULL;
    }
    token = aks_token_new(text, expiry_of(answer, time), error);
    if (token && refresh_in > 0 && time->now + refresh_in < token->expires_on)
        token->refresh_on = time->now + refresh_in;
    return token;
}

/* The memory is jansson's, but the value is ours alone and about to be freed. */
void aks_answer_erase(json_t *answer)
{
    const char *name;
    json_t *value;

    json_object_foreach(answer, name, value) if (json_is_string(value))
        explicit_bzero((char *)json_string_value(value), json_string_length(value));
    json_decref(answer);
}

struct aks_token *aks_answer_read_token(const char *text, size_t length, const struct aks_answer_time *time,
                                        struct aks_error *error)
{
    json_t *answer = aks_answer_parse(text, length);
    struct aks_token *token;

    if (!answer) {
        aks_error_set(error, "response_invalid", "the answer of the token endpoint is not a JSON object");
        return NULL;
    }
    token = token_of(answer, time, error);
    aks_answer_erase(answer);
    return token;
}

/* Only for hints: "error codes are subject to change", says
   https://learn.microsoft.com/entra/identity-platform/reference-error-codes, where their meanings are from. */
static const struct {
    long long code;
    const char *hint;
} hints[] = {
    {7000215, "the client secret is wrong: give its value, not its id"},
    {7000222, "the client secret has expired: make a new one for the application, and give that"},
    {7000112, "the application is disabled in this tenant: enable its service principal"},
    {700016, "no such application in this tenant: check client_id and tenant"},
    {90002, "no such tenant: check tenant, and that the cloud is the right one"},
    {900023, "no such tenant: check tenant, which is an id or a domain"},
    {700024, "the assertion is not valid now: check this machine's clock"},
    {700027, "the certificate is not registered with the application, or has expired: upload a valid one there"},
    {70021, "no federated credential of the application matches the issuer, subject and audience of the token"},
    {700211, "no federated credential of the application has the issuer of the token"},
    {700212, "no federated credential of the application has the audience of the token"},
    {700213, "no federated credential of the application has the subject of the token"},
    {500011, "the audience is not known in this tenant: check that the cloud is the right one"},
    {53003, "a conditional access policy does not allow this sign-in: ask the tenant's administrator"},
};

/* "AADSTS7000215: Invalid client secret provided." */
static const char *hint_for(const char *description)
{
    const char *mark = strstr(description, "AADSTS");
    long long code = mark ? strtoll(mark + strlen("AADSTS"), NULL, 10) : 0;

    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i].code == code)
            return hints[i].hint;
    return NULL;
}

static const char *code_of(int status, const char *word)
{
    if (status == 408 || status == 429 || status >= 500 || (word && strcmp(word, "temporarily_unavailable") == 0))
        return "credential_unavailable";
    return status >= 400 ? "token_refused" : "response_invalid";
}

static void note_uuid(char **member, const char *text)
{
    if (text && aks_uuid_is_valid(text))
        aks_error_note(member, text);
}

/* NULL for a text whose first line is too long to be shown whole. */
static const char *sayable(const char *text)
{
    return text && *text != '\0' && strcspn(text, "\r\n") <= LONGEST_LINE ? text : NULL;
}

void aks_answer_read_refusal(int status, const char *text, size_t length, struct aks_error *error)
{
    json_t *answer = aks_answer_parse(text, length);
    const char *word = json_string_value(json_object_get(answer, "error"));
    const char *description = json_string_value(json_object_get(answer, "error_description"));
    const char *code = code_of(status, word);

    description = sayable(description) ? description : sayable(word);
    if (description)
        aks_error_set(error, code, "the token endpoint gave no token: %.*s", (int)strcspn(description, "\r\n"),
                      description);
    else
        aks_error_set(error, code, "the token endpoint gave no token: HTTP status %d, and no reason", status);
    error->status = status;
    error->retryable = strcmp(code, "credential_unavailable") == 0;
    if (description)
        aks_error_note(&error->hint, hint_for(description));
    note_uuid(&error->request_id, json_string_value(json_object_get(answer, "trace_id")));
    note_uuid(&error->correlation_id, json_string_value(json_object_get(answer, "correlation_id")));
    json_decref(answer);
}
