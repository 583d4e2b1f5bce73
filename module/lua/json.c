/* Decoding JSON for the Lua files of ours, with the limits of what Azure answers. */
#include "lua/json.h"

#include <lauxlib.h>

#include "arm/document.h"
#include "lua/box.h"
#include "lua/value.h"

int aks_json_decode(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    struct aks_error *error = aks_box_error(L);
    json_t **value = aks_box_json(L);

    *value = aks_document_parse(text, length, error);
    if (*value) {
        aks_value_push(L, *value);
        return 1;
    }
    luaL_pushfail(L);
    lua_pushstring(L, error->message ? error->message : aks_error_code(error));
    return 2;
}
