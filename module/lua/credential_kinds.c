/* The kinds of credentials that Lua makes from a table of options: the rows of each, and its constructor. */
#include <lauxlib.h>
#include <string.h>

#include "base/text.h"
#include "lua/box.h"
#include "lua/credential.h"
#include "lua/raise.h"
#include "lua/value.h"
#include "resources/field.h"

#define LINKS_LIMIT 32

#define TENANT_ROW                                                                                                     \
    {                                                                                                                  \
        .name = "tenant", .type = AKS_FIELD_STRING, .minimum = 1, .maximum = 256,                                      \
        .documentation = "the Entra tenant; absent: the client's"                                                      \
    }
#define CLIENT_ID_ROW                                                                                                  \
    {                                                                                                                  \
        .name = "client_id", .type = AKS_FIELD_STRING, .minimum = 1, .maximum = 256, .flags = AKS_FIELD_REQUIRED,      \
        .documentation = "the application's client id"                                                                 \
    }

static const struct aks_field secret_rows[] = {
    TENANT_ROW,
    CLIENT_ID_ROW,
    {.name = "client_secret",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_REQUIRED | AKS_FIELD_SECRET,
     .documentation = "its secret"},
};
static const struct aks_fields secret_fields = AKS_FIELDS(secret_rows);

static const struct aks_field certificate_rows[] = {
    TENANT_ROW,
    CLIENT_ID_ROW,
    {.name = "certificate",
     .type = AKS_FIELD_STRING,
     .minimum = 1,
     .maximum = 1024 * 1024,
     .flags = AKS_FIELD_REQUIRED | AKS_FIELD_SECRET,
     .documentation = "path of a PEM or PKCS #12 file with key and certificate, or PEM text"},
    {.name = "password", .type = AKS_FIELD_STRING, .flags = AKS_FIELD_SECRET, .documentation = "of the private key"},
    {.name = "algorithm",
     .type = AKS_FIELD_CHOICE,
     .choices = "PS256|RS256",
     .documentation = "how assertions are signed; absent: PS256"},
    {.name = "send_chain",
     .type = AKS_FIELD_BOOLEAN,
     .documentation = "whether to send the certificates, for an application that knows them by name and issuer"},
};
static const struct aks_fields certificate_fields = AKS_FIELDS(certificate_rows);

static const struct aks_field workload_rows[] = {
    TENANT_ROW,
    CLIENT_ID_ROW,
    {.name = "token_file",
     .type = AKS_FIELD_STRING,
     .minimum = 1,
     .maximum = 4096,
     .flags = AKS_FIELD_REQUIRED,
     .documentation = "path of the file with the federated token"},
};
static const struct aks_fields workload_fields = AKS_FIELDS(workload_rows);

static const struct aks_field job_rows[] = {
    TENANT_ROW,
    CLIENT_ID_ROW,
    {.name = "method",
     .type = AKS_FIELD_CHOICE,
     .choices = "GET|POST",
     .flags = AKS_FIELD_REQUIRED,
     .documentation = "how the CI service is asked"},
    {.name = "request_url",
     .type = AKS_FIELD_STRING,
     .minimum = 1,
     .maximum = 8192,
     .flags = AKS_FIELD_REQUIRED,
     .documentation = "URL of the CI service that gives tokens of the job"},
    {.name = "request_token",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_REQUIRED | AKS_FIELD_SECRET,
     .documentation = "which the CI service has given the job to ask with"},
    {.name = "member",
     .type = AKS_FIELD_STRING,
     .flags = AKS_FIELD_REQUIRED,
     .documentation = "where the answer has the token"},
};
static const struct aks_fields job_fields = AKS_FIELDS(job_rows);

static const struct aks_field managed_rows[] = {
    {.name = "client_id", .type = AKS_FIELD_STRING, .documentation = "client id of a user-assigned identity"},
    {.name = "object_id", .type = AKS_FIELD_STRING, .documentation = "or its object id"},
    {.name = "resource_id", .type = AKS_FIELD_STRING, .documentation = "or its resource id"},
    {.name = "key_directory",
     .type = AKS_FIELD_STRING,
     .minimum = 1,
     .maximum = 4096,
     .documentation = "where the agent of Azure Arc puts its keys"},
    {.name = "environment", .type = AKS_FIELD_TABLE, .documentation = "the variables that say where to ask"},
};
static const struct aks_fields managed_fields = AKS_FIELDS(managed_rows);

