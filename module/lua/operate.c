/* Methods that are operations: what they have in common, and what stands for them with a client that only checks. */
#include "lua/box.h"
#include "lua/class.h"
#include "lua/client.h"
#include "lua/raise.h"
#include "lua/resource.h"
#include "lua/spec.h"
#include "operations/operations.h"

static struct aks_operation *new_check_instead(struct aks_resource *resource, const json_t *options,
                                               struct aks_error *error)
{
    (void)options;
    return aks_operation_new_check(resource, error);
}

static struct aks_operation *new_read_instead(struct aks_resource *resource, const json_t *options,
                                              struct aks_error *error)
{
    (void)options;
    return aks_operation_new_read(resource, error);
}

/* What stands for operations that change something, with a client that only checks. Those that it lacks change
   nothing. */
static const struct {
    aks_make_operation_with *make, *instead;
} checked_with[] = {
    {aks_operation_new_create, new_check_instead},
    {aks_operation_new_convert, aks_operation_new_convert_check},
    {aks_operation_new_toggle, new_read_instead},
    {aks_operation_new_add_missing_rules, new_read_instead},
};

static aks_make_operation_with *choose_with(const struct aks_resource *resource, aks_make_operation_with *make)
{
    for (size_t i = 0; resource->session->check_only && i < sizeof checked_with / sizeof *checked_with; i++)
        if (checked_with[i].make == make)
            return checked_with[i].instead;
    return make;
}

static aks_make_operation *choose(const struct aks_resource *resource, aks_make_operation *make)
{
    static aks_make_operation *const changing[] = {aks_operation_new_delete,   aks_operation_new_start,
                                                   aks_operation_new_stop,     aks_operation_new_abort,
                                                   aks_operation_new_register, aks_operation_new_wait};

    for (size_t i = 0; resource->session->check_only && i < sizeof changing / sizeof *changing; i++)
        if (changing[i] == make)
            return aks_operation_new_read;
    return make;
}

int aks_resource_operate(lua_State *L, aks_make_operation *make, aks_lua_result *result)
{
    struct aks_resource *resource = aks_lua_resource_check(L, 1);
    bool wait = aks_check_wait(L, 2);
    struct aks_lua_operation *operation;
    struct aks_error *error;

    lua_settop(L, 1);
    error = aks_box_error(L);
    aks_lua_resource_push_client(L, 1);
    operation = aks_lua_operation_push(L, -1, 1, result);
    operation->operation = choose(resource, make)(resource, error);
    aks_lua_operation_start(L, operation, error);
    return aks_lua_operation_return(L, wait);
}

int aks_resource_operate_with(lua_State *L, const struct aks_fields *options, aks_make_operation_with *make,
                              aks_lua_result *result)
{
    struct aks_resource *resource = aks_lua_resource_check(L, 1);
    struct aks_lua_operation *operation;
    struct aks_error *error;
    json_t **values;

    lua_settop(L, 2);
    values = aks_options_take(L, 2, options, resource->title);
    error = aks_box_error(L);
    aks_lua_resource_push_client(L, 1);
    operation = aks_lua_operation_push(L, -1, 1, result);
    operation->operation = choose_with(resource, make)(resource, *values, error);
    aks_lua_operation_start(L, operation, error);
    return aks_lua_operation_return(L, !json_is_false(json_object_get(*values, "wait")));
}
