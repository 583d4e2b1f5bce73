/* The credential of whoever has signed in with the Azure CLI: it is asked for a token.
   https://learn.microsoft.com/cli/azure/account#az-account-get-access-token */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/answer.h"
#include "auth/kind.h"
#include "auth/process.h"
#include "base/clock.h"
#include "base/text.h"

#define OUTPUT_LIMIT (256 * 1024)
#define TIMEOUT_DEFAULT 30.0 /* seconds: it is a large Python program, and disks may be slow */
#define LONGEST_REASON 512   /* bytes of what it says that are shown */
#define SAFE_DIRECTORY "/"   /* what lies where the user happens to be must not become part of it */
#define SIGN_IN "sign in: az login"

struct cli_credential {
    struct aks_credential base;
    char *tenant;  /* or NULL: the target's */
    char *program; /* or NULL: "az", of PATH */
    double timeout;
};

struct fetch {
    struct aks_fetch base;
    const struct cli_credential *credential;
    const struct aks_token_target *target;
    char *program;
    struct aks_process *process;
    bool without_tenant;
};

static void free_fetch(struct fetch *fetch)
{
    if (fetch->process)
        aks_process_cancel(fetch->process);
    free(fetch->program);
    free(fetch);
}

/* "2026-01-31 12:34:56.000000", which is local time; seconds since 1970, 0 for anything else. */
static double local_date(const char *text)
{
    struct tm parts = {.tm_isdst = -1};
    time_t seconds;

    if (!text || !strptime(text, "%Y-%m-%d %H:%M:%S", &parts))
        return 0;
    seconds = mktime(&parts);
    return seconds > 0 ? (double)seconds : 0;
}

/* Only newer ones write expires_on, which does not depend on time zones. */
static double expiry_of(const json_t *answer)
{
    double expires_on = aks_answer_expiry(answer, "expires_on", aks_clock_wall());

    return expires_on > 0 ? expires_on : local_date(json_string_value(json_object_get(answer, "expiresOn")));
}

static struct aks_token *read_token(const struct aks_buffer *output, struct aks_error *error)
{
    json_t *answer = aks_answer_parse(output->data, output->length);
    const char *text = json_string_value(json_object_get(answer, "accessToken"));
    struct aks_token *token = NULL;

    if (text)
        token = aks_token_new(text, expiry_of(answer), error);
    else
        aks_error_set(error, "credential_unavailable", "the Azure CLI printed no token");
    aks_answer_erase(answer);
    return token;
}

/* What it says of the reason: the line that begins with "ERROR: ", else the first one. */
static const char *reason_of(const char *text, size_t *length)
{
    const char *error = strstr(text, "ERROR: ");

    if (error)
        text = error + strlen("ERROR: ");
    text += strspn(text, " \t\r\n");
    *length = strcspn(text, "\r\n");
    if (*length > LONGEST_REASON)
        *length = LONGEST_REASON;
    return text;
}

static const struct {
    const char *words;
    const char *hint;
} hints[] = {
    {"az login", SIGN_IN},
    {"az account set", "choose a subscription that is yours: az account set --subscription NAME"},
    {"AADSTS50076", "the tenant wants a second factor: az login --tenant TENANT"},
    {"AADSTS", SIGN_IN},
    {"No module named", "the Azure CLI is broken: reinstall it"},
};

static void read_failure(const struct aks_process_result *result, struct aks_error *error)
{
    const char *said = result->streams[AKS_PROCESS_ERRORS].data;
    size_t length;
    const char *reason = reason_of(said ? said : "", &length);

    if (length > 0)
        aks_error_set(error, "credential_unavailable", "the Azure CLI gave no token: %.*s", (int)length, reason);
    else if (result->status == 127)
        aks_error_set(error, "credential_unavailable", "the Azure CLI is not installed whole (exit status 127)");
    else
        aks_error_set(error, "credential_unavailable", "the Azure CLI gave no token, and no reason (status %d)",
                      result->status);
    for (size_t i = 0; said && i < sizeof hints / sizeof *hints; i++)
        if (strstr(said, hints[i].words))
            aks_error_note(&error->hint, hints[i].hint); /* the first that fits stays */
}

/* Tenants that we know from elsewhere are in the way of accounts that have but one: managed identities. */
static bool minds_tenant(const struct fetch *fetch, const struct aks_process_result *result)
{
    const char *said = result->streams[AKS_PROCESS_ERRORS].data;

    return result->status != 0 && !fetch->credential->tenant && !fetch->without_tenant && said &&
           strstr(said, "Tenant shouldn't be specified");
}

static bool run(struct fetch *fetch, struct aks_error *error);

