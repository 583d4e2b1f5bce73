/* Specs from Lua: what the table itself does not say. The fields are checked by resources/field.c. */
#include "lua/spec.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/raise.h"
#include "lua/resource.h"
#include "lua/value.h"

#define KEY_FIELD "ssh_public_key"
#define KEY_SIZE_LIMIT 16384 /* of a public key's file */

static bool is_list(const struct aks_field *field)
{
    return field->type == AKS_FIELD_CIDRS || field->type == AKS_FIELD_STRINGS || field->type == AKS_FIELD_RECORDS;
}

/* New list of texts from a text, an integer, or a list of such; NULL for want of memory. What is neither stays. */
static json_t *as_texts(const json_t *value)
{
    json_t *list = json_array(), *text;
    size_t count = json_is_array(value) ? json_array_size(value) : 1;
    bool done = list;

    for (size_t i = 0; done && i < count; i++) {
        const json_t *item = json_is_array(value) ? json_array_get(value, i) : value;

        if (json_is_integer(item))
            text = json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(item));
        else
            text = json_deep_copy(item);
        done = json_array_append_new(list, text) == 0;
    }
    if (done)
        return list;
    json_decref(list);
    return NULL;
}

/* {} says nothing of whether it is a list: the field does. One of something may stand for a list. False for want of
   memory. */
static bool settle_lists(const struct aks_fields *fields, json_t *spec)
{
    bool enough_memory = true;

    for (size_t i = 0; i < fields->count; i++) {
        const struct aks_field *field = &fields->items[i];
        json_t *value = json_object_get(spec, field->name), *record;
        size_t j;

        if (is_list(field) && json_is_object(value) && json_object_size(value) == 0)
            enough_memory &= json_object_set_new(spec, field->name, json_array()) == 0;
        if ((field->flags & AKS_FIELD_SINGLE) &&
            (json_is_string(value) || json_is_integer(value) || json_is_array(value)))
            enough_memory &= json_object_set_new(spec, field->name, as_texts(value)) == 0;
        if (field->type != AKS_FIELD_RECORDS || !field->items || !json_is_array(value))
            continue;
        json_array_foreach(value, j, record)
        {
            if (json_is_object(record))
                enough_memory &= settle_lists(field->items, record);
        }
    }
    return enough_memory;
}

static bool is_key_text(const char *text)
{
    return strncmp(text, "ssh-", 4) == 0 || strncmp(text, "ecdsa-", 6) == 0 || strncmp(text, "sk-", 3) == 0;
}

/* Fills `text` (NUL-terminated, without the end of the line); an errno on failure. */
static int read_key(const char *path, char text[KEY_SIZE_LIMIT])
{
    FILE *file = fopen(path, "re");
    size_t length;
    int failure;

    if (!file)
        return errno;
    length = fread(text, 1, KEY_SIZE_LIMIT - 1, file);
    failure = ferror(file) ? EIO : 0;
    fclose(file);
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r' || text[length - 1] == ' '))
        length--;
    text[length] = '\0';
    return failure;
}

/* The path with "~/" replaced by the home directory, on the stack. */
static const char *push_path(lua_State *L, const char *path)
{
    const char *home = getenv("HOME");

    if (strncmp(path, "~/", 2) == 0 && home)
        return lua_pushfstring(L, "%s/%s", home, path + 2);
    return lua_pushstring(L, path);
}

/* A key may be given by the path of its file. */
static void load_key(lua_State *L, json_t *spec, const struct aks_type *type)
{
    const char *given = json_string_value(json_object_get(spec, KEY_FIELD));
    char text[KEY_SIZE_LIMIT];
    int failure;

    if (!given || is_key_text(given) || !aks_fields_find(&type->fields, KEY_FIELD))
        return;
    failure = read_key(push_path(L, given), text);
    lua_pop(L, 1);
    if (failure != 0)
        aks_raise_argument(
            L, "value_not_allowed", type->title, KEY_FIELD, "give the key's text, or the path of its file",
            "%s '%.100s' is neither a key nor a file that can be read (%s)", KEY_FIELD, given, strerror(failure));
    if (!is_key_text(text))
        aks_raise_argument(L, "value_not_allowed", type->title, KEY_FIELD, NULL,
                           "the file '%.100s' does not hold an SSH public key", given);
    if (json_object_set_new(spec, KEY_FIELD, json_string(text)) != 0)
        luaL_error(L, "not enough memory");
}

json_t **aks_spec_check(lua_State *L, int index, const struct aks_type *type)
{
    json_t **spec;

    index = lua_absindex(L, index);
    if (lua_isnoneornil(L, index))
        return aks_box_json(L);
    if (!lua_istable(L, index))
        aks_raise_argument(L, "type_mismatch", type->title, NULL, NULL, "the spec of a %s must be a table, not a %s",
                           type->title, luaL_typename(L, index));
    spec = aks_value_check(L, index, type->name);
    if (json_is_array(*spec))
        aks_raise_argument(L, "type_mismatch", type->title, NULL, NULL, "the spec of a %s has named fields, not a list",
                           type->title);
    if (!settle_lists(&type->fields, *spec))
        luaL_error(L, "not enough memory");
    load_key(L, *spec, type);
    return spec;
}

static void check_options(lua_State *L, const struct aks_fields *fields, const char *title, const json_t *options)
{
    struct aks_error *error = aks_box_error(L);
    struct aks_findings findings = {0};
    bool done = aks_fields_check(fields, title, options, &findings);

    if (!done)
        aks_error_set_no_memory(error);
    else if (aks_findings_refuse(&findings))
        aks_error_set_findings(error, &findings);
    aks_findings_clear(&findings);
    if (aks_error_is_set(error))
        aks_raise(L, error);
    lua_pop(L, 1);
}

json_t **aks_options_take(lua_State *L, int index, const struct aks_fields *fields, const char *title)
{
    json_t **options;

    index = lua_absindex(L, index);
    if (lua_isnoneornil(L, index)) {
        options = aks_box_json(L);
        *options = json_object();
    } else {
        if (!lua_istable(L, index))
            aks_raise_argument(L, "type_mismatch", title, NULL, "give the options in a table",
                               "the options must be a table, not a %s", luaL_typename(L, index));
        options = aks_value_check(L, index, "options");
        if (json_is_array(*options) && json_array_size(*options) == 0) { /* {} says nothing of what it is */
            json_decref(*options);
            *options = json_object();
        }
    }
    if (!*options || !settle_lists(fields, *options))
        luaL_error(L, "not enough memory");
    check_options(L, fields, title, *options);
    return options;
}

/* Those of one record at `index`, and of the records in it. */
static void note_references(lua_State *L, int index, const struct aks_fields *fields, struct aks_resource *resource,
                            struct aks_error *error)
{
    luaL_checkstack(L, 8, "references");
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        struct aks_resource *other = aks_lua_resource_test(L, -1);
        const struct aks_field *field =
            lua_type(L, -2) == LUA_TSTRING ? aks_fields_find(fields, lua_tostring(L, -2)) : NULL;

        if (other && field && !aks_resource_add_reference(resource, field, other, error))
            aks_raise(L, error);
        if (!field || !field->items || !lua_istable(L, -1))
            continue;
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
            if (lua_istable(L, -1))
                note_references(L, lua_gettop(L), field->items, resource, error);
    }
}

void aks_spec_note_references(lua_State *L, int index, struct aks_resource *resource)
{
    struct aks_error *error = aks_box_error(L);

    note_references(L, lua_absindex(L, index), &resource->type->fields, resource, error);
    lua_pop(L, 1);
}
