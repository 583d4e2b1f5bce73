/* client:identity_report: a token is asked for as for any request, and its claims are read. The token itself is not
   kept, nor shown. */
#include "lua/identity_report.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "auth/jwt.h"
#include "lua/box.h"
#include "lua/client.h"
#include "lua/raise.h"
#include "lua/runtime.h"
#include "lua/task.h"

#define REPORT_CLASS "aks.identity_report"

struct aks_identity_report {
    struct aks_waitable waitable;
    struct aks_identity_report *next, **link; /* in the client's list; link NULL: in none */
    struct aks_runtime *runtime;              /* NULL: not begun, or over */
    struct aks_session *session;              /* retained */
    struct aks_token_request *request;
    struct aks_error error;
    char *credential, *authority; /* of the token's origin; NULL: unknown */
    double expires_on;
    json_t *claims; /* NULL: the token says nothing of itself */
};

/* Needs no Lua. */
static void end_report(struct aks_identity_report *report)
{
    struct aks_runtime *runtime = report->runtime;

    if (!runtime)
        return;
    report->runtime = NULL;
    *report->link = report->next;
    if (report->next)
        report->next->link = report->link;
    report->link = NULL;
    runtime->under_way--;
    aks_waitable_end(runtime, &report->waitable);
    aks_runtime_release(runtime);
}

static void cancel_request(struct aks_identity_report *report)
{
    struct aks_token_source *tokens = report->session ? report->session->tokens : NULL;

    if (report->request && tokens)
        tokens->methods->cancel(tokens, report->request);
    report->request = NULL;
}

void aks_identity_reports_cancel(struct aks_identity_report **list)
{
    while (*list) {
        struct aks_identity_report *report = *list;

        cancel_request(report);
        aks_error_set(&report->error, "session_closed", "the client is closed");
        end_report(report);
    }
}

static int report_close(lua_State *L)
{
    struct aks_identity_report *report = luaL_checkudata(L, 1, REPORT_CLASS);

    cancel_request(report);
    end_report(report);
    aks_session_release(report->session);
    aks_error_clear(&report->error);
    free(report->credential);
    free(report->authority);
    json_decref(report->claims);
    report->session = NULL;
    report->credential = report->authority = NULL;
    report->claims = NULL;
    return 0;
}

/* False only for want of memory. */
static bool copy_text(char **copy, const char *text)
{
    *copy = text ? strdup(text) : NULL;
    return !text || *copy;
}

static void on_token(void *context, const char *token, const struct aks_error *error)
{
    struct aks_identity_report *report = context;
    const struct aks_token_source *tokens = report->session->tokens;
    struct aks_token_origin origin = {0};

    report->request = NULL;
    if (!token)
        aks_error_copy(&report->error, error);
    else if (tokens->methods->describe && tokens->methods->describe(tokens, &origin) &&
             (!copy_text(&report->credential, origin.credential) || !copy_text(&report->authority, origin.authority)))
        aks_error_set_no_memory(&report->error);
    report->expires_on = origin.expires_on;
    report->claims = token ? aks_jwt_claims(token) : NULL;
    end_report(report);
}

static struct aks_identity_report *push_report(lua_State *L)
{
    struct aks_identity_report *report = lua_newuserdatauv(L, sizeof *report, 0);

    *report = (struct aks_identity_report){0};
    if (luaL_newmetatable(L, REPORT_CLASS)) {
        lua_pushcfunction(L, report_close);
        lua_setfield(L, -2, "__gc");
        lua_pushcfunction(L, report_close);
        lua_setfield(L, -2, "__close");
    }
    lua_setmetatable(L, -2);
    return report;
}

static void begin(lua_State *L, struct aks_client *client, struct aks_identity_report *report, struct aks_error *error)
{
    struct aks_token_source *tokens = client->session->tokens;

    if (client->session->closed) {
        aks_error_set(error, "session_closed", "the client is closed");
        aks_raise(L, error);
    }
    report->session = aks_session_retain(client->session);
    report->request = tokens->methods->get(tokens, NULL, NULL, on_token, report, error);
    if (!report->request)
        aks_raise(L, error);
    report->runtime = aks_runtime_retain(client->runtime);
    report->runtime->under_way++;
    report->next = client->reports;
    report->link = &client->reports;
    if (report->next)
        report->next->link = &report->next;
    client->reports = report;
}

/* Names in the report, and the claims that say it: the first that the token has.
   https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
static const struct {
    const char *name;
    const char *claims[5];
} rows[] = {
    {"tenant", {"tid", NULL}},
    {"object_id", {"oid", NULL}},
    {"client_id", {"appid", "azp", NULL}},
    {"name", {"upn", "preferred_username", "unique_name", "app_displayname", NULL}},
    {"type", {"idtyp", NULL}},
    {"audience", {"aud", NULL}},
};

static void push_claims(lua_State *L, const json_t *claims)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t j = 0; rows[i].claims[j]; j++) {
            const char *text = json_string_value(json_object_get(claims, rows[i].claims[j]));

            if (!text)
                continue;
            lua_pushstring(L, text);
            lua_setfield(L, -2, rows[i].name);
            break;
        }
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text); /* nil for NULL */
    lua_setfield(L, -2, name);
}

/* The expiry that the credential told, or else that of the token itself. */
static double expiry_of(const struct aks_identity_report *report)
{
    if (report->expires_on > 0)
        return report->expires_on;
    return json_number_value(json_object_get(report->claims, "exp"));
}

static int push_table(lua_State *L, const struct aks_identity_report *report)
{
    double expires_on = expiry_of(report);

    lua_newtable(L);
    push_claims(L, report->claims);
    set_text(L, "credential", report->credential);
    set_text(L, "authority", report->authority);
    set_text(L, "endpoint", report->session->endpoint);
    set_text(L, "subscription", report->session->subscription);
    if (expires_on > 0) {
        lua_pushinteger(L, (lua_Integer)expires_on);
        lua_setfield(L, -2, "expires_on");
    }
    return 1;
}

static int report_continue(lua_State *L, int status, lua_KContext context)
{
    struct aks_identity_report *report = luaL_checkudata(L, 1, REPORT_CLASS);

    (void)status;
    (void)context;
    if (!aks_wait(L, &report->waitable))
        return lua_yieldk(L, 0, 0, report_continue);
    if (aks_error_is_set(&report->error))
        return aks_raise(L, &report->error);
    return push_table(L, report);
}

int aks_client_identity_report(lua_State *L)
{
    struct aks_client *client = aks_client_check(L, 1);
    struct aks_error *error = aks_box_error(L);
    struct aks_identity_report *report = push_report(L);

    begin(L, client, report, error);
    /* the client stays, as the report is in its list */
    lua_rotate(L, 1, 1);
    lua_settop(L, 2);
    lua_toclose(L, 1);
    return report_continue(L, LUA_OK, 0);
}
