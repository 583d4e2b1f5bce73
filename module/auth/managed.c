/* The credential of a managed identity: the host is asked for a token, after a short look whether it is there at all.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/answer.h"
#include "auth/file.h"
#include "auth/inquiry.h"
#include "auth/kind.h"
#include "auth/managed_host.h"
#include "base/clock.h"
#include "base/text.h"
#include "transport/challenge.h"
#include "transport/retry.h"

#define PROBE_TIMEOUT 1.0     /* seconds: the service is on the machine's own link, or nowhere */
#define EXCHANGE_TIMEOUT 30.0 /* seconds */

/* The metadata service says 410 while it is updated, which takes up to 70 seconds. */
#define UPDATING 410
#define UPDATE_WAIT 10.0
#define UPDATE_TRIES 7

#define KEY_DIRECTORY "/var/opt/azcmagent/tokens"
#define KEY_SUFFIX ".key"
#define KEY_LIMIT 4096

/* Five tries, as the Azure SDKs. */
static const struct aks_retry_policy policy = {.retries = 4, .base = 2.0, .cap = 60.0};

struct managed_credential {
    struct aks_credential base;
    const struct aks_managed_host *host;
    char *endpoint;
    char *secret; /* or NULL */
    char *key_directory;
    struct aks_buffer choice; /* of an identity: "client_id=..." */
    bool present;             /* the metadata service has answered */
};

struct fetch {
    struct aks_fetch base;
    struct managed_credential *credential;
    const struct aks_token_target *target;
    struct aks_inquiry *inquiry;
    bool challenged; /* the key was sent */
    double sent;
};

static void free_fetch(struct fetch *fetch)
{
    aks_inquiry_cancel(fetch->inquiry);
    free(fetch);
}

/* Takes the token and clears the error; the fetch is gone afterwards. */
static void finish(struct fetch *fetch, struct aks_token *token, struct aks_error *error)
{
    struct aks_fetch told = fetch->base;

    aks_secret_hide(error, fetch->credential->secret);
    free_fetch(fetch);
    told.done(told.context, token, error);
    aks_error_clear(error);
}

static bool is_metadata_service(const struct managed_credential *credential)
{
    return !credential->host->endpoint_variable;
}

/* 404 of the metadata service: the identity has only just been assigned. */
static double wait_for_metadata(unsigned attempt, const struct aks_http_response *response,
                                const struct aks_error *error)
{
    if (response && response->status == UPDATING && aks_retry_after(&response->headers, aks_clock_wall()) < 0)
        return attempt < UPDATE_TRIES ? UPDATE_WAIT : -1;
    return aks_inquiry_retry(&policy, attempt, response,
                             response && (response->status == 404 || response->status == UPDATING), error);
}

static double wait_for_host(unsigned attempt, const struct aks_http_response *response, const struct aks_error *error)
{
    return aks_inquiry_retry(&policy, attempt, response, false, error);
}

static double wait_not(unsigned attempt, const struct aks_http_response *response, const struct aks_error *error)
{
    (void)attempt;
    (void)response;
    (void)error;
    return -1;
}

/* "api-version=...&resource=...&client_id=...", or what of it the host wants. */
static bool compose_query(const struct fetch *fetch, struct aks_buffer *query)
{
    const struct aks_managed_host *host = fetch->credential->host;
    const struct aks_buffer *choice = &fetch->credential->choice;

    if (host->version && (!aks_buffer_append_text(query, "api-version=") ||
                          !aks_buffer_append_text(query, host->version) || !aks_buffer_append_text(query, "&")))
        return false;
    if (!aks_buffer_append_text(query, "resource=") ||
        !aks_buffer_append_percent_encoded(query, fetch->target->audience))
        return false;
    return choice->length == 0 ||
           (aks_buffer_append_text(query, "&") && aks_buffer_append(query, choice->data, choice->length));
}

/* `key` is what a challenge asked for, or NULL. */
static bool compose_headers(const struct managed_credential *credential, const char *key, struct aks_headers *headers)
{
    const struct aks_managed_host *host = credential->host;
    char *basic = key ? aks_text_format("Basic %s", key) : NULL;
    bool done = (!key || (basic && aks_headers_add(headers, "Authorization", basic))) &&
                (!host->metadata || aks_headers_add(headers, "Metadata", "true")) &&
                (!host->posts || aks_headers_add(headers, "Content-Type", "application/x-www-form-urlencoded")) &&
                (!host->secret_header || aks_headers_add(headers, host->secret_header, credential->secret));

    aks_secret_free(basic);
    return done;
}

