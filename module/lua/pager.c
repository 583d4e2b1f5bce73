/* Lists: a page is read when the one before it has been gone through. */
#include "lua/pager.h"

#include <jansson.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/client.h"
#include "lua/operation.h"
#include "lua/raise.h"
#include "lua/resource.h"
#include "lua/value.h"
#include "operations/operations.h"

#define PAGER_CLASS "aks.pager"

enum { VALUE_CLIENT = 1, VALUE_OPERATION, VALUE_COUNT = VALUE_OPERATION };

struct pager {
    const struct aks_type *type; /* NULL: plain documents */
    char *parent;                /* owned, as the following */
    char *api_version;
    json_t *page;    /* NULL: not read yet */
    size_t position; /* in the page */
};

static struct pager *check_pager(lua_State *L)
{
    return luaL_checkudata(L, 1, PAGER_CLASS);
}

static int pager_close(lua_State *L)
{
    struct pager *pager = check_pager(L);
    struct aks_lua_operation *operation;

    lua_getiuservalue(L, 1, VALUE_OPERATION);
    operation = luaL_testudata(L, -1, AKS_OPERATION_CLASS);
    if (operation && operation->runtime)
        aks_lua_operation_cancel(L, operation);
    json_decref(aks_box_take_json(&pager->page));
    free(pager->parent);
    free(pager->api_version);
    pager->parent = pager->api_version = NULL;
    return 0;
}

static const json_t *page_values(const struct pager *pager)
{
    return json_object_get(pager->page, pager->type ? "values" : "value");
}

static const char *page_next(const struct pager *pager)
{
    return json_string_value(json_object_get(pager->page, pager->type ? "next" : "nextLink"));
}

/* Which request reads the next page; NULL fails. */
static struct aks_operation *new_read(const struct pager *pager, struct aks_session *session, struct aks_error *error)
{
    const char *next = page_next(pager);
    const struct aks_any_request request = {
        .method = "GET",
        .target = next ? next : pager->parent,
        .api_version = next ? NULL : pager->api_version,
    };

    if (pager->type)
        return aks_operation_new_list(session, pager->type, pager->parent, next, error);
    return aks_operation_new_request(session, &request, error);
}

static void begin_page(lua_State *L, const struct pager *pager)
{
    struct aks_error *error = aks_box_error(L);
    struct aks_lua_operation *operation;
    struct aks_client *client;

    lua_getiuservalue(L, 1, VALUE_CLIENT);
    client = aks_client_check(L, -1);
    operation = aks_lua_operation_push(L, -1, 1, aks_result_document);
    operation->operation = new_read(pager, client->session, error);
    aks_lua_operation_start(L, operation, error);
    lua_setiuservalue(L, 1, VALUE_OPERATION);
    lua_settop(L, 1);
}

/* What a path answered may be any document. */
static void fail_as_no_list(lua_State *L)
{
    struct aks_error *error = aks_box_error(L);

    aks_error_set(error, "response_invalid", "the answer is no list: it has no array \"value\"");
    aks_raise(L, error);
}

/* Takes in the page that the operation has read; raises when it failed. */
static void end_page(lua_State *L, struct pager *pager, const struct aks_lua_operation *operation)
{
    if (operation->operation->status != AKS_OPERATION_SUCCEEDED) {
        aks_lua_operation_push_result(L, -1);
        aks_note_where(L);
        lua_error(L);
    }
    json_decref(pager->page);
    pager->page = json_incref(operation->operation->result);
    pager->position = 0;
    if (!json_is_array(page_values(pager)))
        fail_as_no_list(L);
    lua_pushnil(L);
    lua_setiuservalue(L, 1, VALUE_OPERATION);
    lua_settop(L, 1);
}