static const struct aks_field cli_rows[] = {
    TENANT_ROW,
    {.name = "program",
     .type = AKS_FIELD_STRING,
     .minimum = 1,
     .maximum = 4096,
     .documentation = "absolute path of az; absent: az in the directories of PATH"},
    {.name = "timeout",
     .type = AKS_FIELD_INTEGER,
     .minimum = 1,
     .maximum = 3600,
     .documentation = "seconds that it may take; absent: 30"},
};
static const struct aks_fields cli_fields = AKS_FIELDS(cli_rows);

/* What the table at index 1 has, in an owner that is pushed; nothing for nil. Raises with all that is wrong. */
static const json_t *check_table(lua_State *L, const struct aks_fields *fields, const char *title)
{
    struct aks_findings findings = {0};
    struct aks_error *error = aks_box_error(L);
    json_t **spec;
    bool enough_memory;

    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    spec = aks_value_check(L, 1, title);
    enough_memory = aks_fields_check(fields, title, *spec, &findings);
    if (!enough_memory)
        aks_error_set_no_memory(error);
    else if (aks_findings_refuse(&findings))
        aks_error_set_findings(error, &findings);
    aks_findings_clear(&findings);
    if (aks_error_is_set(error))
        aks_raise(L, error);
    return *spec;
}

/* The copy in the owner is of no use any more. */
static void forget(const json_t *spec, const char *name)
{
    const json_t *value = json_object_get(spec, name);

    if (json_is_string(value)) /* its memory is jansson's, but it is ours alone */
        explicit_bzero((char *)json_string_value(value), json_string_length(value));
}

static const char *text_of(const json_t *spec, const char *name)
{
    return json_string_value(json_object_get(spec, name));
}

/* Raises when there is no credential. */
static int finish(lua_State *L, const struct aks_credential *credential, struct aks_error *error)
{
    return credential ? 1 : aks_raise(L, error);
}

static int client_secret(lua_State *L)
{
    const json_t *spec = check_table(L, &secret_fields, "client_secret");
    const struct aks_client_secret options = {
        .tenant = text_of(spec, "tenant"),
        .client_id = text_of(spec, "client_id"),
        .client_secret = text_of(spec, "client_secret"),
    };
    struct aks_error *error = aks_box_error(L);
    struct aks_credential **credential = aks_credential_push(L);

    *credential = aks_credential_new_client_secret(&options, error);
    forget(spec, "client_secret");
    return finish(L, *credential, error);
}

static int client_certificate(lua_State *L)
{
    const json_t *spec = check_table(L, &certificate_fields, "client_certificate");
    const char *algorithm = text_of(spec, "algorithm");
    const struct aks_client_certificate options = {
        .tenant = text_of(spec, "tenant"),
        .client_id = text_of(spec, "client_id"),
        .certificate = text_of(spec, "certificate"),
        .password = text_of(spec, "password"),
        .pkcs1 = algorithm && aks_text_equal_fold(algorithm, "RS256"),
        .sends_chain = json_is_true(json_object_get(spec, "send_chain")),
    };
    struct aks_error *error = aks_box_error(L);
    struct aks_credential **credential = aks_credential_push(L);

    *credential = aks_credential_new_client_certificate(&options, error);
    forget(spec, "certificate");
    forget(spec, "password");
    return finish(L, *credential, error);
}

static int workload_identity(lua_State *L)
{
    const json_t *spec = check_table(L, &workload_fields, "workload_identity");
    const struct aks_workload_identity options = {
        .tenant = text_of(spec, "tenant"),
        .client_id = text_of(spec, "client_id"),
        .token_file = text_of(spec, "token_file"),
    };
    struct aks_error *error = aks_box_error(L);
    struct aks_credential **credential = aks_credential_push(L);

    *credential = aks_credential_new_workload_identity(&options, error);
    return finish(L, *credential, error);
}

