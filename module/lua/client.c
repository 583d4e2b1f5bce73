/* The class of clients: connecting and closing. What a client can construct is added by resource.c. */
#include "lua/client.h"

#include <lauxlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/class.h"
#include "lua/credential.h"
#include "lua/identity_report.h"
#include "lua/operation.h"
#include "lua/options.h"
#include "lua/raise.h"
#include "lua/runtime.h"
#include "lua/transport.h"

enum { VALUE_LISTENERS = 1, VALUE_ON_EVENT, VALUE_CREDENTIAL, VALUE_COUNT = VALUE_CREDENTIAL };

#define CONNECT_TIMEOUT 20.0
#define CONCURRENCY_DEFAULT 16

struct aks_client *aks_client_check(lua_State *L, int index)
{
    return luaL_checkudata(L, index, AKS_CLIENT_CLASS);
}

void aks_client_push_listeners(lua_State *L, int index)
{
    lua_getiuservalue(L, index, VALUE_LISTENERS);
    lua_getiuservalue(L, index, VALUE_ON_EVENT);
}

const char *aks_client_push_subscription(lua_State *L, const struct aks_client *client)
{
    if (!client->session->subscription)
        aks_raise_argument(L, "field_required", "aks.connect", "subscription",
                           "give the option 'subscription', or set AZURE_SUBSCRIPTION_ID",
                           "the client was connected without a subscription");
    return lua_pushfstring(L, "/subscriptions/%s", client->session->subscription);
}

static void observe(void *context, const struct aks_event *event)
{
    struct aks_client *client = context;

    if (client->runtime)
        aks_events_note(client->runtime, client, event);
}

/* Transport and tokens are the session's, which takes them also when it fails; until then they are released here. */
static struct aks_session *new_session(struct aks_client *client, const struct aks_connect_options *options,
                                       struct aks_credential *credential, bool observed, struct aks_error *error)
{
    const struct aks_transport_options transport_options = {
        .loop = client->runtime->loop,
        .ca_file = aks_option_text(options, "ca_file"),
        .proxy = aks_option_text(options, "proxy"),
        .connect_timeout = CONNECT_TIMEOUT,
        .concurrency = (unsigned)aks_option_integer(options, "concurrency", CONCURRENCY_DEFAULT),
    };
    struct aks_transport *transport = aks_lazy_transport_new(client->runtime, &transport_options);
    const struct aks_token_target target = {
        .loop = client->runtime->loop,
        .transport = transport,
        .authority = options->authority,
        .audience = options->audience,
        .tenant = aks_option_text(options, "tenant"),
        .resource_manager = options->resource_manager,
    };
    struct aks_session_options session = {
        .loop = client->runtime->loop,
        .transport = transport,
        .endpoint = options->resource_manager,
        .subscription = aks_option_text(options, "subscription"),
        .user_agent = aks_option_text(options, "user_agent"),
        .ssh_directory = aks_option_text(options, "ssh_directory"),
        .timeout = (double)aks_option_integer(options, "timeout", 0),
        .operation_timeout = (double)aks_option_integer(options, "operation_timeout", 0),
        .poll_interval = (double)aks_option_integer(options, "poll_interval", 0),
        .retries = (int)aks_option_integer(options, "retries", -1),
        .check_only = json_is_true(json_object_get(options->values, "check_only")),
        .observe = observed ? observe : NULL,
        .observer = client,
    };

    if (!transport) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    session.tokens = aks_token_source_new(credential, &target, error);
    if (!session.tokens) {
        transport->methods->free(transport);
        return NULL;
    }
    return aks_session_new(&session, error);
}

static struct aks_client *push_client(lua_State *L, int listeners)
{
    struct aks_runtime *runtime = aks_runtime_get(L);
    struct aks_client *client;

    aks_runtime_loop(L, runtime);
    client = aks_class_push(L, AKS_CLIENT_CLASS, sizeof *client, VALUE_COUNT);
    client->runtime = aks_runtime_retain(runtime);
    lua_pushvalue(L, listeners);
    lua_setiuservalue(L, -2, VALUE_LISTENERS);
    aks_runtime_track(L, client, -1);
    return client;
}