static bool send_query(struct fetch *fetch, const struct aks_buffer *query, const struct aks_headers *headers,
                       aks_inquiry_wait *wait, aks_inquiry_done *done, struct aks_error *error)
{
    const struct managed_credential *credential = fetch->credential;
    bool posts = credential->host->posts;
    const char *endpoint = credential->endpoint;
    struct aks_inquiry_request request = {.method = posts ? "POST" : "GET",
                                          .headers = headers,
                                          .timeout = wait == wait_not ? PROBE_TIMEOUT : EXCHANGE_TIMEOUT,
                                          .link_local = true,
                                          .wait = wait};
    char *url =
        posts ? strdup(endpoint) : aks_text_format("%s%c%s", endpoint, strchr(endpoint, '?') ? '&' : '?', query->data);

    if (posts) {
        request.body = query->data;
        request.body_length = query->length;
    }
    request.url = url;
    fetch->sent = aks_clock_wall();
    if (url)
        fetch->inquiry = aks_inquiry_start(fetch->target, &request, done, fetch, error);
    else
        aks_error_set_no_memory(error);
    free(url);
    return fetch->inquiry != NULL;
}

static aks_inquiry_done on_answer, on_probed;

static bool ask(struct fetch *fetch, const char *key, struct aks_error *error)
{
    aks_inquiry_wait *wait = is_metadata_service(fetch->credential) ? wait_for_metadata : wait_for_host;
    struct aks_headers headers = {0};
    struct aks_buffer query;
    bool done;

    aks_buffer_init(&query, AKS_MANAGED_URL_LIMIT);
    if (compose_query(fetch, &query) && compose_headers(fetch->credential, key, &headers))
        done = send_query(fetch, &query, &headers, wait, on_answer, error);
    else
        done = aks_error_set_no_memory(error);
    aks_headers_clear(&headers);
    aks_buffer_clear(&query);
    return done;
}

/* Without the header Metadata, which is refused at once by whoever is the metadata service. */
static bool probe(struct fetch *fetch, struct aks_error *error)
{
    struct aks_buffer query;
    bool done;

    aks_buffer_init(&query, AKS_MANAGED_URL_LIMIT);
    if (compose_query(fetch, &query))
        done = send_query(fetch, &query, NULL, wait_not, on_probed, error);
    else
        done = aks_error_set_no_memory(error);
    aks_buffer_clear(&query);
    return done;
}

static void on_probed(void *context, struct aks_http_response *response, struct aks_error *error)
{
    struct fetch *fetch = context;
    struct aks_error failure = {0};

    fetch->inquiry = NULL;
    if (response) {
        fetch->credential->present = true;
        if (ask(fetch, NULL, &failure))
            return;
    } else if (!error->retryable) { /* it was not even sent */
        aks_error_move(&failure, error);
    } else {
        aks_error_set(&failure, "credential_unavailable",
                      "no managed identity: the instance metadata service does not "
                      "answer (%s)",
                      aks_error_code(error));
        aks_error_note(&failure.hint, "outside of Azure's machines, sign in in another way");
    }
    finish(fetch, NULL, &failure);
}

/* Whether the path is that of a key of the agent, and not of any other file that it would be sent to read. */
static bool is_key_path(const char *directory, const char *path)
{
    size_t length = strlen(directory), whole = strlen(path), suffix = strlen(KEY_SUFFIX);
    const char *name = path + length + 1;

    return whole > length + 1 + suffix && strncmp(path, directory, length) == 0 && path[length] == '/' &&
           *name != '.' && !strchr(name, '/') && strcmp(path + whole - suffix, KEY_SUFFIX) == 0;
}

/* What the agent's challenge "Basic realm=/path" asks for. */
static bool read_key(const struct managed_credential *credential, const struct aks_headers *headers,
                     struct aks_buffer *key, struct aks_error *error)
{
    char *path;
    bool done;

    if (!aks_challenge_find(headers, "Basic", "realm", &path))
        return aks_error_set_no_memory(error);
    if (path && is_key_path(credential->key_directory, path))
        done = aks_file_read(path, "the key of the Azure Arc agent", key, error);
    else
        done = aks_error_set(error, "credential_unavailable",
                             "the Azure Arc agent named no key in %s: it must be one '*" KEY_SUFFIX "' there",
                             credential->key_directory);
    if (!done)
        aks_error_note(&error->hint, "the user must be a member of the group 'himds'");
    free(path);
    return done;
}

static bool answer_challenge(struct fetch *fetch, const struct aks_headers *headers, struct aks_error *error)
{
    struct aks_buffer key;
    bool done;

    fetch->challenged = true;
    aks_buffer_init(&key, KEY_LIMIT);
    done = read_key(fetch->credential, headers, &key, error) && ask(fetch, key.data, error);
    aks_buffer_erase(&key);
    return done;
}

/* What the metadata service says when it has no identity to give (400), or cannot be reached from a container (403). */
static bool means_none(const struct aks_http_response *response)
{
    const char *text = response->body.data ? response->body.data : "";

    return response->status == 400 || (response->status == 403 && strstr(text, "unreachable"));
}

