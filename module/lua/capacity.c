/* capacity{ ... }: how many clusters and nodes a subnet holds, and how large one must be. */
#include "lua/capacity.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/raise.h"
#include "lua/spec.h"
#include "rules/capacity.h"
#include "rules/cluster_rules.h"

static const struct aks_field options[] = {
    {.name = "subnet",
     .type = AKS_FIELD_STRING,
     .documentation = "a prefix such as \"172.19.0.0/27\", or its length: \"/27\""},
    {.name = "used",
     .type = AKS_FIELD_INTEGER,
     .maximum = 1000000,
     .documentation = "addresses of it that are taken already"},
    {.name = "clusters",
     .type = AKS_FIELD_INTEGER,
     .minimum = 1,
     .maximum = 100000,
     .documentation = "API servers to hold"},
    {.name = "nodes", .type = AKS_FIELD_INTEGER, .minimum = 1, .maximum = 100000, .documentation = "nodes to hold"},
    {.name = "surge",
     .type = AKS_FIELD_INTEGER,
     .maximum = 100000,
     .documentation = "nodes that an upgrade adds for a while; absent: a tenth"},
    {.name = "max_pods",
     .type = AKS_FIELD_INTEGER,
     .maximum = 250,
     .documentation = "pods of a node that have addresses of the subnet; absent: none, as with overlay"},
};
static const struct aks_fields fields = AKS_FIELDS(options);

static unsigned long long number(const json_t *values, const char *name, unsigned long long absent)
{
    const json_t *value = json_object_get(values, name);

    return value ? (unsigned long long)json_number_value(value) : absent;
}

/* "/27" stands for any prefix of that length. */
static bool read_subnet(const char *text, struct aks_cidr *subnet)
{
    char whole[64];

    if (text[0] != '/')
        return aks_cidr_parse(text, subnet) == AKS_CIDR_VALID;
    snprintf(whole, sizeof whole, "0.0.0.0%.8s", text);
    return aks_cidr_parse(whole, subnet) == AKS_CIDR_VALID;
}

static void refuse_subnet(lua_State *L, const char *text)
{
    char message[AKS_CIDR_MESSAGE_SIZE];
    struct aks_cidr subnet;
    enum aks_cidr_fault fault = aks_cidr_parse(text, &subnet);

    if (text[0] == '/' || fault == AKS_CIDR_VALID)
        snprintf(message, sizeof message, "'%.64s' is no IPv4 prefix", text);
    else
        aks_cidr_explain(fault, text, message);
    aks_raise_argument(L, fault == AKS_CIDR_VALID ? "cidr_invalid" : aks_cidr_fault_code(fault), "capacity", "subnet",
                       "write it as \"/27\" or \"172.19.0.0/27\"", "%s", message);
}

static void set_integer(lua_State *L, const char *name, unsigned long long value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, name);
}

static void tell_subnet(lua_State *L, const json_t *values)
{
    const char *text = json_string_value(json_object_get(values, "subnet"));
    unsigned long long used = number(values, "used", 0), clusters;
    struct aks_cidr subnet;
    double usable;

    if (!text)
        return;
    if (!read_subnet(text, &subnet) || subnet.bits != 32)
        refuse_subnet(L, text);
    usable = aks_cidr_usable(&subnet);
    clusters = aks_capacity_clusters(&subnet, used);
    set_integer(L, "usable", (unsigned long long)usable);
    set_integer(L, "clusters", clusters);
    usable -= (double)(used + clusters * AKS_APISERVER_ADDRESSES);
    set_integer(L, "left", usable > 0 ? (unsigned long long)usable : 0);
}

static void set_length(lua_State *L, const char *name, unsigned length)
{
    if (length > 0)
        lua_pushfstring(L, "/%d", (int)length);
    else
        lua_pushnil(L);
    lua_setfield(L, -2, name);
}

static void tell_sizes(lua_State *L, const json_t *values)
{
    unsigned long long clusters = number(values, "clusters", 0), nodes = number(values, "nodes", 0);
    unsigned long long surge = number(values, "surge", (nodes + 9) / 10), addresses;

    if (clusters > 0)
        set_length(L, "apiserver_subnet", aks_capacity_apiserver_length(clusters));
    if (nodes == 0)
        return;
    addresses = aks_capacity_addresses(nodes, surge, number(values, "max_pods", 0));
    set_integer(L, "addresses", addresses);
    set_length(L, "node_subnet", aks_capacity_length(addresses));
}

int aks_capacity(lua_State *L)
{
    json_t **values;

    lua_settop(L, 1);
    values = aks_options_take(L, 1, &fields, "capacity");
    if (!json_object_get(*values, "subnet") && !json_object_get(*values, "clusters") &&
        !json_object_get(*values, "nodes"))
        aks_raise_argument(L, "field_required", "capacity", NULL,
                           "capacity{ subnet = \"/27\" }, capacity{ clusters = 3, nodes = 20 }",
                           "give a subnet, or how many clusters or nodes are to fit");
    lua_newtable(L);
    tell_subnet(L, *values);
    tell_sizes(L, *values);
    return 1;
}
