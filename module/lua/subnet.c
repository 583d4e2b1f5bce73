/* What an API server's subnet asks of network security, and giving it to a group. */
#include "lua/subnet.h"

#include "lua/box.h"
#include "lua/raise.h"
#include "lua/resource.h"
#include "lua/value.h"
#include "operations/operations.h"
#include "rules/required_flow.h"

/* The subnet at `index`, or an error that says what was expected. */
static const struct aks_resource *check_subnet(lua_State *L, int index, const char *what)
{
    const struct aks_resource *resource = aks_lua_resource_test(L, index);

    if (!resource || resource->type != &aks_type_subnet)
        aks_raise_argument(L, "type_mismatch", "subnet", what, "give the object of a subnet",
                           "%s must be a subnet object, not %s", what, luaL_typename(L, index));
    return resource;
}

/* Pushes an owner with the prefix of a subnet, as read or declared. */
static const json_t *push_prefix(lua_State *L, const struct aks_resource *subnet)
{
    json_t **prefix = aks_box_json(L);

    *prefix = aks_resource_field(subnet, "address_prefix");
    if (!json_is_string(*prefix))
        aks_raise_argument(L, "field_required", subnet->title, "address_prefix",
                           "declare it with its address_prefix, or read it first: subnet:get()",
                           "the address prefix of %s is not known", subnet->title);
    return *prefix;
}

static json_t *required_rule(const struct aks_required_flow *flow, const char *nodes, const char *apiserver)
{
    json_t *rule = json_pack("{s:s, s:s, s:s, s:s, s:[s], s:[s], s:[], s:s}", "name", flow->rule_name, "direction",
                             "Inbound", "access", "Allow", "protocol", "Tcp", "source",
                             flow->from_load_balancer ? "AzureLoadBalancer" : nodes, "destination", apiserver, "ports",
                             "description", flow->description);
    json_t *ports = json_object_get(rule, "ports");

    for (size_t i = 0; i < flow->port_count; i++)
        if (json_array_append_new(ports, json_sprintf("%u", flow->ports[i])) != 0) {
            json_decref(rule);
            return NULL;
        }
    return rule;
}

/* subnet:required_nsg_rules(nodes): a list of rules without priorities. */
static int required_nsg_rules(lua_State *L)
{
    const struct aks_resource *apiserver = check_subnet(L, 1, "self"), *nodes = check_subnet(L, 2, "node_subnet");
    const json_t *apiserver_prefix = push_prefix(L, apiserver), *node_prefix = push_prefix(L, nodes);
    json_t **rules = aks_box_json(L);
    size_t count;
    const struct aks_required_flow *flows = aks_required_flows(&count);

    *rules = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(*rules, required_rule(&flows[i], json_string_value(node_prefix),
                                                        json_string_value(apiserver_prefix))) != 0)
            return luaL_error(L, "not enough memory");
    aks_value_push(L, *rules);
    return 1;
}

static int add_missing_rules(lua_State *L)
{
    return aks_resource_operate_with(L, &aks_add_missing_rules_options, aks_operation_new_add_missing_rules,
                                     aks_result_document);
}

const luaL_Reg aks_subnet_methods[] = {{"required_nsg_rules", required_nsg_rules}, {NULL, NULL}};
const luaL_Reg aks_nsg_methods[] = {{"add_missing_rules", add_missing_rules}, {NULL, NULL}};