static void on_done(void *context, struct aks_process_result *result, struct aks_error *error)
{
    struct fetch *fetch = context;
    struct aks_fetch told = fetch->base;
    struct aks_token *token = NULL;
    struct aks_error failure = {0};

    fetch->process = NULL;
    if (!result) {
        aks_error_set(&failure, "credential_unavailable", "the Azure CLI gave no token: %s",
                      error->message ? error->message : aks_error_code(error));
    } else if (result->status == 0) {
        token = read_token(&result->streams[AKS_PROCESS_OUTPUT], &failure);
    } else if (minds_tenant(fetch, result)) {
        fetch->without_tenant = true;
        if (run(fetch, &failure))
            return;
    } else {
        read_failure(result, &failure);
    }
    free_fetch(fetch);
    told.done(told.context, token, &failure);
    aks_error_clear(&failure);
}

/* An argument of its own, but the program must not take it for an option. */
static bool may_be_argument(const char *text)
{
    return *text != '\0' && *text != '-';
}

static bool run(struct fetch *fetch, struct aks_error *error)
{
    static const char *const variables[] = {"AZURE_CORE_NO_COLOR=true", "AZURE_CORE_DISABLE_PROGRESS_BAR=true", NULL};
    const struct cli_credential *credential = fetch->credential;
    const char *audience = fetch->target->audience;
    const char *tenant = credential->tenant ? credential->tenant : fetch->target->tenant;
    const char *arguments[] = {"az",         "account", "get-access-token", "--output", "json",
                               "--resource", audience,  "--tenant",         tenant,     NULL};
    const struct aks_process_request request = {.program = fetch->program,
                                                .arguments = arguments,
                                                .variables = variables,
                                                .directory = SAFE_DIRECTORY,
                                                .timeout = credential->timeout,
                                                .limit = OUTPUT_LIMIT};

    if (!tenant || fetch->without_tenant)
        arguments[7] = NULL;
    if (!may_be_argument(audience) || (tenant && !may_be_argument(tenant)))
        return aks_error_set(error, "credential_unavailable",
                             "the tenant or the audience cannot be given to the Azure CLI");
    fetch->process = aks_process_start(fetch->target->loop, &request, on_done, fetch, error);
    return fetch->process != NULL;
}

static bool check_claims(const struct aks_token_target *target, struct aks_error *error)
{
    if (!target->claims)
        return true;
    aks_error_set(error, "token_refused", "the server wants a sign-in that the Azure CLI cannot make by itself");
    aks_error_note(&error->hint, "sign in anew, so that the policy of the tenant is met: az logout, then az login");
    return false;
}

static char *program_of(const struct cli_credential *credential, struct aks_error *error)
{
    char *program = credential->program ? strdup(credential->program) : aks_process_find("az");

    if (!program) {
        aks_error_set(error, "credential_unavailable", "the Azure CLI (az) is in no absolute directory of PATH");
        aks_error_note(&error->hint, "install it, or sign in in another way");
    }
    return program;
}

static struct aks_fetch *fetch_token(struct aks_credential *base, const struct aks_token_target *target,
                                     aks_fetch_done *done, void *context, struct aks_error *error)
{
    const struct cli_credential *credential = (const struct cli_credential *)base;
    struct fetch *fetch;

    if (!check_claims(target, error))
        return NULL;
    fetch = calloc(1, sizeof *fetch);
    if (!fetch) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    fetch->base = (struct aks_fetch){done, context};
    fetch->credential = credential;
    fetch->target = target;
    fetch->program = program_of(credential, error);
    if (fetch->program && run(fetch, error))
        return &fetch->base;
    free_fetch(fetch);
    return NULL;
}

static void cancel_fetch(struct aks_credential *credential, struct aks_fetch *base)
{
    (void)credential;
    free_fetch((struct fetch *)base);
}

static void free_cli(struct aks_credential *base)
{
    struct cli_credential *credential = (struct cli_credential *)base;

    free(credential->tenant);
    free(credential->program);
    free(credential);
}

static bool copy_text(char **copy, const char *text)
{
    *copy = text && *text != '\0' ? strdup(text) : NULL;
    return !text || *text == '\0' || *copy;
}

struct aks_credential *aks_credential_new_azure_cli(const struct aks_azure_cli *options, struct aks_error *error)
{
    static const struct aks_credential_methods methods = {"azure_cli", fetch_token, cancel_fetch, free_cli, false};
    struct cli_credential *credential;

    if (options->program && options->program[0] != '/') {
        aks_error_set(error, "credential_unavailable", "the program '%s' of the Azure CLI is not an absolute path",
                      options->program);
        return NULL;
    }
    credential = calloc(1, sizeof *credential);
    if (!credential) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    aks_credential_init(&credential->base, &methods);
    credential->timeout = options->timeout > 0 ? options->timeout : TIMEOUT_DEFAULT;
    if (copy_text(&credential->tenant, options->tenant) && copy_text(&credential->program, options->program))
        return &credential->base;
    free_cli(&credential->base);
    aks_error_set_no_memory(error);
    return NULL;
}
