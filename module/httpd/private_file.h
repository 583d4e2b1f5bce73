/* Files that nobody else may read. */
#ifndef AKS_HTTPD_PRIVATE_FILE_H
#define AKS_HTTPD_PRIVATE_FILE_H

#include <lua.h>

/* private_file(path) -> true when the file was made (mode 0600), false when it is there already; an error when neither
   can be. */
int private_file(lua_State *L);

/* truncate(path, length): cuts a file to its first bytes. */
int truncate_file(lua_State *L);

#endif
