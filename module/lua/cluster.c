/* The methods of clusters alone. */
#include "lua/cluster.h"

#include "lua/kubeconfig.h"
#include "lua/resource.h"
#include "operations/operations.h"

static int cluster_start(lua_State *L)
{
    return aks_resource_operate(L, aks_operation_new_start, aks_result_subject);
}

static int cluster_stop(lua_State *L)
{
    return aks_resource_operate(L, aks_operation_new_stop, aks_result_subject);
}

static int cluster_abort(lua_State *L)
{
    return aks_resource_operate(L, aks_operation_new_abort, aks_result_subject);
}

static int cluster_toggle(lua_State *L)
{
    return aks_resource_operate_with(L, &aks_toggle_options, aks_operation_new_toggle, aks_result_document);
}

static int cluster_convert(lua_State *L)
{
    return aks_resource_operate_with(L, &aks_convert_options, aks_operation_new_convert, aks_result_document);
}

static int cluster_credentials(lua_State *L)
{
    return aks_resource_operate_with(L, &aks_credentials_options, aks_operation_new_credentials, aks_result_kubeconfig);
}

/* The same as plain text. */
static int cluster_kubeconfig(lua_State *L)
{
    return aks_resource_operate_with(L, &aks_credentials_options, aks_operation_new_credentials, aks_result_document);
}

const luaL_Reg aks_cluster_methods[] = {
    {"start", cluster_start},           {"stop", cluster_stop},
    {"abort", cluster_abort},           {"toggle", cluster_toggle},
    {"convert", cluster_convert},       {"credentials", cluster_credentials},
    {"kubeconfig", cluster_kubeconfig}, {NULL, NULL},
};