/* A resource of the collection, known by its document's id, with the document as its state. */
static void push_resource(lua_State *L, const struct pager *pager, json_t *document)
{
    struct aks_error *error = aks_box_error(L);
    struct aks_id *id = aks_box_id(L);
    const char *text = json_string_value(json_object_get(document, "id"));
    bool tentative = pager->type->flags & AKS_TYPE_TENTATIVE;
    struct aks_lua_resource *object;
    struct aks_client *client;

    if (!aks_id_parse(text ? text : "", id, error))
        aks_raise(L, error);
    lua_getiuservalue(L, 1, VALUE_CLIENT);
    client = aks_client_check(L, -1);
    object = aks_lua_resource_push(L, -1, pager->type);
    object->resource = aks_resource_new(client->session, pager->type, id->parent, tentative ? NULL : id->name, NULL,
                                        json_string_value(json_object_get(document, "location")), error);
    if (!object->resource || !aks_resource_set_state(object->resource, json_incref(document), error))
        aks_raise(L, error);
    if (tentative && !aks_id_copy(&object->resource->id, id, error)) /* it has its name already */
        aks_raise(L, error);
}

static bool push_item(lua_State *L, struct pager *pager)
{
    json_t *document = json_array_get(page_values(pager), pager->position);

    if (!document)
        return false;
    pager->position++;
    if (pager->type)
        push_resource(L, pager, document);
    else
        aks_value_push(L, document);
    return true;
}

static int next_continue(lua_State *L, int status, lua_KContext context)
{
    struct pager *pager = check_pager(L);

    (void)status;
    (void)context;
    for (;;) {
        struct aks_lua_operation *operation;

        lua_settop(L, 1);
        lua_getiuservalue(L, 1, VALUE_OPERATION);
        operation = luaL_testudata(L, -1, AKS_OPERATION_CLASS);
        if (operation) {
            if (!aks_wait(L, &operation->waitable))
                return lua_yieldk(L, 0, 0, next_continue);
            end_page(L, pager, operation);
        }
        if (push_item(L, pager))
            return 1;
        if (!pager->parent || (pager->page && !page_next(pager)))
            return 0;
        begin_page(L, pager);
    }
}

static int pager_next(lua_State *L)
{
    check_pager(L);
    return next_continue(L, LUA_OK, 0);
}

static struct pager *push_pager(lua_State *L)
{
    struct pager *pager = lua_newuserdatauv(L, sizeof *pager, VALUE_COUNT);

    *pager = (struct pager){0};
    if (luaL_newmetatable(L, PAGER_CLASS)) {
        lua_pushcfunction(L, pager_close);
        lua_setfield(L, -2, "__gc");
        lua_pushcfunction(L, pager_close);
        lua_setfield(L, -2, "__close");
    }
    lua_setmetatable(L, -2);
    return pager;
}

int aks_pager_push(lua_State *L, int client, const struct aks_type *type, const char *parent, const char *api_version)
{
    struct pager *pager;

    client = lua_absindex(L, client);
    lua_pushcfunction(L, pager_next);
    pager = push_pager(L);
    lua_pushvalue(L, client);
    lua_setiuservalue(L, -2, VALUE_CLIENT);
    pager->type = type;
    pager->parent = strdup(parent);
    pager->api_version = api_version ? strdup(api_version) : NULL;
    if (!pager->parent || (api_version && !pager->api_version))
        return luaL_error(L, "not enough memory");
    lua_pushnil(L);
    lua_pushvalue(L, -2);
    return 4;
}

/* parent:plural(): what is below a client's subscription, or below a resource. */
int aks_resource_collection(lua_State *L)
{
    const struct aks_type *type = lua_touserdata(L, lua_upvalueindex(1));
    const struct aks_resource *parent = aks_lua_resource_test(L, 1);
    struct aks_client *client;
    const char *scope;

    lua_settop(L, 1);
    client = aks_lua_resource_push_client(L, 1);
    scope = parent ? parent->id.text : aks_client_push_subscription(L, client);
    return aks_pager_push(L, 2, type, scope, NULL);
}