static void read_refusal(const struct fetch *fetch, const struct aks_http_response *response, struct aks_error *error)
{
    struct aks_error refusal = {0};
    const char *name = fetch->credential->host->name;

    aks_answer_read_refusal(response->status, response->body.data, response->body.length, &refusal);
    if (!is_metadata_service(fetch->credential) || !means_none(response)) {
        aks_error_move(error, &refusal);
    } else {
        aks_error_set(error, "credential_unavailable", "%s has no such managed identity: %s", name,
                      refusal.message ? refusal.message : "");
        error->status = response->status;
        aks_error_clear(&refusal);
    }
    aks_error_note(&error->hint, "assign the managed identity to the machine or app that this runs in");
}

/* Seconds that the host's clock is ahead of ours; 0 when it does not tell. */
static double clock_of(const struct aks_http_response *response)
{
    const char *date = aks_headers_get(&response->headers, "Date");
    double seconds;

    return date && aks_clock_parse_http_date(date, &seconds) ? seconds - aks_clock_wall() : 0;
}

static struct aks_token *read_token(const struct fetch *fetch, const struct aks_http_response *response,
                                    struct aks_error *error)
{
    const struct aks_answer_time time = {.now = fetch->sent, .ahead = clock_of(response)};
    struct aks_token *token = aks_answer_read_token(response->body.data, response->body.length, &time, error);

    if (token)
        aks_token_refresh_halfway(token, fetch->sent);
    return token;
}

static void on_answer(void *context, struct aks_http_response *response, struct aks_error *error)
{
    struct fetch *fetch = context;
    struct aks_token *token = NULL;
    struct aks_error failure = {0};

    fetch->inquiry = NULL;
    if (!response) {
        aks_error_move(&failure, error);
    } else if (response->status == 200) {
        token = read_token(fetch, response, &failure);
        aks_buffer_erase(&response->body);
    } else if (response->status == 401 && fetch->credential->host->challenges && !fetch->challenged) {
        if (answer_challenge(fetch, &response->headers, &failure))
            return;
    } else {
        read_refusal(fetch, response, &failure);
    }
    finish(fetch, token, &failure);
}

static struct aks_fetch *fetch_token(struct aks_credential *base, const struct aks_token_target *target,
                                     aks_fetch_done *done, void *context, struct aks_error *error)
{
    struct managed_credential *credential = (struct managed_credential *)base;
    struct fetch *fetch = calloc(1, sizeof *fetch);
    bool begun;

    if (!fetch) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    fetch->base = (struct aks_fetch){done, context};
    fetch->credential = credential;
    fetch->target = target;
    begun = is_metadata_service(credential) && !credential->present ? probe(fetch, error) : ask(fetch, NULL, error);
    if (begun)
        return &fetch->base;
    free_fetch(fetch);
    return NULL;
}

static void cancel_fetch(struct aks_credential *credential, struct aks_fetch *fetch)
{
    (void)credential;
    free_fetch((struct fetch *)fetch);
}

static void free_managed(struct aks_credential *base)
{
    struct managed_credential *credential = (struct managed_credential *)base;

    free(credential->endpoint);
    free(credential->key_directory);
    aks_secret_free(credential->secret);
    aks_buffer_clear(&credential->choice);
    free(credential);
}

static bool fill(struct managed_credential *credential, const struct aks_managed_identity *options,
                 struct aks_error *error)
{
    const struct aks_managed_host *host = credential->host;
    const char *directory = options->key_directory ? options->key_directory : KEY_DIRECTORY;

    if (!host->known)
        return aks_error_set(error, "credential_unavailable", "the managed identity of %s cannot be used here",
                             host->name);
    if (!aks_managed_host_choice(host, options, &credential->choice, error))
        return false;
    credential->endpoint = aks_managed_host_endpoint(host, options, error);
    if (!credential->endpoint)
        return false;
    credential->key_directory = strdup(directory);
    if (host->secret_header)
        credential->secret = strdup(options->variable(options->context, host->secret_variable));
    return (credential->key_directory && (!host->secret_header || credential->secret)) ||
           aks_error_set_no_memory(error);
}

struct aks_credential *aks_credential_new_managed_identity(const struct aks_managed_identity *options,
                                                           struct aks_error *error)
{
    static const struct aks_credential_methods methods = {"managed_identity", fetch_token, cancel_fetch, free_managed,
                                                          false};
    struct managed_credential *credential = calloc(1, sizeof *credential);

    if (!credential) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    aks_credential_init(&credential->base, &methods);
    credential->host = aks_managed_host_find(options);
    aks_buffer_init(&credential->choice, AKS_MANAGED_URL_LIMIT);
    if (fill(credential, options, error))
        return &credential->base;
    free_managed(&credential->base);
    return NULL;
}
