/* The options of aks.connect: checked and resolved. */
#ifndef AKS_LUA_OPTIONS_H
#define AKS_LUA_OPTIONS_H

#include <jansson.h>
#include <lua.h>

struct aks_connect_options {
    const json_t *values;         /* borrowed: by their names in Lua */
    const char *resource_manager; /* borrowed, as the following */
    const char *authority;        /* NULL: the resource manager tells; and so of the next one */
    const char *audience;
};

/* Checks the table at `index` and pushes owners of what `options` borrows. Raises with all findings. `credential` and
   `on_event`, which JSON cannot hold, are only known by name here. */
void aks_options_check(lua_State *L, int index, struct aks_connect_options *options);

/* An option's text; NULL when it was not given. And an option's number. */
const char *aks_option_text(const struct aks_connect_options *options, const char *name);
long long aks_option_integer(const struct aks_connect_options *options, const char *name, long long fallback);

#endif