static int ci_job(lua_State *L)
{
    const json_t *spec = check_table(L, &job_fields, "ci_job");
    const struct aks_ci_job options = {
        .tenant = text_of(spec, "tenant"),
        .client_id = text_of(spec, "client_id"),
        .method = text_of(spec, "method"),
        .request_url = text_of(spec, "request_url"),
        .request_token = text_of(spec, "request_token"),
        .member = text_of(spec, "member"),
    };
    struct aks_error *error = aks_box_error(L);
    struct aks_credential **credential = aks_credential_push(L);

    *credential = aks_credential_new_ci_job(&options, error);
    forget(spec, "request_token");
    return finish(L, *credential, error);
}

static const char *variable_of(void *context, const char *name)
{
    return text_of(context, name);
}

static int managed_identity(lua_State *L)
{
    const json_t *spec = check_table(L, &managed_fields, "managed_identity");
    const struct aks_managed_identity options = {
        .client_id = text_of(spec, "client_id"),
        .object_id = text_of(spec, "object_id"),
        .resource_id = text_of(spec, "resource_id"),
        .key_directory = text_of(spec, "key_directory"),
        .variable = variable_of,
        .context = json_object_get(spec, "environment"),
    };
    struct aks_error *error = aks_box_error(L);
    struct aks_credential **credential = aks_credential_push(L);

    *credential = aks_credential_new_managed_identity(&options, error);
    return finish(L, *credential, error);
}

static int azure_cli(lua_State *L)
{
    const json_t *spec = check_table(L, &cli_fields, "azure_cli");
    const struct aks_azure_cli options = {
        .tenant = text_of(spec, "tenant"),
        .program = text_of(spec, "program"),
        .timeout = (double)json_integer_value(json_object_get(spec, "timeout")),
    };
    struct aks_error *error = aks_box_error(L);
    struct aks_credential **credential = aks_credential_push(L);

    *credential = aks_credential_new_azure_cli(&options, error);
    return finish(L, *credential, error);
}

/* chain({ a, b, ... }, kind): `kind` names it. */
static int chain(lua_State *L)
{
    struct aks_credential *links[LINKS_LIMIT];
    const char *kind = luaL_optstring(L, 2, "chain");
    struct aks_error *error;
    struct aks_credential **credential;
    lua_Integer count;

    luaL_checktype(L, 1, LUA_TTABLE);
    count = luaL_len(L, 1);
    if (count < 1 || count > LINKS_LIMIT)
        aks_raise_argument(L, "value_not_allowed", "chain", NULL, NULL, "a chain has 1 to %d credentials, not %lld",
                           LINKS_LIMIT, (long long)count);
    luaL_checkstack(L, (int)count + 4, "chain");
    for (lua_Integer i = 0; i < count; i++) {
        lua_geti(L, 1, i + 1); /* stays on the stack, and so do tokens that were given as texts */
        links[i] = aks_credential_check(L, -1);
        lua_remove(L, -2);
    }
    error = aks_box_error(L);
    credential = aks_credential_push(L);
    *credential = aks_credential_new_chain(kind, links, (size_t)count, error);
    return finish(L, *credential, error);
}

/* absent(kind, reason) */
static int absent(lua_State *L)
{
    const char *kind = luaL_checkstring(L, 1), *reason = luaL_checkstring(L, 2);
    struct aks_error *error = aks_box_error(L);
    struct aks_credential **credential = aks_credential_push(L);

    *credential = aks_credential_new_absent(kind, reason, error);
    return finish(L, *credential, error);
}

static const luaL_Reg kinds[] = {
    {"token", aks_credential_token},
    {"client_secret", client_secret},
    {"client_certificate", client_certificate},
    {"workload_identity", workload_identity},
    {"ci_job", ci_job},
    {"managed_identity", managed_identity},
    {"azure_cli", azure_cli},
    {"chain", chain},
    {"absent", absent},
    {NULL, NULL},
};

void aks_push_credentials(lua_State *L)
{
    luaL_newlib(L, kinds);
}
