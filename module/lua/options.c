/* The options of aks.connect as rows, and how endpoint and cloud say where to go. */
#include "lua/options.h"

#include <lauxlib.h>
#include <string.h>

#include "arm/cloud.h"
#include "lua/box.h"
#include "lua/raise.h"
#include "lua/value.h"
#include "resources/field.h"
#include "transport/url.h"

static const struct aks_field option_rows[] = {
    {.name = "subscription", .type = AKS_FIELD_UUID, .documentation = "id of the subscription to work in"},
    {.name = "tenant", .type = AKS_FIELD_STRING, .minimum = 1, .maximum = 256, .documentation = "the Entra tenant"},
    {.name = "credential", .type = AKS_FIELD_TABLE, .documentation = "a credential, or a token"},
    {.name = "cloud",
     .type = AKS_FIELD_CHOICE,
     .choices = "public|china|usgov",
     .documentation = "the Azure cloud, or a table { resource_manager, authority, audience }"},
    {.name = "endpoint", .type = AKS_FIELD_STRING, .documentation = "URL of another resource manager"},
    {.name = "authority", .type = AKS_FIELD_STRING, .documentation = "URL of the authority that gives tokens"},
    {.name = "ca_file", .type = AKS_FIELD_STRING, .documentation = "PEM file of the authorities to trust"},
    {.name = "proxy", .type = AKS_FIELD_STRING, .documentation = "URL of an HTTP proxy"},
    {.name = "timeout",
     .type = AKS_FIELD_INTEGER,
     .minimum = 1,
     .maximum = 86400,
     .documentation = "seconds for one request"},
    {.name = "operation_timeout",
     .type = AKS_FIELD_INTEGER,
     .minimum = 1,
     .maximum = 604800,
     .documentation = "seconds for an operation, waiting included"},
    {.name = "ssh_directory",
     .type = AKS_FIELD_STRING,
     .minimum = 1,
     .maximum = 4096,
     .documentation = "where the user's SSH keys are; absent: .ssh at home"},
    {.name = "poll_interval",
     .type = AKS_FIELD_INTEGER,
     .minimum = 1,
     .maximum = 3600,
     .documentation = "seconds between looks at an operation when Azure names none; absent: as its kind suggests"},
    {.name = "check_only",
     .type = AKS_FIELD_BOOLEAN,
     .documentation = "true: nothing is changed; what would be created or converted is checked instead"},
    {.name = "retries",
     .type = AKS_FIELD_INTEGER,
     .minimum = 0,
     .maximum = 100,
     .documentation = "how often a request is tried again"},
    {.name = "concurrency",
     .type = AKS_FIELD_INTEGER,
     .minimum = 1,
     .maximum = 50,
     .documentation = "requests under way at once"},
    {.name = "on_event", .type = AKS_FIELD_TABLE, .documentation = "a function that is told what happens"},
    {.name = "user_agent", .type = AKS_FIELD_STRING, .documentation = "put before our own user agent"},
};
static const struct aks_fields option_fields = AKS_FIELDS(option_rows);

static const struct aks_field cloud_rows[] = {
    {.name = "resource_manager", .type = AKS_FIELD_STRING, .flags = AKS_FIELD_REQUIRED, .documentation = "its URL"},
    {.name = "authority", .type = AKS_FIELD_STRING, .documentation = "its URL; absent: the resource manager tells"},
    {.name = "audience", .type = AKS_FIELD_STRING, .documentation = "for whom tokens are; absent: the same"},
};
static const struct aks_fields cloud_fields = AKS_FIELDS(cloud_rows);

#define AUDIENCE_DEFAULT "https://management.azure.com"

static void release_findings(void *value)
{
    aks_findings_clear(value);
}

/* Pushes a copy of the options without those that JSON cannot hold. */
static void push_plain_options(lua_State *L, int index)
{
    static const char *const others[] = {"credential", "on_event"};

    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, -5);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        lua_pushnil(L);
        lua_setfield(L, -2, others[i]);
    }
}