int aks_connect(lua_State *L)
{
    enum { OPTIONS = 1, LISTENERS, CREDENTIAL };
    struct aks_connect_options options;
    struct aks_error *error;
    struct aks_client *client;
    struct aks_credential *credential;
    bool observed;

    luaL_checktype(L, OPTIONS, LUA_TTABLE);
    lua_settop(L, LISTENERS);
    lua_getfield(L, OPTIONS, "credential");
    aks_options_check(L, OPTIONS, &options);
    credential = aks_credential_check(L, CREDENTIAL); /* the object is on top now */
    lua_replace(L, CREDENTIAL);
    error = aks_box_error(L);
    client = push_client(L, LISTENERS);
    lua_pushvalue(L, CREDENTIAL);
    lua_setiuservalue(L, -2, VALUE_CREDENTIAL);
    observed = lua_getfield(L, OPTIONS, "on_event") != LUA_TNIL;
    lua_setiuservalue(L, -2, VALUE_ON_EVENT);
    observed = observed || (lua_istable(L, LISTENERS) && lua_rawlen(L, LISTENERS) > 0);
    client->session = new_session(client, &options, credential, observed, error);
    if (!client->session)
        aks_raise(L, error);
    return 1;
}

/* Cancels what is under way and closes the session; for half-made and closed ones too. */
static void close_client(lua_State *L, struct aks_client *client)
{
    while (client->running)
        aks_lua_operation_cancel(L, client->running);
    aks_identity_reports_cancel(&client->reports);
    if (client->session)
        aks_session_close(client->session);
}

static int client_close(lua_State *L)
{
    struct aks_client *client = aks_client_check(L, 1);

    if (!client->runtime)
        return 0;
    if (client->runtime->locked > 0)
        return luaL_error(L, "a client cannot be closed from inside a credential's function");
    close_client(L, client);
    aks_events_deliver(client->runtime);
    return 0;
}

/* Nobody is told of what is canceled here, as listeners may be finalised already. */
static int client_gc(lua_State *L)
{
    struct aks_client *client = aks_client_check(L, 1);

    if (!client->runtime)
        return 0;
    if (client->session)
        client->session->observe = NULL;
    close_client(L, client);
    aks_events_forget(client->runtime, client);
    aks_session_release(client->session);
    client->session = NULL;
    aks_runtime_release(client->runtime);
    client->runtime = NULL;
    aks_class_retire(L);
    return 0;
}

static int client_tostring(lua_State *L)
{
    const struct aks_client *client = aks_client_check(L, 1);
    const struct aks_session *session = client->session;

    if (!session)
        lua_pushliteral(L, "client");
    else
        lua_pushfstring(L, "client of %s%s%s%s", session->endpoint, session->subscription ? ", subscription " : "",
                        session->subscription ? session->subscription : "", session->closed ? " (closed)" : "");
    return 1;
}

static int attribute(lua_State *L, const char *name)
{
    const struct aks_session *session = aks_client_check(L, 1)->session;

    if (strcmp(name, "subscription") == 0)
        lua_pushstring(L, session->subscription);
    else if (strcmp(name, "endpoint") == 0)
        lua_pushstring(L, session->endpoint);
    else
        return 0;
    return 1;
}

static void suggest(lua_State *L, struct aks_text_nearest *nearest)
{
    (void)L;
    aks_text_nearest_try(nearest, "subscription");
    aks_text_nearest_try(nearest, "endpoint");
}

static const luaL_Reg methods[] = {
    {"close", client_close},
    {"identity_report", aks_client_identity_report},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__tostring", client_tostring},
    {"__gc", client_gc},
    {"__close", client_close},
    {NULL, NULL},
};

static const struct aks_class client_class = {
    .name = AKS_CLIENT_CLASS,
    .methods = methods,
    .metamethods = metamethods,
    .attribute = attribute,
    .suggest = suggest,
};

void aks_open_client(lua_State *L)
{
    aks_class_new(L, &client_class, AKS_CLIENT_CLASS);
}