static void check_credential(lua_State *L, int index, struct aks_findings *findings, bool *enough_memory)
{
    int type = lua_getfield(L, index, "on_event");

    if (type != LUA_TNIL && type != LUA_TFUNCTION)
        *enough_memory &= aks_findings_add(findings, "type_mismatch", AKS_SEVERITY_ERROR, "aks.connect", "on_event",
                                           NULL, "on_event must be a function, not a %s", lua_typename(L, type));
    lua_pop(L, 1);
}

/* A table given as cloud has rows of its own; it is taken out of the options for their check. */
static bool check_values(json_t *values, json_t *cloud, struct aks_findings *findings)
{
    bool enough_memory = true;

    if (json_is_object(cloud)) {
        enough_memory = aks_fields_check(&cloud_fields, "aks.connect: cloud", cloud, findings);
        json_object_del(values, "cloud");
    }
    return aks_fields_check(&option_fields, "aks.connect", values, findings) && enough_memory;
}

const char *aks_option_text(const struct aks_connect_options *options, const char *name)
{
    return json_string_value(json_object_get(options->values, name));
}

long long aks_option_integer(const struct aks_connect_options *options, const char *name, long long fallback)
{
    const json_t *value = json_object_get(options->values, name);

    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

static const char *first_text(const char *a, const char *b)
{
    return a ? a : b;
}

/* An endpoint on loopback stands in for all of Azure: it gives tokens too, unless told otherwise. Any other one tells
   itself of the cloud that it belongs to. */
static void resolve_endpoint(struct aks_connect_options *options, const char *endpoint)
{
    struct aks_url url;
    bool stands_in = aks_url_parse(endpoint, &url) && aks_url_is_loopback(&url);

    options->resource_manager = endpoint;
    options->authority = stands_in ? endpoint : NULL;
    options->audience = stands_in ? AUDIENCE_DEFAULT : NULL;
}

static void resolve_places(struct aks_connect_options *options, const json_t *own_cloud)
{
    const char *name = aks_option_text(options, "cloud"), *endpoint = aks_option_text(options, "endpoint");
    const char *authority = aks_option_text(options, "authority");
    const struct aks_cloud *cloud = name ? aks_cloud_find(name) : NULL;

    if (!cloud && authority) /* pods of a national cloud are told their authority alone */
        cloud = aks_cloud_of_authority(authority);
    if (!cloud)
        cloud = aks_cloud_find("public");
    options->resource_manager = cloud->resource_manager;
    options->authority = cloud->authority;
    options->audience = cloud->audience;
    if (json_is_object(own_cloud)) {
        options->resource_manager = json_string_value(json_object_get(own_cloud, "resource_manager"));
        options->authority = json_string_value(json_object_get(own_cloud, "authority"));
        options->audience = json_string_value(json_object_get(own_cloud, "audience"));
    }
    if (endpoint)
        resolve_endpoint(options, endpoint);
    options->authority = first_text(authority, options->authority);
}

void aks_options_check(lua_State *L, int index, struct aks_connect_options *options)
{
    struct aks_error *error = aks_box_error(L);
    struct aks_findings *findings = aks_box_push(L, sizeof *findings, release_findings);
    json_t **values, **cloud = aks_box_json(L);
    bool enough_memory = true;

    index = lua_absindex(L, index);
    push_plain_options(L, index);
    values = aks_value_check(L, -1, "options");
    *cloud = json_incref(json_object_get(*values, "cloud"));
    check_credential(L, index, findings, &enough_memory);
    if (!check_values(*values, *cloud, findings) || !enough_memory) {
        aks_error_set_no_memory(error);
        aks_raise(L, error);
    }
    if (aks_findings_refuse(findings)) {
        aks_error_set_findings(error, findings);
        aks_raise(L, error);
    }
    options->values = *values;
    resolve_places(options, *cloud);
}
